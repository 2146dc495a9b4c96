using System.Globalization;

namespace Signalbox.DuckDb.Work;

/// <content>Checks that are about the data as a whole.</content>
internal sealed partial class CheckRunner
{
    private CheckResult RowCount(RowCountCheck check)
    {
        var expected = new List<string>();
        var complaints = new List<string>();
        if (check.Min is not null || check.Max is not null || check.Change is null)
        {
            expected.Add(Bounds(Number(check.Min), Number(check.Max)) + " rows");
        }
        if (source.Rows < check.Min)
        {
            complaints.Add($"fewer than {Number(check.Min)}");
        }
        else if (source.Rows > check.Max)
        {
            complaints.Add($"more than {Number(check.Max)}");
        }
        string note = "";
        if (check.Change is { } most)
        {
            string allowed = $"{Percent(most)} from the mean of earlier versions";
            expected.Add(
                check.Earlier.Count == 0
                    ? $"at most {allowed}"
                    : $"{Shown(Mean(check) * (1 - most))} to {Shown(Mean(check) * (1 + most))} rows, at most {allowed}"
            );
            (note, bool tooFar) = Difference(check, most);
            if (tooFar)
            {
                complaints.Add(note);
                note = "";
            }
        }
        string complaint = string.Concat(complaints.Select(each => $", {each}"));
        return Result(
            check,
            complaints.Count == 0,
            source.Rows,
            string.Join("; ", expected),
            Rows(source.Rows) + complaint + (note.Length > 0 ? $", {note}" : "")
        ) with
        {
            Observed = Number(source.Rows),
        };

        static string Shown(double rows) => Number((long)Math.Max(0, Math.Round(rows)));
    }

    private static double Mean(RowCountCheck check) => check.Earlier.Average();

    private (string Text, bool TooFar) Difference(RowCountCheck check, double most)
    {
        if (check.Earlier.Count == 0)
        {
            return ("the first version, so there is none to differ from", false);
        }
        double mean = Mean(check);
        string versions = check.Earlier.Count == 1 ? "of the last version" : $"mean of the last {check.Earlier.Count} versions";
        if (mean == 0)
        {
            return (
                source.Rows == 0 ? $"as the 0 {versions}" : $"when all of the last {check.Earlier.Count} versions had none",
                source.Rows != 0
            );
        }
        double change = (source.Rows - mean) / mean;
        string shown =
            $"{Percent(Math.Abs(change))} {(change < 0 ? "below" : "above")} the {mean.ToString("#,0.#", CultureInfo.InvariantCulture)} {versions}";
        return (shown, Math.Abs(change) > most);
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
            foreach (string difference in Differences(file.Columns ?? source.Columns, expected, check.AtLeast))
            {
                if (!differences.Exists(known => known.EndsWith(difference, StringComparison.Ordinal)))
                {
                    differences.Add(place + difference);
                    place = "";
                }
            }
        }
        string wanted = (check.AtLeast ? "at least " : "") + string.Join(", ", expected.Select(column => $"{column.Key} {column.Value}"));
        string found = differences.Count == 0 ? $"{check.Columns.Count} columns as expected" : string.Join("; ", differences);
        return Result(check, differences.Count == 0, differences.Count, wanted, found) with
        {
            Observed = string.Join(", ", source.Columns.Select(column => $"{column.Name} {column.Type}")),
        };
    }

    private static IEnumerable<string> Differences(
        IReadOnlyList<ColumnDescription> columns,
        Dictionary<string, string> expected,
        bool atLeast
    )
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
        foreach (ColumnDescription column in columns.Where(column => !atLeast && !expected.ContainsKey(column.Name)))
        {
            yield return $"column {column.Name} is not expected";
        }
    }

    private CheckResult Freshness(FreshnessCheck check)
    {
        ColumnDescription column = Column(check.Column);
        string name = SqlQuote.Identifier(column.Name);
        string instant = column.Type switch
        {
            "TIMESTAMP WITH TIME ZONE" => name,
            "DATE" or "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" => $"{name}::timestamp",
            _ => throw new CannotCheckException($"column '{column.Name}' is {column.Type}, not a date or a timestamp"),
        };
        using DuckReader reader = connection.Query(
            $"select max({name})::varchar, epoch_us(max({instant})) from {Staged} where isfinite({instant})"
        );
        reader.Read();
        string limit = $"{check.NotBefore.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
        string expected = $"a value not before {limit}";
        if (reader.IsNull(0))
        {
            return Result(check, false, source.Rows, expected, $"no value in {Rows(source.Rows)}, so none is fresh") with
            {
                Observed = "no values",
            };
        }
        string newest = reader.GetString(0);
        long age = (check.NotBefore.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond - reader.GetInt64(1);
        string found =
            age <= 0 ? $"the newest value is {newest}" : $"the newest value is {newest}, which is {Span(age)} older than {limit} allows";
        string? samples = age <= 0 ? null : $"select * from {Staged} order by {name} desc nulls last limit {SampleRows.Most}";
        return Result(check, age <= 0, source.Rows, expected, found, samples) with { Observed = newest, ObservedNumber = null };
    }

    private static string Span(long microseconds)
    {
        TimeSpan span = TimeSpan.FromMicroseconds(microseconds);
        return span < TimeSpan.FromMinutes(1) ? $"{span.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)}s"
            : span < TimeSpan.FromHours(1) ? $"{span.Minutes}m{span.Seconds:00}s"
            : span < TimeSpan.FromDays(2) ? $"{(int)span.TotalHours}h{span.Minutes:00}m"
            : $"{(int)span.TotalDays}d{span.Hours:00}h";
    }

    private CheckResult Sql(SqlCheck check)
    {
        string query = OneSelect(check.Query);
        if (check.Expect == SqlExpectation.Value)
        {
            return SqlValue(check, query);
        }
        long rows = (long)connection.Scalar($"select count(*) from (\n{query}\n) as t")!;
        string found = rows == 0 ? "the query gives no rows" : $"the query gives {Rows(rows)}, but should give none";
        string samples = $"select * from (\n{query}\n) as t limit {SampleRows.Most}";
        return Result(check, rows == 0, rows, "no rows", found, rows == 0 ? null : samples);
    }

    private CheckResult SqlValue(SqlCheck check, string query)
    {
        if (SourceDescriber.Columns(connection, query) is not [var value])
        {
            throw new CannotCheckException("the query must give one value to compare: one column of one row");
        }
        string than = check.Than ?? "";
        string expected = $"{check.Operator} {than}";
        string literal = NumberText().IsMatch(than) && value.Type != "VARCHAR" ? than : SqlQuote.Literal(than);
        string comparing = check.Operator switch
        {
            "=" or "!=" or "<" or "<=" or ">" or ">=" => check.Operator,
            _ => throw new CannotCheckException($"'{check.Operator}' is no comparison"),
        };
        string name = SqlQuote.Identifier(value.Name);
        using DuckReader reader = connection.Query(
            $"select {name}::varchar, coalesce({name} {comparing} {literal}, false) from (\n{query}\n) as t limit 2"
        );
        if (!reader.Read())
        {
            return Result(check, false, 0, expected, $"the query gives no value, but should give one {expected}") with
            {
                Observed = "no value",
                ObservedNumber = null,
            };
        }
        string observed = reader.IsNull(0) ? "null" : SampleRows.Cut(reader.GetString(0));
        bool passed = reader.GetBoolean(1);
        if (reader.Read())
        {
            throw new CannotCheckException("the query gives more than one row; one value is compared");
        }
        return Result(
            check,
            passed,
            0,
            expected,
            passed ? $"{observed} {expected}" : $"the value is {observed}, but should be {expected}"
        ) with
        {
            Observed = observed,
            ObservedNumber = null,
        };
    }
}
