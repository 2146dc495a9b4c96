using System.Text.Json.Nodes;

namespace Signalbox.DuckDb.Work;

/// <summary>Reads a file of rejected rows, as <see cref="RejectsRequest"/> made it.</summary>
public static class RejectedFile
{
    /// <summary>Some rows, as JSON objects with the reason and the run; long texts are cut.</summary>
    /// <exception cref="DuckException">The file cannot be read.</exception>
    public static IReadOnlyList<JsonObject> Read(string path, int limit)
    {
        using DuckConnection connection = Open();
        return SampleRows.Read(connection, $"select * from read_parquet({SqlQuote.Path(path)}) limit {limit}", limit);
    }

    /// <summary>Writes all rows, without the reason and the run, in the form that the ending of a path names.</summary>
    /// <param name="path">The file of rejected rows.</param>
    /// <param name="to">A file that is not there yet, in a folder that is; it appears whole or not at all.</param>
    /// <returns>How many rows.</returns>
    /// <exception cref="DuckException">The file cannot be read or written, or the ending is none that is known.</exception>
    public static long Write(string path, string to)
    {
        string form =
            DataSource.CopyOptions(to)
            ?? throw new DuckException($"{to} does not end in .parquet, .csv, .tsv, .json, .jsonl or .ndjson (the texts also with .gz)");
        using DuckConnection connection = Open();
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(to))!, $".{Environment.ProcessId}-{Path.GetFileName(to)}");
        try
        {
            long rows = connection.Execute(
                $"copy (select * exclude ({RejectsRequest.Reason}, {RejectsRequest.Run}) from read_parquet({SqlQuote.Path(path)})) to {SqlQuote.Literal(beside)} ({form})"
            );
            File.Move(beside, to);
            return rows;
        }
        finally
        {
            File.Delete(beside);
        }
    }

    /// <summary>The ending that a file of the same form as an output has: of the output itself, else of the first data file in it, else <c>.parquet</c>.</summary>
    public static string EndingOf(string output)
    {
        string like = DataSource.FormatOf(output) is null && DataSource.Find(output, out _) is { } folder ? folder.Files[0] : output;
        if (DataSource.FormatOf(like) is null)
        {
            return ".parquet";
        }
        string zip = DataSource.IsZipped(like) ? like[^3..] : "";
        return Path.GetExtension(like[..^zip.Length]) + zip;
    }

    private static DuckConnection Open()
    {
        DuckConnection connection = DuckDatabase.OpenMemory(new DuckSettings { Threads = 1 });
        connection.Execute("set TimeZone = 'UTC'");
        return connection;
    }
}
