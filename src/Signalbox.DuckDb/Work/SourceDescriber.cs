namespace Signalbox.DuckDb.Work;

/// <summary>Finds rows and columns of a data file or folder.</summary>
internal static class SourceDescriber
{
    internal const string OwnColumnsOnly = ", hive_partitioning = false";

    internal static SourceDescription Describe(DuckConnection connection, string path)
    {
        if (DataSource.Find(path, out string? reason) is not { } source)
        {
            return new SourceDescription { Path = path, Error = reason };
        }
        string current = path;
        try
        {
            var columns = new List<IReadOnlyList<ColumnDescription>>(source.Files.Count);
            foreach (string file in source.Files)
            {
                current = file;
                columns.Add(Columns(connection, $"select * from {source.Read([file], OwnColumnsOnly)}"));
            }
            current = path;
            bool alike = columns.TrueForAll(of => of.SequenceEqual(columns[0]));
            Dictionary<string, long> rows = alike ? Counts(connection, source) : [];
            var files = new List<FileDescription>(source.Files.Count);
            for (int i = 0; i < source.Files.Count; i++)
            {
                string file = current = source.Files[i];
                long count = alike
                    ? rows.GetValueOrDefault(file)
                    : (long)connection.Scalar($"select count(*) from {source.Read([file], OwnColumnsOnly)}")!;
                files.Add(new FileDescription(file, count, columns[i].SequenceEqual(columns[0]) ? null : columns[i]));
            }
            return new SourceDescription
            {
                Path = path,
                Format = source.Format,
                Rows = files.Sum(file => file.Rows),
                Columns = columns[0],
                Files = files,
            };
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            return new SourceDescription { Path = path, Error = $"{current} cannot be read: {FirstLines(e.Message)}" };
        }
    }

    /// <summary>DuckDB's message without the excerpt of our own SQL that it ends with.</summary>
    internal static string FirstLines(string message)
    {
        int excerpt = message.IndexOf("\nLINE ", StringComparison.Ordinal);
        return (excerpt < 0 ? message : message[..excerpt]).Trim().ReplaceLineEndings(" ");
    }

    internal static IReadOnlyList<ColumnDescription> Columns(DuckConnection connection, string select)
    {
        using DuckReader reader = connection.Query($"describe {select}");
        var columns = new List<ColumnDescription>();
        while (reader.Read())
        {
            columns.Add(new ColumnDescription(reader.GetString(0), reader.GetString(1)));
        }
        return columns;
    }

    private static Dictionary<string, long> Counts(DuckConnection connection, DataSource source)
    {
        const string file = "signalbox file";
        var counts = new Dictionary<string, long>();
        using DuckReader reader = connection.Query(
            $"select \"{file}\", count(*) from {source.Read(source.Files, $"{OwnColumnsOnly}, filename = '{file}'")} group by 1"
        );
        while (reader.Read())
        {
            counts[reader.GetString(0)] = reader.GetInt64(1);
        }
        return counts;
    }
}
