using System.Text.Json;
using Signalbox.Engine.Tests.Alerts;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/041-telemetry.md</summary>
public sealed class Spec041Telemetry
{
    [Fact]
    public async Task A_collector_gets_a_span_of_the_run_and_of_each_attempt_and_commands_know_theirs()
    {
        await using var collector = new HookReceiver();
        using var project = new TestProject().Pipeline(
            "daily",
            """
            tasks:
              flaky: { run: "echo $TRACEPARENT >> parents; test $SIGNALBOX_ATTEMPT = 2", retries: 1, retry_delay: 0s }
            """
        );
        project.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address;
        project.Environment["OTEL_EXPORTER_OTLP_HEADERS"] = "x-team=data%20platform";
        project.Environment["OTEL_SERVICE_NAME"] = "ours";
        await project.RunAsync("daily");

        Assert.All(collector.Taken, taken => Assert.Equal("data platform", taken.Headers["x-team"]));
        var resources = collector
            .Taken.Where(taken => taken.Path == "/v1/traces")
            .SelectMany(taken => taken.Json.GetProperty("resourceSpans").EnumerateArray())
            .ToList();
        Assert.All(
            resources,
            resource => Assert.Contains("\"stringValue\":\"ours\"", resource.GetProperty("resource").GetRawText(), StringComparison.Ordinal)
        );
        var spans = resources.SelectMany(resource => resource.GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray()).ToList();
        var run = Assert.Single(spans, span => Text(span, "name") == "daily");
        var attempts = spans.Where(span => Text(span, "name") == "flaky of daily").ToList();
        Assert.Equal(2, attempts.Count);
        Assert.All(attempts, span => Assert.Equal(Text(run, "spanId"), Text(span, "parentSpanId")));
        Assert.Equal([2, 1], attempts.Select(span => span.GetProperty("status").GetProperty("code").GetInt32()));
        Assert.All(spans, span => Assert.True(long.Parse(Text(span, "endTimeUnixNano")) >= long.Parse(Text(span, "startTimeUnixNano"))));
        // What a command finds is the span of its attempt.
        Assert.Equal(attempts.Select(span => $"00-{Text(run, "traceId")}-{Text(span, "spanId")}-01"), project.Lines("parents"));

        static string Text(JsonElement span, string name) => span.GetProperty(name).GetString()!;
    }

    [Fact]
    public async Task The_page_for_prometheus_is_for_those_who_may_look()
    {
        using var project = new TestProject().Pipeline("daily", "tasks:\n  only: { run: \"true\" }\n");
        await using var server = await TestServer.StartAsync(project);
        await project.EndedAsync(new RunSeen((await project.CallAsync("run", "daily", "--detach", "--json")).Expect(0).Json).Number);
        using var nobody = ApiClient.Nobody(server);
        using var refused = await nobody.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
        using var viewer = await ApiClient.WithRoleAsync(project, server, "viewer");
        using var page = await viewer.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", page.Content.Headers.ContentType!.ToString());
        var text = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("signalbox_runs_ended_total{pipeline=\"daily\",state=\"success\"} 1", text, StringComparison.Ordinal);
        Assert.Contains("signalbox_scheduler_age_seconds ", text, StringComparison.Ordinal);
        using var ready = await nobody.SendAsync(HttpMethod.Get, "/readyz");
        Assert.Equal(System.Net.HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task A_collector_that_is_away_holds_up_nothing_and_a_wrong_address_is_a_mistake()
    {
        using var project = new TestProject().Pipeline("daily", "tasks:\n  only: { run: \"true\" }\n");
        project.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";
        await project.RunAsync("daily");
        project.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "127.0.0.1:4318";
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", (await project.CallAsync("run", "daily")).Expect(2).Error, StringComparison.Ordinal);
        project.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4317";
        project.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        Assert.Contains("write http/json", (await project.CallAsync("run", "daily")).Expect(2).Error, StringComparison.Ordinal);
    }
}
