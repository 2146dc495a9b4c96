using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Signalbox.Storage.Postgres;

/// <summary>A statement with typed parameters by position; the server prepares it after its second use.</summary>
internal sealed class PostgresStatement(PostgresLink link, NpgsqlConnection connection, Sql sql) : Statement(sql)
{
    private readonly string text = Numbered(link.Dialect.Text(sql.Text), sql.Parameters);
    private readonly NpgsqlParameter[] parameters = new NpgsqlParameter[sql.Parameters.Length];
    private NpgsqlCommand? command;
    private NpgsqlDataReader? reader;

    protected override void Bind(int position, long? value) =>
        parameters[position] = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = (object?)value ?? DBNull.Value };

    protected override void Bind(int position, string? value) =>
        parameters[position] = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)value ?? DBNull.Value };

    protected override void Bind(int position, double? value) =>
        parameters[position] = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Double, Value = (object?)value ?? DBNull.Value };

    protected override int Run()
    {
        link.Flush();
        using var once = Command();
        return once.ExecuteNonQuery();
    }

    protected override void Enqueue(Func<StoreException>? otherwise)
    {
        var posted = new NpgsqlBatchCommand(text);
        foreach (var parameter in parameters)
        {
            posted.Parameters.Add(parameter);
        }

        link.Post(posted, otherwise);
    }

    protected override void Open()
    {
        link.Flush();
        command = Command();
        reader = command.ExecuteReader();
    }

    protected override bool Next() => reader!.Read();

    protected override bool IsNull(int index) => reader!.IsDBNull(index);

    protected override long GetLong(int index) => reader!.GetInt64(index);

    protected override double GetDouble(int index) => reader!.GetDouble(index);

    protected override string GetText(int index) => reader!.GetString(index);

    protected override void Reset()
    {
        reader?.Dispose();
        command?.Dispose();
        (reader, command) = (null, null);
    }

    private NpgsqlCommand Command()
    {
        var made = new NpgsqlCommand(text, connection);
        foreach (var parameter in parameters)
        {
            made.Parameters.Add(parameter);
        }

        return made;
    }

    // The server knows parameters by number. Longer names first, lest @run be taken for the beginning of @run_id.
    private static string Numbered(string text, string[] names)
    {
        var result = new StringBuilder(text);
        foreach (var index in Enumerable.Range(0, names.Length).OrderByDescending(index => names[index].Length))
        {
            result.Replace(names[index], $"${index + 1}");
        }

        return result.ToString();
    }
}
