using System.Globalization;
using System.Text.Json.Nodes;

namespace Signalbox.DuckDb.Work;

/// <summary>Compares the rows of two sources as sets in which a row may be there several times, and looks at what differs.</summary>
internal sealed class RowComparer
{
    private const string Row = "signalbox row";

    // Instants between 2001 and 2096, in seconds; so many times more in milliseconds.
    private const string IsEpoch = "between 1e9 and 4e9";

    private readonly DuckConnection connection;
    private readonly CompareRequest request;
    private readonly IReadOnlyList<ColumnDescription> first;
    private readonly IReadOnlyList<ColumnDescription> second;
    private readonly List<string> common;

    private RowComparer(DuckConnection connection, CompareRequest request)
    {
        this.connection = connection;
        this.request = request;
        first = Load("a", request.First);
        second = Load("b", request.Second);
        common = [.. first.Select(column => column.Name).Where(name => second.Any(other => other.Name == name))];
    }

    public static CompareResponse Compare(DuckConnection connection, CompareRequest request)
    {
        SourceDescription one = SourceDescriber.Describe(connection, request.First);
        SourceDescription other = SourceDescriber.Describe(connection, request.Second);
        if (one.Error is not null || other.Error is not null)
        {
            return new CompareResponse { First = one, Second = other };
        }

        try
        {
            return new RowComparer(connection, request).Run(one, other);
        }
        catch (DuckException e) when (e is not DuckLibraryException)
        {
            string error = $"the rows cannot be compared: {SourceDescriber.FirstLines(e.Message)}";
            return new CompareResponse { First = one with { Error = error }, Second = other };
        }
    }

    private CompareResponse Run(SourceDescription one, SourceDescription other)
    {
        bool tolerant = common.Exists(request.Tolerance.ContainsKey);
        if (tolerant)
        {
            PairWithinTolerance();
        }

        string rowsOfFirst = tolerant ? "select * from unpaired_a" : $"select {Shared("a")} from a except all select {Shared("b")} from b";
        string rowsOfSecond = tolerant ? "select * from unpaired_b" : $"select {Shared("b")} from b except all select {Shared("a")} from a";
        long onlyFirst = common.Count == 0 ? one.Rows : Count(rowsOfFirst);
        long onlySecond = common.Count == 0 ? other.Rows : Count(rowsOfSecond);
        bool same = onlyFirst == 0 && onlySecond == 0;
        return new CompareResponse
        {
            First = one,
            Second = other,
            OnlyFirst = onlyFirst,
            OnlySecond = onlySecond,
            SameOrder = !same || tolerant || common.Count == 0 || IsInOrder(),
            Columns = [.. Columns(same)],
            Samples = same || common.Count == 0 ? [] : Samples(rowsOfFirst, rowsOfSecond),
        };
    }

    private List<ColumnDescription> Load(string table, string path)
    {
        DataSource source = DataSource.Find(path, out _)!;
        connection.Execute(
            $"create temp table {table} as select *, row_number() over () as {SqlQuote.Identifier(Row)} from {source.Read(source.Files, SourceDescriber.OwnColumnsOnly + ", union_by_name = true")}"
        );
        return
        [
            .. SourceDescriber
                .Columns(connection, $"select * from {table}")
                .Where(column => column.Name != Row && !request.Ignore.Contains(column.Name)),
        ];
    }

    /// <summary>The columns that both have; where their types differ, as texts.</summary>
    private string Shared(string table) => string.Join(", ", common.Select(name => $"{Value(table, name)} as {SqlQuote.Identifier(name)}"));

    private string Value(string table, string name)
    {
        string quoted = $"{table}.{SqlQuote.Identifier(name)}";
        return TypeOf(first, name) == TypeOf(second, name) ? quoted : $"{quoted}::varchar";
    }

    private static string? TypeOf(IReadOnlyList<ColumnDescription> columns, string name) =>
        columns.FirstOrDefault(column => column.Name == name)?.Type;

    /// <summary>Rows that are the same but for numbers that may differ a little are put beside each other in the order of those numbers.</summary>
    private void PairWithinTolerance()
    {
        List<string> near = [.. common.Where(request.Tolerance.ContainsKey).Select(SqlQuote.Identifier)];
        List<string> exact = [.. common.Where(name => !request.Tolerance.ContainsKey(name)).Select(SqlQuote.Identifier)];
        string partition = exact.Count == 0 ? "" : $"partition by {string.Join(", ", exact)}";
        foreach (string table in (string[])["a", "b"])
        {
            connection.Execute(
                $"create temp table near_{table} as select *, row_number() over ({partition} order by {string.Join(", ", near)}) as place from (select {Shared(table)} from {table})"
            );
        }

        IEnumerable<string> keys = exact.Select(name => $"a.{name} is not distinct from b.{name}").Append("a.place = b.place");
        IEnumerable<string> within = common
            .Where(request.Tolerance.ContainsKey)
            .Select(name =>
                $"(a.{SqlQuote.Identifier(name)} is not distinct from b.{SqlQuote.Identifier(name)} or abs(a.{SqlQuote.Identifier(name)} - b.{SqlQuote.Identifier(name)}) <= {request.Tolerance[name].ToString("R", CultureInfo.InvariantCulture)})"
            );
        string condition = string.Join(" and ", keys.Concat(within));
        connection.Execute(
            $"create temp table unpaired_a as select * exclude (place) from near_a a where not exists (select 1 from near_b b where {condition})"
        );
        connection.Execute(
            $"create temp table unpaired_b as select * exclude (place) from near_b b where not exists (select 1 from near_a a where {condition})"
        );
    }

    private bool IsInOrder()
    {
        string differs = string.Join(" or ", common.Select(name => $"{Value("a", name)} is distinct from {Value("b", name)}"));
        return Count($"select 1 from a join b on a.{SqlQuote.Identifier(Row)} = b.{SqlQuote.Identifier(Row)} where {differs}") == 0;
    }

    private IEnumerable<ColumnComparison> Columns(bool same)
    {
        foreach (string name in first.Concat(second).Select(column => column.Name).Distinct())
        {
            bool shared = common.Contains(name);
            bool differs =
                !shared
                || (
                    !same
                    && !request.Tolerance.ContainsKey(name)
                    && Count($"select {Value("a", name)} from a except all select {Value("b", name)} from b")
                        + Count($"select {Value("b", name)} from b except all select {Value("a", name)} from a")
                        > 0
                );
            double? shift = shared && differs ? ShiftOf(name) : null;
            yield return new ColumnComparison(
                name,
                Statistics("a", name, TypeOf(first, name)),
                Statistics("b", name, TypeOf(second, name)),
                differs,
                shift is not null,
                shift
            );
        }
    }

    private ColumnStatistics? Statistics(string table, string name, string? type)
    {
        if (type is null)
        {
            return null;
        }

        string column = SqlQuote.Identifier(name);
        using DuckReader reader = connection.Query(
            $"select count(*) - count({column}), count(distinct {column}::varchar), min({column})::varchar, max({column})::varchar from {table}"
        );
        reader.Read();
        return new ColumnStatistics(type, reader.GetInt64(0), reader.GetInt64(1), Text(reader, 2), Text(reader, 3));
    }

    private static string? Text(DuckReader reader, int column) => reader.IsNull(column) ? null : SampleRows.Cut(reader.GetString(column));

    /// <summary>How many seconds later the values of the second are on average; null where they are no times.</summary>
    private double? ShiftOf(string name)
    {
        string column = SqlQuote.Identifier(name);
        string type = TypeOf(first, name)!;
        string seconds =
            type is "DATE" || type.StartsWith("TIMESTAMP", StringComparison.Ordinal) ? $"epoch({column})"
            : type is "TIME" or "BOOLEAN" ? "null"
            : type is "VARCHAR"
                ? $"coalesce(epoch(try_cast({column} as timestamptz)), case when try_cast({column} as double) {IsEpoch} then try_cast({column} as double) end)"
            : type is "BIGINT" or "INTEGER" or "UBIGINT" or "HUGEINT" or "DOUBLE" or "FLOAT"
            || type.StartsWith("DECIMAL", StringComparison.Ordinal)
                ? $"case when {column} {IsEpoch} then {column}::double when {column} / 1000 {IsEpoch} then {column} / 1000.0 end"
            : "null";
        object? shift = connection.Scalar(
            $"""
            with
                x as (select {seconds} as s from (select {column} from a except all select {column} from b)),
                y as (select {seconds} as s from (select {column} from b except all select {column} from a))
            select case
                when (select count(*) filter (s is null) from x) = 0 and (select count(*) filter (s is null) from y) = 0
                then (select avg(s) from y) - (select avg(s) from x)
            end
            """
        );
        return shift is null ? null : Convert.ToDouble(shift, CultureInfo.InvariantCulture);
    }

    private IReadOnlyList<JsonObject> Samples(string rowsOfFirst, string rowsOfSecond)
    {
        const int half = SampleRows.Most / 2;
        return SampleRows.Read(
            connection,
            $"select * from (select 'first' as \"in\", * from ({rowsOfFirst}) order by all limit {half}) union all select * from (select 'second' as \"in\", * from ({rowsOfSecond}) order by all limit {half})"
        );
    }

    private long Count(string rows) => (long)connection.Scalar($"select count(*) from ({rows})")!;
}
