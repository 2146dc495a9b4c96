using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

/// <summary>What two versions made of the same inputs, row by row.</summary>
public sealed class DiscrepancyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Requirement", "S176")]
    public void Missing_extra_different_and_matching_rows_are_counted_apart()
    {
        Discrepancies found = Compare(
            "select * from (values (1, 'a', 10.0::double), (2, 'b', 20.0), (3, 'c', 30.0), (4, 'd', 40.0)) t(id, name, amount)",
            "select * from (values (1, 'a', 10.0::double), (2, 'B', 20.5), (4, 'd', 41.0), (5, 'e', 50.0), (6, 'f', 60.0)) t(id, name, amount)",
            ["id"]
        );
        Assert.Equal((1, 1, 2, 2), (found.Matching, found.Missing, found.Extra, found.Different));
        Assert.Equal((4, 5), (found.CurrentRows, found.CandidateRows));
        Assert.Equal([new("name", 1), new("amount", 2)], found.Columns);
        Assert.Empty(found.Schema);
        Assert.Equal(
            ["different|amount|{\"id\":\"4\"}|{\"name\":\"d\",\"amount\":\"40.0\"}|{\"name\":\"d\",\"amount\":\"41.0\"}"],
            Rows("where kind = 'different' and (key->>'id') = '4'")
        );
        Assert.Equal(["missing||{\"id\":\"3\"}|{\"name\":\"c\",\"amount\":\"30.0\"}|"], Rows("where kind = 'missing'"));
        Assert.Equal(2, Rows("where kind = 'extra'").Length);
        Assert.Equal(5, found.Samples.Count);
    }

    [Fact]
    [Trait("Requirement", "S176")]
    public void A_tolerance_is_absolute_and_for_its_column_alone()
    {
        const string Current =
            "select * from (values (1, 100.00::double, 5.0::double), (2, 1.0, 5.0), (3, 'inf'::double, 5.0)) t(id, amount, rate)";
        Discrepancies within = Compare(
            Current,
            "select * from (values (1, 100.01::double, 5.0::double), (2, 0.99, 5.0), (3, 'inf'::double, 5.0)) t(id, amount, rate)",
            ["id"],
            new() { ["amount"] = 0.01 }
        );
        Assert.Equal((3, 0), (within.Matching, within.Different));
        Discrepancies beyond = Compare(
            Current,
            "select * from (values (1, 100.0101::double, 5.0::double), (2, 1.0, 5.001), (3, '-inf'::double, 5.0)) t(id, amount, rate)",
            ["id"],
            new() { ["amount"] = 0.01 }
        );
        Assert.Equal([new("amount", 2), new("rate", 1)], beyond.Columns);
        Assert.Equal(3, beyond.Different);
    }

    [Fact]
    [Trait("Requirement", "S176")]
    public void Null_is_null_and_nan_is_nan_also_in_a_key()
    {
        const string Same = "select * from (values (null, 'nan'::double, null), (1, null, 'x'), (2, 1.0, null)) t(id, amount, name)";
        Discrepancies same = Compare(Same, Same, ["id"], new() { ["amount"] = 0.5 });
        Assert.Equal((3, 0, 0, 0), (same.Matching, same.Missing, same.Extra, same.Different));
        Discrepancies other = Compare(
            Same,
            "select * from (values (null, 1.0::double, null), (1, 'nan'::double, 'x'), (2, null, null)) t(id, amount, name)",
            ["id"],
            new() { ["amount"] = 0.5 }
        );
        Assert.Equal((0, 0, 0, 3), (other.Matching, other.Missing, other.Extra, other.Different));
        Discrepancies whole = Compare(Same, Same, []);
        Assert.Equal((3, 0, 0), (whole.Matching, whole.Missing, whole.Extra));
    }

    [Fact]
    [Trait("Requirement", "S176")]
    public void Without_keys_a_row_counts_as_often_as_it_is_there()
    {
        Discrepancies found = Compare(
            "select * from (values (1, 'a'), (1, 'a'), (1, 'a'), (2, 'b')) t(id, name)",
            "select * from (values (1, 'a'), (2, 'b'), (2, 'b'), (3, 'c')) t(id, name)",
            []
        );
        Assert.Equal((2, 2, 2, 0), (found.Matching, found.Missing, found.Extra, found.Different));
        Assert.Equal(2, Rows("where kind = 'missing'").Length);
        Assert.Equal(["extra||||{\"id\":\"3\",\"name\":\"c\"}"], Rows("where kind = 'extra' and (candidate->>'id') = '3'"));
    }

    [Fact]
    public void A_key_that_is_there_twice_is_told_and_no_row_is_lost()
    {
        Discrepancies found = Compare(
            "select * from (values (1, 'a'), (1, 'b'), (2, 'c')) t(id, name)",
            "select * from (values (1, 'a'), (2, 'c')) t(id, name)",
            ["id"]
        );
        Assert.Equal((2, 1, 0, 0), (found.Matching, found.Missing, found.Extra, found.Different));
        Assert.Equal(1, found.RepeatedKeys);
    }

    [Fact]
    public void Columns_of_one_side_and_other_types_are_told()
    {
        Discrepancies found = Compare(
            "select 1 as id, 2::integer as n, 'x' as old",
            "select 1 as id, 2::bigint as n, 'y' as added",
            ["ID"]
        );
        Assert.Equal(1, found.Matching);
        Assert.Equal(
            [
                "column n is INTEGER, in the candidate BIGINT",
                "column old is missing from the candidate",
                "column added is only in the candidate",
            ],
            found.Schema
        );
    }

    [Theory]
    [InlineData("nothing", null, "keys: there is no column 'nothing'")]
    [InlineData("id", "name", "only numbers differ a little")]
    [InlineData("id", "nothing", "tolerance: there is no column 'nothing'")]
    public void What_cannot_be_compared_is_said(string key, string? tolerance, string told)
    {
        Discrepancies found = Compare(
            "select 1 as id, 'x' as name",
            "select 1 as id, 'x' as name",
            [key],
            tolerance is null ? null : new() { [tolerance] = 1 }
        );
        Assert.Contains(told, found.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_on_one_side_is_rows_on_the_other()
    {
        Discrepancies found = Compare("select range as id from range(5)", "select range as id from range(0)", ["id"]);
        Assert.Equal((0, 5, 0, 0), (found.Matching, found.Missing, found.Extra, found.Different));
        Assert.Equal(5, Rows("").Length);
    }

    private Discrepancies Compare(string current, string candidate, string[] keys, Dictionary<string, double>? tolerance = null)
    {
        string a = Path.Combine(folder.Awkward, "current.parquet");
        string b = Path.Combine(folder.Awkward, "candidate.parquet");
        using (DuckConnection connection = DuckDatabase.OpenMemory())
        {
            connection.Execute($"copy ({current}) to {SqlQuote.Literal(a)} (format parquet)");
            connection.Execute($"copy ({candidate}) to {SqlQuote.Literal(b)} (format parquet)");
        }

        var response = (DiscrepancyResponse)
            WorkerMain.Answer(
                new DiscrepancyRequest
                {
                    Pairs = [new DiscrepancyPair("2024-01-01", "make", "it's", a, b, keys, tolerance ?? [])],
                    Path = Found,
                },
                TextWriter.Null
            );
        return Assert.Single(response.Pairs);
    }

    private string Found => Path.Combine(folder.Awkward, "found", "discrepancies.parquet");

    private string[] Rows(string where)
    {
        using DuckConnection connection = DuckDatabase.OpenMemory();
        using DuckReader reader = connection.Query(
            $"select concat_ws('|', kind, coalesce(array_to_string(columns, ','), ''), coalesce(key::varchar, ''), coalesce(current::varchar, ''), coalesce(candidate::varchar, '')) from {SqlQuote.Path(Found)} {where} order by 1"
        );
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }
        return [.. rows];
    }
}
