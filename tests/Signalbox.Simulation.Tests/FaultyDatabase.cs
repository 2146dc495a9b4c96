using Signalbox.Storage;
using Signalbox.Storage.Sqlite;

namespace Signalbox.Simulation.Tests;

/// <summary>What is the matter with the database.</summary>
internal sealed class Trouble(Stage stage)
{
    /// <summary>Until when it cannot be reached.</summary>
    public TimeSpan AwayUntil { get; set; }

    /// <summary>Until when its disk is full: what is written is refused.</summary>
    public TimeSpan FullUntil { get; set; }

    /// <summary>Until when a turn of the writer takes seconds.</summary>
    public TimeSpan SlowUntil { get; set; }

    /// <summary>So many of the next commits fail, and keep nothing.</summary>
    public int CommitsThatFail { get; set; }

    /// <summary>So many of the next commits are kept, and an error is returned all the same.</summary>
    public int CommitsThatLie { get; set; }

    /// <summary>So many of the next transactions find the database busy for longer than anyone waits.</summary>
    public int Busy { get; set; }

    public bool IsAway => stage.Elapsed < AwayUntil;

    public bool IsFull => stage.Elapsed < FullUntil;

    public bool IsSlow => stage.Elapsed < SlowUntil;

    /// <summary>Whether it does what is asked of it.</summary>
    public bool IsNone => !IsAway && !IsFull && !IsSlow && CommitsThatFail == 0 && CommitsThatLie == 0 && Busy == 0;

    public void Heal() => (AwayUntil, FullUntil, SlowUntil, CommitsThatFail, CommitsThatLie, Busy) = (default, default, default, 0, 0, 0);
}

/// <summary>A database, of which the commits and the connections fail when the plot wants it.</summary>
/// <param name="trouble">Null: nothing fails.</param>
/// <param name="committed">Told after every commit that was kept.</param>
internal sealed class FaultyDatabase(Dialect real, Trouble? trouble, Action committed) : Dialect
{
    private readonly List<FaultyLink> _links = [];

    public Trouble? Trouble => trouble;

    public Action Committed => committed;

    public override string EngineVersion => real.EngineVersion;
    public override string Identity => real.Identity;
    public override string Clustered => real.Clustered;
    public override string ForShare => real.ForShare;
    public override string ForUpdateSkipLocked => real.ForUpdateSkipLocked;
    public override int Readers => real.Readers;

    public override Link Connect(bool readOnly) =>
        trouble is { IsAway: true }
            ? throw new StoreUnavailable("the database is away")
            : Keep(new FaultyLink(this, real.Connect(readOnly), readOnly));

    public override void LockSchema(Link link) { }

    public override long ChangeCounter(Link link)
    {
        Reach();
        return real.ChangeCounter(((FaultyLink)link).Real);
    }

    public override IReadOnlyList<string> CheckFiles(Link link) => real.CheckFiles(((FaultyLink)link).Real);

    public override EngineLock AcquireEngine(DateTimeOffset now) => real.AcquireEngine(now);

    public override string NumbersFrom(string further) => real.NumbersFrom(further);

    public override void BackUp(string file) => real.BackUp(file);

    public override string? Restore(string file, DateTimeOffset now) => real.Restore(file, now);

    /// <summary>The process is gone: what it had not committed is undone.</summary>
    public void Abandon() => _links.ForEach(link => link.Dispose());

    private FaultyLink Keep(FaultyLink link)
    {
        _links.Add(link);
        return link;
    }

    public void Reach()
    {
        if (trouble is { IsAway: true })
        {
            throw new SqliteError(10, "the database is away");
        }
    }
}

internal sealed class FaultyLink(FaultyDatabase database, Link real, bool readOnly) : Link(database)
{
    public Link Real => real;

    public override Statement Use(Sql sql) => real.Use(sql);

    public override bool HasTable(string name) => real.HasTable(name);

    public override void Script(string text) => real.Script(text);

    public override void BeginWrite()
    {
        database.Reach();
        if (database.Trouble is { Busy: > 0 } trouble)
        {
            trouble.Busy--;
            throw new SqliteError(5, "database is locked");
        }

        real.BeginWrite();
    }

    public override void BeginRead()
    {
        database.Reach();
        real.BeginRead();
    }

    public override void Commit()
    {
        if (readOnly)
        {
            real.Commit();
            return;
        }

        if (database.Trouble is { CommitsThatFail: > 0 } fails)
        {
            fails.CommitsThatFail--;
            throw new SqliteError(10, "disk I/O error");
        }

        real.Commit();
        database.Committed();
        if (database.Trouble is { CommitsThatLie: > 0 } lies)
        {
            lies.CommitsThatLie--;
            throw new SqliteError(10, "disk I/O error, though it was kept");
        }
    }

    public override void Rollback() => real.Rollback();

    public override void Savepoint() => real.Savepoint();

    public override void Release() => real.Release();

    public override bool TryUndo() => real.TryUndo();

    public override bool MustRetry(Exception problem) => real.MustRetry(problem);

    public override void Flush()
    {
        if (database.Trouble is { IsFull: true })
        {
            throw new SqliteError(13, "database or disk is full");
        }

        real.Flush();
    }

    public override StoreException? Translate(Exception exception) => real.Translate(exception);

    protected override Statement Prepare(Sql sql) => throw new NotSupportedException();

    protected override void Close() => real.Dispose();
}
