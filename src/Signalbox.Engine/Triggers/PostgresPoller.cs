using Npgsql;
using NpgsqlTypes;
using Signalbox.Core.Triggers;

namespace Signalbox.Engine.Triggers;

/// <summary><c>postgres:</c> with a <c>cursor</c> column: asks for rows whose column is past the last that was read.</summary>
/// <remarks>
/// A number is drawn before its row is committed, so a row may appear behind one that is read already. Rows are therefore asked for again for a
/// while (<see cref="MessageTrigger.Postgres.Settle"/>); those that are known make nothing.
/// </remarks>
internal sealed class PostgresPoller(ListenerSeat seat, MessageTrigger.Postgres trigger, string column) : Listener(seat)
{
    public override async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var link = new NpgsqlConnection(PostgresSource.ConnectionString(Seat, trigger));
        try
        {
            await link.OpenAsync(cancellationToken);
            await PollAsync(link, cancellationToken);
        }
        catch (PostgresException problem)
        {
            throw PostgresSource.Told(problem, trigger);
        }
    }

    private async Task PollAsync(NpgsqlConnection link, CancellationToken cancellationToken)
    {
        var table = await PostgresSource.TableAsync(link, trigger, cancellationToken);
        var type = await TypeAsync(link, table, cancellationToken);
        var quoted = $"\"{column.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var low = Cursor() ?? await BeginAsync(link, $"select max({quoted})::text from {table}", cancellationToken);
        Seat.Heard();

        // Where reading stood when: what is older than the while is not asked for again.
        var marks = new Queue<(DateTimeOffset At, string Cursor)>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var high = low;
            for (var isMore = true; isMore; )
            {
                var rows = await RowsAsync(link, table, quoted, type, high, cancellationToken);
                var fresh = rows.Where(row => seen.Add(row.Arrival.Key) && !known.Contains(row.Arrival.Key)).ToList();
                if (fresh.Count > 0)
                {
                    await ReceiveAsync([.. fresh.Select(row => row.Arrival)], cancellationToken);
                }

                high = rows.Count > 0 ? rows[^1].Cursor : high;
                isMore = rows.Count >= MostAtOnce;
            }

            Seat.Heard();
            known = seen;
            marks.Enqueue((Parts.Time.GetUtcNow(), high));
            var before = low;
            while (marks.TryPeek(out var mark) && Parts.Time.GetUtcNow() - mark.At >= trigger.Settle)
            {
                low = marks.Dequeue().Cursor;
            }

            if (low != before)
            {
                await Parts.Store.WriteAsync(MoveCursor(low), cancellationToken);
            }

            await PauseAsync(trigger.Every, cancellationToken);
        }
    }

    private async Task<string> BeginAsync(NpgsqlConnection link, string sql, CancellationToken cancellationToken)
    {
        await using var ask = new NpgsqlCommand(sql, link);
        var cursor = await ask.ExecuteScalarAsync(cancellationToken) as string ?? "";
        await Parts.Store.WriteAsync(MoveCursor(cursor), cancellationToken);
        return cursor;
    }

    private async Task<string> TypeAsync(NpgsqlConnection link, string table, CancellationToken cancellationToken)
    {
        await using var ask = new NpgsqlCommand(
            "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = $1::regclass and attname = $2 and attnum > 0 and not attisdropped",
            link
        );
        ask.Parameters.Add(new NpgsqlParameter { Value = table });
        ask.Parameters.Add(new NpgsqlParameter { Value = column });
        return await ask.ExecuteScalarAsync(cancellationToken) as string
            ?? throw new ListenerException($"the table {trigger.Table} has no column `{column}`");
    }

    private async Task<List<(string Cursor, Arrival Arrival)>> RowsAsync(
        NpgsqlConnection link,
        string table,
        string quoted,
        string type,
        string low,
        CancellationToken cancellationToken
    )
    {
        // The row itself is part of the key: a column of times may have one value twice.
        var after = low.Length == 0 ? $"t.{quoted} is not null" : $"t.{quoted} > $1::{type}";
        await using var ask = new NpgsqlCommand(
            $"select t.{quoted}::text, to_jsonb(t)::text, md5(t::text) from {table} t where {after} order by t.{quoted} fetch first {MostAtOnce} rows with ties",
            link
        );
        if (low.Length > 0)
        {
            ask.Parameters.Add(new NpgsqlParameter { Value = low, NpgsqlDbType = NpgsqlDbType.Text });
        }

        var found = new List<(string, Arrival)>();
        await using var reader = await ask.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (cursor, row, hash) = (reader.GetString(0), reader.GetString(1), reader.GetString(2));
            found.Add(
                (
                    cursor,
                    new Arrival(
                        $"{trigger.Table}/{cursor}/{hash}",
                        Json(json =>
                        {
                            json.WritePropertyName(MessageNames.Body);
                            json.WriteRawValue(row);
                            json.WriteStartObject(MessageNames.Message);
                            json.WriteString("table", trigger.Table);
                            json.WriteString("operation", MessageNames.Insert);
                            json.WriteString("cursor", cursor);
                            json.WriteEndObject();
                        })
                    )
                )
            );
        }

        return found;
    }
}
