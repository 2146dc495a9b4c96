using SQLitePCL;

namespace Signalbox.Storage.Sqlite;

/// <summary>A result code of SQLite that is not success; translated by <see cref="SqliteLink.Translate"/> before anyone sees it.</summary>
internal sealed class SqliteError(int code, string message) : Exception(message)
{
    /// <summary>The primary result code (the low byte of the extended one).</summary>
    public int Code { get; } = code & 0xff;

    public static SqliteError Of(sqlite3 db, int code) =>
        new(code, $"{raw.sqlite3_errmsg(db).utf8_to_string()} (SQLite {raw.sqlite3_extended_errcode(db)})");
}
