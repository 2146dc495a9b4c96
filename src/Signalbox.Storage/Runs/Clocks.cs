using System.Globalization;

namespace Signalbox.Storage;

/// <summary>How the two clocks of a machine stood to each other when the deadlines in the rows were last put in order.</summary>
/// <param name="Boot">The start of the machine that <paramref name="Offset"/> is about; after another one it says nothing.</param>
/// <param name="Offset">The clock on the wall, as time since 1970, less the clock that only counts; whole milliseconds.</param>
/// <param name="MovedAt">What the clock on the wall showed when deadlines were last moved with it; null: never since the machine was started.</param>
public sealed record ClockMark(string Boot, TimeSpan Offset, DateTimeOffset? MovedAt);

public partial class ReadSession
{
    private static readonly Sql MarkOfClock = new("select value from meta where name = 'clock'");

    /// <summary>What the deadlines in the rows go by; null before an engine has said so.</summary>
    public ClockMark? ClockMark =>
        Use(MarkOfClock).All(row => row.Text()) is [var text] && text.Split(' ') is [var boot, var offset, .. var moved]
            ? new ClockMark(
                boot,
                TimeSpan.FromMilliseconds(long.Parse(offset, CultureInfo.InvariantCulture)),
                moved is [var at] ? DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(at, CultureInfo.InvariantCulture)) : null
            )
            : null;
}

public sealed partial class WriteSession
{
    private static readonly Sql PutMarkOfClock = new(
        "insert into meta (name, value) values ('clock', @value) on conflict (name) do update set value = excluded.value"
    );
    private static readonly Sql MoveRunDeadlines = new(
        "update runs set deadline_ms = deadline_ms + @by, retry_ms = retry_ms + @by where ended_ms is null"
    );

    // What is looked at again and again is looked at now: it may wait for an instant, which did not move.
    private static readonly Sql MoveTaskDeadlines = new(
        """
        update tasks set deadline_ms = deadline_ms + @by, due_ms = case when state = 'up_for_retry' then due_ms + @by end
        where run_number in (select number from runs where ended_ms is null) and (deadline_ms is not null or due_ms is not null)
        """
    );
    private static readonly Sql MoveProbes = new("update breakers set probe_ms = probe_ms + @by where probe_ms is not null");
    private static readonly Sql MoveTargetRetries = new("update target_retries set at_ms = at_ms + @by");

    /// <summary>Notes how the clocks stand to each other; the deadlines in the rows go by it.</summary>
    public void SaveClockMark(ClockMark mark)
    {
        var moved = mark.MovedAt is { } at ? $" {at.ToUnixTimeMilliseconds()}" : "";
        Use(PutMarkOfClock).Set("@value", $"{mark.Boot} {(long)mark.Offset.TotalMilliseconds}{moved}").Execute();
    }

    /// <summary>
    /// Somebody has set the clock on the wall: whatever ends after so long still does, for all runs that have not ended and all targets. Whoever drives them
    /// reads them again.
    /// </summary>
    public void MoveDeadlines(TimeSpan by)
    {
        foreach (var move in (ReadOnlySpan<Sql>)[MoveRunDeadlines, MoveTaskDeadlines, MoveProbes, MoveTargetRetries])
        {
            Use(move).Set("@by", (long)by.TotalMilliseconds).Execute();
        }
    }
}
