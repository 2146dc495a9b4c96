using System.Text.Json;
using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

public sealed class WorkerProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_process_runs_a_script_and_leaves_output_response_and_row_counts()
    {
        string path = Path.Combine(folder.Awkward, "staged", "part-0.parquet");
        TestProgram.Ended ended = await TestProgram.RunWorker(
            folder,
            new SqlRequest
            {
                Sql = "select range as id, 'ünï \"x\"' as \"it's\" from range(3)",
                Outputs = new Dictionary<string, string> { ["features"] = path },
                MemoryLimit = "512MB",
                Threads = 1,
                TempDirectory = Path.Combine(folder.Awkward, "spill"),
            }
        );
        Assert.Equal("", ended.Errors);
        Assert.Equal(WorkerMain.Done, ended.ExitCode);
        Assert.Equal("output features: 3 rows\n", ended.Output);
        Assert.Null(ended.ErrorFile);
        Assert.Null(Assert.IsType<SqlResponse>(ended.Response).Error);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_failed_script_ends_with_1_and_leaves_its_class_and_message_for_the_engine()
    {
        TestProgram.Ended ended = await TestProgram.RunWorker(folder, new SqlRequest { Sql = "select 1;\nselect nothing" });
        Assert.Equal(WorkerMain.Failed, ended.ExitCode);
        using var error = JsonDocument.Parse(ended.ErrorFile!);
        Assert.Equal("schema", error.RootElement.GetProperty("class").GetString());
        Assert.StartsWith("statement 2 (line 2): Binder Error", error.RootElement.GetProperty("message").GetString());
        Assert.Contains("Binder Error", ended.Errors);
        Assert.DoesNotContain("   at ", ended.Errors);
        Assert.Equal("schema", Assert.IsType<SqlResponse>(ended.Response).Error!.Class);
    }

    [Fact]
    public async Task A_database_that_another_process_holds_is_a_transient_failure()
    {
        string file = folder.File("held.duckdb");
        using DuckDatabase held = DuckDatabase.Open(file);
        TestProgram.Ended ended = await TestProgram.RunWorker(folder, new SqlRequest { Sql = $"attach '{file}' as d" });
        Assert.Equal("transient", Assert.IsType<SqlResponse>(ended.Response).Error!.Class);
    }

    [Fact]
    public async Task A_process_makes_checks_and_ends_well_though_they_fail()
    {
        string path = Path.Combine(folder.Awkward, "a.csv");
        await File.WriteAllTextAsync(path, "origin,delay\nORD,1\n,2\n", TestContext.Current.CancellationToken);
        TestProgram.Ended ended = await TestProgram.RunWorker(
            folder,
            new ChecksRequest { Path = path, Checks = [new NotNullCheck { Columns = ["origin"] }, new RowCountCheck { Min = 1 }] }
        );
        Assert.Equal(WorkerMain.Done, ended.ExitCode);
        ChecksResponse response = Assert.IsType<ChecksResponse>(ended.Response);
        Assert.Equal([false, true], response.Checks.Select(check => check.Passed));
        Assert.Equal("not_null(origin): 1 of 2 rows is null", response.Checks[0].Message);
        Assert.Equal("""{"origin":null,"delay":2}""", response.Checks[0].Samples[0].ToJsonString());
    }

    [Fact]
    public async Task What_a_request_leaves_out_has_its_default()
    {
        string file = Path.Combine(folder.Awkward, "request.json");
        await File.WriteAllTextAsync(file, """{"kind": "sql", "sql": "select 1"}""", TestContext.Current.CancellationToken);
        TestProgram.Ended ended = await TestProgram.RunWorker(folder, file);
        Assert.Equal((WorkerMain.Done, ""), (ended.ExitCode, ended.Errors));

        string csv = folder.File("a.csv");
        await File.WriteAllTextAsync(csv, "a\n1\n", TestContext.Current.CancellationToken);
        string request =
            $$"""{"kind": "checks", "path": "{{csv}}", "checks": [{"kind": "row_count"}, {"kind": "not_null", "columns": ["a"], "severity": "warn"}]}""";
        await File.WriteAllTextAsync(file, request, TestContext.Current.CancellationToken);
        ended = await TestProgram.RunWorker(folder, file);
        ChecksResponse response = Assert.IsType<ChecksResponse>(ended.Response);
        Assert.Equal(["block", "warn"], response.Checks.Select(check => check.Severity));
        Assert.All(response.Checks, check => Assert.True(check.Passed));
    }

    [Theory]
    [InlineData("{", "request.json")]
    [InlineData("""{"kind": "sql", "sql": null}""", "sql")]
    [InlineData("""{"kind": "checks", "path": "a.csv", "checks": [{"kind": "unique"}]}""", "columns")]
    [InlineData("null", "request.json")]
    [InlineData("""{"kind": "dance"}""", "request.json")]
    [InlineData("""{"kind": "sql"}""", "sql")]
    [InlineData("""{"kind": "sql", "sql": "select 1", "colour": "blue"}""", "colour")]
    [InlineData("""{"sql": "select 1", "kind": "sql", "memory_limit": "lots"}""", "lots")]
    public async Task A_request_that_is_none_ends_with_70_and_one_sentence(string request, string part)
    {
        string file = Path.Combine(folder.Awkward, "request.json");
        await File.WriteAllTextAsync(file, request, TestContext.Current.CancellationToken);
        TestProgram.Ended ended = await TestProgram.RunWorker(folder, file);
        Assert.Equal(WorkerMain.OwnFault, ended.ExitCode);
        Assert.Contains(part, ended.Errors);
        Assert.DoesNotContain("   at ", ended.Errors);
        Assert.Null(ended.Response);
        Assert.NotNull(ended.ErrorFile);
    }

    [Fact]
    public async Task Without_the_native_library_the_process_says_so_in_one_sentence()
    {
        string elsewhere = Directory.CreateDirectory(folder.File("program")).FullName;
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory).Where(file => Path.GetFileName(file) != "libduckdb.so"))
        {
            File.Copy(file, Path.Combine(elsewhere, Path.GetFileName(file)));
        }
        string request = folder.File("request.json");
        WorkFiles.WriteRequest(request, new SqlRequest { Sql = "select 1" });
        string program = Path.Combine(elsewhere, Path.GetFileName(Environment.ProcessPath!));

        TestProgram.Ended missing = await TestProgram.RunWorker(folder, request, program);
        Assert.Equal(WorkerMain.OwnFault, missing.ExitCode);
        Assert.Equal(
            $"DuckDB's native library is missing: there is no libduckdb.so in {elsewhere}; build or install Signalbox again, which puts it there.\n",
            missing.Errors
        );

        await File.WriteAllTextAsync(Path.Combine(elsewhere, "libduckdb.so"), "no library", TestContext.Current.CancellationToken);
        TestProgram.Ended broken = await TestProgram.RunWorker(folder, request, program);
        Assert.Equal(WorkerMain.OwnFault, broken.ExitCode);
        Assert.StartsWith($"DuckDB's native library {elsewhere}/libduckdb.so does not load", broken.Errors);
        Assert.Single(broken.Errors.Trim().Split('\n'));
    }
}
