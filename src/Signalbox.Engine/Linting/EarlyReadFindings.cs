using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Lint;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Linting;

/// <summary>What the linter says of schedules that read before what they read is made: it follows from the plan of the days to come.</summary>
public static class EarlyReadFindings
{
    // A whole week, so that weekdays and weekends are among them, and the day before.
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(8);

    /// <summary>By pipeline.</summary>
    /// <param name="store">Knows how long tasks took; null: only what is due too late of itself is seen.</param>
    public static ILookup<PipelineName, Finding> Of(Store? store, Project project, IReadOnlyList<Pipeline> pipelines, DateTimeOffset now)
    {
        if (!Lineage.Of(pipelines).Any(edge => edge.Role == LineageRole.Reads))
        {
            return Enumerable.Empty<Finding>().ToLookup(_ => default(PipelineName));
        }

        var plan = store is null
            ? Plan.Make(null, project, pipelines, now, now + Ahead, now)
            : store.Read(session => Plan.Make(session, project, pipelines, now, now + Ahead, now));
        return EarlyReads.Find(pipelines, plan.Forecast).ToLookup(each => each.Consumer, FindingOf);
    }

    private static Finding FindingOf(EarlyRead early) =>
        new(
            LintCodes.EarlyRead,
            early.Task,
            File: null,
            $"tasks.{early.Task}.inputs",
            Offset: 0,
            $"`{early.Task}` reads `{early.Dataset}` before it is made in {early.Early} of the next {early.Runs} runs: it begins at "
                + $"{Utc(early.ReadsAt)}, and `{early.By}` of pipeline `{early.Producer}` is expected to be done at {Utc(early.MadeAt)}",
            $"wait for it (`wait_for: {{ dataset: {early.Dataset} }}`), let it start the pipeline (`triggers: [{{ datasets: {early.Dataset} }}]`), or move the schedule"
        );

    private static string Utc(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm}Z";
}
