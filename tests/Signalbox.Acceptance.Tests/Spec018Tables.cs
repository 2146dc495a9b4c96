using System.Text.RegularExpressions;
using Npgsql;
using Signalbox.Storage.Tests;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/018-tables.md</summary>
public sealed class Spec018Tables(PostgresServer server)
{
    private const string Date = "2024-01-15";

    [Fact]
    [Trait("Requirement", "S102")]
    [Trait("Requirement", "S103")]
    [Trait("Requirement", "S198")]
    public async Task Ten_runs_of_the_example_delete_insert_leave_one_copy_of_the_day()
    {
        using var project = WithWarehouse("delete_insert", out var schema);
        await project.RunAsync("daily_events", 0, "--date", "2024-01-14");
        for (var run = 0; run < 10; run++)
        {
            Assert.Equal("success", (await project.RunAsync("daily_events", 0, "--date", Date)).State);
        }

        Assert.Equal(
            ["2024-01-14|200", "2024-01-15|200"],
            Rows(schema, "select event_date::text, count(*) from events group by 1 order by 1")
        );
        Assert.DoesNotContain(Tables(schema), table => table.StartsWith("signalbox_staging", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Requirement", "S104")]
    [Trait("Requirement", "S174")]
    public async Task The_example_upsert_gives_exactly_100_rows_and_a_run_again_changes_values_only()
    {
        using var project = WithWarehouse("upsert", out var schema);
        await project.RunAsync("user_features", 0, "--date", Date);
        Assert.Equal(["100|20|20"], Rows(schema, "select count(*), min(event_count), max(event_count) from user_features"));
        await project.RunAsync("user_features", 0, "--date", Date, "--param", "events=25");
        Assert.Equal(["100|25|25"], Rows(schema, "select count(*), min(event_count), max(event_count) from user_features"));
    }

    [Fact]
    [Trait("Requirement", "S105")]
    [Trait("Requirement", "S106")]
    public async Task The_example_bulk_upsert_leaves_what_people_wrote()
    {
        using var project = WithWarehouse("bulk_upsert", out var schema);
        _ = Rows(schema, project.Read("table.sql"));
        await project.RunAsync("customers", 0, "--date", Date);
        _ = Rows(schema, "update customers set note = 'called', spent = 0 where customer_id = 42");
        await project.RunAsync("customers", 0, "--date", Date);
        Assert.Equal(["10000"], Rows(schema, "select count(*) from customers"));
        Assert.Equal(["called|42.25"], Rows(schema, "select note, spent from customers where customer_id = 42"));
        Assert.Equal(["customers", "signalbox_fences", "signalbox_loads"], Tables(schema));
    }

    [Fact]
    [Trait("Requirement", "S101")]
    [Trait("Requirement", "S184")]
    public async Task The_example_append_antipattern_doubles_the_rows_and_is_refused_without_saying_so()
    {
        using var project = ExampleFiles.Copy("append_antipattern");
        await project.RunAsync("append_events", 0, "--date", Date);
        Assert.Equal(1000, await CountAsync(project));
        await project.RunAsync("append_events", 0, "--date", Date);
        Assert.Equal(2000, await CountAsync(project));

        var file = project.Read("pipelines/append_events.yaml");
        project.Write("pipelines/append_events.yaml", file.Replace("      allow_duplicates: true\n", "", StringComparison.Ordinal));
        var refused = (await project.CallAsync("validate")).Expect(2);
        Assert.Contains("pipelines/append_events.yaml:13:13: ", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("allow_duplicates: true", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S188")]
    public async Task A_server_killed_between_delete_and_insert_leaves_the_old_rows_and_the_next_one_publishes()
    {
        using var project = WithWarehouse("upsert", out var schema)
            .Pipeline(
                "swap",
                """
                params: { version: { type: integer, default: 1 } }
                tasks:
                  load:
                    timeout: 1m
                    load:
                      query: "select {{ params.version }} as version, {{ ds }}::date as day from range(50)"
                      into: warehouse.swapped
                      mode: replace_partition
                      partition: "day = {{ ds }}"
                """
            );
        // The example's own pipeline has a schedule, and the server would keep to it.
        File.Delete(project.PathOf("pipelines/user_features.yaml"));
        await project.RunAsync("swap", 0, "--date", Date);
        project.Environment["SIGNALBOX_FAULT"] = "table-after-delete";
        Assert.NotEqual(0, (await project.CallAsync("run", "swap", "--date", Date, "--param", "version=2")).ExitCode);
        Assert.Equal(["1|50"], Rows(schema, "select version, count(*) from swapped group by 1"));

        project.Environment.Remove("SIGNALBOX_FAULT");
        await using var next = await TestServer.StartAsync(project);
        Assert.Equal("success", (await project.EndedAsync(2)).State);
        Assert.Equal(["2|50"], Rows(schema, "select version, count(*) from swapped group by 1"));
        Assert.Equal(["signalbox_fences", "signalbox_loads", "swapped"], Tables(schema));
    }

    [Fact]
    public async Task A_refused_password_fails_as_auth_and_shows_it_nowhere()
    {
        using var project = WithWarehouse("upsert", out _);
        project.Environment["SIGNALBOX_SECRET_WAREHOUSE"] = project
            .Environment["SIGNALBOX_SECRET_WAREHOUSE"]
            .Replace("signalbox@", "nobody:hunter2hunter2@", StringComparison.Ordinal);
        var run = await project.RunAsync("user_features", 1, "--date", Date);
        var failure = Assert.Single(run.Attempts("load")).GetProperty("failure");
        Assert.Equal("auth", failure.GetProperty("class").GetString());
        Assert.DoesNotContain("hunter2", run.Json.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", (await project.CallAsync("logs", "last", "load")).ToString(), StringComparison.Ordinal);
    }

    private TestProject WithWarehouse(string example, out string schema)
    {
        schema = $"t{Guid.NewGuid():N}";
        _ = Rows("public", $"create schema {schema}");
        var project = ExampleFiles.Copy(example);
        project.Environment["SIGNALBOX_SECRET_WAREHOUSE"] = server
            .Address(schema)
            .Replace("postgres://", "postgresql+psycopg2://", StringComparison.Ordinal);
        return project;
    }

    private List<string> Tables(string schema) =>
        Rows(schema, $"select tablename from pg_tables where schemaname = '{schema}' and tablename not like 'signalbox_kept%' order by 1");

    private List<string> Rows(string schema, string sql)
    {
        using var connection = new NpgsqlConnection($"{server.Connection};Search Path={schema}");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i)))));
        }

        return rows;
    }

    private static async Task<int> CountAsync(TestProject project)
    {
        var start = new System.Diagnostics.ProcessStartInfo(
            "python3",
            ["-c", "import sqlite3; print(sqlite3.connect('out/local.db').execute('select count(*) from events').fetchone()[0])"]
        )
        {
            WorkingDirectory = project.Folder,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var python = System.Diagnostics.Process.Start(start)!;
        var said = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return int.Parse(said);
    }
}
