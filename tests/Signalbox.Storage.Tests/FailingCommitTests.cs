using Signalbox.Storage.Schema;
using Signalbox.Storage.Sqlite;

namespace Signalbox.Storage.Tests;

public sealed class FailingCommitTests
{
    [Fact]
    public async Task A_commit_that_fails_fails_all_its_writes_and_the_next_ones_get_a_new_connection()
    {
        var ct = TestContext.Current.CancellationToken;
        using var files = new SqliteFiles();
        var dialect = new FailingDialect(files.Create());
        var link = dialect.Connect(readOnly: false);
        Migrations.Apply(link, Migrations.All, Made.Noon);
        dialect.FailNextCommit = true;
        using (var writer = new GroupCommit(dialect, link))
        {
            using var gate = new ManualResetEventSlim();
            using var begun = new ManualResetEventSlim();
            var first = writer.AddAsync(
                _ =>
                {
                    begun.Set();
                    return gate.Wait(TimeSpan.FromSeconds(30));
                },
                ct
            );
            begun.Wait(ct);
            var others = Enumerable.Range(0, 3).Select(i => writer.AddAsync(session => Note(session, $"{i}"), ct)).ToArray();
            gate.Set();

            Assert.True((await Assert.ThrowsAsync<StoreUnavailable>(() => first)).OutcomeUnknown);
            await Task.WhenAll(others);
            dialect.FailNextCommit = true;
            await Assert.ThrowsAsync<StoreUnavailable>(() => writer.AddAsync(session => Note(session, "lost"), ct));
            Assert.Equal(["2", "1", "0"], await writer.AddAsync(session => session.Audit(10).Select(line => line.What).ToArray(), ct));
        }

        Assert.Equal(3, dialect.Connections);
    }

    private static bool Note(WriteSession session, string what)
    {
        session.AddAudit(new(Made.Noon, "me", what, null));
        return true;
    }

    private sealed class FailingDialect(string path) : Dialect
    {
        private readonly SqliteDialect real = new(path);

        public bool FailNextCommit { get; set; }

        public int Connections { get; private set; }

        public override string EngineVersion => real.EngineVersion;
        public override string Identity => real.Identity;
        public override string Clustered => real.Clustered;
        public override string ForShare => real.ForShare;
        public override string ForUpdateSkipLocked => real.ForUpdateSkipLocked;
        public override int Readers => real.Readers;

        public override Link Connect(bool readOnly)
        {
            Connections++;
            return new FailingLink(this, real.Connect(readOnly));
        }

        public override void LockSchema(Link link) { }

        public override long ChangeCounter(Link link) => real.ChangeCounter(link);

        public override IReadOnlyList<string> CheckFiles(Link link) => real.CheckFiles(link);

        public override EngineLock AcquireEngine(DateTimeOffset now) => real.AcquireEngine(now);

        public override string NumbersFrom(string further) => real.NumbersFrom(further);

        public override void BackUp(string file) => real.BackUp(file);

        public override string? Restore(string file, DateTimeOffset now) => real.Restore(file, now);
    }

    /// <summary>A connection whose disk fails at a commit.</summary>
    private sealed class FailingLink(FailingDialect dialect, Link real) : Link(dialect)
    {
        public override bool HasTable(string name) => real.HasTable(name);

        public override void Script(string text) => real.Script(text);

        public override void BeginWrite() => real.BeginWrite();

        public override void BeginRead() => real.BeginRead();

        public override void Commit()
        {
            if (dialect.FailNextCommit)
            {
                dialect.FailNextCommit = false;
                throw new SqliteError(10, "disk I/O error");
            }

            real.Commit();
        }

        public override void Rollback() => real.Rollback();

        public override void Savepoint() => real.Savepoint();

        public override void Release() => real.Release();

        public override bool TryUndo() => real.TryUndo();

        public override bool MustRetry(Exception problem) => real.MustRetry(problem);

        public override void Flush() => real.Flush();

        public override StoreException? Translate(Exception exception) => real.Translate(exception);

        // Its statements die with the real connection.
        protected override Statement Prepare(Sql sql) => real.Use(sql);

        protected override void Close() => real.Dispose();
    }
}
