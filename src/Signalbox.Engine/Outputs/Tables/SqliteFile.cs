using System.Text;
using Signalbox.Storage.Sqlite;
using SQLitePCL;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>SQLite refused.</summary>
internal sealed class SqliteRefusal(int code, int extendedCode, string message) : Exception(message)
{
    public int Code => code;

    public int ExtendedCode => extendedCode;
}

/// <summary>A connection to a SQLite file of the user's, whose settings are left as they are.</summary>
internal sealed class SqliteFile : IDisposable
{
    // Other programs write to it, too: we wait for our turn.
    private const int PatienceMilliseconds = 60_000;

    private readonly sqlite3 _db;

    /// <param name="path">Made when it is not there; then with a write-ahead log, so that readers never wait for a publication.</param>
    /// <exception cref="SqliteRefusal">It cannot be opened.</exception>
    public SqliteFile(string path)
    {
        _ = NativeSqlite.Version;
        var isNew = !File.Exists(path);
        if (isNew)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }

        var code = raw.sqlite3_open_v2(
            path,
            out _db,
            raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX,
            vfs: null
        );
        if (code != raw.SQLITE_OK)
        {
            using (_db)
            {
                throw new SqliteRefusal(code, code, $"{path} cannot be opened: {raw.sqlite3_errstr(code).utf8_to_string()}");
            }
        }

        _ = raw.sqlite3_busy_timeout(_db, PatienceMilliseconds);
        if (isNew)
        {
            _ = Execute("pragma journal_mode=wal");
        }
    }

    /// <summary>Whether no transaction is open.</summary>
    public bool IsIdle => raw.sqlite3_get_autocommit(_db) != 0;

    /// <summary>Runs statements.</summary>
    /// <returns>Rows that the last one changed.</returns>
    public long Execute(string sql)
    {
        var rest = sql;
        while (!string.IsNullOrWhiteSpace(rest))
        {
            using var statement = Prepare(rest, out rest);
            if (statement is null)
            {
                continue;
            }

            int code;
            while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW) { }

            if (code != raw.SQLITE_DONE)
            {
                throw Refusal(code);
            }
        }

        return raw.sqlite3_changes(_db);
    }

    /// <summary>The rows of a select as texts.</summary>
    public List<string?[]> Rows(string sql)
    {
        using var statement = Prepare(sql, out _)!;
        var rows = new List<string?[]>();
        int code;
        while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
        {
            var row = new string?[raw.sqlite3_column_count(statement)];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] =
                    raw.sqlite3_column_type(statement, i) == raw.SQLITE_NULL
                        ? null
                        : raw.sqlite3_column_text(statement, i).utf8_to_string();
            }

            rows.Add(row);
        }

        return code == raw.SQLITE_DONE ? rows : throw Refusal(code);
    }

    /// <summary>A statement to be run many times.</summary>
    public SqliteInsert PrepareInsert(string sql) => new(this, Prepare(sql, out _)!);

    public void Dispose() => _db.Dispose();

    internal SqliteRefusal Refusal(int code) =>
        new(code & 0xff, raw.sqlite3_extended_errcode(_db), raw.sqlite3_errmsg(_db).utf8_to_string());

    private sqlite3_stmt? Prepare(string sql, out string rest)
    {
        var code = raw.sqlite3_prepare_v2(_db, sql, out var statement, out rest);
        return code != raw.SQLITE_OK ? throw Refusal(code)
            : statement is null || statement.IsInvalid ? null
            : statement;
    }
}

/// <summary>An insert that is run once for each row.</summary>
internal sealed class SqliteInsert(SqliteFile file, sqlite3_stmt statement) : IDisposable
{
    public void Null(int at) => Ok(raw.sqlite3_bind_null(statement, at + 1));

    public void Integer(int at, long value) => Ok(raw.sqlite3_bind_int64(statement, at + 1, value));

    public void Real(int at, double value) => Ok(raw.sqlite3_bind_double(statement, at + 1, value));

    public void Text(int at, ReadOnlySpan<byte> utf8) => Ok(raw.sqlite3_bind_text(statement, at + 1, Encoding.UTF8.GetString(utf8)));

    public void Blob(int at, ReadOnlySpan<byte> bytes) => Ok(raw.sqlite3_bind_blob(statement, at + 1, bytes));

    /// <summary>Inserts the row.</summary>
    public void Run()
    {
        var code = raw.sqlite3_step(statement);
        if (code != raw.SQLITE_DONE)
        {
            throw file.Refusal(code);
        }

        _ = raw.sqlite3_reset(statement);
    }

    public void Dispose() => statement.Dispose();

    private void Ok(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw file.Refusal(code);
        }
    }
}
