using System.Net;

namespace Signalbox.Acceptance.Tests;

/// <content>docs/specs/031-inbox.md, and the messages of docs/specs/032-sensors.md.</content>
public sealed partial class Spec036Api
{
    [Fact]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S22")]
    public async Task A_dead_letter_is_found_replayed_and_dropped_and_a_message_ends_the_wait_of_a_run()
    {
        var (_, answer) = await bench.Nobody.Http.PostAsync(bench.Server.Address, "/hooks/landing", """{"n":"many"}""", "s3cret");
        var id = answer.GetProperty("messages")[0].GetProperty("message").GetInt64();
        var (_, good) = await bench.Nobody.Http.PostAsync(bench.Server.Address, "/hooks/landing", """{"n":1}""", "s3cret");
        var run = good.GetProperty("messages")[0].GetProperty("run").GetInt64();

        // The inbox.
        var page = await bench.Viewer.GetAsync("/api/inbox?state=dead&pipeline=landing");
        Assert.Equal(id, Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("id").GetInt64());
        var first = await bench.Viewer.GetAsync("/api/inbox?limit=1");
        Assert.Equal("started", Assert.Single(first.GetProperty("items").EnumerateArray()).GetProperty("state").GetString());
        var second = await bench.Viewer.GetAsync($"/api/inbox?limit=1&after={first.GetProperty("next").GetString()}");
        Assert.Equal(id, Assert.Single(second.GetProperty("items").EnumerateArray()).GetProperty("id").GetInt64());
        var shown = await bench.Viewer.GetAsync($"/api/inbox/{id}");
        Assert.Equal("many", shown.GetProperty("payload").GetProperty("body").GetProperty("n").GetString());
        Assert.Equal("dead", (await bench.Admin.PostAsync($"/api/inbox/{id}/replay", "{}")).GetProperty("state").GetString());
        var wrong = await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/inbox?state=ded", HttpStatusCode.BadRequest);
        Assert.Contains("did you mean `dead`?", wrong.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await bench.Admin.ProblemAsync(HttpMethod.Post, $"/api/inbox/{id}/drop", HttpStatusCode.BadRequest, "{}");
        await bench.Viewer.ProblemAsync(HttpMethod.Post, $"/api/inbox/{id}/drop", HttpStatusCode.Forbidden, """{"reason":"no"}""");
        var dropped = await bench.Admin.PostAsync($"/api/inbox/{id}/drop", """{"reason":"a test of the sender"}""");
        Assert.Equal("a test of the sender", dropped.GetProperty("reason").GetString());
        await bench.Admin.ProblemAsync(HttpMethod.Post, $"/api/inbox/{id}/drop", HttpStatusCode.Conflict, """{"reason":"again"}""");
        await bench.Viewer.ProblemAsync(HttpMethod.Get, "/api/inbox/999999", HttpStatusCode.NotFound);

        // The message that the run waits for.
        const string Data = """{"data":{"rows":1204}}""";
        await bench.Nobody.ProblemAsync(HttpMethod.Post, $"/api/runs/{run}/signals/labels_ready", HttpStatusCode.Unauthorized, Data);
        await bench.Viewer.ProblemAsync(HttpMethod.Post, $"/api/runs/{run}/signals/labels_ready", HttpStatusCode.Forbidden, Data);
        await bench.Admin.ProblemAsync(HttpMethod.Post, "/api/runs/999999/signals/labels_ready", HttpStatusCode.NotFound, Data);
        await bench.Admin.PostAsync($"/api/runs/{run}/signals/labels_ready", Data);
        Assert.Equal("success", (await bench.Admin.EndedAsync(run)).GetProperty("state").GetString());
        var result = await bench.Viewer.GetAsync($"/api/runs/{run}/tasks/labels/result");
        Assert.Contains("1204", result.ToString(), StringComparison.Ordinal);

        // To a date, before its run is there.
        const string ForDate = """{"date":"2001-01-05","data":{"rows":7}}""";
        await bench.Admin.ProblemAsync(HttpMethod.Post, "/api/pipelines/landing/signals/labels_ready", HttpStatusCode.BadRequest, "{}");
        await bench.Admin.PostAsync("/api/pipelines/landing/signals/labels_ready", ForDate);
        var later = await bench.RunAsync("landing", """{"date":"2001-01-05","params":{"n":2}}""");
        Assert.Contains("7", (await bench.Viewer.GetAsync($"/api/runs/{later}/tasks/labels/result")).ToString(), StringComparison.Ordinal);
    }
}
