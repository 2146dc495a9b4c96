using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Storage;

namespace Signalbox.Engine.Deadlines;

/// <summary>How pipelines kept their deadlines.</summary>
public static class SlaReports
{
    /// <summary>The days that a report is about unless somebody says otherwise.</summary>
    public const int UsualDays = 30;

    /// <summary>
    /// One report for each pipeline that has deadlines by its current definition, or had runs with some in the days before now; by name.
    /// </summary>
    /// <param name="days">At least 1.</param>
    /// <param name="pipeline">Only this one; null for all.</param>
    public static ImmutableArray<SlaReport> Of(ReadSession session, DateTimeOffset now, int days = UsualDays, PipelineName? pipeline = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(days, 1);
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var stored in session.Pipelines())
        {
            if (
                stored.Version is { } version
                && (pipeline is null || stored.Name == pipeline)
                && session.Definition(stored.Name, version)!.Pipeline.HasSla()
            )
            {
                names.Add(stored.Name.Value);
            }
        }

        var history = session.DeadlineHistory(pipeline, now.AddDays(-days)).ToLookup(each => each.Deadline.Pipeline.Value);
        names.UnionWith(history.Select(group => group.Key));
        return [.. names.Select(name => SlaReport.Of(new PipelineName(name), Samples(history[name])))];
    }

    /// <summary>The runs of a pipeline with how they kept their deadlines, the earliest due first; those that are not judged are left out.</summary>
    public static ImmutableArray<SlaSample> Samples(IEnumerable<DeadlineStanding> standings) =>
        [
            .. standings
                .GroupBy(each => (each.Deadline.Run, each.Deadline.BaseAt))
                .Select(run => run.ToList())
                .Where(run =>
                    run.TrueForAll(each => each.Deadline.State != DeadlineState.Open)
                    || run.Exists(each => each.Deadline.State == DeadlineState.Missed)
                )
                .Select(SampleOf),
        ];

    private static SlaSample SampleOf(List<DeadlineStanding> run)
    {
        var (first, due) = (run[0], run[0].Deadline.BaseAt);
        var whole = run.Exists(each => each.Deadline.Task is null);
        var limit = run.Where(each => !whole || each.Deadline.Task is null).Min(each => each.Deadline.DueAt);
        return new SlaSample(
            due,
            run.TrueForAll(each => each.Deadline.State == DeadlineState.Met),
            first is { RunState: RunState.Success, RunEndedAt: { } ended } ? (ended - due).TotalMinutes : null,
            (limit - due).TotalMinutes
        );
    }
}
