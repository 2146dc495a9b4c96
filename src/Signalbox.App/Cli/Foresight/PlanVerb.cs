using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>plan</c>: what the schedules do in a window, and what is expected of each run.</summary>
internal static class PlanVerb
{
    private const int UsualHours = 24;
    private const int LongestDays = 3660;

    public static readonly Verb Verb = new("plan", "Say which runs are due in a window, and when they will be done", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Plays the scheduler forward on a virtual clock: every tick with its local and UTC time, what clock changes, calendars and blackouts do "
                + "to it, when each run and task is expected to begin and to end, deadlines at risk, and how full the pools are. Expected: the median of "
                + "the newest 50 successes of each task; late: their 95th percentile (both as PERCENTILE_CONT; with fewer than 5, the longest; with none, "
                + "no time, marked \"at least\"). `plan arrivals` says when what pipelines wait for came.",
            "plan",
            "plan --from 2026-03-22 --to 2026-04-05 --pipeline weekly_retraining",
            "plan --diff weekly_retraining.yaml --from 2026-10-19 --to 2026-11-02 --json"
        );
        var from = new Option<string?>("--from")
        {
            Description = "Begin of the window: a date (its first instant in UTC) or an instant. Default: now",
            HelpName = "WHEN",
        };
        var to = new Option<string?>("--to")
        {
            Description = $"End of the window, not included. Default: {UsualHours} hours after its begin",
            HelpName = "WHEN",
        };
        var only = new Option<string?>("--pipeline") { Description = "List only the ticks of this pipeline", HelpName = "NAME" };
        var diff = new Option<string?>("--diff")
        {
            Description = "A changed pipeline file: list only what it changes, ticks added, removed and moved, and the expected length",
            HelpName = "FILE",
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { from, to, only, diff, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var (begin, end) = Window(parsed.GetValue(from), parsed.GetValue(to), now, option => $"--{option}");
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            var asJson = parsed.GetValue(json);
            using var store = ProjectOpening.FindStore(opened);
            return parsed.GetValue(diff) is { } changed
                ? Difference(opened, store, changed, begin, end, now, asJson)
                : Whole(opened, store, parsed.GetValue(only), begin, end, now, asJson);
        });
        command.Subcommands.Add(ArrivalsVerb.Build());
        return command;
    }

    /// <summary>The window that is meant.</summary>
    /// <param name="named">How a bound is called, from <c>from</c> and <c>to</c>.</param>
    /// <exception cref="UserMistakeException">It is none.</exception>
    public static (DateTimeOffset From, DateTimeOffset To) Window(string? from, string? to, DateTimeOffset now, Func<string, string> named)
    {
        var begin = from is null ? now : InstantText.Read(named("from"), from, Zone.Utc);
        var end = to is null ? begin.AddHours(UsualHours) : InstantText.Read(named("to"), to, Zone.Utc);
        return end > begin && (end - begin).TotalDays <= LongestDays
            ? (begin, end)
            : throw new UserMistakeException(
                $"{named("to")}: {InstantText.Utc(end)} is not after {InstantText.Utc(begin)}, or more than {LongestDays} days after it"
            );
    }

    private static int Whole(
        Project project,
        Store? store,
        string? only,
        DateTimeOffset from,
        DateTimeOffset to,
        DateTimeOffset now,
        bool asJson
    )
    {
        var pipelines = Pipelines(project);
        if (only is not null && pipelines.All(pipeline => pipeline.Name.Value != only))
        {
            var near = Suggestion.DidYouMean(only, pipelines.Select(pipeline => pipeline.Name.Value));
            throw new UserMistakeException($"--pipeline: there is no pipeline `{only}` in {project.Folder}{near}");
        }

        var plan = Make(project, store, pipelines, from, to, now);
        PipelineName? shown = only is null ? null : new PipelineName(only);
        if (asJson)
        {
            PlanJson.Print(plan, shown);
        }
        else
        {
            PlanText.Print(Console.Out, plan, shown);
        }

        return ExitCode.Done;
    }

    private static int Difference(
        Project project,
        Store? store,
        string file,
        DateTimeOffset from,
        DateTimeOffset to,
        DateTimeOffset now,
        bool asJson
    )
    {
        var changed = PipelineSource.Load(file, project).Pipeline!;
        var pipelines = Pipelines(project);
        var current =
            pipelines.FirstOrDefault(pipeline => pipeline.Name == changed.Name)
            ?? throw new UserMistakeException(
                $"--diff: {file} is pipeline `{changed.Name}`, which {project.Folder} does not have; nothing to compare it with"
            );
        IReadOnlyList<Pipeline> others = [.. pipelines.Where(pipeline => pipeline != current)];
        var before = Make(project, store, [.. others, current], from, to, now);
        var after = Make(project, store, [.. others, changed], from, to, now);
        var difference = PlanDifference.Of(Only(before, current.Name), current, Only(after, changed.Name), changed);
        if (asJson)
        {
            PlanJson.Print(difference, changed, from, to);
        }
        else
        {
            PlanText.Print(Console.Out, difference, changed);
        }

        return ExitCode.Done;
    }

    private static Plan Only(Plan plan, PipelineName pipeline) =>
        plan with
        {
            Ticks = [.. plan.Ticks.Where(tick => tick.Pipeline.Name == pipeline)],
            Consumers = [.. plan.Consumers.Where(each => each.Pipeline.Name == pipeline)],
        };

    private static Plan Make(
        Project project,
        Store? store,
        IReadOnlyList<Pipeline> pipelines,
        DateTimeOffset from,
        DateTimeOffset to,
        DateTimeOffset now
    ) =>
        store is null
            ? Plan.Make(null, project, pipelines, from, to, now)
            : store.Read(session => Plan.Make(session, project, pipelines, from, to, now));

    /// <summary>The pipelines of the project that have no mistakes; those that have some are named on stderr.</summary>
    internal static IReadOnlyList<Pipeline> Pipelines(Project project)
    {
        var set = project.OpenPipelines().Load();
        foreach (var problem in set.Problems.Where(problem => problem.Severity == Severity.Error))
        {
            Console.Error.WriteLine(problem);
        }

        return [.. set.Pipelines.Select(loaded => loaded.Pipeline)];
    }
}
