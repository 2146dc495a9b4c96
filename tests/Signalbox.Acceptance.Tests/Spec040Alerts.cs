using System.Diagnostics;
using System.Text.Json;
using Signalbox.Engine.Tests.Alerts;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/040-alerts.md</summary>
public sealed class Spec040Alerts
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private const string Daily = """
        tags: [prod]
        tasks:
          extract: { run: "echo boom >&2; test -e ok" }
          load: { run: "true", needs: [extract] }
        """;

    [Fact]
    [Trait("Requirement", "S155")]
    [Trait("Requirement", "S199")]
    [Trait("Requirement", "S200")]
    public async Task Every_alert_comes_once_through_receivers_that_refuse_are_slow_or_see_the_server_killed()
    {
        await using var slack = new HookReceiver { Refuses = 5 };
        await using var pagerDuty = new HookReceiver();
        await using var webhook = new HookReceiver { Refuses = 5, BeforeAnswer = (_, end) => Task.Delay(1000, end) };
        await using var smtp = new SmtpReceiver { Refuses = 5 };
        using var project = new TestProject().Pipeline("daily", Daily);
        project.Write(
            "signalbox.yaml",
            $$"""
            alerts:
              channels:
                team: { slack: "{{slack.Address}}/services/x" }
                oncall: { pagerduty: { routing_key: key, url: "{{pagerDuty.Address}}/v2/enqueue" } }
                hook: { webhook: { url: "{{webhook.Address}}/hook" } }
                mail: { email: { server: "{{smtp.Address}}", tls: false, from: a@example.com, to: b@example.com } }
                script: { command: [sh, -c, "echo $SIGNALBOX_ALERT_KIND $SIGNALBOX_ALERT_ID >> told"] }
              routes: [{ to: [team, oncall, hook, mail, script] }]
            """
        );
        var server = await TestServer.StartAsync(project);
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pagerDuty.BeforeAnswer = async (_, _) =>
        {
            // It has the event, and the server dies before it hears so.
            pagerDuty.BeforeAnswer = null;
            await server.KillAsync();
            killed.SetResult();
        };
        var run = (await project.CallAsync("run", "daily", "--detach", "--json")).Expect(0).Json.GetProperty("number").GetInt64();
        await killed.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        await server.DisposeAsync();
        server = await TestServer.StartAsync(project);
        await using (server)
        {
            Assert.Equal("failed", (await project.EndedAsync(run, Deadline)).State);
            await ToldAsync(project, deliveries: 5);
            project.Write("ok", "");
            await project.EndedAsync(
                (await project.CallAsync("rerun", $"{run}", "--from-failed", "--detach", "--json"))
                    .Expect(0)
                    .Json.GetProperty("number")
                    .GetInt64(),
                Deadline
            );
            await ToldAsync(project, deliveries: 10);
        }

        // What a receiver that joins by key sees: the trouble once, its end once, in this order.
        var events = pagerDuty.Taken.Select(taken => taken.Json).ToList();
        Assert.Equal(3, events.Count);
        Assert.Single(events.Select(one => one.GetProperty("dedup_key").GetString()).Distinct());
        Assert.Equal(["trigger", "trigger", "resolve"], events.Select(one => one.GetProperty("event_action").GetString()));
        Assert.Equal(["failed", "resolved"], webhook.Taken.DistinctBy(taken => taken.Headers["Signalbox-Delivery"]).Select(Kind));
        Assert.Equal(2, smtp.Taken.Select(mail => mail.Header("Message-ID")).Distinct().Count());
        Assert.Equal(["failed", "resolved"], project.Lines("told").Distinct().Select(line => line.Split(' ')[0]));
        Assert.Equal(2, slack.Taken.Select(taken => taken.Body).Distinct().Count());
        var alerts = (await project.CallAsync("alerts", "list", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(["resolved", "failed"], alerts.Select(alert => alert.GetProperty("kind").GetString()));

        static string Kind(TakenRequest taken) => taken.Json.GetProperty("kind").GetString()!;
    }

    [Fact]
    [Trait("Requirement", "S167")]
    [Trait("Requirement", "S13")]
    public async Task Missed_deadlines_blocked_outputs_and_ended_backfills_come_once_through_the_same_trouble()
    {
        await using var slack = new HookReceiver { Refuses = 5 };
        await using var webhook = new HookReceiver();
        using var project = new TestProject()
            .Pipeline(
                "late",
                "schedule: \"0 0 1 1 *\"\ncatchup: latest\nsla: { within: 1s }\ntasks:\n"
                    + "  landed: { wait_for: { file: never.csv }, timeout: 1h }\n"
            )
            .Pipeline(
                "thin",
                """
                partition: day
                tasks:
                  make:
                    sql: "select range as id from range(3)"
                    outputs: { rows: { path: "out/{{ ds }}.csv", checks: [{ row_count: 5.. }] } }
                """
            )
            .Pipeline("past", "schedule: \"0 0 * * *\"\ncatchup: none\ntasks:\n  only: { run: \"true\" }\n");
        project.Write(
            "signalbox.yaml",
            $$"""
            alerts:
              channels: { team: { slack: "{{slack.Address}}/services/x" }, hook: { webhook: { url: "{{webhook.Address}}/hook" } } }
              routes: [{ to: [team, hook] }]
            """
        );
        // They wait for the server, so that all three kinds come about while it is killed.
        (await project.CallAsync("run", "thin", "--detach", "--date", "2001-01-05")).Expect(0);
        (await project.CallAsync("backfill", "past", "--dates", "2001-02-01,2001-02-02", "--reason", "history", "--detach")).Expect(0);
        var started = new TaskCompletionSource<TestServer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        webhook.BeforeAnswer = async (_, _) =>
        {
            // It has the first alert, but the server does not hear so. From now on it is slow, and refuses.
            webhook.BeforeAnswer = (_, end) => Task.Delay(500, end);
            webhook.Refuses = 5;
            await (await started.Task).KillAsync();
            killed.SetResult();
        };
        var server = await TestServer.StartAsync(project);
        started.SetResult(server);
        await killed.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        await server.DisposeAsync();
        server = await TestServer.StartAsync(project);
        await using (server)
        {
            await ToldAsync(project, deliveries: 6);
        }

        var alerts = (await project.CallAsync("alerts", "list", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(
            ["backfill_finished", "blocked", "sla_missed"],
            alerts.Select(alert => alert.GetProperty("kind").GetString()).Order(StringComparer.Ordinal)
        );
        // Who joins by the key of the delivery sees each once, the one that was tried again too.
        var seen = webhook.Taken.DistinctBy(taken => taken.Headers["Signalbox-Delivery"]).ToList();
        Assert.Equal(
            ["backfill_finished", "blocked", "sla_missed"],
            seen.Select(taken => taken.Json.GetProperty("kind").GetString()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(4, webhook.Taken.Count);
        Assert.Equal(3, slack.Taken.Select(taken => taken.Body).Distinct().Count());
    }

    [Fact]
    [Trait("Requirement", "S45")]
    public async Task A_wait_that_is_over_is_told_once_and_what_needed_it_is_not()
    {
        await using var hook = new HookReceiver();
        using var project = new TestProject().Pipeline(
            "waiting",
            """
            tasks:
              landed: { wait_for: { file: never.csv }, every: 100ms, timeout: 1s, retries: 3, retry_delay: 0s }
              load: { run: "true", needs: [landed] }
              report: { run: "true", needs: [load] }
            """
        );
        Hook(project, hook);
        var run = await project.RunAsync("waiting", 1);
        Assert.Equal("upstream_failed", run.Task("load").GetProperty("state").GetString());
        var told = Assert.Single(hook.Taken).Json;
        Assert.Equal("landed", told.GetProperty("task").GetString());
        Assert.Equal("timeout", told.GetProperty("facts").GetProperty("class").GetString());
    }

    [Fact]
    [Trait("Requirement", "S159")]
    [Trait("Requirement", "S163")]
    public async Task A_refused_sign_in_is_not_tried_again_and_the_alert_says_what_to_check()
    {
        await using var hook = new HookReceiver();
        using var project = new TestProject().Pipeline(
            "signing",
            """
            tasks:
              ask:
                retries: 3
                retry_delay: 0s
                run: |
                  printf '{"class": "auth", "message": "401 Unauthorized"}' > "$SIGNALBOX_ERROR"
                  exit 1
            """
        );
        Hook(project, hook);
        var run = await project.RunAsync("signing", 1);
        Assert.Single(run.Task("ask").GetProperty("attempts").EnumerateArray());
        Assert.Equal(
            "ask of signing failed: 401 Unauthorized; check API credentials",
            Assert.Single(hook.Taken).Json.GetProperty("message").GetString()
        );
    }

    [Fact]
    [Trait("Requirement", "S79")]
    public async Task Who_would_be_told_is_shown_by_pipeline_and_by_task()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            """
            tags: [prod]
            defaults: { on_failure: [notify: oncall] }
            tasks:
              extract: { run: "true", retries: 2, timeout: 5m, on_retry: [notify: team] }
            """
        );
        project.Write(
            "signalbox.yaml",
            "alerts: { channels: { team: { command: [\"true\"] }, oncall: { command: [\"true\"] } }, routes: [{ to: team, tags: [prod], severity: critical }] }\n"
        );
        var routes = (await project.CallAsync("alerts", "routes", "daily", "--json")).Expect(0).Json;
        var failed = routes
            .GetProperty("routes")
            .EnumerateArray()
            .Where(route => route.GetProperty("kind").GetString() == "failed")
            .ToList();
        Assert.Equal(
            ["info:", "warning:", "error:", "critical:team"],
            failed.Select(route => $"{route.GetProperty("severity")}:{string.Join(',', route.GetProperty("channels").EnumerateArray())}")
        );
        Assert.Equal("oncall", routes.GetProperty("tasks")[0].GetProperty("on_failure")[0].GetString());
        var table = (await project.CallAsync("pipelines", "show", "daily")).Expect(0).Output;
        Assert.Matches("extract .*5m00s .*3 \\(2 retries\\).*oncall when it failed; team of retries", table);
        Assert.Contains(
            "also told when it failed",
            (await project.CallAsync("alerts", "routes", "daily")).Expect(0).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_channel_is_tried_and_a_wrong_one_is_named()
    {
        await using var hook = new HookReceiver();
        using var project = new TestProject();
        Hook(project, hook);
        Assert.Equal("there: delivered", (await project.CallAsync("alerts", "test", "there")).Expect(0).Output.Trim());
        Assert.Equal("failed", Assert.Single(hook.Taken).Json.GetProperty("kind").GetString());
        hook.Refuses = 1;
        var refused = (await project.CallAsync("alerts", "test", "there", "--json")).Expect(1);
        Assert.False(refused.Json.GetProperty("delivered").GetBoolean());
        Assert.Contains("answered 503", refused.Error, StringComparison.Ordinal);
        Assert.Contains(
            "did you mean `there`?",
            (await project.CallAsync("alerts", "test", "ther")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Equal("no alerts", (await project.CallAsync("alerts", "list")).Expect(0).Output.Trim());
    }

    [Fact]
    [Trait("Requirement", "S155")]
    public async Task The_example_tells_its_receiver_of_the_trouble_and_of_its_end()
    {
        using var project = ExampleFiles.Copy("alerts");
        using var receiver = Process.Start(
            new ProcessStartInfo("python3", ["receiver.py", "k3y"])
            {
                WorkingDirectory = project.Folder,
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        try
        {
            project.Environment["SIGNALBOX_SECRET_HOOK_URL"] = (
                await receiver.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
            )!;
            project.Environment["SIGNALBOX_SECRET_HOOK_KEY"] = "k3y";
            await project.RunAsync("orders", 1, "--date", "2001-01-05");
            project.Write("inbox/2001-01-05.csv", "1\n");
            await project.RunAsync("orders", 0, "--date", "2001-01-05");
        }
        finally
        {
            receiver.Kill();
            await receiver.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var received = project.Lines("received.jsonl").Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["failed", "resolved"], received.Select(alert => alert.GetProperty("kind").GetString()));
        Assert.Equal(received[0].GetProperty("id").GetString(), received[1].GetProperty("resolves").GetString());
        Assert.Equal(3, project.Lines("alerts.jsonl").Count(line => line.Length > 0));
    }

    private static void Hook(TestProject project, HookReceiver hook) =>
        project.Write(
            "signalbox.yaml",
            $"alerts: {{ channels: {{ there: {{ webhook: {{ url: \"{hook.Address}/\" }} }} }}, routes: [{{ to: there }}] }}\n"
        );

    private static async Task ToldAsync(TestProject project, int deliveries)
    {
        var late = DateTime.UtcNow + Deadline;
        while (true)
        {
            var list = (await project.CallAsync("alerts", "list", "--json")).Expect(0);
            var states = list
                .Json.EnumerateArray()
                .SelectMany(alert => alert.GetProperty("deliveries").EnumerateArray())
                .Count(delivery => delivery.GetProperty("state").GetString() == "delivered");
            if (states == deliveries)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < late, $"{states} of {deliveries} deliveries:\n{list.Output}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
