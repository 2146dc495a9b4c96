namespace Signalbox.Core.Triggers;

/// <summary>State of a message in the inbox. All but the first are ends, until a person has it decided anew.</summary>
public enum InboxState
{
    /// <summary>Nothing has been decided: its pipeline is paused, or has as many runs as it may, or it has just come.</summary>
    Waiting,

    /// <summary>A run was started from it: the only one there ever is.</summary>
    Started,

    /// <summary>It was sent on to the tasks that wait for it, as its trigger says.</summary>
    Signalled,

    /// <summary>It is about nothing that could be run.</summary>
    Ignored,

    /// <summary>A dead letter: it cannot become a run, and its reason is kept.</summary>
    Dead,

    /// <summary>A person has put it aside.</summary>
    Dropped,
}
