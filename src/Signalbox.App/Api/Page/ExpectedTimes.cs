using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>When a task of a run is expected to begin and to end.</summary>
/// <param name="StartsAt">Null when something before it has no history.</param>
/// <param name="EndsAt">Null when it, or something before it, has no history.</param>
internal sealed record ExpectedDocument(string Task, string? StartsAt, string? EndsAt);

/// <summary>
/// What is left of a run, along its critical path: each task takes the median of its latest successes and begins when the last of those before
/// it ends. Slots that others hold are not counted.
/// </summary>
internal sealed class ExpectedTimes
{
    private const int Samples = 20;

    private readonly Dictionary<TaskName, (DateTimeOffset? Starts, DateTimeOffset? Ends)> _times = [];

    /// <summary>When the run is expected to end; null when that cannot be said, or it has ended.</summary>
    public DateTimeOffset? End { get; private set; }

    public ExpectedDocument[] Tasks(Pipeline pipeline) =>
        [
            .. pipeline.Tasks.Select(task =>
            {
                var (starts, ends) = _times.GetValueOrDefault(task.Name);
                return new ExpectedDocument(task.Name.Value, InstantText.Fine(starts), InstantText.Fine(ends));
            }),
        ];

    public static ExpectedTimes Of(ReadSession session, RunPicture picture, DateTimeOffset now)
    {
        if (picture.Run.State.IsEnd())
        {
            return new ExpectedTimes();
        }

        var rows = picture.Tasks.Where(task => !task.Key.IsInstance).ToDictionary(task => task.Key.Task);
        var found = new ExpectedTimes();
        var begin = picture.Run.StartedAt ?? now;
        var isKnown = true;
        DateTimeOffset? last = null;
        foreach (var node in Graph.Of(picture.Pipeline).Tasks)
        {
            var (starts, ends) = OfTask(session, picture, node, rows.GetValueOrDefault(node.Name), found._times, begin, now);
            found._times[node.Name] = (starts, ends);
            isKnown &= ends is not null;
            last = ends > last || last is null ? ends : last;
        }

        found.End = isKnown ? last : null;
        return found;
    }

    private static (DateTimeOffset? Starts, DateTimeOffset? Ends) OfTask(
        ReadSession session,
        RunPicture picture,
        TaskNode node,
        TaskRun? row,
        Dictionary<TaskName, (DateTimeOffset? Starts, DateTimeOffset? Ends)> before,
        DateTimeOffset begin,
        DateTimeOffset now
    )
    {
        if (row is null || row.State.IsEnd())
        {
            return (row?.StartedAt ?? row?.EndedAt ?? begin, row?.EndedAt ?? begin);
        }

        var starts = row.StartedAt ?? Latest(node, before, begin, now);
        return starts is { } from && Median(session, picture.Run.Pipeline, node) is { } takes
            ? (from, from + takes > now ? from + takes : now)
            : (starts, null);
    }

    private static DateTimeOffset? Latest(
        TaskNode node,
        Dictionary<TaskName, (DateTimeOffset? Starts, DateTimeOffset? Ends)> before,
        DateTimeOffset begin,
        DateTimeOffset now
    )
    {
        var latest = begin > now ? begin : now;
        foreach (var need in node.Needs)
        {
            if (before.GetValueOrDefault(need).Ends is not { } end)
            {
                return null;
            }

            latest = end > latest ? end : latest;
        }

        return latest;
    }

    private static TimeSpan? Median(ReadSession session, PipelineName pipeline, TaskNode node)
    {
        var durations = session.TaskDurations(pipeline, new TaskKey(node.Name), Samples).Select(each => each.Duration).Order().ToList();
        return durations.Count == 0 ? null : (durations[(durations.Count - 1) / 2] + durations[durations.Count / 2]) / 2;
    }
}
