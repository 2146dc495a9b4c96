using System.Diagnostics;
using SQLitePCL;

namespace Signalbox.Storage.Sqlite;

/// <summary>One connection to a SQLite file.</summary>
internal sealed class SqliteLink : Link
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Sql BeginImmediate = new("begin immediate");
    private static readonly Sql BeginDeferred = new("begin");
    private static readonly Sql CommitAll = new("commit");
    private static readonly Sql RollbackAll = new("rollback");
    private static readonly Sql SavepointItem = new("savepoint item");
    private static readonly Sql ReleaseItem = new("release item");
    private static readonly Sql UndoItem = new("rollback to item");
    private static readonly Sql TableNamed = new("select 1 from sqlite_master where type = 'table' and name = @name");
    private readonly sqlite3 db;

    public SqliteLink(SqliteDialect dialect, string path, bool readOnly)
        : base(dialect)
    {
        _ = NativeSqlite.Version;
        var code = raw.sqlite3_open_v2(
            path,
            out db,
            raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX,
            vfs: null
        );
        if (code != raw.SQLITE_OK)
        {
            using (db)
            {
                throw new StoreUnavailable($"{path}: the database cannot be opened: {raw.sqlite3_errstr(code).utf8_to_string()}");
            }
        }

        try
        {
            // What waits inside SQLite: recovery after a crash, a checkpoint, the last close of another process.
            raw.sqlite3_busy_timeout(db, 10_000);
            SetUp(
                readOnly
                    ? "pragma query_only=on"
                    : "pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma journal_size_limit=67108864"
            );
        }
        catch (SqliteError error)
        {
            var told = Translate(error)!;
            db.Dispose();
            throw told;
        }
    }

    // Where several programs make a database at once, the change to WAL is refused without waiting for the others.
    private void SetUp(string pragmas) => Patiently(() => Script(pragmas));

    /// <summary>Tries again, after a few milliseconds each time, while somebody else is in the way; for as long as anybody waits.</summary>
    private static void Patiently(Action work)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                work();
                return;
            }
            catch (SqliteError error)
                when (error.Code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && Stopwatch.GetElapsedTime(since) < Patience)
            {
                Thread.Sleep(Random.Shared.Next(1, 5));
            }
        }
    }

    public override bool HasTable(string name) => Use(TableNamed).Set("@name", name).Scalar() is not null;

    public override void Script(string text)
    {
        var rest = text;
        while (!string.IsNullOrWhiteSpace(rest))
        {
            Ok(raw.sqlite3_prepare_v2(db, rest, out var statement, out rest));
            if (statement is null || statement.IsInvalid)
            {
                continue;
            }

            using (statement)
            {
                int code;
                while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW) { }

                if (code != raw.SQLITE_DONE)
                {
                    throw SqliteError.Of(db, code);
                }
            }
        }
    }

    // SQLite's own waiting backs off to a tenth of a second and then starves against a writer that commits without a pause: it is
    // switched off here, and we try again after a few milliseconds of our own.
    public override void BeginWrite()
    {
        raw.sqlite3_busy_timeout(db, 0);
        try
        {
            Patiently(() => Use(BeginImmediate).Execute());
        }
        finally
        {
            raw.sqlite3_busy_timeout(db, 10_000);
        }
    }

    public override void BeginRead() => Use(BeginDeferred).Execute();

    public override void Commit() => Use(CommitAll).Execute();

    public override void Rollback()
    {
        if (raw.sqlite3_get_autocommit(db) == 0)
        {
            Use(RollbackAll).Execute();
        }
    }

    public override void Savepoint() => Use(SavepointItem).Execute();

    public override void Release() => Use(ReleaseItem).Execute();

    public override bool TryUndo()
    {
        // A full disk and some other errors end the whole transaction.
        if (raw.sqlite3_get_autocommit(db) != 0)
        {
            return false;
        }

        Use(UndoItem).Execute();
        Use(ReleaseItem).Execute();
        return true;
    }

    // There is one writer at a time, and it holds its place from the beginning.
    public override bool MustRetry(Exception problem) => false;

    public override void Flush() { }

    public override StoreException? Translate(Exception exception) =>
        exception is not SqliteError error
            ? null
            : error.Code switch
            {
                raw.SQLITE_CONSTRAINT => new StoreConflict(error.Message, error),
                raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new StoreCorrupt(
                    $"the database file is damaged: {error.Message}; restore a backup, or see `signalbox db check`",
                    error
                ),
                raw.SQLITE_FULL => new StoreUnavailable($"the disk of the database is full: {error.Message}", error) { IsFull = true },
                _ => new StoreUnavailable($"the database did not take it: {error.Message}", error),
            };

    /// <summary>Takes all of another database in place of its own, in one transaction.</summary>
    public void Become(SqliteLink other)
    {
        var copy = raw.sqlite3_backup_init(db, "main", other.db, "main");
        if (copy is null || copy.IsInvalid)
        {
            throw SqliteError.Of(db, raw.sqlite3_errcode(db));
        }

        using (copy)
        {
            Patiently(() =>
            {
                if (raw.sqlite3_backup_step(copy, -1) is var code && code != raw.SQLITE_DONE)
                {
                    throw new SqliteError(code, $"{raw.sqlite3_errstr(code).utf8_to_string()} (SQLite {code})");
                }
            });
        }
    }

    protected override Statement Prepare(Sql sql)
    {
        Ok(raw.sqlite3_prepare_v3(db, Dialect.Text(sql.Text), raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return new SqliteStatement(db, statement, sql);
    }

    protected override void Close() => db.Dispose();

    private void Ok(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw SqliteError.Of(db, code);
        }
    }
}
