using System.Text;
using SQLitePCL;

namespace Signalbox.Storage.Sqlite;

/// <summary>
/// A statement of SQLite, prepared once. It speaks to the library directly: ADO.NET's objects cost more than the row itself where
/// thousands of rows are written in one transaction.
/// </summary>
internal sealed class SqliteStatement(sqlite3 db, sqlite3_stmt statement, Sql sql) : Statement(sql), IPrepared
{
    private bool fresh = true;

    public void Discard() => statement.Dispose();

    protected override void Bind(int position, long? value)
    {
        fresh = false;
        Ok(value is { } known ? raw.sqlite3_bind_int64(statement, position + 1, known) : raw.sqlite3_bind_null(statement, position + 1));
    }

    protected override void Bind(int position, double? value)
    {
        fresh = false;
        Ok(value is { } known ? raw.sqlite3_bind_double(statement, position + 1, known) : raw.sqlite3_bind_null(statement, position + 1));
    }

    protected override void Bind(int position, string? value)
    {
        fresh = false;
        if (value is null)
        {
            Ok(raw.sqlite3_bind_null(statement, position + 1));
        }
        else if (value.Length <= 256)
        {
            Span<byte> utf8 = stackalloc byte[value.Length * 3];
            // An empty span would be a null pointer, which SQLite takes for NULL.
            var length = Encoding.UTF8.GetBytes(value, utf8);
            Ok(
                length == 0
                    ? raw.sqlite3_bind_text(statement, position + 1, "")
                    : raw.sqlite3_bind_text(statement, position + 1, utf8[..length])
            );
        }
        else
        {
            Ok(raw.sqlite3_bind_text(statement, position + 1, value));
        }
    }

    protected override int Run()
    {
        Open();
        while (Next()) { }

        return raw.sqlite3_changes(db);
    }

    protected override void Enqueue(Func<StoreException>? otherwise)
    {
        Open();
        var found = 0;
        while (Next())
        {
            found++;
        }

        if (otherwise is not null && (raw.sqlite3_column_count(statement) > 0 ? found : raw.sqlite3_changes(db)) == 0)
        {
            throw otherwise();
        }
    }

    protected override void Open() => fresh = false;

    protected override bool Next()
    {
        var code = raw.sqlite3_step(statement);
        return code switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw SqliteError.Of(db, code),
        };
    }

    protected override bool IsNull(int index) => raw.sqlite3_column_type(statement, index) == raw.SQLITE_NULL;

    protected override long GetLong(int index) => raw.sqlite3_column_int64(statement, index);

    protected override double GetDouble(int index) => raw.sqlite3_column_double(statement, index);

    protected override string GetText(int index) => raw.sqlite3_column_text(statement, index).utf8_to_string() ?? "";

    protected override void Reset()
    {
        if (!fresh)
        {
            // The result repeats the error of the last step, which has been thrown already.
            _ = raw.sqlite3_reset(statement);
            fresh = true;
        }
    }

    private void Ok(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw SqliteError.Of(db, code);
        }
    }
}
