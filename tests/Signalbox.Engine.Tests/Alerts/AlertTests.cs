using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Alerts;

/// <summary>Alerts of real runs, told to real receivers.</summary>
public sealed class AlertTests
{
    private const string Failing = """
        pipeline: daily
        tags: [prod]
        tasks:
          extract: { run: "echo boom >&2; test -e ok" }
          load: { run: "true", needs: [extract] }
        """;

    [Fact]
    [Trait("Requirement", "S199")]
    [Trait("Requirement", "S5")]
    public async Task Slack_is_told_of_the_last_failure_once_and_not_of_what_came_after_it()
    {
        await using var hook = new HookReceiver();
        await using var house = House($"slack: \"{hook.Address}/services/T0/B0/x\"");
        house.Pipeline(Failing.Replace("test -e ok\"", "test -e ok\", retries: 2, retry_delay: 0s", StringComparison.Ordinal));
        Assert.Equal(RunState.Failed, (await house.RunAsync("daily")).State);
        await house.UntilAsync(() => Told(house).Count == 1, "the delivery");

        var taken = Assert.Single(hook.Taken);
        Assert.Equal("/services/T0/B0/x", taken.Path);
        var text = taken.Json.GetProperty("text").GetString()!;
        Assert.Contains("*failed* extract of daily failed after 3 attempts: exit code 1: boom", text, StringComparison.Ordinal);
        Assert.Contains("> pipeline: daily", text, StringComparison.Ordinal);
        Assert.Contains("> task: extract", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S154")]
    public async Task On_retry_tells_slack_of_each_retry()
    {
        await using var hook = new HookReceiver();
        await using var house = House($"slack: \"{hook.Address}\"", routes: "");
        house.Pipeline(
            """
            pipeline: flaky
            tasks:
              extract:
                run: "test $SIGNALBOX_ATTEMPT = 3"
                retries: 3
                retry_delay: 0s
                on_retry: [notify: there]
            """
        );
        Assert.Equal(RunState.Success, (await house.RunAsync("flaky")).State);
        await house.UntilAsync(() => Told(house).Count == 2, "both deliveries");
        var texts = hook.Taken.Select(taken => taken.Json.GetProperty("text").GetString()!).ToList();
        Assert.Contains(
            "*retried* extract of flaky: attempt 1 failed: exit code 1; it is tried again in 0s",
            texts[0],
            StringComparison.Ordinal
        );
        Assert.Contains("*retried* extract of flaky: attempt 2 failed", texts[1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S155")]
    [Trait("Requirement", "S200")]
    public async Task PagerDuty_gets_a_trigger_and_a_resolve_of_one_key()
    {
        await using var hook = new HookReceiver();
        await using var house = House($"pagerduty: {{ routing_key: secret:pd, url: \"{hook.Address}/v2/enqueue\" }}");
        Secret(house, "pd", "R0UT1NG");
        house.Pipeline(Failing);
        var run = await house.RunAsync("daily");
        Assert.Equal(RunState.Failed, run.State);
        await house.UntilAsync(() => Told(house).Count == 1, "the trigger");
        house.Write("ok", "");
        Assert.Equal(RunState.Success, (await house.RunAsync("daily", "2024-03-02")).State);
        await house.UntilAsync(() => Told(house).Count == 2, "the resolve");

        var (trigger, resolve) = (hook.Taken[0].Json, hook.Taken[1].Json);
        Assert.Equal(2, hook.Taken.Count);
        Assert.Equal("R0UT1NG", trigger.GetProperty("routing_key").GetString());
        Assert.Equal("trigger", trigger.GetProperty("event_action").GetString());
        Assert.Equal("resolve", resolve.GetProperty("event_action").GetString());
        Assert.EndsWith($"/daily/{run.Id}/extract", trigger.GetProperty("dedup_key").GetString(), StringComparison.Ordinal);
        Assert.Equal(trigger.GetProperty("dedup_key").GetString(), resolve.GetProperty("dedup_key").GetString());
        var payload = trigger.GetProperty("payload");
        Assert.Equal("extract of daily failed: exit code 1: boom", payload.GetProperty("summary").GetString());
        Assert.Equal("error", payload.GetProperty("severity").GetString());
        Assert.Equal("extract", payload.GetProperty("component").GetString());
        Assert.True(DateTimeOffset.TryParse(payload.GetProperty("timestamp").GetString(), out _));
        Assert.False(string.IsNullOrEmpty(payload.GetProperty("source").GetString()));
    }

    [Fact]
    public async Task A_webhook_gets_what_its_template_makes_signed_and_with_the_same_key_for_each_try()
    {
        await using var hook = new HookReceiver { Refuses = 2 };
        await using var house = House(
            """
            webhook:
                    url: "ADDRESS/hook"
                    secret: secret:hook
                    headers: { Authorization: secret:token }
                    body: '{"text": {{ message | tojson }}, "where": {{ pipeline | tojson }}}'
            """.Replace("ADDRESS", hook.Address, StringComparison.Ordinal)
        );
        Secret(house, "hook", "k3y");
        Secret(house, "token", "Bearer t0ken");
        house.Pipeline(Failing);
        await house.RunAsync("daily");
        await house.UntilAsync(() => Told(house).Count == 1, "the delivery");

        var taken = Assert.Single(hook.Taken);
        Assert.Equal(2, hook.Refused);
        Assert.Equal("extract of daily failed: exit code 1: boom", taken.Json.GetProperty("text").GetString());
        Assert.Equal("daily", taken.Json.GetProperty("where").GetString());
        Assert.Equal("Bearer t0ken", taken.Headers["Authorization"]);
        var alert = Assert.Single(house.Store.Read(session => session.Alerts(10)));
        Assert.EndsWith($"-{alert.Id}", taken.Headers[WebhookRequest.DeliveryHeader], StringComparison.Ordinal);
        var signature = WebhookRequest.Signature("k3y", taken.Headers[WebhookRequest.TimestampHeader], taken.Body);
        Assert.Equal($"v1={signature}", taken.Headers[WebhookRequest.SignatureHeader]);
    }

    [Fact]
    public async Task A_mail_says_what_happened_and_bears_the_key_of_the_delivery()
    {
        await using var smtp = new SmtpReceiver { Refuses = 1 };
        await using var house = House(
            $"email: {{ server: \"{smtp.Address}\", tls: false, from: signalbox@example.com, to: [ops@example.com, dba@example.com] }}"
        );
        house.Pipeline(Failing);
        await house.RunAsync("daily");
        await house.UntilAsync(() => Told(house).Count == 1, "the delivery");

        var mail = Assert.Single(smtp.Taken);
        Assert.Equal("signalbox@example.com", mail.From);
        Assert.Equal(["ops@example.com", "dba@example.com"], mail.To);
        var alert = Assert.Single(house.Store.Read(session => session.Alerts(10)));
        Assert.EndsWith($"-{alert.Id}.there@example.com>", mail.Header("Message-ID"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_gets_the_alert_as_json_and_is_tried_again_when_it_fails()
    {
        await using var house = House("command: [sh, -c, 'cat > alert.json; echo $SIGNALBOX_ALERT_ID >> ids; test $(wc -l < ids) = 2']");
        house.Pipeline(Failing);
        await house.RunAsync("daily");
        await house.UntilAsync(() => Told(house).Count == 1, "the delivery");

        using var json = JsonDocument.Parse(house.Read("alert.json"));
        Assert.Equal("failed", json.RootElement.GetProperty("kind").GetString());
        Assert.Equal("exit code 1", json.RootElement.GetProperty("facts").GetProperty("rule").GetString());
        var ids = house.Lines("ids");
        Assert.Equal(2, ids.Length);
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(ids[0], json.RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_channel_that_does_not_answer_holds_up_neither_runs_nor_other_channels()
    {
        await using var slow = new HookReceiver { BeforeAnswer = (_, end) => Task.Delay(Timeout.InfiniteTimeSpan, end) };
        await using var hook = new HookReceiver();
        await using var house = new House(
            $"alerts:\n  channels:\n    slow: {{ slack: \"{slow.Address}\" }}\n    there: {{ slack: \"{hook.Address}\" }}\n  routes: [{{ to: [slow, there] }}]\n"
        );
        house.Pipeline(Failing);
        await house.RunAsync("daily");
        await house.UntilAsync(() => hook.Taken.Count == 1 && slow.Taken.Count == 1, "both channels were asked");
        Assert.Equal(RunState.Failed, (await house.RunAsync("daily", "2024-03-02")).State);
        await house.UntilAsync(() => hook.Taken.Count == 2, "the second alert of the channel that answers");
        Assert.Single(slow.Taken);
        var waiting = house.Store.Read(session => session.WaitingDeliveries("slow", 10));
        Assert.Equal(2, waiting.Count);
    }

    [Fact]
    public async Task What_cannot_be_delivered_now_is_delivered_by_the_next_engine_in_its_order()
    {
        await using var hook = new HookReceiver { Refuses = int.MaxValue };
        await using var house = House($"pagerduty: {{ routing_key: r, url: \"{hook.Address}\" }}");
        house.Pipeline(Failing);
        await house.RunAsync("daily");
        house.Write("ok", "");
        await house.RunAsync("daily", "2024-03-02");
        await house.UntilAsync(() => hook.Refused > 0, "a try");
        await house.CloseAsync();
        hook.Refuses = 0;
        await house.StartAsync("daily", "2024-03-03");
        await house.UntilAsync(() => Told(house).Count == 2, "the deliveries");
        Assert.Equal(["trigger", "resolve"], hook.Taken.Select(taken => taken.Json.GetProperty("event_action").GetString()));
    }

    [Fact]
    public async Task A_question_to_people_and_its_reminders_are_told()
    {
        await using var hook = new HookReceiver();
        await using var house = House($"slack: \"{hook.Address}\"");
        house.Pipeline(
            """
            pipeline: asking
            tasks:
              publish: { approve: { message: "publish?", who: [alice] } }
            """
        );
        await house.StartAsync("asking");
        await house.UntilAsync(() => hook.Taken.Count == 1, "the question");
        var text = hook.Taken[0].Json.GetProperty("text").GetString()!;
        Assert.Contains("publish of asking waits for approval: publish?", text, StringComparison.Ordinal);
        Assert.Contains("asked: alice", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S167")]
    public async Task A_missed_deadline_is_told_once_with_what_missed_it_and_when_it_is_expected()
    {
        await using var hook = new HookReceiver();
        await using var house = House($"slack: \"{hook.Address}\"");
        house.Pipeline(Failing);
        var run = await house.RunAsync("daily");
        await house.UntilAsync(() => hook.Taken.Count == 1, "the failure");
        var missed = new Alert
        {
            Kind = AlertKind.SlaMissed,
            Severity = AlertSeverity.Error,
            DedupKey = Alert.KeyOf(run.Pipeline, run.Id) + "/sla",
            OnceKey = $"sla_missed/{run.Number}",
            Pipeline = run.Pipeline,
            Run = run.Number,
            RunId = run.Id,
            LogicalDate = run.LogicalDate,
            Message = "daily is late",
            Facts = [new("tasks", "extract, load"), new("expected_completion", "2024-03-01T06:40:00Z")],
            At = run.CreatedAt,
        };
        Assert.NotNull(await house.Store.WriteAsync(session => session.AddAlert(missed), Driving.House.Cancel));
        Assert.Null(await house.Store.WriteAsync(session => session.AddAlert(missed), Driving.House.Cancel));
        await house.UntilAsync(() => hook.Taken.Count == 2, "the miss");
        var text = hook.Taken[1].Json.GetProperty("text").GetString()!;
        Assert.Contains("*sla missed* daily is late", text, StringComparison.Ordinal);
        Assert.Contains("> tasks: extract, load", text, StringComparison.Ordinal);
        Assert.Contains("> expected completion: 2024-03-01T06:40:00Z", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_that_no_route_matches_is_kept_and_told_to_nobody()
    {
        await using var hook = new HookReceiver();
        await using var house = House($"slack: \"{hook.Address}\"", routes: "  routes: [{ to: there, tags: [billing] }]\n");
        house.Pipeline(Failing);
        await house.RunAsync("daily");
        await house.UntilAsync(() => house.Store.Read(session => session.Alerts(1)) is [{ RoutedAt: not null }], "the routing");
        Assert.Empty(house.Store.Read(session => session.AlertDeliveries(session.Alerts(1)[0].Id)));
        Assert.Empty(hook.Taken);
    }

    [Theory]
    [InlineData(0, null, 0.2)]
    [InlineData(1, null, 0.4)]
    [InlineData(5, null, 6.4)]
    [InlineData(20, null, 300)]
    [InlineData(0, 30, 30)]
    [InlineData(20, 30, 300)]
    [InlineData(0, 86400, 3600)]
    public void A_pause_doubles_up_to_five_minutes_and_is_as_long_as_the_channel_asks(int failures, int? asked, double seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            AlertCourier.PauseAfter(failures, asked is { } wish ? TimeSpan.FromSeconds(wish) : null)
        );

    private static House House(string channel, string routes = "  routes: [{ to: there }]\n") =>
        new($"alerts:\n  channels:\n    there:\n      {channel}\n{routes}");

    private static void Secret(House house, string name, string value)
    {
        var file = house.Write($".signalbox/secrets/{name}", value);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(house.Path($".signalbox/secrets/{name}"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Assert.NotNull(file);
    }

    private static List<AlertDelivery> Told(House house) =>
        house.Store.Read(session =>
            session
                .Alerts(100)
                .SelectMany(alert => session.AlertDeliveries(alert.Id))
                .Where(delivery => delivery.State == DeliveryState.Delivered)
                .ToList()
        );
}
