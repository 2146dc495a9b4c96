namespace Signalbox.Core.Definitions;

/// <summary>A table of a connection, as <c>load: into</c> names it: <c>connection.table</c> or <c>connection.schema.table</c>.</summary>
/// <param name="Connection">A name of <c>connections:</c>.</param>
/// <param name="Schema">Null: where the database looks for tables that name no schema.</param>
/// <param name="Table">As the database has it, upper and lower case as written.</param>
public sealed record TableName(string Connection, string? Schema, string Table)
{
    /// <summary>What addresses of tables begin with.</summary>
    public const string Scheme = "table://";

    /// <summary>The longest name of a schema or a table, in characters: PostgreSQL's limit.</summary>
    public const int MaxLength = 63;

    private const string Form = "write `connection.table` or `connection.schema.table`, such as `warehouse.user_features`";

    /// <summary>The address under which versions of its rows are recorded.</summary>
    public string Address => $"{Scheme}{Connection}/{(Schema is null ? "" : Schema + ".")}{Table}";

    /// <summary>Reads a name.</summary>
    /// <param name="problem">What is wrong and how to mend it; null exactly when there is a name.</param>
    public static TableName? Parse(string text, out string? problem)
    {
        var parts = text.Split('.');
        if (parts.Length is < 2 or > 3)
        {
            problem = $"`{text}` names no table of a connection; {Form}";
            return null;
        }

        problem = Slug.Problem(parts[0]) is { } bad ? $"`{parts[0]}` is no name of a connection: {bad}" : null;
        foreach (var part in parts.AsSpan(1))
        {
            problem ??= Problem(part);
        }

        return problem is null ? new TableName(parts[0], parts.Length == 3 ? parts[1] : null, parts[^1]) : null;
    }

    public override string ToString() => $"{Connection}.{(Schema is null ? "" : Schema + ".")}{Table}";

    private static string? Problem(string name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return name.Length == 0 ? $"a name is empty; {Form}" : $"the name `{name}` has more than {MaxLength} characters";
        }

        foreach (var c in name)
        {
            if (c != '_' && !char.IsAsciiLetterOrDigit(c))
            {
                return $"the name `{name}` has only letters, digits and _ here; found '{c}'";
            }
        }

        return char.IsAsciiDigit(name[0]) ? $"the name `{name}` begins with a digit" : null;
    }
}
