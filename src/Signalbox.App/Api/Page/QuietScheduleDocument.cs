using Signalbox.App.Cli;
using Signalbox.Core.Scheduling;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>A pipeline with a schedule that starts nothing soon, and why.</summary>
/// <param name="Why"><c>paused</c>, <c>drained</c>, <c>ended</c>, or <c>later</c>: its next run is further away.</param>
/// <param name="At">When it ended, or when its next run is due; null where nothing says it.</param>
internal sealed record QuietScheduleDocument(string Pipeline, string Why, string? At)
{
    /// <param name="until">What is due before is soon.</param>
    public static QuietScheduleDocument[] All(
        ReadSession session,
        IEnumerable<StoredPipeline> rows,
        DateTimeOffset now,
        DateTimeOffset until
    ) => [.. rows.Where(row => row.Version is not null).Select(row => Of(session, row, now, until)).OfType<QuietScheduleDocument>()];

    private static QuietScheduleDocument? Of(ReadSession session, StoredPipeline row, DateTimeOffset now, DateTimeOffset until)
    {
        var pipeline = session.Definition(row.Name, row.Version!.Value)!.Pipeline;
        if (pipeline.Schedules.IsDefaultOrEmpty)
        {
            return null;
        }

        if (row.Paused || session.Drain(row.Name) is not null)
        {
            return new QuietScheduleDocument(row.Name.Value, row.Paused ? "paused" : "drained", At: null);
        }

        // What lies before its start makes no run, and there may be years of it.
        var begin = pipeline.Start > now ? pipeline.Start.Value.AddTicks(-1) : now;
        return Timetable.Of(pipeline).NextRun(begin)?.FiresAt switch
        {
            { } next when next < until => null,
            { } next => new QuietScheduleDocument(row.Name.Value, "later", InstantText.Utc(next)),
            null => new QuietScheduleDocument(row.Name.Value, "ended", pipeline.End is { } end ? InstantText.Utc(end) : null),
        };
    }
}
