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

    /// <summary>A name for people: the given one, else the kind and its columns.</summary>
    internal static string NameOf(Check check) => check.Name ?? Title(check);

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
                FreshnessCheck it => Freshness(it),
                ReferentialCheck it => Referential(it),
                DriftCheck it => Drift(it),
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
                $"create or replace temp view {Staged} as select * from {files.Read(source.Files.Select(file => file.Path), SourceDescriber.OwnColumnsOnly + union)}"
            );
            return null;
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            return $"{source.Path} cannot be read: {SourceDescriber.FirstLines(e.Message)}";
        }
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

    private ColumnDescription Column(string name) =>
        Find(source.Columns, name)
        ?? throw new CannotCheckException(
            $"there is no column '{name}'; the columns are {string.Join(", ", source.Columns.Take(30).Select(column => column.Name))}"
        );

    // As DuckDB itself finds columns: the case of letters does not matter.
    private static ColumnDescription? Find(IReadOnlyList<ColumnDescription> columns, string name) =>
        columns.FirstOrDefault(column => column.Name == name)
        ?? columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

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

    /// <summary>The first select of a text that is nothing else, without its semicolon.</summary>
    internal static string OneSelect(string query) =>
        SqlScript.Split(query) is [var only] ? only.Text : throw new CannotCheckException("the query must be one select");

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
            FreshnessCheck => "freshness",
            ReferentialCheck => "referential",
            DriftCheck => "drift",
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
            FreshnessCheck it => [it.Column],
            ReferentialCheck it => [it.Column],
            DriftCheck it => it.Columns,
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

    private static string Percent(double fraction) => fraction.ToString("P1", CultureInfo.InvariantCulture).Replace(" ", "");

    private static string Short(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>A check that does not fit the data it is for.</summary>
    internal sealed class CannotCheckException(string message) : Exception(message);
}
