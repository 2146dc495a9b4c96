using System.Net;

namespace Signalbox.Acceptance.Tests;

/// <content>docs/specs/010-backfill.md and 033: what the command line asks for can be asked for here, in the same words.</content>
public sealed partial class Spec036Api
{
    [Fact]
    [Trait("Requirement", "S65")]
    [Trait("Requirement", "S80")]
    [Trait("Requirement", "S133")]
    public async Task A_backfill_by_the_latest_by_partitions_at_a_pace_or_by_the_watermark_and_the_watermark_itself()
    {
        bench.Project.Pipeline("weekly", "partition: week\ntasks:\n  only: { run: \"true\" }\n  more: { needs: [only], run: \"true\" }\n");
        await bench.Server.SaysAsync(line => line.Contains("weekly is live", StringComparison.Ordinal));
        const string Path = "/api/pipelines/weekly/backfills";
        var latest = await bench.Admin.PostAsync(Path, """{"last":"3","reverse":true,"reason":"r","dry_run":true}""");
        var dates = latest.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("logical_date").GetString()).ToList();
        Assert.Equal(3, dates.Count);
        Assert.Equal(dates.OrderDescending(StringComparer.Ordinal), dates);

        (string Body, string Detail)[] wrong =
        [
            ("""{"reason":"r"}""", "with one of from and to, dates, partitions, last and since_watermark"),
            ("""{"last":"7","dates":["2024-01-01"],"reason":"r"}""", "with one of from and to"),
            ("""{"last":"some","reason":"r"}""", "last: `some` is no number of dates or days"),
            ("""{"from":"2024-01-01","reason":"r"}""", "to is missing"),
            ("""{"last":"7","every":"soon","reason":"r"}""", "every: "),
            ("""{"last":"7","max_active":0,"reason":"r"}""", "max_active: it is 1 to 10000, not 0"),
            ("""{"partitions":["2024-W05..2024-W01"],"reason":"r"}""", "partitions: 2024-W05 is later than 2024-W01"),
            (
                """{"since_watermark":true,"only_tasks":["only"],"reason":"r"}""",
                "since_watermark moves the watermark over what is wholly done"
            ),
            ("""{"since_watermark":true,"reason":"r"}""", "say where to begin with from"),
            ("""{"last":"7"}""", "reason: say why"),
        ];
        foreach (var (body, detail) in wrong)
        {
            var problem = await bench.Admin.ProblemAsync(HttpMethod.Post, Path, HttpStatusCode.BadRequest, body);
            Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        var started = await bench.Admin.PostAsync(
            Path,
            """{"partitions":["2024-W01..2024-W02"],"every":"100ms","max_active":2,"reason":"two weeks"}""",
            HttpStatusCode.Created
        );
        Assert.Equal(
            ["2024-W01", "2024-W02"],
            started.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("partition").GetString())
        );
        await DoneAsync(started.GetProperty("backfill_id").GetInt64());

        // The forecast is that of the tasks' history.
        var known = await bench.Admin.PostAsync(Path, """{"last":"3","reason":"r","dry_run":true}""");
        Assert.InRange(known.GetProperty("estimated_late_seconds").GetDouble(), known.GetProperty("estimated_seconds").GetDouble(), 600);

        const string Mark = "/api/pipelines/weekly/watermark";
        await bench.Viewer.ProblemAsync(HttpMethod.Put, Mark, HttpStatusCode.Forbidden, """{"date":"2024-01-21","reason":"r"}""");
        await bench.Admin.ProblemAsync(HttpMethod.Put, Mark, HttpStatusCode.BadRequest, """{"date":"2024-01-21"}""");
        await bench.Admin.ProblemAsync(HttpMethod.Put, Mark, HttpStatusCode.BadRequest, """{"date":"soon","reason":"r"}""");
        (await bench.Admin.SendAsync(HttpMethod.Put, Mark, """{"date":"2024-01-21","reason":"restored"}""")).EnsureSuccessStatusCode();
        var next = await bench.Admin.PostAsync(
            Path,
            """{"since_watermark":true,"to":"2024-02-04","reason":"the next"}""",
            HttpStatusCode.Created
        );
        Assert.Equal(
            ["2024-W04", "2024-W05"],
            next.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("partition").GetString())
        );
        await DoneAsync(next.GetProperty("backfill_id").GetInt64());
        var mark = await bench.Viewer.GetAsync(Mark);
        Assert.Equal("2024-01-29", mark.GetProperty("processed_date").GetString());
        Assert.Equal("restored", mark.GetProperty("history").EnumerateArray().Last().GetProperty("reason").GetString());
        Assert.Contains(
            (await bench.Admin.GetAsync("/api/audit")).EnumerateArray(),
            line => line.GetProperty("what").GetString() == "watermark of weekly set to 2024-01-21"
        );
    }

    private Task DoneAsync(long backfill) =>
        Eventually.TrueAsync(
            async () => (await bench.Admin.GetAsync($"/api/backfills/{backfill}")).GetProperty("state").GetString() == "success",
            TimeSpan.FromSeconds(60)
        );
}
