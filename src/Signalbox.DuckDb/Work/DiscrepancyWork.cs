using System.Globalization;

namespace Signalbox.DuckDb.Work;

/// <summary>Compares pairs of sources and gathers the rows that differ in one table.</summary>
/// <remarks>
/// Two values are the same when neither is distinct from the other: null is null, and NaN is NaN. Rows are found by their keys, where null is a
/// value like every other.
/// </remarks>
internal sealed class DiscrepancyWork(DuckConnection connection, DiscrepancyRequest request)
{
    private const string Table = "discrepancies";
    private const string Current = "signalbox_current";
    private const string Candidate = "signalbox_candidate";
    private const string Rank = "signalbox rank";
    private const string Count = "signalbox count";

    private static readonly string[] Numbers =
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
        "FLOAT",
        "DOUBLE",
    ];

    public DiscrepancyResponse Run()
    {
        connection.Execute(
            $"create table {Table} (date varchar, task varchar, output varchar, kind varchar, columns varchar[], key json, current json, candidate json)"
        );
        var found = new List<Discrepancies>(request.Pairs.Count);
        foreach (DiscrepancyPair pair in request.Pairs)
        {
            found.Add(Compare(pair));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(request.Path))!);
        string beside = $"{request.Path}.{Environment.ProcessId}.tmp";
        connection.Execute($"copy {Table} to {SqlQuote.Literal(beside)} (format parquet)");
        File.Move(beside, request.Path, overwrite: true);
        return new DiscrepancyResponse { Pairs = found };
    }

    private Discrepancies Compare(DiscrepancyPair pair)
    {
        try
        {
            return CompareRows(pair);
        }
        catch (CannotCompareException problem)
        {
            return new Discrepancies { Error = problem.Message };
        }
        catch (DuckException problem) when (problem is not DuckLibraryException)
        {
            return new Discrepancies { Error = SourceDescriber.FirstLines(problem.Message) };
        }
        finally
        {
            connection.Execute($"drop view if exists {Current}");
            connection.Execute($"drop view if exists {Candidate}");
            connection.Execute("drop table if exists pairs");
        }
    }

    private Discrepancies CompareRows(DiscrepancyPair pair)
    {
        (IReadOnlyList<ColumnDescription> current, bool typed) = View(Current, pair.Current);
        (IReadOnlyList<ColumnDescription> candidate, _) = View(Candidate, pair.Candidate);
        var shared = current.Where(column => Find(candidate, column.Name) is not null).ToList();
        if (shared.Count == 0)
        {
            throw new CannotCompareException("the two have no column in common");
        }

        var schema = Schema(current, candidate, typed);
        foreach (string key in pair.Keys)
        {
            Known(shared, key, "keys");
        }

        foreach (string column in pair.Tolerance.Keys)
        {
            ColumnDescription known = Known(shared, column, "tolerance");
            if (!IsNumber(known.Type) || !IsNumber(Find(candidate, column)!.Type))
            {
                throw new CannotCompareException($"tolerance: column '{column}' is {known.Type}, and only numbers differ a little");
            }
        }

        Discrepancies found = pair.Keys.Count > 0 ? ByKeys(pair, shared, candidate) : ByRows(pair, shared, candidate);
        return found with
        {
            CurrentRows = Scalar($"select count(*) from {Current}"),
            CandidateRows = Scalar($"select count(*) from {Candidate}"),
            Schema = schema,
        };
    }

    private Discrepancies ByKeys(DiscrepancyPair pair, List<ColumnDescription> shared, IReadOnlyList<ColumnDescription> candidate)
    {
        bool IsKey(ColumnDescription column) => pair.Keys.Any(key => key.Equals(column.Name, StringComparison.OrdinalIgnoreCase));
        var keys = shared.Where(IsKey).ToList();
        var values = shared.Where(column => !IsKey(column)).ToList();
        string partition = string.Join(", ", keys.Select(column => SqlQuote.Identifier(column.Name)));
        string order = values.Count == 0 ? "" : $" order by {string.Join(", ", values.Select(column => SqlQuote.Identifier(column.Name)))}";
        string join = string.Join(" and ", keys.Select(column => Same(column, candidate)));
        // A column that is there in every row tells which side has it: all others may be null.
        connection.Execute(
            $"""
            create temp table pairs as
            select a.{SqlQuote.Identifier(Rank)} is not null as in_current, b.{SqlQuote.Identifier(Rank)} is not null as in_candidate,
                {(
                values.Count == 0
                    ? "[]::varchar[]"
                    : $"list_filter([{string.Join(", ", values.Select(column => $"case when {Differs(column, candidate, pair)} then {SqlQuote.Literal(column.Name)} end"))}], lambda x: x is not null)"
            )} as differing,
                {Json("coalesce", keys)} as key, {Json("a", values)} as current, {Json("b", values)} as candidate
            from (select *, row_number() over (partition by {partition}{order}) as {SqlQuote.Identifier(Rank)} from {Current}) a
            full join (select *, row_number() over (partition by {partition}{order}) as {SqlQuote.Identifier(Rank)} from {Candidate}) b
                on {join} and a.{SqlQuote.Identifier(Rank)} = b.{SqlQuote.Identifier(Rank)}
            """
        );
        connection.Execute(
            $"""
            insert into {Table}
            select {Labels(pair)}, case when not in_candidate then 'missing' when not in_current then 'extra' else 'different' end,
                case when in_current and in_candidate then differing end, key, case when in_current then current end,
                case when in_candidate then candidate end
            from pairs where not in_current or not in_candidate or len(differing) > 0
            """
        );
        using DuckReader counts = connection.Query(
            """
            select count(*) filter (where in_current and in_candidate and len(differing) = 0), count(*) filter (where not in_candidate),
                count(*) filter (where not in_current), count(*) filter (where in_current and in_candidate and len(differing) > 0)
            from pairs
            """
        );
        counts.Read();
        string both = "in_current and in_candidate";
        return new Discrepancies
        {
            Matching = counts.GetInt64(0),
            Missing = counts.GetInt64(1),
            Extra = counts.GetInt64(2),
            Different = counts.GetInt64(3),
            RepeatedKeys = Math.Max(Repeated(Current, partition), Repeated(Candidate, partition)),
            Columns =
            [
                .. values.Select(column => new ColumnDifference(
                    column.Name,
                    Scalar($"select count(*) from pairs where {both} and list_contains(differing, {SqlQuote.Literal(column.Name)})")
                )),
            ],
            Samples = Samples(pair),
        };
    }

    private Discrepancies ByRows(DiscrepancyPair pair, List<ColumnDescription> shared, IReadOnlyList<ColumnDescription> candidate)
    {
        string join = string.Join(" and ", shared.Select(column => Same(column, candidate)));
        string columns = string.Join(", ", shared.Select(column => SqlQuote.Identifier(column.Name)));
        string count = SqlQuote.Identifier(Count);
        connection.Execute(
            $"""
            create temp table pairs as
            select coalesce(a.{count}, 0) as current_rows, coalesce(b.{count}, 0) as candidate_rows, {Json("coalesce", shared)} as row
            from (select {columns}, count(*) as {count} from {Current} group by all) a
            full join (select {columns}, count(*) as {count} from {Candidate} group by all) b on {join}
            """
        );
        connection.Execute(
            $"""
            insert into {Table}
            select {Labels(pair)}, case when current_rows > candidate_rows then 'missing' else 'extra' end, null, null,
                case when current_rows > candidate_rows then row end, case when current_rows < candidate_rows then row end
            from (select unnest(range(abs(current_rows - candidate_rows))), * from pairs where current_rows <> candidate_rows)
            """
        );
        using DuckReader counts = connection.Query(
            """
            select coalesce(sum(least(current_rows, candidate_rows)), 0)::bigint,
                coalesce(sum(greatest(current_rows - candidate_rows, 0)), 0)::bigint,
                coalesce(sum(greatest(candidate_rows - current_rows, 0)), 0)::bigint
            from pairs
            """
        );
        counts.Read();
        return new Discrepancies
        {
            Matching = counts.GetInt64(0),
            Missing = counts.GetInt64(1),
            Extra = counts.GetInt64(2),
            Samples = Samples(pair),
        };
    }

    /// <summary>Makes a source a view, and tells its columns, and whether its files say what type they are.</summary>
    private (IReadOnlyList<ColumnDescription> Columns, bool Typed) View(string name, string path)
    {
        DataSource source = DataSource.Find(path, out string? reason) ?? throw new CannotCompareException(reason!);
        string options =
            (source.HasPartitionFolders ? ", hive_partitioning = true" : SourceDescriber.OwnColumnsOnly) + ", union_by_name = true";
        connection.Execute($"create temp view {name} as select * from {source.Read(source.Files, options)}");
        return (SourceDescriber.Columns(connection, $"select * from {name}"), source.Format == "parquet");
    }

    private static List<string> Schema(IReadOnlyList<ColumnDescription> current, IReadOnlyList<ColumnDescription> candidate, bool typed)
    {
        var found = new List<string>();
        foreach (ColumnDescription column in current)
        {
            if (Find(candidate, column.Name) is not { } other)
            {
                found.Add($"column {column.Name} is missing from the candidate");
            }
            // In a text file the type is only what the values look like.
            else if (other.Type != column.Type && typed)
            {
                found.Add($"column {column.Name} is {column.Type}, in the candidate {other.Type}");
            }
        }

        found.AddRange(
            candidate.Where(column => Find(current, column.Name) is null).Select(column => $"column {column.Name} is only in the candidate")
        );
        return found;
    }

    /// <summary>As <c>a</c> and <c>b</c> compare a column by which rows are found.</summary>
    private static string Same(ColumnDescription column, IReadOnlyList<ColumnDescription> candidate)
    {
        (string a, string b) = Sides(column, candidate);
        return $"{a} is not distinct from {b}";
    }

    private static string Differs(ColumnDescription column, IReadOnlyList<ColumnDescription> candidate, DiscrepancyPair pair)
    {
        (string a, string b) = Sides(column, candidate);
        string plain = $"{a} is distinct from {b}";
        if (!pair.Tolerance.Any(each => each.Key.Equals(column.Name, StringComparison.OrdinalIgnoreCase)))
        {
            return plain;
        }

        double tolerance = pair.Tolerance.First(each => each.Key.Equals(column.Name, StringComparison.OrdinalIgnoreCase)).Value;
        string limit = $"{tolerance.ToString("R", CultureInfo.InvariantCulture)}::double";
        // What subtracting two doubles is off by itself does not count: 100.01 and 100.00 differ by 0.01.
        string rounding = $"4 * 2.220446049250313e-16 * greatest(abs({a}::double), abs({b}::double))";
        // Infinities and NaN are near nothing but themselves.
        string finite = $"isfinite({a}::double) and isfinite({b}::double)";
        return $"({plain} and not coalesce({finite} and abs({a}::double - {b}::double) <= {limit} + {rounding}, false))";
    }

    /// <summary>A column on both sides, as texts where only that can be compared.</summary>
    private static (string A, string B) Sides(ColumnDescription column, IReadOnlyList<ColumnDescription> candidate)
    {
        string name = SqlQuote.Identifier(column.Name);
        string other = Find(candidate, column.Name)!.Type;
        bool comparable = other == column.Type || (IsNumber(other) && IsNumber(column.Type));
        return comparable ? ($"a.{name}", $"b.{name}") : ($"a.{name}::varchar", $"b.{name}::varchar");
    }

    /// <summary>A JSON object of the texts of some columns: every value has one, NaN too.</summary>
    private static string Json(string side, List<ColumnDescription> columns)
    {
        if (columns.Count == 0)
        {
            return "'{}'::json";
        }

        IEnumerable<string> fields = columns.Select(column =>
        {
            string name = SqlQuote.Identifier(column.Name);
            string value = side == "coalesce" ? $"coalesce(a.{name}::varchar, b.{name}::varchar)" : $"{side}.{name}::varchar";
            return $"{SqlQuote.Literal(column.Name)}, {value}";
        });
        return $"json_object({string.Join(", ", fields)})";
    }

    private IReadOnlyList<System.Text.Json.Nodes.JsonObject> Samples(DiscrepancyPair pair) =>
        SampleRows.Read(
            connection,
            $"""
            select kind, array_to_string(columns, ', ') as columns, key::varchar as key, current::varchar as current, candidate::varchar as candidate
            from {Table} where date = {SqlQuote.Literal(pair.Date)} and task = {SqlQuote.Literal(pair.Task)} and output = {SqlQuote.Literal(
                pair.Output
            )}
            order by kind, key::varchar, current::varchar, candidate::varchar limit {SampleRows.Most}
            """
        );

    private long Repeated(string table, string keys) =>
        Scalar($"select count(*) from (select {keys} from {table} group by {keys} having count(*) > 1)");

    private long Scalar(string sql) => (long)connection.Scalar(sql)!;

    private static string Labels(DiscrepancyPair pair) =>
        $"{SqlQuote.Literal(pair.Date)}, {SqlQuote.Literal(pair.Task)}, {SqlQuote.Literal(pair.Output)}";

    private static bool IsNumber(string type) => type.StartsWith("DECIMAL", StringComparison.Ordinal) || Numbers.Contains(type);

    // As DuckDB itself finds columns: the case of letters does not matter.
    private static ColumnDescription? Find(IReadOnlyList<ColumnDescription> columns, string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static ColumnDescription Known(List<ColumnDescription> shared, string name, string what) =>
        Find(shared, name)
        ?? throw new CannotCompareException(
            $"{what}: there is no column '{name}' that both have; both have {string.Join(", ", shared.Take(30).Select(column => column.Name))}"
        );

    /// <summary>Two sources that cannot be compared as was asked.</summary>
    private sealed class CannotCompareException(string message) : Exception(message);
}
