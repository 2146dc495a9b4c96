using System.Globalization;
using System.Text.Json.Serialization;

namespace Signalbox.DuckDb.Work;

/// <summary>What the first row of a query has in its first column.</summary>
/// <param name="HasRow">Whether there is a row at all.</param>
/// <param name="Text">As text; null for null.</param>
public sealed record FirstValue(bool HasRow, string? Text)
{
    /// <summary>There is no row.</summary>
    public static readonly FirstValue None = new(HasRow: false, Text: null);

    /// <summary>The value of a row.</summary>
    public static FirstValue Of(string? text) => new(HasRow: true, text);

    /// <summary>Whether it says yes: it is neither null, nor false, nor 0, nor empty, in the spelling of any of the databases.</summary>
    [JsonIgnore]
    public bool Holds =>
        Text is { } text
        && text.Trim() is { Length: > 0 } value
        && !value.Equals("false", StringComparison.OrdinalIgnoreCase)
        && !(decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == 0);
}

/// <summary>Asks for the first value of a query, of which nothing is written.</summary>
public sealed record FirstValueRequest : WorkRequest
{
    /// <summary>One query, already rendered.</summary>
    public required string Sql { get; init; }

    /// <summary>The database file, opened for reading only; null for one in memory.</summary>
    public string? Database { get; init; }

    /// <summary>Where relative paths of data files begin.</summary>
    public required string Folder { get; init; }
}

/// <summary>The answer to <see cref="FirstValueRequest"/>.</summary>
public sealed record FirstValueResponse(FirstValue Value) : WorkResponse;

internal static class FirstValueWork
{
    public static FirstValueResponse Run(DuckConnection memory, FirstValueRequest request)
    {
        Environment.CurrentDirectory = request.Folder;
        if (request.Database is not { } path)
        {
            return Ask(memory, request.Sql);
        }

        using var database = DuckDatabase.Open(path, new DuckSettings { ReadOnly = true, Threads = request.Threads });
        using var connection = database.Connect();
        connection.Execute("set TimeZone = 'UTC'");
        return Ask(connection, request.Sql);
    }

    private static FirstValueResponse Ask(DuckConnection connection, string sql)
    {
        using var rows = connection.Query(sql);
        return new FirstValueResponse(
            !rows.Read() || rows.Columns.Count == 0 ? FirstValue.None : FirstValue.Of(rows.IsNull(0) ? null : rows.GetString(0))
        );
    }
}
