namespace Signalbox.Storage;

/// <summary>
/// The one writer of a process: a thread that takes everything that waits, executes it in one transaction, each work under its own
/// savepoint, and completes all of it after the one COMMIT.
/// </summary>
/// <remarks>
/// A failing work is undone alone. A failing COMMIT fails them all, and the connection is opened anew: after a failed fsync nobody
/// knows what the old one would hold. Nothing waits on purpose: while one transaction is being made durable the next one gathers.
/// </remarks>
internal sealed class GroupCommit : IDisposable
{
    // Deep enough that producers rarely wait, small enough that a database that has stopped pushes back instead of filling memory.
    private const int Room = 4096;

    // So that one transaction never keeps other processes from writing for long.
    private const int LargestBatch = 1024;
    private const int Retries = 5;
    private readonly Dialect dialect;
    private readonly Queue<Work> waiting = new();
    private readonly SemaphoreSlim room = new(Room);
    private readonly Thread? thread;
    private readonly Action<Action>? turns;
    private Link? link;
    private WriteSession? session;
    private bool closed;
    private long commits;

    /// <param name="turns">
    /// Called when something waits, to have a turn taken that writes all of it: for whoever decides when that is. Null: a thread of its own
    /// takes them, one after another.
    /// </param>
    public GroupCommit(Dialect dialect, Link link, Action<Action>? turns = null)
    {
        this.dialect = dialect;
        this.link = link;
        this.turns = turns;
        session = new WriteSession(link);
        if (turns is not null)
        {
            return;
        }

        thread = new Thread(Loop) { IsBackground = true, Name = "signalbox store writer" };
        thread.Start();
    }

    /// <summary>Transactions committed so far.</summary>
    public long Commits => Interlocked.Read(ref commits);

    public async Task<T> AddAsync<T>(Func<WriteSession, T> action, CancellationToken ct)
    {
        if (!room.Wait(0, ct))
        {
            await room.WaitAsync(ct);
        }

        var work = new Work<T>(action, ct);
        lock (waiting)
        {
            if (closed)
            {
                room.Release();
                throw new StoreUnavailable("the store is closed");
            }

            waiting.Enqueue(work);
            if (waiting.Count == 1)
            {
                Monitor.Pulse(waiting);
                turns?.Invoke(TakeTurn);
            }
        }

        return await work.Task;
    }

    /// <summary>Finishes what waits and closes the connection.</summary>
    public void Dispose()
    {
        lock (waiting)
        {
            closed = true;
            Monitor.Pulse(waiting);
        }

        thread?.Join();
        TakeTurn();
        link?.Dispose();
    }

    private void Loop()
    {
        var batch = new List<Work>();
        while (Take(batch))
        {
            Write(batch);
        }
    }

    private void TakeTurn()
    {
        var batch = new List<Work>();
        while (waiting.Count > 0 && Take(batch))
        {
            Write(batch);
        }
    }

    private void Write(List<Work> batch)
    {
        try
        {
            Execute(batch);
        }
        catch (Exception problem)
        {
            // The connection is not to be trusted any more, whatever it was.
            FailRest(
                batch,
                problem is TransactionLost ? new StoreUnavailable("the database has too much contention", problem) : Told(problem)
            );
            Reopen();
        }

        batch.Clear();
    }

    private bool Take(List<Work> batch)
    {
        lock (waiting)
        {
            while (waiting.Count == 0)
            {
                if (closed)
                {
                    return false;
                }

                Monitor.Wait(waiting);
            }

            while (batch.Count < LargestBatch && waiting.TryDequeue(out var work))
            {
                batch.Add(work);
            }
        }

        room.Release(batch.Count);
        return true;
    }

    private void Execute(List<Work> batch)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                Attempt(batch);
                return;
            }
            catch (TransactionLost) when (tries < Retries)
            {
                // PostgreSQL chose us to break a deadlock: nothing was kept, and everything may be done again.
                link?.Rollback();
            }
        }
    }

    private void Attempt(List<Work> batch)
    {
        Begin();
        var kept = 0;
        foreach (var work in batch)
        {
            kept += Try(work) ? 1 : 0;
        }

        if (kept == 0)
        {
            link!.Rollback();
        }
        else
        {
            Commit();
        }

        foreach (var work in batch)
        {
            work.Complete();
        }
    }

    private void Begin()
    {
        if (link is not null)
        {
            try
            {
                link.BeginWrite();
                return;
            }
            catch (Exception problem) when (link.Translate(problem) is StoreUnavailable)
            {
                // The server went away while nothing was to be written: nothing is lost, and a new connection may do.
                Reopen();
            }
        }

        link = dialect.Connect(readOnly: false);
        session = new WriteSession(link);
        link.BeginWrite();
    }

    private void Commit()
    {
        try
        {
            FaultPoints.Hit(FaultPoints.BeforeCommit);
            link!.Commit();
            FaultPoints.Hit(FaultPoints.AfterCommit);
        }
        catch (Exception problem) when (!link!.MustRetry(problem))
        {
            var known = link.Translate(problem);
            throw new StoreUnavailable($"the commit failed, and nobody knows whether it was kept: {(known ?? problem).Message}", problem)
            {
                OutcomeUnknown = true,
                IsFull = known is StoreUnavailable { IsFull: true },
            };
        }
        catch (Exception problem)
        {
            throw new TransactionLost(problem);
        }

        Interlocked.Increment(ref commits);
    }

    private bool Try(Work work)
    {
        if (work.Cancelled)
        {
            return false;
        }

        link!.Savepoint();
        try
        {
            work.Execute(session!);
            link.Flush();
            link.Release();
            return true;
        }
        catch (Exception problem)
        {
            if (link.MustRetry(problem))
            {
                throw new TransactionLost(problem);
            }

            var told = Told(problem);
            if (!link.TryUndo())
            {
                // Everything before it in this transaction is gone too, and would be refused for no reason of its own.
                throw told is StoreUnavailable or StoreCorrupt ? told : new StoreUnavailable(told.Message, told);
            }

            work.Fail(told);
            return false;
        }
    }

    private Exception Told(Exception problem) => link?.Translate(problem) ?? problem;

    private static void FailRest(List<Work> batch, Exception problem)
    {
        foreach (var work in batch)
        {
            work.Fail(problem);
            work.Complete();
        }
    }

    private void Reopen()
    {
        try
        {
            link?.Dispose();
        }
        finally
        {
            link = null;
            session = null;
        }
    }

    private abstract class Work(CancellationToken ct)
    {
        protected Exception? Problem { get; set; }

        public bool Cancelled => ct.IsCancellationRequested;

        protected CancellationToken Token => ct;

        public void Fail(Exception problem) => Problem ??= problem;

        public abstract void Execute(WriteSession session);

        public abstract void Complete();
    }

    private sealed class Work<T>(Func<WriteSession, T> action, CancellationToken ct) : Work(ct)
    {
        private readonly TaskCompletionSource<T> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? result;
        private bool done;

        public Task<T> Task => source.Task;

        public override void Execute(WriteSession session)
        {
            (Problem, done) = (null, false);
            result = action(session);
            done = true;
        }

        public override void Complete()
        {
            if (Problem is { } problem)
            {
                source.TrySetException(problem);
            }
            else if (done)
            {
                source.TrySetResult(result!);
            }
            else
            {
                source.TrySetCanceled(Token);
            }
        }
    }
}

/// <summary>The database threw the whole transaction away for a reason that is gone when it is tried again.</summary>
internal sealed class TransactionLost(Exception inner) : Exception("the transaction lost against another", inner);
