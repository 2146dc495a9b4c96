using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

[Trait("Requirement", "S197")]
public sealed class SourceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_folder_is_all_data_files_in_it_and_their_own_columns()
    {
        string data = Path.Combine(folder.Awkward, "features");
        Write(Path.Combine(data, "date=2001-01-01", "b[1].parquet"), "select range as id from range(3)");
        Write(Path.Combine(data, "date=2001-01-01", "a.parquet"), "select range as id from range(4)");
        Write(Path.Combine(data, "date=2001-01-02", "none.parquet"), "select range as id from range(0)");
        File.WriteAllText(Path.Combine(data, "_SUCCESS"), "");
        File.WriteAllText(Path.Combine(data, "_metadata.parquet"), "");
        File.WriteAllText(Path.Combine(data, ".hidden.csv"), "");
        File.WriteAllText(Path.Combine(data, "README.txt"), "");

        SourceDescription source = Describe(data);
        Assert.Null(source.Error);
        Assert.Equal("parquet", source.Format);
        Assert.Equal(7, source.Rows);
        Assert.Equal([new ColumnDescription("id", "BIGINT")], source.Columns);
        Assert.Equal([4L, 3L, 0L], source.Files.Select(file => file.Rows));
        Assert.Equal(["a.parquet", "b[1].parquet", "none.parquet"], source.Files.Select(file => Path.GetFileName(file.Path)));
        Assert.All(source.Files, file => Assert.Null(file.Columns));

        CheckResult[] results = Check(data, new RowCountCheck { Min = 7, Max = 7 }, new UniqueCheck { Columns = ["id"] });
        Assert.True(results[0].Passed);
        Assert.Equal("unique(id): 3 values occur more than once, in 6 of 7 rows", results[1].Message);
    }

    [Fact]
    public void Files_of_a_folder_that_differ_are_told_apart_by_a_schema_check_and_read_together_by_others()
    {
        string data = Path.Combine(folder.Awkward, "mixed");
        Write(Path.Combine(data, "a.parquet"), "select 1 as id, 'x' as name");
        Write(Path.Combine(data, "b.parquet"), "select 2 as id");
        Write(Path.Combine(data, "c.parquet"), "select 3 as id");

        SourceDescription source = Describe(data);
        Assert.Equal(3, source.Rows);
        Assert.Equal([null, 1, 1], source.Files.Select(file => file.Columns?.Count));
        CheckResult[] results = Check(
            data,
            new SchemaCheck
            {
                Columns = new Dictionary<string, string> { ["id"] = "integer", ["name"] = "varchar" },
            },
            new NotNullCheck { Columns = ["name"] }
        );
        Assert.Equal("schema: b.parquet: column name is missing", results[0].Message);
        Assert.Equal("not_null(name): 2 of 3 rows are null", results[1].Message);
    }

    [Fact]
    public void Texts_are_read_as_what_they_are()
    {
        string csv = Path.Combine(folder.Awkward, "a.csv");
        File.WriteAllText(csv, "name,town\n\"a,b\",\"say \"\"x\"\"\"\nc,d\n");
        Assert.Equal([new ColumnDescription("name", "VARCHAR"), new ColumnDescription("town", "VARCHAR")], Describe(csv).Columns);
        Assert.Equal(2, Describe(csv).Rows);

        string headerOnly = Path.Combine(folder.Awkward, "header.csv");
        File.WriteAllText(headerOnly, "a,b\n");
        Assert.Equal(0, Describe(headerOnly).Rows);
        Assert.Equal(["a", "b"], Describe(headerOnly).Columns.Select(column => column.Name));

        // The first 50,000 rows are numbers; one after them is not.
        string late = Path.Combine(folder.Awkward, "late.csv");
        File.WriteAllLines(late, ["n", .. Enumerable.Range(0, 50_000).Select(i => i.ToString()), "none"]);
        Assert.Equal([new ColumnDescription("n", "VARCHAR")], Describe(late).Columns);
        Assert.Equal(50_001, Describe(late).Rows);

        string json = Path.Combine(folder.Awkward, "a.json");
        File.WriteAllText(json, """[{"id": 1, "tags": ["x"]}, {"id": 2.5}]""");
        Assert.Equal([new ColumnDescription("id", "DOUBLE"), new ColumnDescription("tags", "VARCHAR[]")], Describe(json).Columns);
        Assert.Equal(2, Describe(json).Rows);
    }

    [Fact]
    public void What_is_not_there_or_holds_no_data_is_told_and_does_not_hinder_the_others()
    {
        string none = folder.File("none");
        string empty = Directory.CreateDirectory(folder.File("empty")).FullName;
        string kinds = Directory.CreateDirectory(folder.File("kinds")).FullName;
        File.WriteAllText(Path.Combine(kinds, "a.csv"), "a\n1\n");
        File.WriteAllText(Path.Combine(kinds, "b.json"), "{}");
        string good = Path.Combine(kinds, "a.csv");
        var response = (DescribeResponse)WorkerMain.Answer(new DescribeRequest { Paths = [none, empty, kinds, good] }, TextWriter.Null);
        Assert.Equal($"{none} is not there", response.Sources[0].Error);
        Assert.StartsWith($"{empty} holds no file that ends in .parquet", response.Sources[1].Error);
        Assert.Equal($"{kinds} holds files of more than one kind: csv, json", response.Sources[2].Error);
        Assert.Equal((null, 1L), (response.Sources[3].Error, response.Sources[3].Rows));
    }

    private static void Write(string path, string select) =>
        WorkerMain.Answer(
            new SqlRequest
            {
                Sql = select,
                Outputs = new Dictionary<string, string> { ["o"] = path },
            },
            TextWriter.Null
        );

    private static SourceDescription Describe(string path) =>
        ((DescribeResponse)WorkerMain.Answer(new DescribeRequest { Paths = [path] }, TextWriter.Null)).Sources[0];

    private static CheckResult[] Check(string path, params Check[] checks) =>
        [.. ((ChecksResponse)WorkerMain.Answer(new ChecksRequest { Path = path, Checks = checks }, TextWriter.Null)).Checks];
}
