using System.Collections.Immutable;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What a task reads and makes: <c>inputs:</c> and <c>outputs:</c>.</summary>
internal static class TaskDataShapes
{
    public static readonly Shape<OutputSpec> Output = new EitherShape<OutputSpec>(
        single: Scalars.Text.To(path => new OutputSpec { Name = "", Path = path }),
        mapping: new MappingShape<OutputDraft>(
            "output",
            "an output",
            () => new OutputDraft(),
            new Field<OutputDraft, string>(
                "path",
                Scalars.Text,
                (d, v) => d.Path = v,
                "Where it is published: relative to the project folder, or s3://bucket/key; a trailing / makes it a folder."
            )
            {
                Required = true,
                Examples = ["\"data/features/date={{ ds }}/part-0.parquet\""],
            },
            new Field<OutputDraft, string>(
                "dataset",
                Scalars.Text,
                (d, v) => d.Dataset = v,
                "The name under which its versions are known; unstated: PIPELINE.TASK.OUTPUT."
            )
            {
                Examples = ["\"flights/features\""],
            },
            new Field<OutputDraft, Named<string>[]>(
                "keys",
                NameMaps.Of(Scalars.AnyText, "a key for each list of the pipeline's `partition`"),
                (d, v) => d.Keys = v,
                "With `dataset`: which cell of it this is, by the lists of the pipeline's `partition`."
            )
            {
                Examples = ["{\"region\": \"{{ item.region }}\"}"],
            },
            new Field<OutputDraft, FreshnessSpec>(
                "freshness",
                FreshnessShape.Freshness,
                (d, v) => d.Freshness = v,
                "With `dataset`: how often it must be updated; a miss is told as an alert."
            )
            {
                Examples = ["\"26h\"", "{\"cron\": \"0 6 * * 1\", \"timezone\": \"Europe/London\"}"],
            },
            new Field<OutputDraft, string>(
                "model",
                Scalars.Text,
                (d, v) => d.Model = v,
                "The model of which a publication is a new version."
            ),
            new Field<OutputDraft, string>(
                "registry",
                Scalars.Slug,
                (d, v) => d.Registry = v,
                "With `model`: the connection of an MLflow server that is told of its versions and aliases, too."
            ),
            new Field<OutputDraft, bool>(
                "optional",
                Scalars.Boolean,
                (d, v) => d.Optional = v,
                "Whether the task may succeed without having made it."
            )
            {
                Default = "false",
            },
            new Field<OutputDraft, int>(
                "keep",
                Scalars.Whole(0, 100),
                (d, v) => d.Keep = v,
                "How many replaced versions are kept, so that a rollback takes no time."
            )
            {
                Default = "2",
            },
            new Field<OutputDraft, IdempotencySpec>(
                "idempotency",
                IdempotencyShape.Mapping,
                (d, v) => d.Idempotency = v,
                "What counts when two results are compared by `verify idempotency` and `backfill compare`."
            )
            {
                Examples = ["{\"ignore\": [\"loaded_at\"], \"tolerance\": {\"mean\": 1e-9}, \"order\": \"any\"}"],
            },
            new Field<OutputDraft, CompareSpec>(
                "compare",
                CompareShape.Mapping,
                (d, v) => d.Compare = v,
                "How `shadow` compares what two versions of the pipeline made of it."
            )
            {
                Examples = ["{\"keys\": [\"user_id\"], \"tolerance\": {\"amount\": 0.01}}"],
            },
            new Field<OutputDraft, CheckSpec[]>(
                "checks",
                CheckShapes.List,
                (d, v) => d.Checks = v,
                "Questions asked of what was staged, before anyone can read it."
            )
        ).To(draft => new OutputSpec
        {
            Name = "",
            Path = draft.Path,
            Dataset = draft.Dataset,
            Keys = NameMaps.Sorted(draft.Keys),
            Freshness = draft.Freshness,
            Model = draft.Model,
            Registry = draft.Registry,
            Optional = draft.Optional,
            Keep = draft.Keep,
            Idempotency = draft.Idempotency,
            Compare = draft.Compare,
            Checks = [.. draft.Checks],
        })
    );

    public static readonly Shape<WrittenInput> Input = new EitherShape<WrittenInput>(
        single: Scalars.Text.To(path => new WrittenInput { Path = path }),
        mapping: new MappingShape<WrittenInput>(
            "input",
            "an input",
            () => new WrittenInput(),
            new Field<WrittenInput, string>("path", Scalars.Text, (d, v) => d.Path = v, "Where it is read from.") { Required = true },
            new Field<WrittenInput, CheckSpec[]>(
                "checks",
                CheckShapes.List,
                (d, v) => d.Checks = v,
                "Questions asked of the input before the task's work starts."
            ),
            new Field<WrittenInput, bool>(
                "fetch",
                Scalars.Boolean,
                (d, v) => d.Fetch = v,
                "Whether an input on s3:// is brought to this machine before the task starts, as it always is for `sql` and `load`."
            )
            {
                Default = "false",
            }
        )
    );

    /// <summary>What is asked of the inputs, by name.</summary>
    public static ImmutableSortedDictionary<string, ImmutableArray<CheckSpec>> ChecksOf(Named<WrittenInput>[] inputs)
    {
        var checks = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<CheckSpec>>(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            if (input.Value.Checks.Length > 0)
            {
                checks[input.Name] = [.. input.Value.Checks];
            }
        }

        return checks.ToImmutable();
    }

    private sealed class OutputDraft
    {
        public string Path { get; set; } = "unreadable";

        public string? Dataset { get; set; }

        public Named<string>[] Keys { get; set; } = [];

        public FreshnessSpec? Freshness { get; set; }

        public string? Model { get; set; }

        public string? Registry { get; set; }

        public bool Optional { get; set; }

        public int Keep { get; set; } = OutputSpec.DefaultKeep;

        public IdempotencySpec? Idempotency { get; set; }

        public CompareSpec? Compare { get; set; }

        public CheckSpec[] Checks { get; set; } = [];
    }
}

/// <summary>An input as it is written.</summary>
internal sealed class WrittenInput
{
    public string Path { get; set; } = "unreadable";

    public CheckSpec[] Checks { get; set; } = [];

    public bool Fetch { get; set; }
}
