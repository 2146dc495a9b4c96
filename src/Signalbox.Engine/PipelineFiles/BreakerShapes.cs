using Signalbox.Core;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>circuit_breaker:</c> of a pipeline, and <c>targets:</c> of a project.</summary>
internal static class BreakerShapes
{
    public static readonly Shape<BreakerSpec> Breaker = new MappingShape<BreakerDraft>(
        "circuit_breaker",
        "`circuit_breaker`",
        () => new BreakerDraft(),
        new Field<BreakerDraft, int>("failures", Scalars.Whole(1, 1000), (d, v) => d.Failures = v, "Failures in a row that open it.")
        {
            Required = true,
            Examples = ["5"],
        },
        new Field<BreakerDraft, TimeSpan>(
            "cool_down",
            Durations.Positive,
            (d, v) => d.CoolDown = v,
            "How long nothing is let through; then one is, and how it ends decides."
        )
        {
            Default = "\"5m\"",
        }
    ).To(draft => new BreakerSpec(draft.Failures, draft.CoolDown));

    private static readonly Shape<RetryBudget> Budget = new MappingShape<BudgetDraft>(
        "retry_budget",
        "`retry_budget`",
        () => new BudgetDraft(),
        new Field<BudgetDraft, int>(
            "retries",
            Scalars.Whole(1, 1_000_000),
            (d, v) => d.Retries = v,
            "Retries of all tasks together within `per`; more of them wait."
        )
        {
            Required = true,
            Examples = ["10"],
        },
        new Field<BudgetDraft, TimeSpan>("per", Durations.Positive, (d, v) => d.Per = v, "The length of the window, which slides.")
        {
            Default = "\"1m\"",
        }
    ).To(draft => new RetryBudget(draft.Retries, draft.Per));

    public static readonly Shape<Named<TargetSpec>[]> Targets = new NamesShape<TargetSpec>(
        new MappingShape<TargetDraft>(
            "target",
            "a target",
            () => new TargetDraft(),
            new Field<TargetDraft, BreakerSpec>(
                "circuit_breaker",
                Breaker,
                (d, v) => d.Breaker = v,
                "When attempts of tasks that name the target are held, because attempts on it fail one after the other."
            ),
            new Field<TargetDraft, RetryBudget>(
                "retry_budget",
                Budget,
                (d, v) => d.Budget = v,
                "How many retries the target is asked to bear."
            )
        ).To(draft => new TargetSpec(draft.Breaker, draft.Budget)),
        "a mapping from names of targets to what they bear",
        Scalars.SlugPattern,
        Slug.Problem,
        () => new TargetSpec(null, null)
    );

    /// <summary>Whether the targets that tasks name are there.</summary>
    /// <param name="targets">Null: whether there are such is not checked.</param>
    public static IEnumerable<Diagnostic> Check(Pipeline pipeline, IReadOnlyDictionary<string, TargetSpec>? targets)
    {
        foreach (var task in pipeline.Tasks)
        {
            if (targets is not null && task.Target is { } name && !targets.ContainsKey(name))
            {
                var near = Suggestion.DidYouMean(name, [.. targets.Keys]);
                yield return new Diagnostic(
                    "unknown-target",
                    Severity.Error,
                    $"tasks.{task.Name}.target",
                    $"there is no target `{name}`{(near.Length > 0 ? near : $"; write in signalbox.yaml: targets: {{ {name}: {{ circuit_breaker: {{ failures: 5 }} }} }}")}"
                );
            }
        }
    }

    private sealed class BreakerDraft
    {
        public int Failures { get; set; } = 1;

        public TimeSpan CoolDown { get; set; } = BreakerSpec.DefaultCoolDown;
    }

    private sealed class BudgetDraft
    {
        public int Retries { get; set; } = 1;

        public TimeSpan Per { get; set; } = TimeSpan.FromMinutes(1);
    }

    private sealed class TargetDraft
    {
        public BreakerSpec? Breaker { get; set; }

        public RetryBudget? Budget { get; set; }
    }
}
