using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>The databases that have tables for us.</summary>
public enum DatabaseKind
{
    Postgres,
    Sqlite,
    DuckDb,
}

/// <summary>
/// The address of a table's rows: <c>table://CONNECTION/[SCHEMA.]TABLE[@NAMESPACE][ where CONDITION]</c>. Versions of one address are one chain.
/// </summary>
/// <param name="Slice">The condition as people read it, with its values as they are; empty for the whole table.</param>
internal sealed record TableTarget(TableName Name, RunNamespace? Namespace, string Slice)
{
    private const string Where = " where ";

    /// <summary>Whether a target is a table.</summary>
    public static bool IsTable(string target) => target.StartsWith(TableName.Scheme, StringComparison.Ordinal);

    /// <summary>The address of the same rows for a run in a namespace.</summary>
    public static string Redirected(string address, RunNamespace space)
    {
        var end = address.IndexOf(Where, StringComparison.Ordinal);
        return end < 0 ? $"{address}@{space}" : $"{address[..end]}@{space}{address[end..]}";
    }

    /// <exception cref="FormatException">It is no address of a table.</exception>
    public static TableTarget Parse(string address)
    {
        var rest = IsTable(address)
            ? address[TableName.Scheme.Length..]
            : throw new FormatException($"`{address}` is no address of a table");
        var where = rest.IndexOf(Where, StringComparison.Ordinal);
        var slice = where < 0 ? "" : rest[(where + Where.Length)..];
        rest = where < 0 ? rest : rest[..where];
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        var space = at < 0 ? (RunNamespace?)null : new RunNamespace(rest[(at + 1)..]);
        rest = at < 0 ? rest : rest[..at];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || TableName.Parse($"{rest[..slash]}.{rest[(slash + 1)..]}", out var problem) is not { } name)
        {
            throw new FormatException($"`{address}` is no address of a table");
        }

        return new TableTarget(name, space, slice);
    }

    /// <summary>The table in the database: that of a namespace is in a schema of its own, on SQLite under a name of its own.</summary>
    public TablePlaceName In(DatabaseKind kind) =>
        Namespace is not { } space ? new TablePlaceName(Name.Schema, Name.Table)
        : kind == DatabaseKind.Sqlite ? new TablePlaceName(null, $"{space.Schema}__{Name.Table}")
        : new TablePlaceName(space.Schema, Name.Table);

    /// <summary>The kind of database that a connection leads to; null when it is none.</summary>
    public static DatabaseKind? KindOf(Connection connection) =>
        connection switch
        {
            Connection.Postgres => DatabaseKind.Postgres,
            Connection.Sqlite => DatabaseKind.Sqlite,
            Connection.DuckDb => DatabaseKind.DuckDb,
            _ => null,
        };
}

/// <summary>A table as SQL names it. All three databases quote names alike.</summary>
/// <param name="Schema">Null: where the database looks first.</param>
internal sealed record TablePlaceName(string? Schema, string Table)
{
    /// <summary>The name with its schema, quoted.</summary>
    public string Quoted => Schema is null ? Quote(Table) : $"{Quote(Schema)}.{Quote(Table)}";

    /// <summary>As people write it.</summary>
    public override string ToString() => Schema is null ? Table : $"{Schema}.{Table}";

    /// <summary>Another table beside this one.</summary>
    public TablePlaceName Beside(string table) => this with { Table = table };

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
