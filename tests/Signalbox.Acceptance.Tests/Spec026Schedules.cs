using Signalbox.Storage.Tests;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/026-schedules.md</summary>
public sealed class Spec026Schedules(PostgresServer server)
{
    private const string Several = """
        schedule:
          - { cron: "30 1 * * *", timezone: Europe/London }
          - { name: often, every: PT6H, anchor: 2026-01-01T03:00, timezone: Europe/London }
          - { rrule: "FREQ=MONTHLY;BYDAY=-1FR", anchor: 2026-01-30T09:30, timezone: Europe/London, jitter: 5m }
        tasks:
          a: { run: "true", timeout: 1m }
        """;

    [Fact]
    [Trait("Requirement", "S19")]
    [Trait("Requirement", "S14")]
    [Trait("Requirement", "S53")]
    public async Task Several_schedules_are_shown_with_their_zone_and_the_zone_of_the_machine_changes_nothing()
    {
        using var project = new TestProject()
            .Pipeline("several", Several)
            .Pipeline("plain", "schedule: { every: 10m }\nrun: \"true\"\ntimeout: 1m\n");
        var here = (await project.CallAsync("pipelines", "show", "several", "--json")).Expect(0).Json;
        project.Environment["TZ"] = "Asia/Tokyo";
        var there = (await project.CallAsync("pipelines", "show", "several", "--json")).Expect(0).Json;
        // A tick may pass between the two calls.
        var first = here.GetProperty("next_ticks").EnumerateArray().Select(tick => tick.GetProperty("utc").GetString()).ToList();
        var second = there.GetProperty("next_ticks").EnumerateArray().Select(tick => tick.GetProperty("utc").GetString()).ToList();
        Assert.Equal(first[1..], second.Intersect(first).Take(2).Count() == 2 ? first[1..] : second[..2]);
        Assert.Contains("Every 6h", here.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Contains("the last Friday", here.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        var plain = (await project.CallAsync("pipelines", "--json"))
            .Expect(0)
            .Json.EnumerateArray()
            .Single(one => one.GetProperty("pipeline").GetString() == "plain");
        Assert.Equal(("every 10m", "UTC"), (plain.GetProperty("schedule").GetString(), plain.GetProperty("time_zone").GetString()));
        Assert.Equal(0, plain.GetProperty("next").GetDateTimeOffset().Minute % 10);
    }

    [Fact]
    [Trait("Requirement", "S28")]
    public async Task What_a_rule_has_that_is_not_read_is_refused_by_its_name_and_place()
    {
        using var project = new TestProject().Pipeline("wrong", "schedule: { rrule: \"FREQ=YEARLY;BYWEEKNO=20\" }\nrun: \"true\"\n");
        var refused = (await project.CallAsync("validate")).Expect(2);
        Assert.Contains("wrong.yaml:2:33", refused.Output, StringComparison.Ordinal);
        Assert.Contains("BYWEEKNO is not supported", refused.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S37")]
    public async Task A_paused_pipeline_says_first_how_many_runs_its_end_would_create_and_a_drained_one_takes_none()
    {
        using var project = new TestProject().Pipeline(
            "held",
            "schedule: \"0 2 * * *\"\nstart: 2001-01-01\ntasks:\n  a: { run: \"true\", timeout: 1m }\n"
        );
        (await project.CallAsync("pause", "held", "--reason", "not yet")).Expect(0);
        var forecast = (await project.CallAsync("unpause", "held", "--dry-run", "--json")).Expect(0).Json;
        Assert.Equal((1, true), (forecast.GetProperty("runs").GetInt32(), forecast.GetProperty("paused").GetBoolean()));
        Assert.Contains("not yet", (await project.CallAsync("why", "held")).Expect(0).Output, StringComparison.Ordinal);

        Assert.Contains(
            "takes no new runs",
            (await project.CallAsync("drain", "held", "--reason", "moving")).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "moving",
            (await project.CallAsync("run", "held", "--date", "2001-01-05")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains("drained", (await project.CallAsync("why", "held", "--json")).Expect(0).Output, StringComparison.Ordinal);
        (await project.CallAsync("drain", "held", "--undo")).Expect(0);
        await project.RunAsync("held", 0, "--date", "2001-01-05");
    }

    [Fact]
    public async Task Why_says_that_a_blackout_keeps_a_pipeline_from_running()
    {
        using var project = new TestProject().Pipeline(
            "dark",
            "schedule: \"* * * * *\"\nblackout: [{ from: 2001-01-01, to: 2101-01-01, reason: the century of rest }]\ntasks:\n  a: { run: \"true\", timeout: 1m }\n"
        );
        await using var serving = await TestServer.StartAsync(project);
        await serving.SaysAsync(line => line.Contains("skipped: blackout", StringComparison.Ordinal));
        var why = (await project.CallAsync("why", "dark", "--json")).Expect(0).Output;
        Assert.Contains("\"blackout\"", why, StringComparison.Ordinal);
        Assert.Contains("the century of rest", why, StringComparison.Ordinal);
        Assert.Empty((await project.CallAsync("runs", "--json")).Expect(0).Json.EnumerateArray());
    }

    /// <summary>Two servers on one database, the first killed: every two seconds there is one run, before, between and after.</summary>
    [Fact]
    [Trait("Requirement", "S9")]
    public async Task A_second_server_on_PostgreSQL_stands_by_and_takes_over_with_every_tick_once()
    {
        using var project = new TestProject()
            .Write("signalbox.yaml", $"database: {await DatabaseAsync("schedules")}\n")
            .Pipeline("beat", "schedule: { every: 2s }\ncatchup: all\ntasks:\n  a: { noop: }\n");
        await using (var first = await TestServer.StartAsync(project))
        {
            await using var second = await TestServer.StandByAsync(project);
            await Eventually.TrueAsync(
                () => first.Lines.Count(line => line.Contains("for the tick", StringComparison.Ordinal)) >= 3,
                TimeSpan.FromSeconds(60)
            );
            await first.KillAsync();
            await second.SaysAsync(line => line.Contains("serving ", StringComparison.Ordinal));
            await Eventually.TrueAsync(
                () => second.Lines.Count(line => line.Contains("for the tick", StringComparison.Ordinal)) >= 3,
                TimeSpan.FromSeconds(60)
            );
        }

        var runs = (await project.CallAsync("runs", "--json", "--limit", "1000")).Expect(0).Json.EnumerateArray().ToList();
        var ticks = runs.Select(run => run.GetProperty("data_interval_end").GetDateTimeOffset()).Order().ToList();
        Assert.Equal(Enumerable.Range(0, ticks.Count).Select(i => ticks[0].AddSeconds(2 * i)), ticks);
        Assert.All(ticks, tick => Assert.Equal(0, tick.Second % 2));
    }

    /// <summary>A database of its own, for there is one engine a database.</summary>
    private async Task<string> DatabaseAsync(string name)
    {
        await using var connection = new Npgsql.NpgsqlConnection(server.Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var create = new Npgsql.NpgsqlCommand($"create database {name}", connection);
        await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return server.Address("public").Replace("/postgres?", $"/{name}?", StringComparison.Ordinal);
    }
}
