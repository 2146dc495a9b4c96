namespace Signalbox.DuckDb.Work;

/// <summary>
/// A data file, or a folder with data files of one kind at any depth. The kind goes by the ending: <c>.parquet</c>; <c>.csv</c> (commas) and
/// <c>.tsv</c> (tabs), with a header line; <c>.json</c>, <c>.jsonl</c>, <c>.ndjson</c>; the texts also with <c>.gz</c>. Names that begin with a
/// dot or an underscore, and other endings, do not count in a folder.
/// </summary>
public sealed class DataSource
{
    private const string Endings = ".parquet, .csv, .tsv, .json, .jsonl or .ndjson";

    private DataSource(string path, string format, IReadOnlyList<string> files, bool hasPartitionFolders)
    {
        Path = path;
        Format = format;
        Files = files;
        HasPartitionFolders = hasPartitionFolders;
    }

    /// <summary>As it was given.</summary>
    public string Path { get; }

    /// <summary><c>parquet</c>, <c>csv</c>, <c>tsv</c> or <c>json</c>.</summary>
    public string Format { get; }

    /// <summary>Absolute paths, in ordinal order; at least one.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Whether files lie in <c>key=value</c> folders inside the source.</summary>
    internal bool HasPartitionFolders { get; }

    /// <summary>Looks at names only, not into the files.</summary>
    /// <returns>The source; or null and a reason that begins with the path.</returns>
    public static DataSource? Find(string path, out string? reason)
    {
        string full = System.IO.Path.GetFullPath(path);
        reason = null;
        if (File.Exists(full))
        {
            string? format = FormatOf(full);
            reason = format is null ? $"{path} does not end in {Endings}" : null;
            return format is null ? null : new DataSource(path, format, [full], hasPartitionFolders: false);
        }
        if (!Directory.Exists(full))
        {
            reason = $"{path} is not there";
            return null;
        }
        var files = Directory
            .EnumerateFiles(full, "*", SearchOption.AllDirectories)
            .Where(file => FormatOf(file) is not null && IsData(System.IO.Path.GetRelativePath(full, file)))
            .Order(StringComparer.Ordinal)
            .ToList();
        var formats = files
            .Select(file => FormatOf(file) + (IsZipped(file) ? ".gz" : ""))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        if (formats is not [_])
        {
            reason =
                files.Count == 0
                    ? $"{path} holds no file that ends in {Endings}"
                    : $"{path} holds files of more than one kind: {string.Join(", ", formats)}";
            return null;
        }
        bool partitioned = files.Exists(file => System.IO.Path.GetDirectoryName(System.IO.Path.GetRelativePath(full, file))!.Contains('='));
        return new DataSource(path, FormatOf(files[0])!, files, partitioned);
    }

    /// <summary>The format of a path that need not exist yet; null for an ending that is none.</summary>
    internal static string? FormatOf(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        if (name.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            return "parquet";
        }
        string bare = IsZipped(name) ? name[..^3] : name;
        return System.IO.Path.GetExtension(bare).ToLowerInvariant() switch
        {
            ".csv" => "csv",
            ".tsv" => "tsv",
            ".json" or ".jsonl" or ".ndjson" => "json",
            _ => null,
        };
    }

    /// <summary>The table function call that reads files of this source.</summary>
    /// <param name="files">Some of <see cref="Files"/>.</param>
    /// <param name="options">Further options, each with a leading comma; or nothing.</param>
    /// <remarks>
    /// Left to itself DuckDB takes any <c>key=value</c> folder of the whole path for a column, which even hides a column of that name in the file.
    /// Types of texts are settled by all rows, not by a sample: what does not fit is not found in the middle of a check.
    /// </remarks>
    internal string Read(IEnumerable<string> files, string options = "")
    {
        string list = $"[{string.Join(", ", files.Select(SqlQuote.Path))}]";
        // Said, not guessed: a question mark in the path would hide the ending from DuckDB.
        string text = IsZipped(Files[0]) ? "sample_size = -1, compression = 'gzip'" : "sample_size = -1";
        return Format switch
        {
            "parquet" => $"read_parquet({list}{options})",
            "csv" => $"read_csv({list}, header = true, delim = ',', {text}{options})",
            "tsv" => $"read_csv({list}, header = true, delim = '\t', {text}{options})",
            _ => $"read_json({list}, {text}{options})",
        };
    }

    /// <summary>The same as texts: what stands in each field, whatever it may mean. Null for a format that has no texts.</summary>
    internal string? ReadTexts(IEnumerable<string> files, string options = "") =>
        Format is "csv" or "tsv" ? Read(files, ", all_varchar = true, allow_quoted_nulls = false" + options) : null;

    /// <summary>The call that reads each record of JSON files as the text that it is.</summary>
    internal string ReadRecords(string file) =>
        $"read_json_objects([{SqlQuote.Path(file)}]{(IsZipped(file) ? ", compression = 'gzip'" : "")})";

    /// <summary>How DuckDB's <c>copy</c> writes a file of this name; null when the ending is none that is known.</summary>
    internal static string? CopyOptions(string path)
    {
        string zip = IsZipped(path) ? ", compression gzip" : "";
        return FormatOf(path) switch
        {
            "parquet" => "format parquet, compression zstd",
            "csv" => $"format csv, header true{zip}",
            "tsv" => $"format csv, header true, delimiter '\t'{zip}",
            // One document for .json, one line per row for .jsonl and .ndjson.
            "json" when !IsLines(path) => $"format json, array true{zip}",
            "json" => $"format json{zip}",
            _ => null,
        };
    }

    /// <summary>Whether a JSON file of this name has a record a line, and is no list.</summary>
    internal static bool IsLines(string path)
    {
        string bare = IsZipped(path) ? path[..^3] : path;
        return !bare.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
    }

    internal static bool IsZipped(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private static bool IsData(string relative) =>
        !relative.Split(System.IO.Path.DirectorySeparatorChar).Any(part => part.StartsWith('.') || part.StartsWith('_'));
}
