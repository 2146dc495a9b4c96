namespace Signalbox.DuckDb.Work;

/// <content>Checks that are about single rows: each is a condition that the wrong rows meet.</content>
internal sealed partial class CheckRunner
{
    /// <summary>
    /// The condition that the rows which fail a check meet, over a table or view with the columns of the data. Never null in SQL's sense
    /// where it is a part of <c>or</c>, but it may be where it stands alone: null is "does not fail".
    /// </summary>
    /// <exception cref="CannotCheckException">The check does not fit the data.</exception>
    internal string Bad(Check check) =>
        check switch
        {
            NotNullCheck it => string.Join(" or ", it.Columns.Select(column => $"{Named(column)} is null")),
            UniqueCheck it => BadUnique(it),
            RangeCheck it => BadRange(it),
            AcceptedValuesCheck { Values: [] } it => $"{Named(it.Column)} is not null",
            AcceptedValuesCheck it => $"{Named(it.Column)} not in ({string.Join(", ", it.Values.Select(SqlQuote.Literal))})",
            RegexCheck it => $"not regexp_matches({Named(it.Column)}::varchar, {SqlQuote.Literal(it.Pattern)})",
            ReferentialCheck it => BadReferential(it),
            _ => throw new CannotCheckException("it does not tell which rows are wrong"),
        };

    private CheckResult NotNull(NotNullCheck check)
    {
        var columns = check.Columns.Select(Column).ToList();
        string counts = string.Join(", ", columns.Select(column => $"count(*) - count({SqlQuote.Identifier(column.Name)})"));
        string bad = Bad(check);
        using DuckReader reader = connection.Query($"select count(*) filter (where {bad}), {counts} from {Staged}");
        reader.Read();
        long rows = reader.GetInt64(0);
        string found = $"{Number(rows)} of {Rows(source.Rows)} {(rows == 1 ? "is" : "are")} null";
        if (columns.Count > 1 && rows > 0)
        {
            var each = columns.Select((column, i) => (column.Name, Nulls: reader.GetInt64(i + 1))).Where(column => column.Nulls > 0);
            found += $" ({string.Join(", ", each.Select(column => $"{column.Name}: {Number(column.Nulls)}"))})";
        }
        if (check.Tolerate <= 0)
        {
            return Result(
                check,
                rows == 0,
                rows,
                "0 null rows",
                rows == 0 ? $"none of {Rows(source.Rows)} is null" : found,
                Where(rows, bad)
            );
        }
        double fraction = source.Rows == 0 ? 0 : (double)rows / source.Rows;
        string allowed = $"at most {Percent(check.Tolerate)} of the rows null";
        return Result(check, fraction <= check.Tolerate, rows, allowed, $"{found}, {Percent(fraction)}", Where(rows, bad));
    }

    private CheckResult Unique(UniqueCheck check)
    {
        var columns = check.Columns.Select(Named).ToList();
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

    // All rows with a repeated key: which of them is the right one nobody can tell.
    private string BadUnique(UniqueCheck check)
    {
        var columns = check.Columns.Select(Named).ToList();
        string present = string.Join(" and ", columns.Select(column => $"{column} is not null"));
        return $"({present} and count(*) over (partition by {string.Join(", ", columns)}) > 1)";
    }

    private CheckResult Range(RangeCheck check)
    {
        string name = Named(check.Column);
        string bad = Bad(check);
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

    private string BadRange(RangeCheck check)
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
        return outside.Count == 0 ? "false" : string.Join(" or ", outside);
    }

    private CheckResult AcceptedValues(AcceptedValuesCheck check)
    {
        string shown = string.Join(", ", check.Values.Take(10)) + (check.Values.Count > 10 ? $" and {check.Values.Count - 10} more" : "");
        return OnValues(check, check.Column, $"one of: {shown}", $"not one of: {shown}");
    }

    private CheckResult Matches(RegexCheck check) =>
        OnValues(check, check.Column, $"matches {check.Pattern}", $"not of the form {check.Pattern}");

    private CheckResult Referential(ReferentialCheck check)
    {
        string there = $"{check.Key} of {check.Called ?? check.Path}";
        return OnValues(check, check.Column, $"found in {there}", $"not found in {there}");
    }

    private string BadReferential(ReferentialCheck check)
    {
        ColumnDescription column = Column(check.Column);
        SourceDescription other = SourceDescriber.Describe(connection, check.Path);
        if (other.Error is { } unreadableOther)
        {
            throw new CannotCheckException(unreadableOther);
        }
        DataSource files = DataSource.Find(check.Path, out _)!;
        string options = files.HasPartitionFolders ? ", hive_partitioning = true" : SourceDescriber.OwnColumnsOnly;
        string read = files.Read(files.Files, options + ", union_by_name = true");
        ColumnDescription key =
            Find(SourceDescriber.Columns(connection, $"select * from {read}"), check.Key)
            ?? throw new CannotCheckException($"{check.Called ?? check.Path} has no column '{check.Key}'");
        string name = SqlQuote.Identifier(column.Name);
        string there = SqlQuote.Identifier(key.Name);
        // Values of other types are the same when they are written the same; a number equals a number whatever it is kept in.
        bool alike = column.Type == key.Type || (IsNumber(column.Type) && IsNumber(key.Type));
        string cast = alike ? "" : "::varchar";
        return $"({name} is not null and {name}{cast} not in (select {there}{cast} from {read} where {there} is not null))";
    }

    private CheckResult OnValues(Check check, string column, string expected, string complaint)
    {
        string name = Named(column);
        string bad = Bad(check);
        // The condition is a column of its own first: a subquery cannot stand in a filter.
        using DuckReader reader = connection.Query(
            $"select count(*) filter (where bad), min(value) filter (where bad) from (select ({bad}) as bad, {name}::varchar as value from {Staged}) as t"
        );
        reader.Read();
        long rows = reader.GetInt64(0);
        string found =
            rows == 0
                ? $"all of {Rows(source.Rows)} pass"
                : $"{Number(rows)} of {Rows(source.Rows)} {Are(rows)} {complaint} (for example '{SampleRows.Cut(reader.GetString(1))}')";
        return Result(check, rows == 0, rows, expected, found, Where(rows, bad));
    }

    private string Named(string column) => SqlQuote.Identifier(Column(column).Name);

    private static bool IsNumber(string type) =>
        type.StartsWith("DECIMAL", StringComparison.Ordinal)
        || type
            is "TINYINT"
                or "SMALLINT"
                or "INTEGER"
                or "BIGINT"
                or "HUGEINT"
                or "UTINYINT"
                or "USMALLINT"
                or "UINTEGER"
                or "UBIGINT"
                or "UHUGEINT"
                or "FLOAT"
                or "DOUBLE";
}
