using System.IO.Compression;
using System.Text;

namespace Signalbox.DuckDb.Work;

/// <summary>
/// Takes rows out of data: writes them to a Parquet file, and writes the files that had any anew without them. What is left of a CSV or JSON
/// file is, value for value, the text that was there; a file that had none is not touched. Order is kept.
/// </summary>
internal sealed class Rejecting(DuckConnection connection, SourceDescription source, RejectsRequest rejects)
{
    // Names with a space: no column that a sane person makes, and quoted everywhere.
    private const string Typed = "\"signalbox rows\"";
    private const string Texts = "\"signalbox texts\"";
    private const string Wrong = "\"signalbox wrong\"";
    private const string File = "signalbox file";
    private const string N = "\"signalbox n\"";
    private readonly DataSource files = DataSource.Find(source.Path, out _)!;

    /// <summary>Rows that were rejected.</summary>
    internal long Rows { get; private set; }

    /// <summary>Rejects the rows that fail any of the checks.</summary>
    /// <returns>For each check how many rows it rejected.</returns>
    /// <exception cref="DuckException">The rows cannot be told, read or written; no file of the data has changed.</exception>
    internal IReadOnlyList<long> Run(CheckRunner runner, IReadOnlyList<Check> checks)
    {
        string own = $"{SourceDescriber.OwnColumnsOnly}, filename = '{File}'{(files.Files.Count > 1 ? ", union_by_name = true" : "")}";
        connection.Execute($"create temp table {Typed} as select * from {files.Read(files.Files, own)}");
        string kept = Typed;
        if (files.ReadTexts(files.Files, own) is { } texts)
        {
            connection.Execute($"create temp table {Texts} as select * from {texts}");
            RefuseDifferent();
            kept = Texts;
        }
        var flags = checks.Select((check, i) => $"coalesce(({Condition(runner, check)}), false) as \"signalbox {i}\"").ToList();
        var any = checks.Select((_, i) => $"\"signalbox {i}\"");
        connection.Execute(
            $"create temp table {Wrong} as select * from (select rowid as {N}, {string.Join(", ", flags)} from {Typed}) as t where {string.Join(" or ", any)}"
        );
        var counts = Counts(checks.Count);
        if (Rows > 0)
        {
            Write(checks, kept);
            Rewrite(kept);
        }
        return counts;
    }

    // Both readings are of the same rows in the same order, or what is told of the one means nothing for the other.
    private void RefuseDifferent()
    {
        string same =
            $"select count(*) from {Typed} as a full join {Texts} as b on a.rowid = b.rowid where a.\"{File}\" is distinct from b.\"{File}\"";
        if ((long)connection.Scalar(same)! > 0)
        {
            throw new CheckRunner.CannotCheckException("the file is not read the same way twice");
        }
    }

    private string Condition(CheckRunner runner, Check check)
    {
        if (check is not SqlCheck sql)
        {
            return runner.Bad(check);
        }
        // A query says which rows are wrong by giving them whole.
        string query = CheckRunner.OneSelect(sql.Query);
        var given = SourceDescriber.Columns(connection, query).Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var missing = source.Columns.Where(column => !given.Contains(column.Name)).Select(column => column.Name).ToList();
        if (missing.Count > 0)
        {
            throw new CheckRunner.CannotCheckException(
                $"the query must give the wrong rows whole (select * from staged where ...), and it does not give {string.Join(", ", missing)}"
            );
        }
        var same = source
            .Columns.Select(column => SqlQuote.Identifier(column.Name))
            .Select(name => $"a.{name} is not distinct from b.{name}");
        return $"rowid in (select a.rowid from {Typed} as a semi join (\n{query}\n) as b on {string.Join(" and ", same)})";
    }

    private List<long> Counts(int checks)
    {
        string sums = string.Concat(Enumerable.Range(0, checks).Select(i => $", count(*) filter (where \"signalbox {i}\")"));
        using DuckReader reader = connection.Query($"select count(*){sums} from {Wrong}");
        reader.Read();
        Rows = reader.GetInt64(0);
        return [.. Enumerable.Range(1, checks).Select(reader.GetInt64)];
    }

    private void Write(IReadOnlyList<Check> checks, string kept)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(rejects.Path))!);
        // Rows that were handed back have our columns already: they get new ones.
        string[] ours = [File, RejectsRequest.Reason, RejectsRequest.Run];
        var columns = SourceDescriber
            .Columns(connection, $"select * from {kept}")
            .Where(column => !ours.Contains(column.Name, StringComparer.OrdinalIgnoreCase))
            .Select(column => "a." + SqlQuote.Identifier(column.Name));
        var reasons = checks.Select((check, i) => $"case when b.\"signalbox {i}\" then {SqlQuote.Literal(CheckRunner.NameOf(check))} end");
        string select =
            $"select {string.Join(", ", columns)}, concat_ws('; ', {string.Join(", ", reasons)}) as {RejectsRequest.Reason}, "
            + $"{rejects.RunNumber}::bigint as {RejectsRequest.Run} from {kept} as a join {Wrong} as b on a.rowid = b.{N} order by a.rowid";
        connection.Execute($"copy ({select}) to {SqlQuote.Literal(rejects.Path)} (format parquet, compression zstd)");
    }

    private void Rewrite(string kept)
    {
        var written = new List<(string Beside, string File)>();
        foreach (FileDescription file in source.Files)
        {
            string from = $"\"{File}\" = {SqlQuote.Literal(file.Path)}";
            if ((long)connection.Scalar($"select count(*) from {Typed} where {from} and rowid in (select {N} from {Wrong})")! == 0)
            {
                continue;
            }
            string left = $"{from} and rowid not in (select {N} from {Wrong})";
            string folder = Path.GetDirectoryName(file.Path)!;
            // The ending stays last, for it is what the form goes by; a leading dot keeps it out of the data should it be left.
            string beside = Path.Combine(folder, $".{Environment.ProcessId}-{Path.GetFileName(file.Path)}");
            if (files.Format == "json")
            {
                RewriteRecords(file.Path, beside, left);
            }
            else
            {
                // What several files were widened to, for them to be read together, is narrowed again.
                var columns = (file.Columns ?? source.Columns).Select(column =>
                {
                    string name = SqlQuote.Identifier(column.Name);
                    return kept == Texts ? name : $"{name}::{column.Type} as {name}";
                });
                connection.Execute(
                    $"copy (select {string.Join(", ", columns)} from {kept} where {left} order by rowid) to {SqlQuote.Literal(beside)} ({DataSource.CopyOptions(file.Path)})"
                );
            }
            written.Add((beside, file.Path));
        }
        foreach ((string beside, string file) in written)
        {
            System.IO.File.Move(beside, file, overwrite: true);
        }
    }

    private void RewriteRecords(string file, string beside, string left)
    {
        // Positions in the file from positions in all files.
        var wanted = new HashSet<long>();
        long records = 0;
        string numbered =
            $"select rowid as r, row_number() over (order by rowid) - 1 as at from {Typed} where \"{File}\" = {SqlQuote.Literal(file)}";
        using (
            DuckReader reader = connection.Query(
                $"select n.at, ({left.Replace("rowid", "t.rowid")}) from ({numbered}) as n join {Typed} as t on t.rowid = n.r"
            )
        )
        {
            while (reader.Read())
            {
                records++;
                if (reader.GetBoolean(1))
                {
                    wanted.Add(reader.GetInt64(0));
                }
            }
        }
        using FileStream raw = System.IO.File.Create(beside);
        using Stream zipped = DataSource.IsZipped(file) ? new GZipStream(raw, CompressionLevel.Optimal) : raw;
        using var writer = new StreamWriter(zipped, new UTF8Encoding(false)) { NewLine = "\n" };
        bool lines = DataSource.IsLines(file);
        long at = 0;
        bool first = true;
        writer.Write(lines ? "" : "[\n\t");
        using (DuckReader reader = connection.Query($"select json::varchar from {files.ReadRecords(file)}"))
        {
            while (reader.Read())
            {
                if (!wanted.Contains(at++))
                {
                    continue;
                }
                writer.Write(
                    first ? ""
                    : lines ? "\n"
                    : ",\n\t"
                );
                writer.Write(reader.GetString(0));
                first = false;
            }
        }
        writer.Write(lines ? (first ? "" : "\n") : "\n]\n");
        if (at != records)
        {
            throw new CheckRunner.CannotCheckException($"{Path.GetFileName(file)} has {records} rows but {at} records");
        }
    }
}
