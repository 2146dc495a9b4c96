using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>What <c>signalbox demo</c> says it did is what is there.</summary>
[Trait("Requirement", "S88")]
public sealed class DemoTests(DemoRun demo) : IClassFixture<DemoRun>
{
    private const string Flights = "examples/flights/flights.parquet";

    private List<JsonElement> Days => [.. demo.Document.GetProperty("days").EnumerateArray()];

    [Fact]
    public void It_renews_its_folder_leaves_what_is_not_its_own_and_serves_afterwards()
    {
        Assert.True(demo.Document.GetProperty("succeeded").GetBoolean(), demo.Document.ToString());
        Assert.False(Directory.Exists(Path.Combine(demo.Folder, "features/date=1999-01-01")));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(demo.Folder, "notes.txt")));
        Assert.Equal("ok", demo.Health);
    }

    [Fact]
    [Trait("Requirement", "S67")]
    public async Task Each_day_is_in_the_store_with_all_its_flights()
    {
        var all = Path.Combine(BuiltProgram.Root, Flights);
        var expected = await demo.QueryAsync(
            """
            with clean as (select distinct * from flights where date < '2001-01-08' and delay between -60 and 720),
            ends as (select date::date as day, origin as airport from clean union select date::date, destination from clean)
            select day::varchar as day, count(*) as airports, (select count(*) from clean where date::date = day) as flights
            from ends group by day order by day
            """,
            ("flights", all)
        );
        var stored = await demo.QueryAsync(
            """
            select date::varchar as day, count(*) as airports, sum(departures)::bigint as flights, sum(arrivals)::bigint as arrivals,
                min(late_share) >= 0 and max(late_share) <= 1 as sane
            from store where date::date < '2001-01-08' group by date order by date
            """,
            ("store", "features/")
        );
        Assert.Equal(7, stored.Count);
        Assert.Equal(expected.Select(Facts), stored.Select(Facts));
        Assert.Equal(expected.Select(Facts), Days.Select(day => (Text(day, "date"), Number(day, "airports"), Number(day, "flights"))));
        Assert.All(stored, day => Assert.Equal(Number(day, "flights"), Number(day, "arrivals")));
        Assert.All(stored, day => Assert.True(day.GetProperty("sane").GetBoolean()));
        Assert.All(Days, day => Assert.Equal(Number(day, "checks"), Number(day, "checks_passed")));
        Assert.Equal([.. Days.Select(_ => "success")], Days.Select(day => Text(day, "state")));
    }

    [Fact]
    [Trait("Requirement", "S3")]
    public void The_bad_file_is_stopped_before_anyone_can_read_it()
    {
        var stop = demo.Document.GetProperty("stopped");
        Assert.Equal("2001-01-05", Text(stop, "date"));
        Assert.Equal("extract", Text(stop, "task"));
        Assert.Contains("899 of 16,591 rows are null (origin: 899)", Text(stop, "message"), StringComparison.Ordinal);
        Assert.Equal(["clean", "features", "load"], stop.GetProperty("blocked").EnumerateArray().Select(task => task.GetString()!));
        Assert.False(stop.GetProperty("visible_to_readers").GetBoolean());
        Assert.Contains(
            "\"origin\":null",
            stop.GetProperty("samples").ToString().Replace(" ", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S1")]
    public async Task The_fault_that_passes_needs_no_person_and_can_be_looked_at()
    {
        var retry = demo.Document.GetProperty("retried");
        Assert.Equal(
            ("2001-01-03", "extract", "transient", "success"),
            (Text(retry, "date"), Text(retry, "task"), Text(retry, "class"), Text(retry, "state"))
        );
        var run = $"{Number(retry, "run")}";
        var first = (await demo.CallAsync("logs", run, "extract", "--attempt", "1")).Expect(0);
        Assert.Contains("the file server is busy (503)", first.Output, StringComparison.Ordinal);
        var second = (await demo.CallAsync("logs", run, "extract", "--attempt", "2")).Expect(0);
        Assert.Contains("sha256", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S69")]
    public void The_backfill_keeps_to_its_limit_and_runs_side_by_side()
    {
        // The run that was mended goes on long after the others.
        var spans = demo
            .Runs.Where(run => run.GetProperty("trigger").GetString() == "backfill" && Text(run, "partition") != "2001-01-05")
            .Select(run => (From: run.GetProperty("started_at").GetDateTimeOffset(), To: run.GetProperty("ended_at").GetDateTimeOffset()))
            .ToList();
        var most = spans.Max(one => spans.Count(other => other.From <= one.From && one.From < other.To));
        Assert.InRange(most, 2, 3);
    }

    [Fact]
    [Trait("Requirement", "S68")]
    [Trait("Requirement", "S76")]
    [Trait("Requirement", "S77")]
    [Trait("Requirement", "S83")]
    public async Task A_model_is_promoted_only_when_it_beats_the_champion_on_flights_that_neither_has_seen()
    {
        var trainings = demo.Document.GetProperty("trainings").EnumerateArray().ToList();
        Assert.Equal([1, 2], trainings.Select(training => Number(training, "champion")));
        Assert.All(trainings, training => Assert.Equal("2001-W01", Text(training, "week")));
        Assert.All(trainings, training => Assert.True(training.GetProperty("promoted").GetBoolean()));
        Assert.All(trainings, training => Assert.Equal(14866 + 16337, Number(training, "flights")));
        var models = trainings[1]
            .GetProperty("models")
            .EnumerateArray()
            .ToDictionary(model => Text(model, "model"), model => model.GetProperty("log_loss").GetDouble());
        Assert.True(models["hour+origin+destination"] < models["champion: hour"] - 0.01, trainings[1].ToString());

        var worse = new RunSeen(
            (await demo.CallAsync("run", "weekly_delay_model", "--date", "2001-01-07", "--param", "settings=[\"hour\"]", "--json"))
                .Expect(0)
                .Json
        );
        Assert.Equal("skipped", worse.States["better"]);
        var reason = Text(worse.Tasks.Single(task => Text(task, "task") == "better"), "reason");
        Assert.Contains("0.4662", reason, StringComparison.Ordinal);
        Assert.Contains("0.4324", reason, StringComparison.Ordinal);
        var report = File.ReadAllLines(Path.Combine(demo.Folder, "reports/2001-W01.csv"));
        Assert.Equal(
            [
                "week,model,auc,log_loss,promoted",
                "2001-W01,hour,0.5991,0.4662,no",
                "2001-W01,champion: hour+origin+destination,0.6116,0.4324,no",
            ],
            report
        );
    }

    [Fact]
    public async Task What_it_proposes_to_try_next_works()
    {
        var next = demo.Document.GetProperty("next").EnumerateArray().Select(line => line.GetString()!).ToList();
        Assert.Equal(5, next.Count);
        var path = Path.GetDirectoryName(BuiltProgram.Path) + ":" + Environment.GetEnvironmentVariable("PATH");
        foreach (var line in next)
        {
            Assert.StartsWith("signalbox ", line, StringComparison.Ordinal);
            var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", line])
            {
                WorkingDirectory = demo.Root,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["PATH"] = path;
            using var shell = System.Diagnostics.Process.Start(start)!;
            var (output, error) = (
                shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
                shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
            );
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(shell.ExitCode == 0, $"{line}\n{await output}\n{await error}");
        }
    }

    [Fact]
    public async Task A_folder_that_it_did_not_make_is_left_alone()
    {
        using var project = new TestProject().Write("mine.txt", "mine");
        var refused = await BuiltProgram.CallAsync(
            Path.GetDirectoryName(project.Folder)!,
            null,
            null,
            "demo",
            Path.GetFileName(project.Folder)
        );
        Assert.Contains("is not empty", refused.Expect(2).Error, StringComparison.Ordinal);
        Assert.Equal(
            ["mine.txt", "pipelines", "signalbox.yaml"],
            Directory.EnumerateFileSystemEntries(project.Folder).Select(Path.GetFileName).Order()
        );
        Assert.Contains(
            "is a file",
            (await BuiltProgram.CallAsync(project.Folder, null, null, "demo", "mine.txt")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    private static (string Day, long Airports, long Flights) Facts(JsonElement day) =>
        (Text(day, "day"), Number(day, "airports"), Number(day, "flights"));

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();
}
