namespace Signalbox.Storage;

/// <summary>
/// Where SQLite and PostgreSQL differ. Everything else is one text for both. A member is added only with the reason why one text
/// will not do.
/// </summary>
internal abstract class Dialect
{
    /// <summary>The definitions that were read from this database. No difference between the two: it is here because all connections share it.</summary>
    public KnownDefinitions Definitions { get; } = new();

    /// <summary>Name and version of the engine that runs, e.g. <c>SQLite 3.40.1</c>.</summary>
    public abstract string EngineVersion { get; }

    /// <summary>A key the database gives out, never twice, also when the row is deleted: SQLite has rowid aliases, PostgreSQL identity columns.</summary>
    public abstract string Identity { get; }

    /// <summary>A table kept in the order of its key: SQLite saves the second tree; PostgreSQL has no such tables.</summary>
    public abstract string Clustered { get; }

    /// <summary>Holds the row against other writers until the commit: SQLite has one writer at a time and no such word.</summary>
    public abstract string ForShare { get; }

    /// <summary>Takes rows that no other taker holds: the same reason.</summary>
    public abstract string ForUpdateSkipLocked { get; }

    /// <summary>How many connections read at one time: SQLite's cost memory each, PostgreSQL's are the server's to bear.</summary>
    public abstract int Readers { get; }

    /// <summary>Opens a connection; SQLite sets its pragmas here.</summary>
    public abstract Link Connect(bool readOnly);

    /// <summary>Keeps two programs from migrating at the same time: SQLite's write transaction does that by itself.</summary>
    public abstract void LockSchema(Link link);

    /// <summary>A number that is another after somebody committed: SQLite counts for us, PostgreSQL is asked for the newest request.</summary>
    public abstract long ChangeCounter(Link link);

    /// <summary>The engine's own check of its files; one sentence per problem.</summary>
    public abstract IReadOnlyList<string> CheckFiles(Link link);

    /// <summary>Makes this process the only engine of the database until the result is disposed or the process dies; else refused.</summary>
    /// <param name="now">Since when it is; people are told.</param>
    public abstract EngineLock AcquireEngine(DateTimeOffset now);

    /// <summary>A statement that has all numbers the database gives out go on so much higher, an expression: kept in a table by SQLite, in sequences by PostgreSQL.</summary>
    public abstract string NumbersFrom(string further);

    /// <summary>Writes a copy of the database as it is at one instant: SQLite does it itself, PostgreSQL by a program of its own.</summary>
    public abstract void BackUp(string file);

    /// <summary>Puts the database back to a copy, as another incarnation: as above.</summary>
    /// <param name="now">When that is.</param>
    /// <returns>Where the database as it was is kept.</returns>
    public abstract string? Restore(string file, DateTimeOffset now);

    /// <summary>The text as this engine wants it.</summary>
    public string Text(string sql) =>
        sql.Contains('{')
            ? sql.Replace("{identity}", Identity, StringComparison.Ordinal)
                .Replace("{clustered}", Clustered, StringComparison.Ordinal)
                .Replace("{for share}", ForShare, StringComparison.Ordinal)
                .Replace("{skip locked}", ForUpdateSkipLocked, StringComparison.Ordinal)
            : sql;
}
