namespace Signalbox.DuckDb.Work;

/// <summary>The rows of files or of a query, as one select.</summary>
public static class TableSource
{
    /// <summary>The select of all rows of a data file or folder (<see cref="DataSource"/>), for a folder with the columns of <c>key=value</c> folders inside it.</summary>
    /// <exception cref="DuckException">There is no such source; the message says why.</exception>
    public static string OfFiles(string path)
    {
        DataSource source = DataSource.Find(path, out string? reason) ?? throw new DuckException($"IO Error: {reason}");
        string options = source.HasPartitionFolders ? ", hive_partitioning = true" : SourceDescriber.OwnColumnsOnly;
        return $"select * from {source.Read(source.Files, options)}";
    }

    /// <summary>A query over inputs, each of which that is a data file or folder becomes a view under its name.</summary>
    /// <param name="connection">Where the query will run.</param>
    /// <param name="query">One select.</param>
    /// <param name="inputs">Name to path.</param>
    /// <exception cref="DuckException">The query is no single select, or does not fit the inputs; the message names inputs that are no tables.</exception>
    public static string OfQuery(DuckConnection connection, string query, IReadOnlyDictionary<string, string> inputs)
    {
        var missing = new List<string>();
        foreach ((string name, string path) in inputs)
        {
            try
            {
                connection.Execute($"create temp view {SqlQuote.Identifier(name)} as {OfFiles(path)}");
            }
            catch (DuckException e) when (e is not DuckLibraryException)
            {
                missing.Add($"\nInput '{name}' is no table: {SourceDescriber.FirstLines(e.Message)}.");
            }
        }
        try
        {
            if (connection.CountStatements(query) != 1 || !connection.IsSelect(query))
            {
                throw new DuckException("Parser Error: the query is not one select");
            }
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            throw new DuckException(e.Message + string.Concat(missing), e);
        }
        return SqlScript.WithoutEnd(query);
    }

    /// <summary>Names and types of the columns of a select, as DuckDB spells them.</summary>
    public static IReadOnlyList<ColumnDescription> Columns(DuckConnection connection, string select) =>
        SourceDescriber.Columns(connection, select);

    /// <summary>DuckDB's message in one line, without the excerpt of the SQL.</summary>
    public static string Message(DuckException error) => SourceDescriber.FirstLines(error.Message);
}
