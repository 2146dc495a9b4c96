using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

/// <summary>Rows that checks with quarantine reject, and only they, are put aside; what is left is as it was.</summary>
public sealed class RejectingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string rejects;

    public RejectingTests()
    {
        rejects = Path.Combine(folder.Awkward, "aside", "rows.parquet");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Requirement", "S161")]
    public void Failing_rows_and_only_they_go_to_the_other_file_with_reason_and_run()
    {
        string path = Data.Write(
            Path.Combine(folder.Awkward, "a.parquet"),
            "select range as id, case when range % 10 = 0 then null else 'n' || range end as name, range % 7 as v from range(100)"
        );
        ChecksResponse response = Ask(
            path,
            new NotNullCheck { Columns = ["name"], Severity = Check.Quarantine },
            new RangeCheck
            {
                Column = "v",
                Max = "5",
                Severity = Check.Quarantine,
                Name = "small v",
            },
            new RowCountCheck { Max = 90 },
            new NotNullCheck { Columns = ["name"] }
        );
        Assert.Equal([false, false, true, true], response.Checks.Select(check => check.Passed));
        Assert.All(response.Checks, check => Assert.True(check.Ran, check.Message));
        Assert.Equal([10L, 14L, 0L, 0L], response.Checks.Select(check => check.Rejected));
        var bad = Enumerable.Range(0, 100).Where(i => i % 10 == 0 || i % 7 > 5).ToList();
        Assert.Equal((bad.Count, 100L), (response.Rejected!.Rows, response.Rejected.Of));
        Assert.Equal(new Dictionary<string, long> { ["not_null(name)"] = 10, ["small v"] = 14 }, response.Rejected.Checks);
        Assert.Equal(100 - bad.Count, response.Source.Rows);
        Assert.Equal(bad.Select(i => $"{i}|{Reason(i)}|77"), Data.Rows(rejects, "id, signalbox_reason, signalbox_run"));
        Assert.Equal(Enumerable.Range(0, 100).Except(bad).Select(i => $"{i}"), Data.Rows(path, "id"));

        static string Reason(int i) =>
            string.Join("; ", new[] { i % 10 == 0 ? "not_null(name)" : null, i % 7 > 5 ? "small v" : null }.OfType<string>());
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void Nothing_is_written_when_all_rows_pass()
    {
        string path = Data.Write(folder.File("a.parquet"), "select range as id from range(100)");
        byte[] before = File.ReadAllBytes(path);
        ChecksResponse response = Ask(path, new UniqueCheck { Columns = ["id"], Severity = Check.Quarantine });
        Assert.Null(response.Rejected);
        Assert.False(File.Exists(rejects));
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    public static TheoryData<Check, int[]> Kinds =>
        new()
        {
            {
                new UniqueCheck { Columns = ["k"], Severity = Check.Quarantine },
                [0, 1]
            },
            {
                new UniqueCheck { Columns = ["k", "v"], Severity = Check.Quarantine },
                []
            },
            {
                new RangeCheck
                {
                    Column = "v",
                    Min = "0",
                    Severity = Check.Quarantine,
                },
                [1, 3]
            },
            {
                new AcceptedValuesCheck
                {
                    Column = "k",
                    Values = ["a"],
                    Severity = Check.Quarantine,
                },
                [2, 3]
            },
            {
                new RegexCheck
                {
                    Column = "k",
                    Pattern = "^[ab]$",
                    Severity = Check.Quarantine,
                },
                [3]
            },
            {
                new NotNullCheck { Columns = ["k", "v"], Severity = Check.Quarantine },
                [4]
            },
            {
                new SqlCheck { Query = "select * from staged where v < 0 or isnan(v)", Severity = Check.Quarantine },
                [1, 3]
            },
            {
                new SqlCheck { Query = "select *, 1 as more from staged where k is null", Severity = Check.Quarantine },
                [4]
            },
        };

    [Theory]
    [Trait("Requirement", "S161")]
    [MemberData(nameof(Kinds))]
    public void Every_kind_that_is_about_rows_tells_which(Check check, int[] rejected)
    {
        ArgumentNullException.ThrowIfNull(check);
        ArgumentNullException.ThrowIfNull(rejected);
        string path = Data.Write(
            folder.File("a.parquet"),
            """
            select * from (values (0, 'a', 1.0::double), (1, 'a', -1.0), (2, 'b', 2.0), (3, 'it''s', 'nan'::double), (4, null, null)) t(id, k, v)
            """
        );
        ChecksResponse response = Ask(path, check);
        Assert.True(Assert.Single(response.Checks).Ran, response.Checks[0].Message);
        Assert.Equal(rejected.Length, response.Rejected?.Rows ?? 0);
        Assert.Equal(Enumerable.Range(0, 5).Except(rejected).Select(i => $"{i}"), Data.Rows(path, "id"));
        if (rejected.Length > 0)
        {
            Assert.Equal(rejected.Select(i => $"{i}"), Data.Rows(rejects, "id"));
        }
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void Values_that_are_not_found_elsewhere_are_told_by_row()
    {
        string other = Data.Write(folder.File("other.parquet"), "select 'a' as code union all select null");
        string path = Data.Write(folder.File("a.parquet"), "select range as id, unnest(['a', 'x', null]) as k from range(1)");
        var check = new ReferentialCheck
        {
            Column = "k",
            Path = other,
            Key = "code",
            Severity = Check.Quarantine,
        };
        Assert.Equal(1, Ask(path, check).Rejected!.Rows);
        Assert.Equal(["x"], Data.Rows(rejects, "k"));
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void A_query_that_does_not_give_whole_rows_rejects_nothing_and_has_not_run()
    {
        string path = Data.Write(folder.File("a.parquet"), "select range as id, 'x' as k from range(5)");
        byte[] before = File.ReadAllBytes(path);
        ChecksResponse response = Ask(path, new SqlCheck { Query = "select id from staged where id > 2", Severity = Check.Quarantine });
        CheckResult result = Assert.Single(response.Checks);
        Assert.False(result.Passed || result.Ran);
        Assert.EndsWith(
            "its rows cannot be put aside: the query must give the wrong rows whole (select * from staged where ...), and it does not give k",
            result.Message
        );
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Theory]
    [Trait("Requirement", "S161")]
    [InlineData("a.csv", "id,name,v\n007,\"a, b\",1\n008,,x\n009,\"\",2\n", "id,name,v\n007,\"a, b\",1\n009,\"\",2\n")]
    [InlineData("a.tsv", "id\tname\tv\n007\ta\t1\n008\t\tx\n", "id\tname\tv\n007\ta\t1\n")]
    [InlineData(
        "a.jsonl",
        "{\"id\": \"007\", \"at\":\"2001-01-05T10:00:00Z\", \"v\": 1}\n{\"id\":\"008\",\"v\":\"x\"}\n",
        "{\"id\": \"007\", \"at\":\"2001-01-05T10:00:00Z\", \"v\": 1}\n"
    )]
    [InlineData(
        "a.json",
        "[{\"id\": \"007\", \"v\": 1},\n  {\"id\":\"008\",\"v\":\"x\"},\n {\"id\":\"009\",\"v\":2}]",
        "[\n\t{\"id\": \"007\", \"v\": 1},\n\t{\"id\":\"009\",\"v\":2}\n]\n"
    )]
    public void What_is_left_of_a_text_is_the_text_that_was_there(string name, string text, string left)
    {
        string path = Path.Combine(folder.Awkward, name);
        File.WriteAllText(path, text);
        ChecksResponse response = Ask(
            path,
            new RegexCheck
            {
                Column = "v",
                Pattern = "[0-9]",
                Severity = Check.Quarantine,
            }
        );
        Assert.True(response.Checks[0].Ran, response.Checks[0].Message);
        Assert.Equal(1, response.Rejected!.Rows);
        Assert.Equal(left, File.ReadAllText(path));
        Assert.Equal(["008"], Data.Rows(rejects, "id"));
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void In_a_folder_only_files_with_rejected_rows_are_written_anew_each_with_its_own_columns()
    {
        string parts = Path.Combine(folder.Awkward, "parts");
        string a = Data.Write(Path.Combine(parts, "key=1", "a.parquet"), "select range::int as id, 'a' as k from range(10)");
        string b = Data.Write(
            Path.Combine(parts, "key=2", "b.parquet"),
            "select 100 + range::bigint as id, 'b' as k, true as more from range(10)"
        );
        byte[] untouched = File.ReadAllBytes(a);
        ChecksResponse response = Ask(
            parts,
            new RangeCheck
            {
                Column = "id",
                Max = "105",
                Severity = Check.Quarantine,
            }
        );
        Assert.Equal((4L, 16L), (response.Rejected!.Rows, response.Source.Rows));
        Assert.Equal(untouched, File.ReadAllBytes(a));
        Assert.Equal(["100|b|true", "101|b|true", "102|b|true", "103|b|true", "104|b|true", "105|b|true"], Data.Rows(b, "id, k, more"));
        Assert.Equal(2, Directory.GetFiles(parts, "*", SearchOption.AllDirectories).Length);
        Assert.Equal("BIGINT", response.Source.Files[1].Columns![0].Type);
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void All_rows_may_be_rejected_and_rows_may_be_rejected_again()
    {
        string path = Data.Write(
            folder.File("a.parquet"),
            "select 1 as id, 'old' as signalbox_reason, 3::bigint as signalbox_run from range(3)"
        );
        ChecksResponse response = Ask(
            path,
            new RangeCheck
            {
                Column = "id",
                Min = "2",
                Severity = Check.Quarantine,
            },
            new RowCountCheck { Min = 1 }
        );
        Assert.Equal((3L, 0L), (response.Rejected!.Rows, response.Source.Rows));
        Assert.False(response.Checks[1].Passed);
        Assert.Equal("row_count: 0 rows, fewer than 1", response.Checks[1].Message);
        Assert.Equal(["1|range(id)|77", "1|range(id)|77", "1|range(id)|77"], Data.Rows(rejects, "id, signalbox_reason, signalbox_run"));
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void The_same_data_gives_the_same_bytes()
    {
        const string Rows = "select range as id, hash(range) % 1000 as v from range(200000)";
        var check = new RangeCheck
        {
            Column = "v",
            Max = "900",
            Severity = Check.Quarantine,
        };
        string a = Data.Write(folder.File("a.parquet"), Rows);
        Ask(a, check);
        byte[] once = File.ReadAllBytes(rejects);
        string b = Data.Write(folder.File("b.parquet"), Rows);
        Ask(b, check);
        Assert.Equal(File.ReadAllBytes(a), File.ReadAllBytes(b));
        Assert.Equal(once, File.ReadAllBytes(rejects));
    }

    private ChecksResponse Ask(string path, params Check[] checks) =>
        Data.Ask(
            new ChecksRequest
            {
                Path = path,
                Checks = checks,
                Rejects = new RejectsRequest(rejects, 77),
            }
        );
}
