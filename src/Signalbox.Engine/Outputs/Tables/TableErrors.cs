using Npgsql;
using Signalbox.Core.Retry;
using Signalbox.DuckDb;
using Signalbox.DuckDb.Work;
using Signalbox.Storage;
using SQLitePCL;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>What the errors of databases mean for a task.</summary>
internal static class TableErrors
{
    private const string LockedByOther = "lock on file";

    /// <summary>The failure that an error means; null for one that no database made.</summary>
    public static PlaceException? Of(Exception error) =>
        error switch
        {
            PlaceException known => known,
            PostgresException refused => new PlaceException(SqlState.ClassOf(refused.SqlState), Text(refused), error)
            {
                Rule = $"SQLSTATE {refused.SqlState}",
                // Data exceptions, and violated constraints.
                IsOfRows =
                    refused.SqlState.StartsWith("22", StringComparison.Ordinal)
                    || refused.SqlState.StartsWith("23", StringComparison.Ordinal),
            },
            SqliteRefusal refused => new PlaceException(ClassOf(refused.Code, refused.ExtendedCode), refused.Message, error)
            {
                IsOfRows = refused.Code is raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH,
            },
            DuckException refused => new PlaceException(ClassOf(refused), TableSource.Message(refused), error)
            {
                IsOfRows = refused.Kind is DuckErrorKind.Constraint or DuckErrorKind.Conversion,
            },
            StoreRefused refused => new PlaceException(FailureClass.Permanent, refused.Message, error),
            // The server is not there, went away, or does not answer.
            NpgsqlException or TimeoutException or System.Net.Sockets.SocketException => new PlaceException(
                FailureClass.ResourceUnavailable,
                $"the database server cannot be reached: {Innermost(error).Message}",
                error
            ),
            _ => null,
        };

    private static FailureClass ClassOf(int code, int extended) =>
        code switch
        {
            raw.SQLITE_CONSTRAINT => FailureClass.Validation,
            raw.SQLITE_ERROR or raw.SQLITE_MISMATCH => FailureClass.Schema,
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CANTOPEN => FailureClass.ResourceUnavailable,
            raw.SQLITE_FULL => FailureClass.DiskFull,
            raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => FailureClass.Auth,
            raw.SQLITE_IOERR => extended == raw.SQLITE_IOERR_WRITE ? FailureClass.DiskFull : FailureClass.Transient,
            raw.SQLITE_NOMEM => FailureClass.Oom,
            _ => FailureClass.Permanent,
        };

    private static FailureClass ClassOf(DuckException error) =>
        error.Kind switch
        {
            DuckErrorKind.Binder or DuckErrorKind.Catalog or DuckErrorKind.Conversion => FailureClass.Schema,
            DuckErrorKind.Constraint => FailureClass.Validation,
            DuckErrorKind.OutOfMemory => FailureClass.Oom,
            DuckErrorKind.Io when error.Message.Contains(LockedByOther, StringComparison.Ordinal) => FailureClass.ResourceUnavailable,
            DuckErrorKind.Io when error.Message.Contains("No space left on device", StringComparison.Ordinal) => FailureClass.DiskFull,
            _ => FailureClass.Permanent,
        };

    /// <summary>Whether a DuckDB file is open in another process, which closes it sooner or later.</summary>
    public static bool IsLocked(DuckException error) =>
        error.Kind == DuckErrorKind.Io && error.Message.Contains(LockedByOther, StringComparison.Ordinal);

    private static string Text(PostgresException error) =>
        $"{error.MessageText}{(error.Detail is { } detail ? $" ({detail.TrimEnd('.')})" : "")}{(error.Hint is { } hint ? $"; {hint.TrimEnd('.')}" : "")}";

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
