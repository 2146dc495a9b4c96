using System.Runtime.InteropServices;
using System.Text;
using Signalbox.DuckDb.Interop;

namespace Signalbox.DuckDb;

/// <summary>A connection to a <see cref="DuckDatabase"/>. One thread at a time, but for <see cref="Interrupt"/>, which any thread may call.</summary>
public sealed class DuckConnection : IDisposable
{
    private readonly ConnectionHandle handle;
    private readonly DuckDatabase? owned;

    internal DuckConnection(ConnectionHandle handle, DuckDatabase? owned)
    {
        this.handle = handle;
        this.owned = owned;
    }

    /// <summary>Runs one or several statements, whose results are dropped.</summary>
    /// <param name="sql">The statements, separated by semicolons.</param>
    /// <param name="cancellationToken">Interrupts the statement that runs.</param>
    /// <returns>Rows that the last statement inserted, updated, deleted or copied; 0 for others.</returns>
    /// <exception cref="DuckException">DuckDB's own message. What earlier statements did stays done.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public long Execute(string sql, CancellationToken cancellationToken = default)
    {
        RefuseNul(sql);
        using var result = new ResultHandle();
        int state;
        using (new Interruption(this, cancellationToken))
        {
            state = NativeMethods.duckdb_query(handle, sql, result);
        }
        ThrowIfFailed(state, result, cancellationToken);
        return (long)NativeMethods.duckdb_rows_changed(result);
    }

    /// <summary>Runs one statement and reads its result.</summary>
    /// <param name="sql">One statement, with <c>?</c> or <c>$1</c> where a parameter goes.</param>
    /// <param name="parameters">
    /// In order: null, bool, the integers to 64 bits, double, float, decimal, string, <see cref="DateOnly"/>, <see cref="DateTime"/>, byte[].
    /// </param>
    /// <returns>
    /// A reader of the whole result, which DuckDB holds in memory until the reader is disposed: let large results be written by <c>copy</c>.
    /// </returns>
    /// <exception cref="DuckException">DuckDB's own message.</exception>
    public DuckReader Query(string sql, params ReadOnlySpan<object?> parameters) => Query(sql, CancellationToken.None, parameters);

    /// <inheritdoc cref="Query(string, ReadOnlySpan{object})"/>
    /// <param name="sql">One statement.</param>
    /// <param name="cancellationToken">Interrupts the statement while it runs.</param>
    /// <param name="parameters">In order.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public DuckReader Query(string sql, CancellationToken cancellationToken, params ReadOnlySpan<object?> parameters)
    {
        using StatementHandle statement = Prepare(sql);
        if (!DuckColumns.IsSelect(statement))
        {
            return Run(statement, null, cancellationToken, parameters);
        }
        DuckColumn[]? columns = DuckColumns.Of(statement);
        if (columns is null)
        {
            // What the columns are hangs on the parameters' values: the result tells.
            DuckReader reader = Run(statement, null, cancellationToken, parameters);
            columns = DuckColumns.WithText([.. reader.Columns]);
            if (!columns.Any(column => column.ReadAsText))
            {
                return reader;
            }
            reader.Dispose();
        }
        if (!columns.Any(column => column.ReadAsText))
        {
            return Run(statement, null, cancellationToken, parameters);
        }
        using StatementHandle casting = Prepare(DuckColumns.CastingSelect(SqlScript.WithoutEnd(sql), columns));
        return Run(casting, columns, cancellationToken, parameters);
    }

    /// <summary>
    /// Runs one select whose rows come while DuckDB makes them, a chunk at a time: a result of any size in little memory. Until the reader is
    /// disposed nothing else runs on this connection.
    /// </summary>
    /// <param name="sql">One select, without parameters.</param>
    /// <exception cref="DuckException">DuckDB's own message; also thrown by the reader.</exception>
    public DuckReader Stream(string sql)
    {
        StatementHandle statement = Prepare(sql);
        DuckColumn[]? columns = DuckColumns.Of(statement);
        if (columns is not null && columns.Any(column => column.ReadAsText))
        {
            statement.Dispose();
            statement = Prepare(DuckColumns.CastingSelect(SqlScript.WithoutEnd(sql), columns));
        }
        using (statement)
        {
            ThrowIfFailed(NativeMethods.duckdb_pending_prepared_streaming(statement, out PendingHandle pending), pending);
            using (pending)
            {
                var result = new ResultHandle();
                int state = NativeMethods.duckdb_execute_pending(pending, result);
                try
                {
                    ThrowIfFailed(state, result, CancellationToken.None);
                }
                catch
                {
                    result.Dispose();
                    throw;
                }
                return new DuckReader(result, columns ?? DuckColumns.Of(result));
            }
        }
    }

    /// <summary>The first column of the first row as <see cref="DuckReader.GetValue"/> gives it; null where there is no row.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<object?> parameters)
    {
        using DuckReader reader = Query(sql, parameters);
        return reader.Read() ? reader.GetValue(0) : null;
    }

    /// <summary>Ends the statement that runs on another thread, which then throws with <see cref="DuckErrorKind.Interrupted"/>. Nothing runs: nothing happens.</summary>
    public void Interrupt() => NativeMethods.duckdb_interrupt(handle);

    public void Dispose()
    {
        handle.Dispose();
        owned?.Dispose();
    }

    /// <summary>How many statements DuckDB's own parser sees in a text.</summary>
    /// <exception cref="DuckException">The text is not SQL.</exception>
    internal unsafe int CountStatements(string sql)
    {
        RefuseNul(sql);
        ulong count = NativeMethods.duckdb_extract_statements(handle, sql, out nint statements);
        try
        {
            if (count == 0 && Marshal.PtrToStringUTF8(NativeMethods.duckdb_extract_statements_error(statements)) is { Length: > 0 } error)
            {
                throw new DuckException(error);
            }
            return (int)count;
        }
        finally
        {
            NativeMethods.duckdb_destroy_extracted(&statements);
        }
    }

    /// <summary>Runs one statement to its end; nothing of a select is optimised away, unlike under a <c>count(*)</c>.</summary>
    /// <returns>Rows that it gave, changed or copied; null where it is about no rows, such as <c>create</c> and <c>set</c>.</returns>
    internal long? Run(string sql)
    {
        const int changedRows = 1;
        const int queryResult = 3;
        RefuseNul(sql);
        using var result = new ResultHandle();
        ThrowIfFailed(NativeMethods.duckdb_query(handle, sql, result), result, CancellationToken.None);
        return NativeMethods.duckdb_result_return_type(result.Value) switch
        {
            changedRows => (long)NativeMethods.duckdb_rows_changed(result),
            queryResult => Count(result),
            _ => null,
        };

        static long Count(ResultHandle result)
        {
            long rows = 0;
            while (true)
            {
                using ChunkHandle chunk = NativeMethods.duckdb_fetch_chunk(result.Value);
                if (chunk.IsInvalid)
                {
                    return rows;
                }
                rows += (long)NativeMethods.duckdb_data_chunk_get_size(chunk);
            }
        }
    }

    /// <summary>Whether a single statement is a <c>select</c> (also <c>with</c>, <c>from</c>, <c>values</c>), so that it may stand in parentheses.</summary>
    internal bool IsSelect(string sql)
    {
        using StatementHandle statement = Prepare(sql);
        return DuckColumns.IsSelect(statement);
    }

    private DuckReader Run(
        StatementHandle statement,
        DuckColumn[]? columns,
        CancellationToken cancellationToken,
        ReadOnlySpan<object?> parameters
    )
    {
        Bind(statement, parameters);
        var result = new ResultHandle();
        try
        {
            int state;
            using (new Interruption(this, cancellationToken))
            {
                state = NativeMethods.duckdb_execute_prepared(statement, result);
            }
            ThrowIfFailed(state, result, cancellationToken);
            return new DuckReader(result, columns ?? DuckColumns.Of(result));
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private StatementHandle Prepare(string sql)
    {
        RefuseNul(sql);
        int state = NativeMethods.duckdb_prepare(handle, sql, out StatementHandle statement);
        if (state == NativeMethods.Success)
        {
            return statement;
        }
        string message = Marshal.PtrToStringUTF8(NativeMethods.duckdb_prepare_error(statement)) ?? "DuckDB did not accept the statement.";
        statement.Dispose();
        throw new DuckException(message);
    }

    private static unsafe void Bind(StatementHandle statement, ReadOnlySpan<object?> parameters)
    {
        ulong wanted = NativeMethods.duckdb_nparams(statement);
        if (wanted != (ulong)parameters.Length)
        {
            throw new ArgumentException(
                $"the statement has {wanted} parameters, but {parameters.Length} values were given",
                nameof(parameters)
            );
        }
        for (int i = 0; i < parameters.Length; i++)
        {
            ulong index = (ulong)i + 1;
            int state = parameters[i] switch
            {
                null => NativeMethods.duckdb_bind_null(statement, index),
                bool value => NativeMethods.duckdb_bind_boolean(statement, index, value),
                sbyte or byte or short or ushort or int or uint or long => NativeMethods.duckdb_bind_int64(
                    statement,
                    index,
                    Convert.ToInt64(parameters[i])
                ),
                double value => NativeMethods.duckdb_bind_double(statement, index, value),
                float value => NativeMethods.duckdb_bind_double(statement, index, value),
                decimal value => NativeMethods.duckdb_bind_decimal(statement, index, DuckValues.ToNative(value)),
                DateOnly value => NativeMethods.duckdb_bind_date(statement, index, DuckValues.ToDays(value)),
                DateTime value => NativeMethods.duckdb_bind_timestamp(statement, index, DuckValues.ToMicroseconds(value)),
                string value => BindText(statement, index, value),
                byte[] value => BindBlob(statement, index, value),
                { } value => throw new ArgumentException(
                    $"parameter {index} is a {value.GetType().Name}, which has no form in DuckDB here",
                    nameof(parameters)
                ),
            };
            if (state != NativeMethods.Success)
            {
                throw new DuckException(
                    Marshal.PtrToStringUTF8(NativeMethods.duckdb_prepare_error(statement)) ?? $"DuckDB did not accept parameter {index}."
                );
            }
        }
    }

    private static unsafe int BindText(StatementHandle statement, ulong index, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        fixed (byte* start = bytes)
        {
            byte none = 0;
            return NativeMethods.duckdb_bind_varchar_length(statement, index, start is null ? &none : start, (ulong)bytes.Length);
        }
    }

    private static unsafe int BindBlob(StatementHandle statement, ulong index, byte[] value)
    {
        fixed (byte* start = value)
        {
            byte none = 0;
            return NativeMethods.duckdb_bind_blob(statement, index, start is null ? &none : start, (ulong)value.Length);
        }
    }

    // DuckDB takes a text that ends at the first NUL: what stands behind it would be lost without a word.
    private static void RefuseNul(string sql)
    {
        if (sql.Contains('\0'))
        {
            throw new DuckException("Parser Error: the SQL text contains a NUL character");
        }
    }

    private static void ThrowIfFailed(int state, PendingHandle pending)
    {
        if (state == NativeMethods.Success)
        {
            return;
        }
        string message = Marshal.PtrToStringUTF8(NativeMethods.duckdb_pending_error(pending)) ?? "DuckDB did not begin the statement.";
        pending.Dispose();
        throw new DuckException(message);
    }

    private static void ThrowIfFailed(int state, ResultHandle result, CancellationToken cancellationToken)
    {
        if (state == NativeMethods.Success)
        {
            return;
        }
        var error = new DuckException(
            Marshal.PtrToStringUTF8(NativeMethods.duckdb_result_error(result)) ?? "DuckDB failed without a message."
        );
        if (error.Kind == DuckErrorKind.Interrupted)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
        throw error;
    }

    /// <summary>Interrupts the connection's statement once the token is cancelled, again and again until the statement has ended.</summary>
    /// <remarks>Again and again, because an interrupt that comes just before DuckDB begins the statement is forgotten by it.</remarks>
    private sealed class Interruption : IDisposable
    {
        private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(5);
        private readonly Lock gate = new();
        private readonly DuckConnection connection;
        private readonly CancellationTokenRegistration registration;
        private Timer? timer;
        private bool ended;

        internal Interruption(DuckConnection connection, CancellationToken cancellationToken)
        {
            this.connection = connection;
            cancellationToken.ThrowIfCancellationRequested();
            registration = cancellationToken.UnsafeRegister(static self => ((Interruption)self!).Begin(), this);
        }

        public void Dispose()
        {
            // Never under the gate: disposing waits for a callback that may be waiting for it.
            registration.Dispose();
            lock (gate)
            {
                ended = true;
                timer?.Dispose();
            }
        }

        private void Begin()
        {
            lock (gate)
            {
                if (!ended)
                {
                    timer = new Timer(static self => ((Interruption)self!).Tick(), this, TimeSpan.Zero, Again);
                }
            }
        }

        private void Tick()
        {
            lock (gate)
            {
                if (!ended)
                {
                    connection.Interrupt();
                }
            }
        }
    }
}
