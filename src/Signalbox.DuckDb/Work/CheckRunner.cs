using System.Globalization;
using System.Text.RegularExpressions;

namespace Signalbox.DuckDb.Work;

/// <summary>Runs checks on a source, which it makes the view <c>staged</c>. A check that cannot run is one that has not passed.</summary>
internal sealed partial class CheckRunner
{
    private const string Staged = "staged";
    private readonly DuckConnection connection;
    private readonly SourceDescription source;
    private readonly string? unreadable;

    internal CheckRunner(DuckConnection connection, SourceDescription source)
    {
        this.connection = connection;
        this.source = source;
        unreadable = source.Error ?? MakeView();
    }

    internal CheckResult Run(Check check)
    {
        if (unreadable is not null)
        {
            return NotRun(check, unreadable);
        }
        try
        {
            return check switch
            {
                RowCountCheck it => RowCount(it),
                NotNullCheck it => NotNull(it),
                UniqueCheck it => Unique(it),
                RangeCheck it => Range(it),
                AcceptedValuesCheck it => AcceptedValues(it),
                RegexCheck it => Matches(it),
                SchemaCheck it => Schema(it),
                SqlCheck it => Sql(it),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (CannotCheckException e)
        {
            return NotRun(check, e.Message);
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            return NotRun(check, SourceDescriber.FirstLines(e.Message));
        }
    }

    private string? MakeView()
    {
        var files = DataSource.Find(source.Path, out string? reason);
        if (files is null)
        {
            return reason;
        }
        // Files that differ are read together all the same, so that a schema check can say in what they differ.
        string union = source.Files.Any(file => file.Columns is not null) ? ", union_by_name = true" : "";
        try
        {
            connection.Execute(
                $"create temp view {Staged} as select * from {files.Read(source.Files.Select(file => file.Path), SourceDescriber.OwnColumnsOnly + union)}"
            );
            return null;
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            return $"{source.Path} cannot be read: {SourceDescriber.FirstLines(e.Message)}";
        }
    }

    private CheckResult RowCount(RowCountCheck check)
    {
        string expected = Bounds(Number(check.Min), Number(check.Max)) + " rows";
        string complaint =
            source.Rows < check.Min ? $", fewer than {Number(check.Min)}"
            : source.Rows > check.Max ? $", more than {Number(check.Max)}"
            : "";
        return Result(check, complaint.Length == 0, source.Rows, expected, Rows(source.Rows) + complaint) with
        {
            Observed = Number(source.Rows),
        };
    }

    private CheckResult NotNull(NotNullCheck check)
    {
        var columns = check.Columns.Select(Column).ToList();
        string counts = string.Join(", ", columns.Select(column => $"count(*) - count({SqlQuote.Identifier(column.Name)})"));
        string bad = string.Join(" or ", columns.Select(column => $"{SqlQuote.Identifier(column.Name)} is null"));
        using DuckReader reader = connection.Query($"select count(*) filter (where {bad}), {counts} from {Staged}");
        reader.Read();
        long rows = reader.GetInt64(0);
        string found = $"{Number(rows)} of {Rows(source.Rows)} {(rows == 1 ? "is" : "are")} null";
        if (columns.Count > 1 && rows > 0)
        {
            var each = columns.Select((column, i) => (column.Name, Nulls: reader.GetInt64(i + 1))).Where(column => column.Nulls > 0);
            found += $" ({string.Join(", ", each.Select(column => $"{column.Name}: {Number(column.Nulls)}"))})";
        }
        return Result(check, rows == 0, rows, "0 null rows", rows == 0 ? $"none of {Rows(source.Rows)} is null" : found, Where(rows, bad));
    }

    private CheckResult Unique(UniqueCheck check)
    {
        var columns = check.Columns.Select(column => SqlQuote.Identifier(Column(column).Name)).ToList();
        string list = string.Join(", ", columns);
        string present = string.Join(" and ", columns.Select(column => $"{column} is not null"));
        string groups = $"select {list}, count(*) as \"rows\" from {Staged} where {present} group by {list} having count(*) > 1";
        using DuckReader reader = connection.Query($"select count(*), coalesce(sum(n), 0) from ({groups}) as t({Names(columns.Count)}, n)");
        reader.Read();
        long keys = reader.GetInt64(0);
        string found =
            keys == 0
                ? $"no value occurs twice in {Rows(source.Rows)}"
                : $"{Number(keys)} {(keys == 1 ? "value occurs" : "values occur")} more than once, in {Number(reader.GetInt64(1))} of {Rows(source.Rows)}";
        string samples = $"{groups} order by \"rows\" desc, {list} limit {SampleRows.Most}";
        return Result(check, keys == 0, keys, "0 repeated values", found, keys == 0 ? null : samples);
    }

    private CheckResult Range(RangeCheck check)
    {
        ColumnDescription column = Column(check.Column);
        string name = SqlQuote.Identifier(column.Name);
        var outside = new List<string>();
        if (check.Min is { } min)
        {
            outside.Add($"{name} < {Bound(column, min)}");
        }
        if (check.Max is { } max)
        {
            outside.Add($"{name} > {Bound(column, max)}");
        }
        if (column.Type is "DOUBLE" or "FLOAT")
        {
            outside.Add($"isnan({name})");
        }
        string bad = outside.Count == 0 ? "false" : string.Join(" or ", outside);
        using DuckReader reader = connection.Query(
            $"select count(*) filter (where {bad}), min({name})::varchar, max({name})::varchar from {Staged}"
        );
        reader.Read();
        long rows = reader.GetInt64(0);
        string extremes = reader.IsNull(1) ? "no values" : $"min {reader.GetString(1)}, max {reader.GetString(2)}";
        string bounds = Bounds(check.Min, check.Max);
        string found =
            rows == 0 ? $"{Rows(source.Rows)}, {extremes}" : $"{Number(rows)} of {Rows(source.Rows)} {Are(rows)} not {bounds} ({extremes})";
        return Result(check, rows == 0, rows, bounds, found, Where(rows, bad)) with { Observed = extremes };
    }

    private CheckResult AcceptedValues(AcceptedValuesCheck check)
    {
        string name = SqlQuote.Identifier(Column(check.Column).Name);
        string list = string.Join(", ", check.Values.Select(SqlQuote.Literal));
        string bad = check.Values.Count == 0 ? $"{name} is not null" : $"{name} not in ({list})";
        string shown = string.Join(", ", check.Values.Take(10)) + (check.Values.Count > 10 ? $" and {check.Values.Count - 10} more" : "");
        return OnValues(check, name, bad, $"one of: {shown}", $"not one of: {shown}");
    }

    private CheckResult Matches(RegexCheck check)
    {
        string name = SqlQuote.Identifier(Column(check.Column).Name);
        string bad = $"not regexp_matches({name}::varchar, {SqlQuote.Literal(check.Pattern)})";
        return OnValues(check, name, bad, $"matches {check.Pattern}", $"not of the form {check.Pattern}");
    }

    private CheckResult OnValues(Check check, string name, string bad, string expected, string complaint)
    {
        using DuckReader reader = connection.Query(
            $"select count(*) filter (where {bad}), min({name}::varchar) filter (where {bad}) from {Staged}"
        );
        reader.Read();
        long rows = reader.GetInt64(0);
        string found =
            rows == 0
                ? $"all of {Rows(source.Rows)} pass"
                : $"{Number(rows)} of {Rows(source.Rows)} {Are(rows)} {complaint} (for example '{SampleRows.Cut(reader.GetString(1))}')";
        return Result(check, rows == 0, rows, expected, found, Where(rows, bad));
    }

    private CheckResult Schema(SchemaCheck check)
    {
        var expected = new Dictionary<string, string>();
        foreach ((string name, string type) in check.Columns)
        {
            expected[name] = TypeName(name, type);
        }
        var differences = new List<string>();
        foreach (FileDescription file in source.Files)
        {
            string place = source.Files.Count > 1 && differences.Count == 0 ? $"{Path.GetFileName(file.Path)}: " : "";
            foreach (string difference in Differences(file.Columns ?? source.Columns, expected))
            {
                if (!differences.Exists(known => known.EndsWith(difference, StringComparison.Ordinal)))
                {
                    differences.Add(place + difference);
                    place = "";
                }
            }
        }
        string wanted = string.Join(", ", expected.Select(column => $"{column.Key} {column.Value}"));
        string found = differences.Count == 0 ? $"{check.Columns.Count} columns as expected" : string.Join("; ", differences);
        return Result(check, differences.Count == 0, differences.Count, wanted, found) with
        {
            Observed = string.Join(", ", source.Columns.Select(column => $"{column.Name} {column.Type}")),
        };
    }

    private static IEnumerable<string> Differences(IReadOnlyList<ColumnDescription> columns, Dictionary<string, string> expected)
    {
        foreach ((string name, string type) in expected)
        {
            ColumnDescription? column = columns.FirstOrDefault(column => column.Name == name);
            if (column is null)
            {
                yield return $"column {name} is missing";
            }
            else if (column.Type != type)
            {
                yield return $"column {name} is {column.Type}, not {type}";
            }
        }
        foreach (ColumnDescription column in columns.Where(column => !expected.ContainsKey(column.Name)))
        {
            yield return $"column {column.Name} is not expected";
        }
    }

    private CheckResult Sql(SqlCheck check)
    {
        if (SqlScript.Split(check.Query) is not [var only])
        {
            throw new CannotCheckException("the query must be one select");
        }
        long rows = (long)connection.Scalar($"select count(*) from (\n{only.Text}\n) as t")!;
        string found = rows == 0 ? "the query gives no rows" : $"the query gives {Rows(rows)}, but should give none";
        string samples = $"select * from (\n{only.Text}\n) as t limit {SampleRows.Most}";
        return Result(check, rows == 0, rows, "no rows", found, rows == 0 ? null : samples);
    }

    /// <summary>DuckDB's own spelling of a type that a person wrote.</summary>
    private string TypeName(string column, string type)
    {
        if (!TypeText().IsMatch(type))
        {
            throw new CannotCheckException($"'{type}' (column {column}) is not a type");
        }
        try
        {
            return (string)connection.Scalar($"select typeof(cast(null as {type}))")!;
        }
        catch (DuckException)
        {
            throw new CannotCheckException($"DuckDB knows no type '{type}' (column {column})");
        }
    }

    private ColumnDescription Column(string name)
    {
        // As DuckDB itself finds columns: the case of letters does not matter.
        return source.Columns.FirstOrDefault(column => column.Name == name)
            ?? source.Columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new CannotCheckException(
                $"there is no column '{name}'; the columns are {string.Join(", ", source.Columns.Take(30).Select(column => column.Name))}"
            );
    }

    // A number is compared as a number; quoted, it would first be rounded to an integer column's type.
    private static string Bound(ColumnDescription column, string bound)
    {
        bool isNumber = NumberText().IsMatch(bound);
        if (isNumber && column.Type == "VARCHAR")
        {
            throw new CannotCheckException($"column '{column.Name}' is VARCHAR and cannot be compared with the number {bound}");
        }
        return isNumber ? bound : SqlQuote.Literal(bound);
    }

    private CheckResult Result(Check check, bool passed, long number, string expected, string found, string? samples = null) =>
        new()
        {
            Name = check.Name ?? Title(check),
            CheckKind = KindOf(check),
            Columns = ColumnsOf(check),
            Severity = check.Severity,
            Passed = passed,
            Ran = true,
            Observed = Number(number),
            ObservedNumber = number,
            Expected = expected,
            Message = $"{check.Name ?? Title(check)}: {found}",
            Samples = passed || samples is null ? [] : SampleRows.Read(connection, samples),
        };

    private static CheckResult NotRun(Check check, string reason) =>
        new()
        {
            Name = check.Name ?? Title(check),
            CheckKind = KindOf(check),
            Columns = ColumnsOf(check),
            Severity = check.Severity,
            Passed = false,
            Ran = false,
            Expected = "a check that can run",
            Message = $"{check.Name ?? Title(check)}: could not be checked: {reason}",
        };

    private static string? Where(long rows, string bad) => rows == 0 ? null : $"select * from {Staged} where {bad} limit {SampleRows.Most}";

    private static string Title(Check check)
    {
        string columns = check is SchemaCheck ? "" : string.Join(", ", ColumnsOf(check));
        return columns.Length == 0 ? KindOf(check) : $"{KindOf(check)}({columns})";
    }

    private static string KindOf(Check check) =>
        check switch
        {
            RowCountCheck => "row_count",
            NotNullCheck => "not_null",
            UniqueCheck => "unique",
            RangeCheck => "range",
            AcceptedValuesCheck => "accepted_values",
            RegexCheck => "regex",
            SchemaCheck => "schema",
            SqlCheck => "sql",
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    private static IReadOnlyList<string> ColumnsOf(Check check) =>
        check switch
        {
            NotNullCheck it => it.Columns,
            UniqueCheck it => it.Columns,
            RangeCheck it => [it.Column],
            AcceptedValuesCheck it => [it.Column],
            RegexCheck it => [it.Column],
            SchemaCheck it => [.. it.Columns.Keys],
            _ => [],
        };

    private static string Bounds(string? min, string? max) =>
        (min, max) switch
        {
            (null, null) => "any",
            (_, null) => $"at least {min}",
            (null, _) => $"at most {max}",
            _ => $"{min} to {max}",
        };

    private static string Names(int count) => string.Join(", ", Enumerable.Range(0, count).Select(i => $"c{i}"));

    private static string Are(long rows) => rows == 1 ? "is" : "are";

    private static string Rows(long rows) => rows == 1 ? "1 row" : $"{Number(rows)} rows";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string? Number(long? number) => number is { } value ? Number(value) : null;

    [GeneratedRegex(@"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NumberText();

    // Letters, digits, and what nested types need: no comment, no end of a statement.
    [GeneratedRegex("""^[\p{L}_][\p{L}\p{N}_ ,()\[\]"']*$""", RegexOptions.None, 1000)]
    private static partial Regex TypeText();

    /// <summary>A check that does not fit the data it is for.</summary>
    private sealed class CannotCheckException(string message) : Exception(message);
}
