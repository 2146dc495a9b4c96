using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>wait_for: {task}</c>: a task, or the whole run, of another pipeline has succeeded for the matching slice of time.
/// </summary>
/// <remarks>
/// A producer at 02:00 and a consumer at 06:00 never share a logical date, so the match is by data interval unless the file says otherwise:
/// the run whose interval contains this run's, or is contained in it. With <c>partitions: true</c> every partition of the producer inside
/// this run's own must be there: a week waits for its seven days.
/// </remarks>
internal static class WaitForTaskTask
{
    public static Task<Sighting> LookAsync(TaskKind.WaitForTask kind, AttemptContext context, CancellationToken cancellationToken) =>
        context.Parts.Store.ReadAsync(session => Look(kind, context, session), cancellationToken);

    private static Sighting Look(TaskKind.WaitForTask kind, AttemptContext context, ReadSession session)
    {
        var next = context.Parts.Time.GetUtcNow() + kind.Every;
        var what = kind.Task is { } task ? $"{kind.Pipeline}.{task}" : kind.Pipeline.Value;
        if (kind.Partitions)
        {
            return LookForAll(kind, context, session, what, next);
        }

        var found = Matching(kind, context.Run, session, LineOf(kind, context.Run, session));
        if (found.Any(run => Succeeded(kind, run)))
        {
            return new Sighting.Satisfied(Result: null);
        }

        var reason =
            found.Count == 0
                ? $"{what}: no run {Wanted(kind, context.Run)} yet"
                : $"{what}: run {found[^1].Number} is {Names.Of(found[^1].State)}"
                    + (found[^1].Task is { } state ? $", the task is {Names.Of(state)}" : "");
        return new Sighting.NotYet(reason, next);
    }

    private static Sighting LookForAll(
        TaskKind.WaitForTask kind,
        AttemptContext context,
        ReadSession session,
        string what,
        DateTimeOffset next
    )
    {
        if (session.Pipeline(kind.Pipeline)?.Version is not { } version || session.Definition(kind.Pipeline, version) is not { } producer)
        {
            return new Sighting.NotYet($"{what}: there is no pipeline {kind.Pipeline} yet", next);
        }

        var scheme = producer.Pipeline.CalendarOf().Partitions;
        var (partitions, from, to) = Wanted(scheme, context);
        var wanted = partitions.Select(partition => partition.Key).ToList();
        // A day wider on both sides: the producer's zone may be another one.
        var line = LineOf(kind, context.Run, session);
        var there = session
            .RunsMatching(kind.Pipeline, kind.Task, from.AddDays(-2), to.AddDays(2))
            .Concat(line is null ? [] : session.RunsMatching(kind.Pipeline, kind.Task, from.AddDays(-2), to.AddDays(2), line))
            .Where(run => Succeeded(kind, run))
            .Select(run => scheme.PartitionOf(run.LogicalDate).Key)
            .ToHashSet(StringComparer.Ordinal);
        var missing = wanted.Where(key => !there.Contains(key)).ToList();
        return missing.Count == 0
            ? new Sighting.Satisfied(Result: null)
            : new Sighting.NotYet(
                $"{what}: {wanted.Count - missing.Count} of {wanted.Count} partitions are there; missing {string.Join(", ", missing.Take(10))}",
                next
            );
    }

    /// <summary>
    /// The producer's partitions that this run is about: those of its own partition by the calendar (a week has seven days whatever the
    /// zones), or for an unpartitioned run those that its data interval touches.
    /// </summary>
    private static (IEnumerable<Partition> Partitions, DateTimeOffset From, DateTimeOffset To) Wanted(
        PartitionScheme scheme,
        AttemptContext context
    )
    {
        var own = context.Pipeline.CalendarOf().Partitions;
        if (own.Kind != PartitionKind.None && own.Parse(context.Run.Partition).Partition is { } partition)
        {
            var first = scheme.PartitionOf(partition.Label);
            var last = scheme.PartitionOf(partition.EndLabel.AddTicks(-1));
            return (scheme.Range(first, last), partition.Start, partition.End);
        }

        return (scheme.Range(context.Run.IntervalStart, context.Run.IntervalEnd), context.Run.IntervalStart, context.Run.IntervalEnd);
    }

    /// <summary>
    /// Whose runs are waited for: those of the variant that readers are served, for their outputs are what this run reads; of the own pipeline
    /// those of the own line. Null is the live one.
    /// </summary>
    private static RunNamespace? LineOf(TaskKind.WaitForTask kind, Run run, ReadSession session) =>
        kind.Pipeline == run.Pipeline ? run.Namespace : session.ActiveVariant(kind.Pipeline);

    /// <summary>The runs of a line; where it has none for the slice, the live ones, whose outputs are then what is read.</summary>
    private static IReadOnlyList<MatchingRun> Matching(TaskKind.WaitForTask kind, Run run, ReadSession session, RunNamespace? line)
    {
        IReadOnlyList<MatchingRun> found = kind.Match switch
        {
            TaskMatch.Identity => session.RunsMatching(kind.Pipeline, kind.Task, run.LogicalDate, line),
            TaskMatch.Offset => session.RunsMatching(kind.Pipeline, kind.Task, run.LogicalDate + kind.Offset, line),
            _ => session.RunsMatching(kind.Pipeline, kind.Task, run.IntervalStart, run.IntervalEnd, line),
        };
        return found.Count > 0 || line is null ? found : Matching(kind, run, session, line: null);
    }

    private static bool Succeeded(TaskKind.WaitForTask kind, MatchingRun run) =>
        kind.Task is null ? run.State == RunState.Success : run.Task == TaskState.Success;

    private static string Wanted(TaskKind.WaitForTask kind, Run run) =>
        kind.Match switch
        {
            TaskMatch.Identity => $"with the logical date {run.LogicalDate:yyyy-MM-dd'T'HH:mm:ss'Z'}",
            TaskMatch.Offset => $"with the logical date {run.LogicalDate + kind.Offset:yyyy-MM-dd'T'HH:mm:ss'Z'}",
            _ => $"whose data interval fits {run.IntervalStart:yyyy-MM-dd'T'HH:mm:ss'Z'} to {run.IntervalEnd:yyyy-MM-dd'T'HH:mm:ss'Z'}",
        };
}
