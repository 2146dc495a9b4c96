using System.Globalization;
using System.Text.Json.Nodes;

namespace Signalbox.DuckDb.Work;

/// <content>The check that the values of columns are distributed as they were.</content>
internal sealed partial class CheckRunner
{
    private const string Reference = "\"signalbox reference\"";
    private const string Other = "(other)";
    private const string Null = "(null)";

    // What is rarer than the most frequent values, and what was never seen before, is one bin together.
    private const int MostValues = 50;

    private CheckResult Drift(DriftCheck check)
    {
        string allowed = $"PSI at most {Short(check.Threshold)}";
        var columns = check.Columns.Select(Column).ToList();
        if (check.Reference is null)
        {
            return Result(check, true, 0, allowed, "no earlier version to compare with") with { Observed = "no earlier version" };
        }
        SourceDescription before = SourceDescriber.Describe(connection, check.Reference);
        if (before.Error is { } wrong)
        {
            throw new CannotCheckException($"the version to compare with: {wrong}");
        }
        string called = check.Called ?? check.Reference;
        if (before.Rows == 0 || source.Rows == 0)
        {
            string empty = source.Rows == 0 ? "no rows to compare" : $"{called} has no rows to compare with";
            return Result(check, true, 0, allowed, empty) with { Observed = "no rows" };
        }
        DataSource files = DataSource.Find(check.Reference, out _)!;
        connection.Execute(
            $"create or replace temp view {Reference} as select * from {files.Read(files.Files, SourceDescriber.OwnColumnsOnly + ", union_by_name = true")}"
        );
        var drifts = columns.Select(column => DriftOf(column, Find(before.Columns, column.Name), check)).ToList();
        var drifted = drifts.Where(drift => drift.Drifted).ToList();
        string found = string.Join("; ", (drifted.Count > 0 ? drifted : drifts).Select(drift => drift.Said(check)));
        return Result(check, drifted.Count == 0, drifted.Count, allowed, $"{found} (against {called})") with
        {
            Observed = string.Join(", ", drifts.Select(drift => drift.Observed)),
            Samples =
            [
                .. drifted
                    .SelectMany(drift => drift.Bins.Select(bin => (drift.Column, Bin: bin)))
                    .OrderByDescending(each => each.Bin.Part)
                    .Take(SampleRows.Most)
                    .Select(each => new JsonObject
                    {
                        ["column"] = each.Column,
                        ["values"] = each.Bin.Name,
                        ["share_before"] = Math.Round(each.Bin.Before, 4),
                        ["share_now"] = Math.Round(each.Bin.Now, 4),
                    }),
            ],
        };
    }

    private ColumnDrift DriftOf(ColumnDescription now, ColumnDescription? before, DriftCheck check)
    {
        if (before is null)
        {
            return new ColumnDrift(now.Name, null, false, []);
        }
        string name = SqlQuote.Identifier(now.Name);
        string there = SqlQuote.Identifier(before.Name);
        bool numbers = IsNumber(now.Type) && IsNumber(before.Type);
        bool times = IsTime(now.Type) && IsTime(before.Type);
        string Number(string column) => numbers ? $"{column}::double" : $"epoch_us({column}::timestamp)::double";
        List<(string Name, long Before, long Now)> bins;
        if ((numbers || times) && Edges(Number(there), check.Bins) is { Count: > 0 } edges)
        {
            bins = ByQuantile(Number(name), Number(there), edges, times);
        }
        else
        {
            // A number is the same value whatever type it is kept in.
            bins = ByValue(
                numbers ? $"{name}::double::varchar" : $"{name}::varchar",
                numbers ? $"{there}::double::varchar" : $"{there}::varchar"
            );
        }
        Psi psi = Psi.Of([.. bins.Select(bin => bin.Before)], [.. bins.Select(bin => bin.Now)]);
        double n = bins.Sum(bin => bin.Before);
        double m = bins.Sum(bin => bin.Now);
        return new ColumnDrift(
            now.Name,
            psi,
            psi.Value > check.Threshold && psi.Value > psi.ByChance,
            [.. bins.Select(bin => new DriftBin(bin.Name, bin.Before / n, bin.Now / m, Psi.Part(bin.Before, bin.Now, n, m)))]
        );
    }

    /// <summary>The quantiles of the reference, each once; none where it has no more values than there are bins, which are then the bins.</summary>
    private List<double> Edges(string value, int bins)
    {
        string real = $"select {value} as v from {Reference}";
        long values = (long)connection.Scalar($"select count(distinct v) from ({real}) as t where isfinite(v)")!;
        if (values <= bins)
        {
            return [];
        }
        string shares = string.Join(
            ", ",
            Enumerable.Range(1, bins - 1).Select(i => ((double)i / bins).ToString("R", CultureInfo.InvariantCulture))
        );
        var edges = new List<double>();
        using DuckReader reader = connection.Query(
            $"select distinct e from (select unnest(quantile_disc(v, [{shares}])) as e from ({real}) as t where isfinite(v)) as u order by e"
        );
        while (reader.Read())
        {
            edges.Add(reader.GetDouble(0));
        }
        return edges;
    }

    private List<(string Name, long Before, long Now)> ByQuantile(string now, string before, List<double> edges, bool times)
    {
        string Case(string value, string table)
        {
            string cases = string.Concat(edges.Select((edge, i) => $" when v <= {Real(edge)} then {i}"));
            return $"select case when v is null then -1 when isnan(v) then -2{cases} else {edges.Count} end as bin, count(*) from (select {value} as v from {table}) as t group by bin";
        }
        var counts = new Dictionary<long, (long Before, long Now)>();
        foreach ((string query, bool isNow) in new[] { (Case(before, Reference), false), (Case(now, Staged), true) })
        {
            using DuckReader reader = connection.Query(query);
            while (reader.Read())
            {
                (long Before, long Now) known = counts.GetValueOrDefault(reader.GetInt64(0));
                long rows = reader.GetInt64(1);
                counts[reader.GetInt64(0)] = isNow ? known with { Now = rows } : known with { Before = rows };
            }
        }
        return [.. counts.OrderBy(bin => bin.Key).Select(bin => (BinName(bin.Key), bin.Value.Before, bin.Value.Now))];

        string BinName(long bin) =>
            bin switch
            {
                -1 => Null,
                -2 => "(nan)",
                0 => $"up to {Edge(edges[0])}",
                _ when bin == edges.Count => $"above {Edge(edges[^1])}",
                _ => $"{Edge(edges[(int)bin - 1])} to {Edge(edges[(int)bin])}",
            };

        string Edge(double edge) =>
            times
                ? DateTimeOffset
                    .UnixEpoch.AddTicks((long)edge * TimeSpan.TicksPerMicrosecond)
                    .ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
                : edge.ToString("G6", CultureInfo.InvariantCulture);
    }

    private List<(string Name, long Before, long Now)> ByValue(string now, string before)
    {
        // The inner select leaves no column of the data to be taken for one of ours.
        string frequent =
            $"select v, count(*) as n from (select {before} as v from {Reference}) as t where v is not null group by v order by n desc, v limit {MostValues}";
        var names = new List<string>();
        using (DuckReader reader = connection.Query(frequent))
        {
            while (reader.Read())
            {
                names.Add(reader.GetString(0));
            }
        }
        var counts = new Dictionary<string, (long Before, long Now)>();
        string known = names.Count == 0 ? "false" : $"v in ({string.Join(", ", names.Select(SqlQuote.Literal))})";
        foreach ((string value, string table, bool isNow) in new[] { (before, Reference, false), (now, Staged, true) })
        {
            using DuckReader reader = connection.Query(
                $"select case when v is null then 0 when {known} then 1 else 2 end as kind, case when {known} then v end as shown, count(*) from (select {value} as v from {table}) as t group by kind, shown"
            );
            while (reader.Read())
            {
                string name = reader.GetInt64(0) switch
                {
                    0 => Null,
                    1 => reader.GetString(1),
                    _ => Other,
                };
                (long Before, long Now) found = counts.GetValueOrDefault(name);
                long rows = reader.GetInt64(2);
                counts[name] = isNow ? found with { Now = rows } : found with { Before = rows };
            }
        }
        return
        [
            .. counts
                .OrderBy(bin => bin.Key, StringComparer.Ordinal)
                .Select(bin => (SampleRows.Cut(bin.Key), bin.Value.Before, bin.Value.Now)),
        ];
    }

    private static bool IsTime(string type) => type == "DATE" || type.StartsWith("TIMESTAMP", StringComparison.Ordinal);

    private static string Real(double number) => $"{number.ToString("R", CultureInfo.InvariantCulture)}::double";

    private sealed record DriftBin(string Name, double Before, double Now, double Part);

    // Psi is null where the reference has no such column.
    private sealed record ColumnDrift(string Column, Psi? Psi, bool Drifted, IReadOnlyList<DriftBin> Bins)
    {
        public string Observed => Psi is { } psi ? $"{Column} {Short(psi.Value)}" : $"{Column} is new";

        public string Said(DriftCheck check)
        {
            if (Psi is not { } psi)
            {
                return $"{Column} is new";
            }
            string limit = Short(check.Threshold);
            if (!Drifted)
            {
                return psi.Value > check.Threshold
                    ? $"{Column}: PSI {Short(psi.Value)}, but with so few rows up to {Short(psi.ByChance)} is chance"
                    : $"{Column}: PSI {Short(psi.Value)}";
            }
            DriftBin most = Bins.MaxBy(bin => bin.Part)!;
            return $"{Column}: PSI {Short(psi.Value)} is above {limit}, most of all at {most.Name}: {Percent(most.Before)} before, {Percent(most.Now)} now";
        }
    }
}
