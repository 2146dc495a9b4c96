using System.Data;
using Npgsql;

namespace Signalbox.Storage.Postgres;

/// <summary>
/// One connection to PostgreSQL. What is posted waits and goes to the server in one batch, with the savepoint before it: one work of
/// the writer costs one round trip, not one per row.
/// </summary>
internal sealed class PostgresLink(PostgresDialect dialect, NpgsqlConnection connection) : Link(dialect)
{
    // Bounds the memory of a batch; the round trips saved beyond are few.
    private const int LargestBatch = 2000;
    private static readonly Sql TableNamed = new("select 1 where to_regclass(@name) is not null");
    private readonly List<Posted> posted = [];

    // Where the savepoint stands among what is posted; -1 when it has been sent.
    private int savepoint = -1;
    private bool began;

    public override bool HasTable(string name) => Use(TableNamed).Set("@name", name).Scalar() is not null;

    public override void Script(string text)
    {
        Flush();
        using var command = new NpgsqlCommand(text, connection);
        command.ExecuteNonQuery();
    }

    public override void BeginWrite() => Begin("begin");

    public override void BeginRead() => Begin("begin isolation level repeatable read read only");

    public override void Commit()
    {
        Post(new NpgsqlBatchCommand("commit"), otherwise: null);
        Flush();
        began = false;
    }

    public override void Rollback()
    {
        posted.Clear();
        savepoint = -1;
        if (began && connection.State == ConnectionState.Open)
        {
            Script("rollback");
        }

        began = false;
    }

    public override void Savepoint()
    {
        savepoint = posted.Count;
        posted.Add(new(new NpgsqlBatchCommand("savepoint item"), Otherwise: null));
    }

    public override void Release() => Post(new NpgsqlBatchCommand("release savepoint item"), otherwise: null);

    public override bool TryUndo()
    {
        if (savepoint >= 0)
        {
            posted.RemoveRange(savepoint, posted.Count - savepoint);
            savepoint = -1;
            return true;
        }

        posted.Clear();
        if (connection.State != ConnectionState.Open)
        {
            return false;
        }

        try
        {
            Script("rollback to savepoint item; release savepoint item");
            return true;
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            // What is thrown is the first problem, which this one follows from.
            return false;
        }
    }

    public override bool MustRetry(Exception problem) =>
        problem is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    public override void Flush()
    {
        if (posted.Count == 0)
        {
            return;
        }

        using var batch = new NpgsqlBatch(connection);
        foreach (var (command, _) in posted)
        {
            batch.BatchCommands.Add(command);
        }

        var sent = posted.ToArray();
        posted.Clear();
        savepoint = -1;
        batch.ExecuteNonQuery();
        foreach (var (command, otherwise) in sent)
        {
            if (otherwise is not null && command.Rows == 0)
            {
                throw otherwise();
            }
        }
    }

    public override StoreException? Translate(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: ['2', '3', ..] } error => new StoreConflict(error.MessageText, error),
            PostgresException { SqlState: "XX001" or "XX002" } error => new StoreCorrupt(
                $"the database is damaged: {error.MessageText}",
                error
            ),
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } error => new StoreUnavailable(
                $"the disk of the database is full: {error.MessageText}",
                error
            )
            {
                IsFull = true,
            },
            NpgsqlException or TimeoutException => new StoreUnavailable($"the database did not take it: {exception.Message}", exception),
            InvalidOperationException when connection.State != ConnectionState.Open => new StoreUnavailable(
                "the connection to the database was lost",
                exception
            ),
            _ => null,
        };

    internal void Post(NpgsqlBatchCommand command, Func<StoreException>? otherwise)
    {
        posted.Add(new(command, otherwise));
        if (posted.Count >= LargestBatch)
        {
            Flush();
        }
    }

    protected override Statement Prepare(Sql sql) => new PostgresStatement(this, connection, sql);

    protected override void Close() => connection.Dispose();

    // A round trip of its own: when the connection was lost while it was idle, it is known before any work is done.
    private void Begin(string text)
    {
        Script(text);
        began = true;
    }

    private readonly record struct Posted(NpgsqlBatchCommand Command, Func<StoreException>? Otherwise);
}
