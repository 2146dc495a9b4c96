namespace Signalbox.Core.Time;

/// <summary>Which instant names a scheduled run (its logical date).</summary>
public enum LogicalDateMode
{
    /// <summary>The start of the data interval: the run at 02:15 on the 6th is about the 5th. The default.</summary>
    IntervalStart,

    /// <summary>The instant at which the schedule fires.</summary>
    FireTime,
}

/// <summary>What happens to ticks that passed while nobody could act on them.</summary>
public enum CatchUp
{
    /// <summary>
    /// They are skipped and recorded, all but the latest due interval; those of a pause are gone altogether
    /// (<see cref="DueTicks.CursorOnUnpause"/>). The default.
    /// </summary>
    None,

    /// <summary>Only the latest becomes a run, also after a pause.</summary>
    Latest,

    /// <summary>All become runs, up to a cap; the newest then.</summary>
    All,
}

/// <summary>How the data of a pipeline is cut.</summary>
public enum PartitionKind
{
    /// <summary>Not at all: one partition whose key is empty.</summary>
    None,

    /// <summary>By hours: <c>2001-01-05T13</c>.</summary>
    Hour,

    /// <summary>By days: <c>2001-01-05</c>.</summary>
    Day,

    /// <summary>By weeks: <c>2001-W01</c>.</summary>
    Week,

    /// <summary>By months: <c>2001-01</c>.</summary>
    Month,
}
