using System.Globalization;
using Npgsql;
using Signalbox.DuckDb;
using Signalbox.Storage.Postgres;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>A connection to one of the three databases, as publishing uses it: SQL that all three understand, and one transaction.</summary>
internal abstract class TableSession : IAsyncDisposable
{
    private TableSession() { }

    public abstract DatabaseKind Kind { get; }

    /// <summary>The schema in which tables without one are made and found; null on SQLite.</summary>
    public abstract Task<string?> DefaultSchemaAsync();

    /// <returns>Rows that the statement changed.</returns>
    public abstract Task<long> ExecuteAsync(string sql);

    public abstract Task<List<string?[]>> RowsAsync(string sql);

    /// <summary>Begins to write. Whoever else publishes to the same table waits until this has ended.</summary>
    public abstract Task BeginAsync(string table);

    public abstract Task CommitAsync();

    /// <summary>Undoes all since the beginning; does nothing without one.</summary>
    public abstract Task RollbackAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>The first column of the first row; null where there is none.</summary>
    public async Task<string?> TextAsync(string sql) => await RowsAsync(sql) is [[var first, ..], ..] ? first : null;

    public async Task<long?> NumberAsync(string sql) =>
        await TextAsync(sql) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Names and types of a table's columns that can be written; empty when there is no such table.</summary>
    public async Task<List<(string Name, string Type)>> ColumnsAsync(TablePlaceName table)
    {
        var (schema, name) = (table.Schema, TablePlaceName.Literal(table.Table));
        var sql = Kind switch
        {
            DatabaseKind.Postgres =>
                $"select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = to_regclass({TablePlaceName.Literal(table.Quoted)}) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
            DatabaseKind.Sqlite => $"select name, type from pragma_table_info({name})",
            _ =>
                $"select column_name, data_type from duckdb_columns() where lower(table_name) = lower({name}) and lower(schema_name) = lower({(schema is null ? "current_schema()" : TablePlaceName.Literal(schema))}) and database_name = current_database() order by column_index",
        };
        return (await RowsAsync(sql)).ConvertAll(row => (row[0]!, row[1]!));
    }

    /// <summary>PostgreSQL, by an address.</summary>
    public static async Task<TableSession> OpenPostgresAsync(string address, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(address));
        try
        {
            await connection.OpenAsync(cancellationToken);
            return new Postgres(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>SQLite, by the path of its file, with the rows of an attempt attached under <see cref="Staged"/>.</summary>
    public static TableSession OpenSqlite(string path, string? staged)
    {
        var file = new SqliteFile(path);
        if (staged is not null)
        {
            _ = file.Execute($"attach {TablePlaceName.Literal(staged)} as {Staged}");
        }

        return new Sqlite(file);
    }

    /// <summary>DuckDB, by the path of its file, with the rows of an attempt attached under <see cref="Staged"/>.</summary>
    public static TableSession OpenDuckDb(string path, string? staged)
    {
        var (database, connection) = DuckFile.Open(path);
        if (staged is not null)
        {
            _ = connection.Execute($"attach {TablePlaceName.Literal(staged)} as {Staged} (read_only)");
        }

        return new Duck(database, connection);
    }

    /// <summary>The name under which an attempt's own file is attached.</summary>
    public const string Staged = "signalbox_staged";

    public sealed class Postgres(NpgsqlConnection connection) : TableSession
    {
        private NpgsqlTransaction? _transaction;

        public override DatabaseKind Kind => DatabaseKind.Postgres;

        public NpgsqlConnection Connection => connection;

        /// <summary>A connection of its own for each publication, with no limit to how long a statement may take; the task's time-out is the limit.</summary>
        public static string ConnectionString(string address)
        {
            var builder = PostgresAddress.Read(address);
            builder.Pooling = false;
            builder.CommandTimeout = 0;
            builder.Timezone = "UTC";
            return builder.ConnectionString;
        }

        public override Task<string?> DefaultSchemaAsync() => TextAsync("select current_schema()");

        public override async Task<long> ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteNonQueryAsync();
        }

        public override async Task<List<string?[]>> RowsAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<string?[]>();
            while (await reader.ReadAsync())
            {
                var row = new string?[reader.FieldCount];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = await reader.IsDBNullAsync(i) ? null : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture);
                }

                rows.Add(row);
            }

            return rows;
        }

        public override async Task BeginAsync(string table)
        {
            _transaction = await connection.BeginTransactionAsync();
            _ = await ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended({TablePlaceName.Literal("signalbox:" + table)}, 0))");
        }

        public override async Task CommitAsync()
        {
            await _transaction!.CommitAsync();
            await _transaction.DisposeAsync();
            _transaction = null;
        }

        public override async Task RollbackAsync()
        {
            if (_transaction is { } open)
            {
                _transaction = null;
                // A connection that is gone has undone all by itself.
                await open.DisposeAsync();
            }
        }

        public override ValueTask DisposeAsync() => connection.DisposeAsync();
    }

    public sealed class Sqlite(SqliteFile file) : TableSession
    {
        public override DatabaseKind Kind => DatabaseKind.Sqlite;

        public override Task<string?> DefaultSchemaAsync() => Task.FromResult<string?>(null);

        public override Task<long> ExecuteAsync(string sql) => Task.FromResult(file.Execute(sql));

        public override Task<List<string?[]>> RowsAsync(string sql) => Task.FromResult(file.Rows(sql));

        public override Task BeginAsync(string table) => ExecuteAsync("begin immediate");

        public override Task CommitAsync() => ExecuteAsync("commit");

        public override Task RollbackAsync() => file.IsIdle ? Task.CompletedTask : ExecuteAsync("rollback");

        public override ValueTask DisposeAsync()
        {
            file.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    public sealed class Duck(DuckDatabase database, DuckConnection connection) : TableSession
    {
        private bool _began;

        public override DatabaseKind Kind => DatabaseKind.DuckDb;

        public override Task<string?> DefaultSchemaAsync() => TextAsync("select current_schema()");

        public override Task<long> ExecuteAsync(string sql) => Task.FromResult(connection.Execute(sql));

        public override Task<List<string?[]>> RowsAsync(string sql)
        {
            using var reader = connection.Query(sql);
            var rows = new List<string?[]>();
            while (reader.Read())
            {
                var row = new string?[reader.Columns.Count];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = reader.IsNull(i) ? null : reader.GetString(i);
                }

                rows.Add(row);
            }

            return Task.FromResult(rows);
        }

        public override async Task BeginAsync(string table)
        {
            _ = await ExecuteAsync("begin transaction");
            _began = true;
        }

        public override async Task CommitAsync()
        {
            _began = false;
            _ = await ExecuteAsync("commit");
        }

        public override Task RollbackAsync()
        {
            var began = _began;
            _began = false;
            return began ? ExecuteAsync("rollback") : Task.CompletedTask;
        }

        public override ValueTask DisposeAsync()
        {
            connection.Dispose();
            database.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
