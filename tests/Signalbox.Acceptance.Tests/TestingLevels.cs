using System.Diagnostics;
using Npgsql;
using Signalbox.Storage.Tests;

namespace Signalbox.Acceptance.Tests;

/// <summary>The worked example of the levels of testing, each level run as its page says.</summary>
public sealed class TestingLevels(PostgresServer server)
{
    private const string Name = "testing_levels";

    [Fact]
    [Trait("Requirement", "S172")]
    public async Task Level_one_tests_the_transformation_without_the_orchestrator()
    {
        using var project = ExampleFiles.Copy(Name);
        var said = await UnittestAsync(project, "tests/test_features.py", []);
        Assert.Contains("Ran 3 tests", said, StringComparison.Ordinal);
        Assert.EndsWith("OK\n", said, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S173")]
    [Trait("Requirement", "S174")]
    public async Task Level_two_in_Python_starts_a_server_runs_the_pipeline_and_removes_the_server()
    {
        using var project = ExampleFiles.Copy(Name);
        var said = await UnittestAsync(project, "tests/test_integration.py", new() { ["SIGNALBOX"] = BuiltProgram.Path });
        Assert.Contains("Ran 2 tests", said, StringComparison.Ordinal);
        Assert.EndsWith("OK\n", said, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S173")]
    public async Task Level_two_is_skipped_with_its_reason_where_there_is_no_server()
    {
        using var project = ExampleFiles.Copy(Name);
        var path = Environment.GetEnvironmentVariable("PATH")!.Split(':').Where(folder => !File.Exists(Path.Combine(folder, "signalbox")));
        var without = new Dictionary<string, string> { ["SIGNALBOX"] = "", ["PATH"] = string.Join(':', path) };
        var said = await UnittestAsync(project, "tests/test_integration.py", without, "-v");
        Assert.Contains("skipped 'there is no", said, StringComparison.Ordinal);
        Assert.Contains("OK (skipped=2)", said, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S174")]
    [Trait("Requirement", "S11")]
    public async Task Level_two_in_NET_gives_a_hundred_rows_for_a_hundred_users_of_twenty_events_however_often()
    {
        await using var database = new NpgsqlConnection(server.Connection);
        await database.OpenAsync(TestContext.Current.CancellationToken);
        await AskAsync(database, "drop table if exists user_features");
        await AskAsync(
            database,
            "create table user_features (user_id text, feature_date date, event_count bigint, total_amount double precision)"
        );
        using var project = ExampleFiles.Copy(Name);
        project.Environment["SIGNALBOX_SECRET_WAREHOUSE"] = server.Address("public");
        for (var time = 1; time <= 2; time++)
        {
            await project.RunAsync("user_features", 0, "--date", "2024-01-15");
            Assert.Equal(100L, await AskAsync(database, "select count(*) from user_features where feature_date = '2024-01-15'"));
            Assert.Equal(2000m, await AskAsync(database, "select sum(event_count) from user_features"));
        }

        await AskAsync(database, "drop table user_features");
    }

    private static async Task<object?> AskAsync(NpgsqlConnection database, string query)
    {
        await using var command = new NpgsqlCommand(query, database);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> UnittestAsync(
        TestProject project,
        string file,
        Dictionary<string, string> environment,
        params string[] more
    )
    {
        var start = new ProcessStartInfo("python3", ["-m", "unittest", .. more, file])
        {
            WorkingDirectory = project.Folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var python = Process.Start(start)!;
        var output = python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await output;
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(python.ExitCode == 0, said);
        return said;
    }
}
