using System.Globalization;
using System.Text.Json;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;
using Npgsql.Replication.PgOutput.Messages;
using NpgsqlTypes;
using Signalbox.Core.Triggers;

namespace Signalbox.Engine.Triggers;

/// <summary>
/// <c>postgres:</c> by logical replication: the server keeps, in a slot, every change of the table that has not been confirmed, and it is
/// confirmed only when it is in the inbox and what can be decided of it is.
/// </summary>
/// <remarks>
/// A slot that nobody reads keeps the server from throwing its log away, for ever. It is left when a trigger goes, since its changes may be
/// wanted; the line that says so names it.
/// </remarks>
internal sealed class PostgresReplica(ListenerSeat seat, MessageTrigger.Postgres trigger) : Listener(seat)
{
    // Changes that come one after another are kept together; so long it is waited whether there is another one.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    // While nothing of this table changes, the log that other tables fill is confirmed so often.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private readonly List<Arrival> _waiting = [];
    private NpgsqlLogSequenceNumber _transaction;
    private NpgsqlLogSequenceNumber _done;
    private int _change;
    private bool _isInside;

    public override async Task ListenAsync(CancellationToken cancellationToken)
    {
        var connectionString = PostgresSource.ConnectionString(Seat, trigger);
        var name = PostgresSource.NameOf(Seat);
        _waiting.Clear();
        (_isInside, _done) = (false, default);
        try
        {
            var hasSlot = await PrepareAsync(connectionString, name, cancellationToken);
            await using var link = new LogicalReplicationConnection(connectionString);
            await link.Open(cancellationToken);
            if (!hasSlot)
            {
                await link.CreatePgOutputReplicationSlot(name, cancellationToken: cancellationToken);
                if (Cursor() is not null)
                {
                    Seat.Say($"the replication slot {name} was gone and is made anew; changes between are not seen");
                }

                await Parts.Store.WriteAsync(MoveCursor(name), cancellationToken);
            }

            Seat.Heard();
            await FollowAsync(link, new PgOutputReplicationSlot(name), name, cancellationToken);
        }
        catch (PostgresException problem)
        {
            throw PostgresSource.Told(problem, trigger);
        }
    }

    /// <summary>Sees to the publication; says whether the slot is there.</summary>
    private async Task<bool> PrepareAsync(string connectionString, string name, CancellationToken cancellationToken)
    {
        await using var link = new NpgsqlConnection(connectionString);
        await link.OpenAsync(cancellationToken);
        if (await AskAsync(link, "show wal_level", cancellationToken) is not "logical")
        {
            throw new ListenerException(
                $"the server of `{trigger.Connection}` has no logical replication; set wal_level = logical and start it again, or give the trigger a `cursor` column"
            );
        }

        var table = await PostgresSource.TableAsync(link, trigger, cancellationToken);
        var publish = $"publish = '{string.Join(", ", trigger.Operations)}'";
        if (await AskAsync(link, $"select pubname::text from pg_publication where pubname = '{name}'", cancellationToken) is null)
        {
            await DoAsync(link, $"create publication \"{name}\" for table {table} with ({publish})", cancellationToken);
        }
        else
        {
            await DoAsync(link, $"alter publication \"{name}\" set table {table}", cancellationToken);
            await DoAsync(link, $"alter publication \"{name}\" set ({publish})", cancellationToken);
        }

        return await AskAsync(link, $"select slot_name::text from pg_replication_slots where slot_name = '{name}'", cancellationToken)
            is not null;
    }

    private async Task FollowAsync(
        LogicalReplicationConnection link,
        PgOutputReplicationSlot slot,
        string publication,
        CancellationToken cancellationToken
    )
    {
        var options = new PgOutputReplicationOptions(publication, PgOutputProtocolVersion.V1);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var changes = link.StartReplication(slot, options, leaving.Token).GetAsyncEnumerator(leaving.Token);
        var next = Task.FromResult(false);
        try
        {
            while (true)
            {
                next = changes.MoveNextAsync().AsTask();
                await KeepUntilAsync(next, link, cancellationToken);
                if (!await next)
                {
                    throw new ListenerException("the server ended the replication");
                }

                await TakeAsync(changes.Current, cancellationToken);
                if (_waiting.Count >= MostAtOnce)
                {
                    await KeepAsync(link, cancellationToken);
                }
            }
        }
        finally
        {
            // What failed may have been the keeping: disposed while it waits for the next change, the stream would end twice, and the process with it.
            await leaving.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task KeepUntilAsync(Task next, LogicalReplicationConnection link, CancellationToken cancellationToken)
    {
        while (!next.IsCompleted)
        {
            var isQuiet = _waiting.Count == 0;
            await Task.WhenAny(next, Task.Delay(isQuiet ? Idle : Gathering, CancellationToken.None));
            if (!next.IsCompleted)
            {
                await KeepAsync(link, cancellationToken);
            }
        }
    }

    /// <summary>Keeps what has come, then tells the server how far.</summary>
    private async Task KeepAsync(LogicalReplicationConnection link, CancellationToken cancellationToken)
    {
        if (_waiting.Count > 0)
        {
            await ReceiveAsync(_waiting, cancellationToken);
            _waiting.Clear();
        }

        // Between transactions all that was sent is done with, also what was about other tables.
        var done = _isInside ? _done : Max(_done, link.LastReceivedLsn);
        if (done > link.LastFlushedLsn)
        {
            link.SetReplicationStatus(done);
            await link.SendStatusUpdate(cancellationToken);
        }
    }

    /// <summary>A message is good only until the next one is asked for: what is wanted of it is taken out now.</summary>
    private async Task TakeAsync(PgOutputReplicationMessage message, CancellationToken cancellationToken)
    {
        switch (message)
        {
            case BeginMessage begin:
                (_transaction, _change, _isInside) = (begin.TransactionFinalLsn, 0, true);
                break;
            case CommitMessage commit:
                (_done, _isInside) = (commit.TransactionEndLsn, false);
                break;
            case InsertMessage insert:
                await AddAsync(MessageNames.Insert, insert.NewRow, cancellationToken);
                break;
            case FullUpdateMessage update:
                await SkipAsync(update.OldRow, cancellationToken);
                await AddAsync(MessageNames.Update, update.NewRow, cancellationToken);
                break;
            case IndexUpdateMessage update:
                await SkipAsync(update.Key, cancellationToken);
                await AddAsync(MessageNames.Update, update.NewRow, cancellationToken);
                break;
            case UpdateMessage update:
                await AddAsync(MessageNames.Update, update.NewRow, cancellationToken);
                break;
            case FullDeleteMessage delete:
                await AddAsync(MessageNames.Delete, delete.OldRow, cancellationToken);
                break;
            case KeyDeleteMessage delete:
                await AddAsync(MessageNames.Delete, delete.Key, cancellationToken);
                break;
        }
    }

    private static async Task SkipAsync(ReplicationTuple row, CancellationToken cancellationToken)
    {
        await foreach (var _ in row.WithCancellation(cancellationToken)) { }
    }

    private async Task AddAsync(string operation, ReplicationTuple row, CancellationToken cancellationToken)
    {
        var fields = new List<(string Name, string Type, string? Text)>();
        await foreach (var value in row.WithCancellation(cancellationToken))
        {
            // A large value that an update left alone is not sent; of a deleted row only the key is.
            if (value.Kind is TupleDataKind.TextValue or TupleDataKind.Null)
            {
                fields.Add(
                    (
                        value.GetFieldName(),
                        value.GetDataTypeName(),
                        value.Kind == TupleDataKind.Null ? null : await value.Get<string>(cancellationToken)
                    )
                );
            }
        }

        var position = $"{_transaction}/{_change++}";
        _waiting.Add(
            new Arrival(
                $"{trigger.Table}/{position}",
                Json(json =>
                {
                    json.WriteStartObject(MessageNames.Body);
                    foreach (var (name, type, text) in fields)
                    {
                        json.WritePropertyName(name);
                        Write(json, type, text);
                    }

                    json.WriteEndObject();
                    json.WriteStartObject(MessageNames.Message);
                    json.WriteString("table", trigger.Table);
                    json.WriteString("operation", operation);
                    json.WriteString("position", position);
                    json.WriteEndObject();
                })
            )
        );
    }

    /// <summary>The server sends texts; numbers, truth values and JSON are what they are.</summary>
    private static void Write(Utf8JsonWriter json, string type, string? text)
    {
        switch (type)
        {
            case var _ when text is null:
                json.WriteNullValue();
                break;
            case "boolean" or "bool":
                json.WriteBooleanValue(text == "t");
                break;
            case "smallint" or "integer" or "bigint" or "int2" or "int4" or "int8":
                json.WriteNumberValue(long.Parse(text, CultureInfo.InvariantCulture));
                break;
            case "real"
            or "double precision"
            or "float4"
            or "float8"
                when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case var _ when type.StartsWith("numeric", StringComparison.Ordinal) && text is not ("NaN" or "Infinity" or "-Infinity"):
                json.WriteRawValue(text);
                break;
            case "json" or "jsonb":
                json.WriteRawValue(text);
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }

    private static NpgsqlLogSequenceNumber Max(NpgsqlLogSequenceNumber a, NpgsqlLogSequenceNumber b) => a > b ? a : b;

    private static async Task<string?> AskAsync(NpgsqlConnection link, string sql, CancellationToken cancellationToken)
    {
        await using var ask = new NpgsqlCommand(sql, link);
        return await ask.ExecuteScalarAsync(cancellationToken) as string;
    }

    private static async Task DoAsync(NpgsqlConnection link, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, link);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
