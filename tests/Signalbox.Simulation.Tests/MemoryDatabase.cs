using System.Collections.Concurrent;
using Signalbox.Storage;
using Signalbox.Storage.Sqlite;

namespace Signalbox.Simulation.Tests;

/// <summary>
/// SQLite in memory, of which all links of a performance share one connection. Nobody can tell: on the one thread of a stage no transaction
/// begins while another is open. What it saves is most of the time of a week: the locks and the log of a file, and the reading of the schema
/// and the preparing of statements for each link of each life.
/// </summary>
internal sealed class MemoryDatabase : Dialect, IDisposable
{
    private static readonly Sql Made = new(
        "select sql from disk.sqlite_master where sql is not null and name not like 'sqlite_%' order by rowid"
    );
    private static readonly Sql Tables = new("select name from disk.sqlite_master where type = 'table' and name not like 'sqlite_%'");
    private static readonly Sql Changes = new("select total_changes()");
    private static readonly ConcurrentBag<SqliteLink> Idle = [];
    private static readonly SqliteDialect Real = new(":memory:");
    private static readonly Lazy<IReadOnlyList<Sql>> Afresh = new(ReadAfresh);

    private readonly string _path;
    private readonly SqliteLink _connection;
    private Lent? _open;
    private long _counter;
    private long _changes;

    /// <param name="path">Where its file would be: the lock of the engine is beside it.</param>
    public MemoryDatabase(string path)
    {
        _path = path;
        _connection = Idle.TryTake(out var idle) ? idle : Make();
        _connection.Script("pragma foreign_keys=off; begin");
        foreach (var sql in Afresh.Value)
        {
            _connection.Use(sql).Execute();
        }

        _connection.Script("commit; pragma foreign_keys=on");
    }

    public override string EngineVersion => Real.EngineVersion;
    public override string Identity => Real.Identity;
    public override string Clustered => Real.Clustered;
    public override string ForShare => Real.ForShare;
    public override string ForUpdateSkipLocked => Real.ForUpdateSkipLocked;
    public override int Readers => Real.Readers;

    public override Link Connect(bool readOnly) => new Lent(this, readOnly);

    public override void LockSchema(Link link) { }

    public override long ChangeCounter(Link link) => _counter;

    public override IReadOnlyList<string> CheckFiles(Link link) => Real.CheckFiles(_connection);

    public override EngineLock AcquireEngine(DateTimeOffset now) => EngineLock.OfFile(_path + ".lock", now);

    public override string NumbersFrom(string further) => Real.NumbersFrom(further);

    public override void BackUp(string file) => throw new NotSupportedException();

    public override string? Restore(string file, DateTimeOffset now) => throw new NotSupportedException();

    public void Dispose() => Idle.Add(_connection);

    /// <summary>
    /// An empty database, and beside it what stands in one from the beginning: that too in memory, for whoever begins a transaction locks all
    /// databases that he has.
    /// </summary>
    private static SqliteLink Make()
    {
        var made = (SqliteLink)Real.Connect(readOnly: false);
        made.Script($"attach '{Scene.Template}' as disk; attach ':memory:' as template");
        foreach (var text in made.Use(Made).All(row => row.Text()))
        {
            made.Script(text);
        }

        foreach (var table in TablesOf(made))
        {
            made.Script($"create table template.{table} as select * from disk.{table}");
        }

        made.Script("detach disk");
        return made;
    }

    private static List<Sql> ReadAfresh()
    {
        using var disk = (SqliteLink)Real.Connect(readOnly: false);
        disk.Script($"attach '{Scene.Template}' as disk");
        return
        [
            // The rows that follow begin the numbers anew.
            new Sql("delete from main.sqlite_sequence"),
            .. TablesOf(disk)
                .SelectMany(table => new[] { $"delete from main.{table}", $"insert into main.{table} select * from template.{table}" })
                .Select(text => new Sql(text)),
        ];
    }

    private static List<string> TablesOf(SqliteLink link) => link.Use(Tables).All(row => row.Text());

    private long CountChanges() => _connection.Use(Changes).Scalar()!.Value;

    /// <summary>The connection, lent to one who takes it for his own.</summary>
    private sealed class Lent(MemoryDatabase database, bool readOnly) : Link(database)
    {
        private SqliteLink Real => database._connection;

        public override Statement Use(Sql sql) => Real.Use(sql);

        public override bool HasTable(string name) => Real.HasTable(name);

        public override void Script(string text) => Real.Script(text);

        public override void BeginWrite()
        {
            Open();
            Real.BeginWrite();
            database._changes = database.CountChanges();
        }

        public override void BeginRead() => Open();

        public override void Commit()
        {
            if (!readOnly)
            {
                Real.Commit();
                database._counter += database.CountChanges() == database._changes ? 0 : 1;
            }

            database._open = null;
        }

        public override void Rollback()
        {
            if (database._open == this)
            {
                Real.Rollback();
                database._open = null;
            }
        }

        public override void Savepoint() => Real.Savepoint();

        public override void Release() => Real.Release();

        public override bool TryUndo() => Real.TryUndo();

        public override bool MustRetry(Exception problem) => Real.MustRetry(problem);

        public override void Flush() => Real.Flush();

        public override StoreException? Translate(Exception exception) => Real.Translate(exception);

        protected override Statement Prepare(Sql sql) => throw new NotSupportedException();

        protected override void Close() => Rollback();

        private void Open()
        {
            if (database._open is not null)
            {
                Environment.FailFast($"a transaction begins while another is open: {Environment.StackTrace}");
            }

            database._open = this;
        }
    }
}
