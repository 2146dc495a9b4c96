using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/036-api.md</summary>
public sealed partial class Spec036Api(ApiBench bench) : IClassFixture<ApiBench>
{
    private const int AtOnce = 50;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Requirement", "S17")]
    public async Task The_same_key_gives_the_same_run_however_many_ask_at_once()
    {
        const string Body = """{"date":"2001-03-01","reason":"once"}""";
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, AtOnce).Select(_ => bench.Admin.PostAsync("/api/pipelines/hello/runs", Body, HttpStatusCode.Created, key))
        );
        var run = Assert.Single(answers.Select(answer => answer.GetProperty("number").GetInt64()).Distinct());
        await bench.Admin.EndedAsync(run);
        var again = await bench.Admin.PostAsync("/api/pipelines/hello/runs", Body, HttpStatusCode.Created, key);
        Assert.Equal(run, again.GetProperty("number").GetInt64());
        var other = await bench.Admin.PostAsync(
            "/api/pipelines/hello/runs",
            """{"date":"2001-03-02"}""",
            HttpStatusCode.UnprocessableEntity,
            key
        );
        Assert.Equal("key_reused", other.GetProperty("code").GetString());
        var fresh = await bench.Admin.PostAsync("/api/pipelines/hello/runs", Body, HttpStatusCode.Created, Guid.NewGuid().ToString());
        Assert.NotEqual(run, fresh.GetProperty("number").GetInt64());
    }

    [Fact]
    [Trait("Requirement", "S4")]
    public async Task A_range_is_run_again_with_the_new_definition_and_each_run_says_which_it_had()
    {
        bench.Project.Pipeline("changing", "partition: day\ntasks:\n  only: { run: \"echo one\" }\n");
        await bench.Server.SaysAsync(line => line.Contains("changing is live", StringComparison.Ordinal));
        var before = (await bench.Admin.EndedAsync(await bench.StartAsync("changing", """{"date":"2001-01-02"}""")))
            .GetProperty("version")
            .GetString();
        bench.Project.Pipeline("changing", "partition: day\ntasks:\n  only: { run: \"echo two\" }\n");
        await Eventually.TrueAsync(
            () => bench.Server.Lines.Count(line => line.Contains("changing is live", StringComparison.Ordinal)) == 2,
            TimeSpan.FromSeconds(60)
        );
        const string Range = """{"from":"2001-01-01","to":"2001-01-03","max_active":2,"reason":"the new definition","dry_run":DRY}""";
        var plan = await bench.Admin.PostAsync("/api/pipelines/changing/backfills", Range.Replace("DRY", "true", StringComparison.Ordinal));
        Assert.Equal("planned", plan.GetProperty("state").GetString());
        Assert.Equal(3, plan.GetProperty("runs").GetArrayLength());
        var started = await bench.Admin.PostAsync(
            "/api/pipelines/changing/backfills",
            Range.Replace("DRY", "false", StringComparison.Ordinal),
            HttpStatusCode.Created
        );
        var id = started.GetProperty("backfill_id").GetInt64();
        JsonElement seen = default;
        await Eventually.TrueAsync(
            () =>
                (seen = bench.Admin.GetAsync($"/api/backfills/{id}").GetAwaiter().GetResult()).GetProperty("state").GetString()
                == "success",
            TimeSpan.FromSeconds(90),
            () => seen.ToString()
        );
        var runs = (await bench.Admin.GetAsync($"/api/runs?pipeline=changing&backfill={id}")).GetProperty("items");
        Assert.Equal(3, runs.GetArrayLength());
        var after = Assert.Single(runs.EnumerateArray().Select(run => run.GetProperty("version").GetString()).Distinct());
        Assert.NotEqual(before, after);
        Assert.Contains(
            "echo two",
            (await bench.Admin.GetAsync($"/api/pipelines/changing/versions/{after}")).GetProperty("source").GetString(),
            StringComparison.Ordinal
        );
        var versions = (await bench.Admin.GetAsync("/api/pipelines/changing/versions")).GetProperty("items");
        Assert.Equal([after, before], versions.EnumerateArray().Select(version => version.GetProperty("version").GetString()));
    }

    [Fact]
    [Trait("Requirement", "S16")]
    public async Task Why_names_the_upstream_that_has_not_arrived()
    {
        var run = await bench.StartAsync("slow");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while ((await bench.Viewer.GetAsync($"/api/runs/{run}")).GetProperty("run").GetProperty("state").GetString() == "queued")
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "the run does not start");
        }

        var why = await bench.Viewer.GetAsync($"/api/runs/{run}/tasks/after/why");
        var reason = Assert.Single(why.GetProperty("reasons").EnumerateArray(), each => each.GetProperty("kind").GetString() == "upstream");
        Assert.Contains("needs long", reason.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("none", why.GetProperty("state").GetString());
        await bench.Admin.PostAsync($"/api/runs/{run}/cancel", """{"reason":"seen enough"}""");
        var ended = await bench.Admin.EndedAsync(run);
        Assert.Equal("cancelled", ended.GetProperty("state").GetString());
        Assert.Equal(
            "conflict",
            (await bench.Admin.ProblemAsync(HttpMethod.Post, $"/api/runs/{run}/cancel", HttpStatusCode.Conflict, "{}"))
                .GetProperty("code")
                .GetString()
        );
    }

    [Fact]
    [Trait("Requirement", "S38")]
    public async Task Lists_are_filtered_by_tag()
    {
        var tagged = await bench.RunAsync("hello");
        var other = await bench.RunAsync("chain");
        var pipelines = (await bench.Viewer.GetAsync("/api/pipelines?tag=example")).GetProperty("items");
        Assert.Equal("hello", Assert.Single(pipelines.EnumerateArray()).GetProperty("pipeline").GetString());
        var runs = (await bench.Viewer.GetAsync("/api/runs?tag=example&limit=1000")).GetProperty("items").EnumerateArray().ToList();
        Assert.Contains(runs, run => run.GetProperty("number").GetInt64() == tagged);
        Assert.DoesNotContain(runs, run => run.GetProperty("number").GetInt64() == other);
        Assert.All(runs, run => Assert.Equal("hello", run.GetProperty("pipeline").GetString()));
        Assert.Empty((await bench.Viewer.GetAsync("/api/runs?tag=nothing")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    [Trait("Requirement", "S51")]
    public async Task Instants_are_UTC_and_times_of_schedules_say_what_the_wall_clock_shows()
    {
        var run = await bench.Admin.EndedAsync(await bench.StartAsync("dated", """{"date":"2001-01-05"}"""));
        Assert.Equal("2001-01-05T01:30:00Z", run.GetProperty("data_interval_start").GetString());
        foreach (var name in new[] { "created_at", "started_at", "ended_at", "logical_date", "data_interval_end" })
        {
            Assert.EndsWith("Z", run.GetProperty(name).GetString(), StringComparison.Ordinal);
        }

        bench.Project.Pipeline("zoned", "schedule: { cron: \"30 2 * * *\", timezone: Asia/Kolkata }\ntasks:\n  only: { run: \"true\" }\n");
        await bench.Server.SaysAsync(line => line.Contains("zoned is live", StringComparison.Ordinal));
        var next = (await bench.Viewer.GetAsync("/api/upcoming?pipeline=zoned&limit=3")).EnumerateArray().ToList();
        Assert.Equal(3, next.Count);
        foreach (var tick in next)
        {
            Assert.Contains("T02:30:00+05:30", tick.GetProperty("local").GetString(), StringComparison.Ordinal);
            Assert.Equal("Asia/Kolkata", tick.GetProperty("time_zone").GetString());
            Assert.Equal(tick.GetProperty("local").GetDateTimeOffset(), tick.GetProperty("utc").GetDateTimeOffset());
        }
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_and_holds_each_run_once()
    {
        var mine = new List<long>();
        for (var day = 1; day <= 5; day++)
        {
            mine.Add(await bench.RunAsync("chain", $$"""{"date":"2002-01-0{{day}}"}"""));
        }

        var seen = new List<long>();
        string? after = null;
        do
        {
            var page = await bench.Viewer.GetAsync($"/api/runs?pipeline=chain&limit=2{(after is null ? "" : $"&after={after}")}");
            Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, 2);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(run => run.GetProperty("number").GetInt64()));
            after = page.GetProperty("next").GetString();
        } while (after is not null);

        Assert.Equal(seen.OrderDescending().Distinct(), seen);
        Assert.Subset(seen.ToHashSet(), mine.ToHashSet());
        var grid = (await bench.Viewer.GetAsync("/api/grid?pipeline=chain&limit=1")).GetProperty("items")[0];
        Assert.Equal(
            ["first", "second", "third"],
            grid.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("task").GetString()!).Order()
        );
    }

    [Fact]
    [Trait("Requirement", "S127")]
    public async Task What_is_no_success_is_a_problem_that_says_what_is_wrong()
    {
        var missing = await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/runs/999999", HttpStatusCode.NotFound);
        Assert.Equal("there is no run 999999", missing.GetProperty("detail").GetString());
        Assert.Contains(
            "did you mean `hello`",
            (await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/pipelines/helo", HttpStatusCode.NotFound))
                .GetProperty("detail")
                .GetString(),
            StringComparison.Ordinal
        );
        var field = await bench.Admin.ProblemAsync(
            HttpMethod.Post,
            "/api/pipelines/hello/runs",
            HttpStatusCode.BadRequest,
            """{"dat":"2001-01-01"}"""
        );
        Assert.StartsWith("dat: ", field.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await bench.Admin.ProblemAsync(HttpMethod.Post, "/api/pipelines/hello/runs", HttpStatusCode.BadRequest, "{");
        Assert.Equal(
            "mode: it must be given",
            (await bench.Admin.ProblemAsync(HttpMethod.Post, "/api/runs/1/rerun", HttpStatusCode.BadRequest, "{}"))
                .GetProperty("detail")
                .GetString()
        );
        Assert.StartsWith(
            "limit: ",
            (await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/runs?limit=abc", HttpStatusCode.BadRequest))
                .GetProperty("detail")
                .GetString(),
            StringComparison.Ordinal
        );
        await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/runs?limit=0", HttpStatusCode.BadRequest);
        await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/runs?state=happy", HttpStatusCode.BadRequest);
        await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/nothing", HttpStatusCode.NotFound);
        await bench.Viewer.ProblemAsync(HttpMethod.Delete, "/api/runs", HttpStatusCode.MethodNotAllowed);
        using var text = new HttpRequestMessage(HttpMethod.Post, "/api/pipelines/hello/runs") { Content = new StringContent("date=1") };
        using var refused = await bench.Admin.Http.SendAsync(text, Ct);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        var parameters = await bench.Admin.ProblemAsync(
            HttpMethod.Post,
            "/api/pipelines/chain/runs",
            HttpStatusCode.UnprocessableEntity,
            """{"params":{"mood":3}}"""
        );
        Assert.Contains("mood", parameters.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tasks_run_again_as_the_preview_says_and_a_mark_decides()
    {
        var run = await bench.RunAsync("broken");
        var preview = await bench.Viewer.GetAsync($"/api/runs/{run}/rerun?mode=from_failed");
        Assert.Equal(["bad", "after"], preview.GetProperty("tasks").EnumerateArray().Select(task => task.GetString()!));
        await bench.Viewer.ProblemAsync(HttpMethod.Get, $"/api/runs/{run}/rerun?mode=from", HttpStatusCode.BadRequest);
        foreach (
            var (field, body) in new[]
            {
                ("params", """{"mode":"from_failed","params":[1]}"""),
                ("downstream", """{"mode":"from_failed","version":"newest","downstream":true}"""),
            }
        )
        {
            var refused = await bench.Admin.ProblemAsync(HttpMethod.Post, $"/api/runs/{run}/rerun", HttpStatusCode.BadRequest, body);
            Assert.StartsWith($"{field}: ", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await bench.Admin.PostAsync($"/api/runs/{run}/rerun", """{"mode":"from_failed"}""");
        await bench.Admin.EndedAsync(run);
        Assert.Equal(2, (await bench.Viewer.GetAsync($"/api/runs/{run}/tasks/bad")).GetProperty("attempts").GetArrayLength());
        await bench.Admin.PostAsync($"/api/runs/{run}/tasks/bad/mark", """{"state":"success","reason":"seen by eye"}""");
        await Eventually.TrueAsync(
            () =>
                bench.Admin.GetAsync($"/api/runs/{run}").GetAwaiter().GetResult().GetProperty("run").GetProperty("state").GetString()
                == "success",
            TimeSpan.FromSeconds(60)
        );
        var history = (await bench.Viewer.GetAsync($"/api/runs/{run}/history?task=bad")).EnumerateArray();
        Assert.Contains(
            history,
            line => line.GetProperty("reason").GetString()?.Contains("seen by eye", StringComparison.Ordinal) ?? false
        );
    }

    [Fact]
    public async Task A_question_is_answered_in_the_name_of_who_calls()
    {
        var run = await bench.StartAsync("asks");
        await Eventually.TrueAsync(
            () => bench.Viewer.GetAsync("/api/approvals").GetAwaiter().GetResult().GetArrayLength() > 0,
            TimeSpan.FromSeconds(60)
        );
        await bench.Admin.PostAsync($"/api/runs/{run}/tasks/ask/answer", """{"decision":"approved","reason":"fine"}""");
        var ended = await bench.Admin.EndedAsync(run);
        Assert.Equal("success", ended.GetProperty("state").GetString());
        var asked = (await bench.Viewer.GetAsync("/api/approvals?all=true"))
            .EnumerateArray()
            .First(each => each.GetProperty("run").GetInt64() == run);
        Assert.StartsWith("token admin-", asked.GetProperty("answers")[0].GetProperty("who").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipeline_is_paused_and_goes_on()
    {
        await bench.Admin.PostAsync("/api/pipelines/hello/pause", """{"reason":"the source moves"}""");
        var paused = (await bench.Viewer.GetAsync("/api/pipelines/hello")).GetProperty("about");
        Assert.Equal(
            (true, "the source moves"),
            (paused.GetProperty("paused").GetBoolean(), paused.GetProperty("paused_reason").GetString())
        );
        await bench.Admin.PostAsync("/api/pipelines/hello/unpause", "{}");
        Assert.False((await bench.Viewer.GetAsync("/api/pipelines/hello")).GetProperty("about").GetProperty("paused").GetBoolean());
    }

    [Fact]
    public async Task A_log_is_read_whole_and_in_ranges()
    {
        var run = await bench.RunAsync("hello", """{"date":"2001-05-06"}""");
        var path = $"/api/runs/{run}/tasks/greet/attempts/1/log";
        Assert.Equal("hello 2001-05-06\n", await bench.Viewer.Http.GetStringAsync(path, Ct));
        foreach (var (range, expected, content) in new[] { ("bytes=6-9", "bytes 6-9/17", "2001"), ("bytes=-4", "bytes 13-16/17", "-06\n") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Range = RangeHeaderValue.Parse(range);
            using var response = await bench.Viewer.Http.SendAsync(request, Ct);
            Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
            Assert.Equal(expected, response.Content.Headers.ContentRange?.ToString());
            Assert.Equal(content, await response.Content.ReadAsStringAsync(Ct));
        }

        using var beyond = new HttpRequestMessage(HttpMethod.Get, path);
        beyond.Headers.Range = RangeHeaderValue.Parse("bytes=17-");
        using var refused = await bench.Viewer.Http.SendAsync(beyond, Ct);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, refused.StatusCode);
        await bench.Viewer.ProblemAsync(HttpMethod.Get, $"/api/runs/{run}/tasks/greet/attempts/2/log", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task No_document_of_what_there_is_is_a_fault_whatever_is_missing_in_it()
    {
        var runs = new List<long> { await bench.RunAsync("broken"), await bench.StartAsync("asks") };
        var document = await bench.Nobody.GetAsync("/api/openapi.json");
        var tried = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(each => each.Value.TryGetProperty("get", out _)))
        {
            if (path.Name.Contains("/events", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (
                var (run, pipeline, task) in new[] { (runs[0], "broken", "bad"), (runs[0], "dated", "after"), (runs[1], "asks", "ask") }
            )
            {
                var address = path
                    .Name.Replace("{run}", $"{run}", StringComparison.Ordinal)
                    .Replace("{pipeline}", pipeline, StringComparison.Ordinal)
                    .Replace("{task}", task, StringComparison.Ordinal)
                    .Replace("{attempt}", "1", StringComparison.Ordinal);
                if (address.Contains('{', StringComparison.Ordinal))
                {
                    continue;
                }

                using var response = await bench.Admin.SendAsync(HttpMethod.Get, address);
                Assert.True(
                    response.StatusCode < HttpStatusCode.InternalServerError,
                    $"{address} is answered with {(int)response.StatusCode}"
                );
                tried++;
            }
        }

        Assert.InRange(tried, 100, int.MaxValue);
        await bench.Admin.PostAsync($"/api/runs/{runs[1]}/cancel", "{}");
    }
}
