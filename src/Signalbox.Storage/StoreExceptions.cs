namespace Signalbox.Storage;

/// <summary>What the store throws: one of the three cases below, or <see cref="StoreRefused"/> when it will not be opened.</summary>
public abstract class StoreException(string message, Exception? inner) : Exception(message, inner);

/// <summary>
/// What the caller knew is no longer so: another owner, another revision, a stale attempt, a row that is already there or that the
/// schema refuses. Nothing of the work was kept. Trying again without looking again is wrong.
/// </summary>
public sealed class StoreConflict(string message, Exception? inner = null) : StoreException(message, inner);

/// <summary>The database could not be reached, or did not take the work now. Trying again later is right.</summary>
public sealed class StoreUnavailable(string message, Exception? inner = null) : StoreException(message, inner)
{
    /// <summary>
    /// Whether the work may have been committed all the same: the connection or the disk failed during COMMIT. The caller looks
    /// (the revision of the run, the token of the attempt) before it does anything again. False: it was certainly not kept.
    /// </summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>Whether it is for want of room on the disk of the database.</summary>
    public bool IsFull { get; init; }
}

/// <summary>The database holds what no Signalbox writes: a damaged file, or a row that cannot be read. Trying again does not help.</summary>
public sealed class StoreCorrupt(string message, Exception? inner = null) : StoreException(message, inner);

/// <summary>The store is sound, but this program may not use it: its schema is newer, or another server holds it.</summary>
public sealed class StoreRefused(string message) : StoreException(message, inner: null);
