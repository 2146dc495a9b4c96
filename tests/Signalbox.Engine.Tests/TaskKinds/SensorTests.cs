using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.S3Server;

namespace Signalbox.Engine.Tests.TaskKinds;

/// <summary>Tasks that wait for objects, queries, answers and messages: not yet, then there; what cannot be asked is counted and ends nothing.</summary>
public sealed class SensorTests
{
    [Fact]
    [Trait("Requirement", "S115")]
    [Trait("Requirement", "S117")]
    public async Task A_server_is_asked_until_it_answers_as_wanted_and_one_that_is_away_is_counted()
    {
        using var server = new AnsweringServer();
        await using var house = new House();
        Secret(house, "partner", "s3cret");
        var name = house.Pipeline(
            $$$"""
            pipeline: waits
            tasks:
              ready:
                wait_for:
                  http: "http://127.0.0.1:{{{server.Port}}}/exports/{{ ds }}?all=1"
                  json: { state: ready, files.1.rows: "{{ 40 + 2 }}" }
                  headers: { X-Key: "secret:partner" }
                every: 20ms
                timeout: 1m
            """
        );
        var run = await house.StartAsync(name);
        await Said(house, run, "answers 404; waiting for 200 to 299");
        Assert.Equal("s3cret", server.Key);
        server.Answer = (200, "ready");
        await Said(house, run, "but not with JSON");
        server.Answer = (200, """{"state": "ready", "files": [{"rows": 1}]}""");
        await Said(house, run, "`files.1.rows` is not there; waiting for `42`");
        server.Answer = (200, """{"state": "busy"}""");
        await Said(house, run, "`files.1.rows` is not there");
        server.Answer = (200, """{"state": "ready", "files": [{}, {"rows": 42}]}""");
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        var task = house.Task(run, "ready");
        Assert.InRange(task.Polls, 3, int.MaxValue);
        Assert.Equal(0, task.FailedPolls);
        using var result = JsonDocument.Parse(task.Result!);
        Assert.Equal("ready", result.RootElement.GetProperty("json").GetProperty("state").GetString());
    }

    [Fact]
    [Trait("Requirement", "S116")]
    [Trait("Requirement", "S117")]
    public async Task Who_cannot_be_reached_is_asked_again_and_the_time_out_fails_it_once()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        var name = house.Pipeline(
            $"pipeline: waits\ntasks:\n  up: {{ wait_for: {{ http: \"http://127.0.0.1:{AnsweringServer.FreePort()}/\" }}, every: 60s, timeout: 1h, retries: 3 }}\n"
        );
        var run = await house.StartAsync(name);
        await house.UntilAsync(() => house.Task(run, "up").FailedPolls == 1, "the first look");
        Assert.Contains("(failed looks: 1 of 1; it goes on)", house.Task(run, "up").Reason, StringComparison.Ordinal);
        // The look that failed is taken again sooner than the next one would be.
        Assert.Equal(time.GetUtcNow().AddSeconds(30), house.Task(run, "up").DueAt);
        time.Pass(TimeSpan.FromSeconds(31));
        await house.UntilAsync(() => house.Task(run, "up").FailedPolls == 2 || Passes(time), "the second look");
        time.Pass(TimeSpan.FromHours(1));
        await house.UntilAsync(() => house.Task(run, "up").State == TaskState.Failed || Passes(time), "the end");
        Assert.Equal(FailureClass.Timeout, house.Task(run, "up").Failure!.Class);
        Assert.Single(house.Attempts(run));
    }

    [Fact]
    [Trait("Requirement", "S115")]
    public async Task A_query_of_a_database_that_is_made_meanwhile_passes_when_its_value_says_so()
    {
        await using var house = new House("connections: { local: { sqlite: here.db } }");
        var name = house.Pipeline(
            """
            pipeline: waits
            tasks:
              loaded: { wait_for: { sql: "select rows from loads where day = '{{ ds }}'", connection: local }, every: 20ms, timeout: 1m }
            """
        );
        var run = await house.StartAsync(name);
        await Said(house, run, "there is no database", "loaded");
        using (var file = new SqliteFile(house.Path("here.db")))
        {
            await Said(house, run, "no such table", "loaded");
            _ = file.Execute("create table loads (day text, rows integer)");
            await Said(house, run, "the query gives no row", "loaded");
            _ = file.Execute("insert into loads values ('2024-03-01', 0)");
            await Said(house, run, "the query gives 0", "loaded");
            _ = file.Execute("update loads set rows = 7");
        }

        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal("""{"value":"7"}""", house.Task(run, "loaded").Result);
        Assert.InRange(house.Task(run, "loaded").FailedPolls, 2, int.MaxValue);
    }

    [Fact]
    [Trait("Requirement", "S115")]
    public async Task A_query_without_a_connection_reads_the_files_of_the_project_and_writes_nothing()
    {
        await using var house = new House();
        house.Write("in.csv", "n\n");
        var name = house.Pipeline(
            """
            pipeline: waits
            tasks:
              loaded: { wait_for: { sql: "select count(*) > 1 from 'in.csv'" }, every: 20ms, timeout: 2m }
            """
        );
        var run = await house.StartAsync(name);
        await Said(house, run, "the query gives false", "loaded");
        house.Write("in.csv", "n\n1\n2\n");
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("0", false)]
    [InlineData("0.00", false)]
    [InlineData("False", false)]
    [InlineData("1", true)]
    [InlineData("-1", true)]
    [InlineData("true", true)]
    [InlineData("2024-01-01", true)]
    public void A_value_says_yes_unless_it_is_null_false_zero_or_empty(string? value, bool holds) =>
        Assert.Equal(holds, FirstValue.Of(value).Holds);

    [Fact]
    [Trait("Requirement", "S115")]
    [Trait("Requirement", "S117")]
    public async Task An_object_is_waited_for_by_its_key_or_below_its_prefix()
    {
        await using var server = await LocalS3.StartAsync("landing");
        await using var house = new House(
            $"connections: {{ lake: {{ s3: {{ endpoint: \"{server.Endpoint}\", access_key: secret:access, secret_key: secret:secret }} }} }}"
        );
        Secret(house, "access", server.AccessKey);
        Secret(house, "secret", server.SecretKey);
        var name = house.Pipeline(
            """
            pipeline: waits
            tasks:
              one: { wait_for: { s3: "s3://landing/{{ ds }}.csv", min_size: 3 }, every: 20ms, timeout: 1m }
              some: { wait_for: { s3: "s3://landing/parts/", stable_for: 50ms }, every: 20ms, timeout: 1m }
            """
        );
        var run = await house.StartAsync(name);
        await Said(house, run, "s3://landing/2024-03-01.csv is not there yet", "one");
        await Said(house, run, "s3://landing/parts/ is not there yet", "some");
        Put("2024-03-01.csv", "1");
        await Said(house, run, "has 1 bytes; waiting for at least 3", "one");
        Put("2024-03-01.csv", "1234");
        Put("parts/a", "1");
        Put("parts/b", "1");
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        using var found = JsonDocument.Parse(house.Task(run, "some").Result!);
        Assert.Equal("2", found.RootElement.GetProperty("objects").GetString());

        void Put(string key, string content) =>
            server.Objects.Put("landing", key, System.Text.Encoding.UTF8.GetBytes(content), new Dictionary<string, string>(), default);
    }

    [Fact]
    [Trait("Requirement", "S115")]
    public async Task A_message_to_the_run_or_to_its_date_ends_the_wait_at_once()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: waits
            tasks:
              labels: { wait_for: { message: "labels_{{ ds_nodash }}" }, every: 10h, timeout: 20h }
              read: { needs: [labels], run: "echo '{{ tasks.labels.result.data.rows }}' > rows" }
            """
        );
        var run = await house.StartAsync(name);
        await Said(house, run, "no message `labels_20240301` yet", "labels");
        Assert.False((await house.AskAsync(new Request.SendSignal(999, null, null, "labels_20240301", null))).Done);
        Assert.False((await house.AskAsync(new Request.SendSignal(run.Value, null, null, "labels_20240301", "{"))).Done);
        Assert.True((await house.AskAsync(new Request.SendSignal(run.Value, null, null, "another", null))).Done);
        Assert.True((await house.AskAsync(new Request.SendSignal(run.Value, null, null, "labels_20240301", """{"rows": 12}"""))).Done);
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal(["12"], house.Lines("rows"));

        // For a date the message may come before the run is there.
        var early = new Request.SendSignal(null, name, "2024-03-05", "labels_20240305", """{"rows": 5}""");
        Assert.True((await house.AskAsync(early)).Done);
        Assert.Equal(RunState.Success, (await house.RunAsync(name, "2024-03-05")).State);
        Assert.Equal(["5"], house.Lines("rows"));
    }

    [Fact]
    [Trait("Requirement", "S115")]
    public async Task Waiting_tasks_hold_no_slot_and_little_memory()
    {
        const int runs = 300;
        await using var house = new House("max_active_tasks: 1\n");
        var name = house.Pipeline(
            """
            pipeline: waits
            max_active_runs: 1000
            tasks:
              landed: { wait_for: { file: "landing/{{ ds }}.csv" }, every: 10h, timeout: 20h }
            """
        );
        var busy = house.Pipeline("pipeline: busy\ntasks:\n  a: { run: \"true\" }\n");
        await house.SaveAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var day = new DateOnly(2020, 1, 1);
        for (var i = 0; i < runs; i++)
        {
            Assert.True(
                (await house.AskAsync(new Request.StartRun(name, null, day.AddDays(i).ToString("yyyy-MM-dd"), "{}", null, null))).Done
            );
        }

        await house.UntilAsync(
            () => house.Store.Read(session => session.ActiveRuns().Count(run => house.Task(run.Number, "landed").Polls == 1)) == runs,
            "all to wait"
        );
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / runs;
        // Ten thousand are to take less than 200 MB, processes and all; what is measured here is the managed part.
        Assert.InRange(each, long.MinValue, 20_000);
        // The only slot of the server is free.
        Assert.Equal(RunState.Success, (await house.RunAsync(busy)).State);
    }

    [Fact]
    [Trait("Requirement", "S44")]
    [Trait("Requirement", "S45")]
    [Trait("Requirement", "S46")]
    public async Task Never_before_one_o_clock_at_most_an_hour_then_it_fails_and_alerts_once()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 23, 59, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        house.Write("landing/2026-03-01.csv", "there long before");
        house.Pipeline(
            """
            pipeline: hybrid
            schedule: "0 0 * * *"
            start: 2026-03-01T00:00:00Z
            tasks:
              opens: { wait_for: { time: "01:00" } }
              landed: { needs: [opens], wait_for: { file: "landing/{{ ds }}.csv" }, every: 1m, timeout: 1h }
              etl: { needs: [landed], run: "echo {{ ds }} >> done" }
              alarm: { needs: [landed], trigger_rule: one_failed, run: "echo {{ ds }} >> alarms" }
            """
        );
        await house.ServeAsync();
        time.Pass(TimeSpan.FromMinutes(1));
        await house.UntilAsync(() => State("opens", "2026-03-01") == TaskState.UpForReschedule || Passes(time), "the first run");
        Assert.Equal(TaskState.None, State("landed", "2026-03-01"));
        time.Pass(TimeSpan.FromMinutes(50));
        // Not before one o'clock, although the file is there.
        Assert.Empty(house.Lines("done"));
        Assert.Equal(TaskState.UpForReschedule, State("opens", "2026-03-01"));
        time.Pass(TimeSpan.FromMinutes(10));
        await house.UntilAsync(() => house.Lines("done").Length == 1 || Passes(time), "the work");

        // The next day nothing comes.
        time.Pass(TimeSpan.FromHours(24) - time.GetUtcNow().TimeOfDay);
        await house.UntilAsync(() => State("opens", "2026-03-02") == TaskState.UpForReschedule || Passes(time), "the second run");
        time.Pass(TimeSpan.FromHours(1));
        await house.UntilAsync(() => State("landed", "2026-03-02") == TaskState.UpForReschedule || Passes(time), "the wait");
        time.Pass(TimeSpan.FromMinutes(58));
        Assert.Equal(TaskState.UpForReschedule, State("landed", "2026-03-02"));
        time.Pass(TimeSpan.FromMinutes(3));
        await house.UntilAsync(() => house.Lines("alarms").Length == 1 || Passes(time), "the alarm");
        await house.UntilAsync(() => Of("2026-03-02")?.State == RunState.Failed || Passes(time), "the end");
        Assert.Equal(TaskState.UpstreamFailed, State("etl", "2026-03-02"));
        Assert.Equal(["2026-03-01"], house.Lines("done"));
        Assert.Equal(["2026-03-02"], house.Lines("alarms"));

        Run? Of(string date) =>
            house
                .Store.Read(session => session.Runs(new Storage.RunFilter(new PipelineName("hybrid"))))
                .FirstOrDefault(run => run.LogicalDate.ToString("yyyy-MM-dd") == date);
        TaskState? State(string task, string date) => Of(date) is { } run ? house.Task(run.Number, task).State : null;
    }

    private static Task Said(House house, RunNumber run, string text, string task = "ready") =>
        house.UntilAsync(() => house.Task(run, task).Reason?.Contains(text, StringComparison.Ordinal) == true, $"`{text}`");

    private static void Secret(House house, string name, string value) =>
        File.SetUnixFileMode(house.Write($".signalbox/secrets/{name}", value), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>A little more time, for a timer that was set only after the clock had moved.</summary>
    private static bool Passes(ManualTime time)
    {
        time.Pass(TimeSpan.FromMilliseconds(100));
        return false;
    }
}
