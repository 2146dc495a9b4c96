using Signalbox.Storage.Postgres;
using Signalbox.Storage.Schema;
using Signalbox.Storage.Sqlite;

namespace Signalbox.Storage;

/// <summary>
/// What is true: the one place where the state of pipelines and runs is kept, in SQLite or PostgreSQL.
/// </summary>
/// <remarks>
/// <para>
/// All writes of a process go through one thread and one connection, which commits everything that waits in one transaction
/// (<see cref="GroupCommit"/>). A task returned by <c>WriteAsync</c> completes only after the commit succeeded: what was told is kept.
/// </para>
/// <para>
/// Reads use connections of their own and see one state of the database throughout. The capabilities are in
/// <see cref="ReadSession"/> and <see cref="WriteSession"/>, one file each.
/// </para>
/// </remarks>
public sealed class Store : IAsyncDisposable, IDisposable
{
    // What this thread reads from while it reads.
    [ThreadStatic]
    private static (Store Store, ReadSession Session)? reading;

    private readonly Dialect dialect;
    private readonly TimeProvider time;
    private readonly GroupCommit writer;
    private readonly Stack<Link> idle = new();
    private readonly SemaphoreSlim readers;
    private readonly Lock counting = new();
    private Link? counter;
    private bool closed;

    private Store(Dialect dialect, Link link, Action<Action>? turns, TimeProvider time)
    {
        this.dialect = dialect;
        this.time = time;
        writer = new GroupCommit(dialect, link, turns);
        readers = new SemaphoreSlim(dialect.Readers);
    }

    /// <summary>The schema that this program knows.</summary>
    public static int KnownSchema => Migrations.All.Count;

    /// <summary>Name and version of the engine that runs, e.g. <c>SQLite 3.40.1</c>.</summary>
    public string EngineVersion => dialect.EngineVersion;

    /// <summary>Transactions that this process has committed: fewer than the writes, since what waits is committed together.</summary>
    public long Commits => writer.Commits;

    /// <summary>
    /// Opens a database, makes it where there is none, and brings its schema up to date.
    /// </summary>
    /// <param name="database">The path of a SQLite file (its folder must exist), or <c>postgres://user:password@host/database</c>.</param>
    /// <param name="time">The clock that notes of migrations and of the engine's lock go by. Default: that of the system.</param>
    /// <exception cref="StoreRefused">Its schema is newer than this program.</exception>
    /// <exception cref="StoreUnavailable">It cannot be reached.</exception>
    /// <exception cref="StoreCorrupt">It is no database, or a damaged one.</exception>
    public static Store Open(string database, TimeProvider? time = null) => Open(DialectOf(database), turns: null, time);

    /// <summary>The same for a database that a test has made worse than it is.</summary>
    /// <param name="turns">Has the writer's turns taken on a thread of the caller's choice. Null: on a thread of its own.</param>
    internal static Store Open(Dialect engine, Action<Action>? turns, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var link = engine.Connect(readOnly: false);
        try
        {
            Migrations.Apply(link, Migrations.All, time.GetUtcNow());
            return new Store(engine, link, turns, time);
        }
        catch (Exception problem)
        {
            using (link)
            {
                if (link.Translate(problem) is { } told)
                {
                    throw told;
                }

                throw;
            }
        }
    }

    /// <summary>
    /// Makes this process the only engine of the store until the result is disposed or the process dies.
    /// </summary>
    /// <exception cref="StoreRefused">Another process is; the message names its pid.</exception>
    public EngineLock AcquireEngine() => dialect.AcquireEngine(time.GetUtcNow());

    /// <summary>
    /// Writes. The task completes after the commit, or fails alone when <paramref name="work"/> throws: then nothing of it is kept.
    /// </summary>
    /// <param name="work">
    /// Called on the writer's thread: it must not wait for anything but the session. PostgreSQL may call it again after a deadlock, so it
    /// has no effect but on the session.
    /// </param>
    /// <param name="ct">Gives up before the work has begun; then nothing is kept.</param>
    public Task<T> WriteAsync<T>(Func<WriteSession, T> work, CancellationToken ct) => writer.AddAsync(work, ct);

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Action<WriteSession> work, CancellationToken ct) =>
        writer.AddAsync<object?>(
            session =>
            {
                work(session);
                return null;
            },
            ct
        );

    /// <summary>
    /// Reads on this thread, from one state of the database. A read within a read sees the same state, through the same connection: were
    /// it to wait for another one, as many readers as there are connections could wait for each other for ever.
    /// </summary>
    public T Read<T>(Func<ReadSession, T> work)
    {
        if (reading is { } outer && outer.Store == this)
        {
            return work(outer.Session);
        }

        readers.Wait();
        Link? link = null;
        var before = reading;
        try
        {
            link = Begin();
            var session = new ReadSession(link);
            reading = (this, session);
            var result = work(session);
            link.Commit();
            Return(ref link);
            return result;
        }
        catch (StoreException)
        {
            // Nothing is wrong with the connection.
            Reuse(ref link);
            throw;
        }
        catch (Exception problem) when (link?.Translate(problem) is not null)
        {
            throw link.Translate(problem)!;
        }
        finally
        {
            reading = before;
            link?.Dispose();
            readers.Release();
        }
    }

    /// <summary>Reads on another thread, from one state of the database.</summary>
    public Task<T> ReadAsync<T>(Func<ReadSession, T> work, CancellationToken ct) => Task.Run(() => Read(work), ct);

    /// <summary>
    /// A number that differs from the last time when somebody, this process or another, has committed in between (SQLite) or has
    /// added a request (PostgreSQL). It costs microseconds: made for polling.
    /// </summary>
    public long ChangeCounter()
    {
        lock (counting)
        {
            if (closed)
            {
                throw new StoreUnavailable("the store is closed");
            }

            counter ??= dialect.Connect(readOnly: true);
            try
            {
                return dialect.ChangeCounter(counter);
            }
            catch (Exception problem) when (counter.Translate(problem) is not null)
            {
                using (counter)
                {
                    var told = counter.Translate(problem)!;
                    counter = null;
                    throw told;
                }
            }
        }
    }

    /// <summary>Finishes what waits to be written, and closes.</summary>
    public void Dispose()
    {
        lock (idle)
        {
            if (closed)
            {
                return;
            }

            closed = true;
        }

        writer.Dispose();
        lock (idle)
        {
            while (idle.TryPop(out var link))
            {
                link.Dispose();
            }
        }

        lock (counting)
        {
            counter?.Dispose();
            counter = null;
        }
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    internal static Dialect DialectOf(string database) =>
        database.StartsWith("postgres://", StringComparison.Ordinal) || database.StartsWith("postgresql://", StringComparison.Ordinal)
            ? new PostgresDialect(database)
            : new SqliteDialect(database);

    private Link Begin()
    {
        var link = Borrow();
        try
        {
            link.BeginRead();
            return link;
        }
        catch (Exception problem) when (link.Translate(problem) is StoreUnavailable)
        {
            // A server that was restarted has dropped what was idle; all of it goes, and a new connection may do.
            link.Dispose();
            lock (idle)
            {
                while (idle.TryPop(out var stale))
                {
                    stale.Dispose();
                }
            }
        }

        var fresh = dialect.Connect(readOnly: true);
        try
        {
            fresh.BeginRead();
            return fresh;
        }
        catch (Exception problem) when (fresh.Translate(problem) is not null)
        {
            using (fresh)
            {
                throw fresh.Translate(problem)!;
            }
        }
    }

    private Link Borrow()
    {
        lock (idle)
        {
            if (closed)
            {
                throw new StoreUnavailable("the store is closed");
            }

            if (idle.TryPop(out var link))
            {
                return link;
            }
        }

        return dialect.Connect(readOnly: true);
    }

    private void Reuse(ref Link? link)
    {
        try
        {
            link?.Rollback();
            Return(ref link);
        }
        catch (Exception problem) when (link?.Translate(problem) is not null)
        {
            // The link stays with the caller, who closes it; what is thrown is the first problem.
        }
    }

    private void Return(ref Link? link)
    {
        if (link is null)
        {
            return;
        }

        lock (idle)
        {
            if (!closed)
            {
                idle.Push(link);
                link = null;
            }
        }
    }
}
