using Signalbox.Core.Runs;
using Signalbox.Engine.Tests.Alerts;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Telemetry;

/// <summary>The numbers of an engine, as Prometheus reads them and as a collector gets them.</summary>
public sealed class MetricsTests
{
    private const string Pipeline = """
        pipeline: daily
        tasks:
          flaky: { run: "test $SIGNALBOX_ATTEMPT = 2", retries: 1, retry_delay: 0s }
        """;

    [Fact]
    public async Task The_page_counts_runs_and_attempts_and_says_how_old_the_scheduler_is()
    {
        await using var house = new House();
        house.Pipeline(Pipeline);
        await house.ServeAsync();
        Assert.Equal(RunState.Success, (await house.RunAsync("daily")).State);
        await house.UntilAsync(() => Page(house).Contains("signalbox_runs_ended_total{", StringComparison.Ordinal), "the end of the run");

        var lines = Page(house).Split('\n');
        Assert.Contains("# TYPE signalbox_attempts_ended_total counter", lines);
        Assert.Contains("signalbox_attempts_ended_total{pipeline=\"daily\",state=\"failed\",class=\"transient\"} 1", lines);
        Assert.Contains("signalbox_attempts_ended_total{pipeline=\"daily\",state=\"success\",class=\"\"} 1", lines);
        Assert.Contains("signalbox_runs_ended_total{pipeline=\"daily\",state=\"success\"} 1", lines);
        Assert.Contains("signalbox_run_duration_seconds_count{pipeline=\"daily\",state=\"success\"} 1", lines);
        Assert.Contains("signalbox_run_duration_seconds_bucket{pipeline=\"daily\",state=\"success\",le=\"+Inf\"} 1", lines);
        await house.UntilAsync(() => house.Session.SchedulerAge is not null, "a turn of the scheduler");
        Assert.Contains(Page(house).Split('\n'), line => line.StartsWith("signalbox_scheduler_age_seconds ", StringComparison.Ordinal));
        // Every line is a comment or a name, perhaps labels, and a number.
        Assert.All(
            Page(house).Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches("^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{([a-z_]+=\"[^\"]*\",?)+\\})? [0-9.E+-]+)$", line)
        );
    }

    [Fact]
    public async Task A_waiting_task_and_its_run_are_counted_while_they_wait()
    {
        await using var house = new House();
        house.Pipeline("pipeline: waits\ntasks:\n  landed: { wait_for: { file: never } }\n");
        await house.StartAsync("waits");
        await house.UntilAsync(
            () =>
                Page(house).Contains("signalbox_runs_active{state=\"running\"} 1", StringComparison.Ordinal)
                && Page(house).Contains("signalbox_tasks_active{state=\"up_for_reschedule\"} 1", StringComparison.Ordinal),
            "the counts"
        );
    }

    [Fact]
    public async Task A_collector_gets_the_same_numbers()
    {
        await using var collector = new HookReceiver();
        await using var house = new House
        {
            With = options =>
                options with
                {
                    Telemetry = new(new Uri(collector.Address + "/"), [], "signalbox", TimeSpan.FromMilliseconds(100)),
                },
        };
        house.Pipeline(Pipeline);
        await house.RunAsync("daily");
        await house.UntilAsync(
            () =>
                collector.Taken.Any(taken =>
                    taken.Path == "/v1/metrics"
                    && taken.Body.Contains("{\"key\":\"state\",\"value\":{\"stringValue\":\"success\"}}", StringComparison.Ordinal)
                ),
            "the numbers of the run"
        );
        var metrics = collector.Taken.Last(taken => taken.Path == "/v1/metrics").Json.GetProperty("resourceMetrics")[0];
        var ended = metrics
            .GetProperty("scopeMetrics")[0]
            .GetProperty("metrics")
            .EnumerateArray()
            .Single(metric => metric.GetProperty("name").GetString() == "signalbox.attempts.ended");
        Assert.True(ended.GetProperty("sum").GetProperty("isMonotonic").GetBoolean());
        Assert.Equal(2, ended.GetProperty("sum").GetProperty("dataPoints").GetArrayLength());
    }

    private static string Page(House house) => house.Session.Metrics() ?? "";
}
