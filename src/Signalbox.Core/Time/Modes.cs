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
    /// <summary>They are skipped and recorded, all but the latest due interval. The default.</summary>
    None,

    /// <summary>Only the latest becomes a run.</summary>
    Latest,

    /// <summary>All become runs, up to a cap.</summary>
    All,
}

/// <summary>How the data of a pipeline is cut.</summary>
public enum PartitionKind
{
    None,
    Hour,
    Day,
    Week,
    Month,
}
