using Signalbox.Core.Alerts;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;

namespace Signalbox.Engine.Tests.Alerts;

/// <summary><c>alerts:</c> of a project, and <c>on_failure</c> and <c>on_retry</c> of tasks.</summary>
public sealed class AlertSettingsTests
{
    [Fact]
    public void Channels_and_routes_are_read_and_secrets_stay_names()
    {
        var alerts = Open(
            """
            alerts:
              channels:
                team: { slack: secret:slack_hook }
                oncall: { pagerduty: { routing_key: secret:pd } }
                hook: { webhook: { url: "https://example.com/x", secret: secret:hook, headers: { X-Team: data }, body: "{{ message }}" } }
                mail: { email: { server: "smtp://u:p@mail:587", from: a@example.com, to: b@example.com } }
                script: { command: [python3, notify.py] }
              routes:
                - to: team
                - { to: [oncall, mail], pipelines: "daily_*", tags: [prod], severity: error, kinds: [failed, sla_missed] }
            """
        );
        Assert.Equal(["hook", "mail", "oncall", "script", "team"], alerts.Channels.Keys);
        Assert.Equal("slack_hook", Assert.IsType<AlertChannel.Slack>(alerts.Channels["team"]).Url.Secret);
        var hook = Assert.IsType<AlertChannel.Webhook>(alerts.Channels["hook"]);
        Assert.Equal(("data", "{{ message }}"), (hook.Headers["X-Team"].Written, hook.Body));
        Assert.True(Assert.IsType<AlertChannel.Email>(alerts.Channels["mail"]).Tls);
        var route = alerts.Routes[1];
        Assert.Equal(["oncall", "mail"], route.To);
        Assert.Equal((AlertSeverity.Error, "daily_*"), (route.Severity, Assert.Single(route.Pipelines)));
        Assert.Equal([AlertKind.Failed, AlertKind.SlaMissed], route.Kinds);
        Assert.False(alerts.TellsRetries);
        Assert.DoesNotContain("u:p", alerts.Channels["mail"].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("channels: { a: {} }", "1:26: a channel needs one of slack, pagerduty, webhook, email, command")]
    [InlineData("channels: { a: { slack: https://x/y, command: [ls] } }", "a channel has one of")]
    [InlineData("channels: { a: { slack: hook } }", "an address is https://host/path, or secret:NAME")]
    [InlineData("channels: { a: { pagerduty: {} } }", "`routing_key`")]
    [InlineData("channels: { a: { email: { server: mail, from: x@y.z, to: x@y.z } } }", "an address of a mail server is smtp://host:port")]
    [InlineData("channels: { a: { email: { server: 'smtp://m', from: x, to: x@y.z } } }", "`x` is no mail address")]
    [InlineData("channels: { a: { webhook: { url: 'https://x', body: '{{ message' } } }", "wrong-value")]
    [InlineData("channels: { team: { command: [ls] } }, routes: [{ to: taem }]", "there is no channel `taem`; did you mean `team`?")]
    [InlineData("routes: [{ to: team }]", "write in signalbox.yaml: channels: { team: { slack: secret:NAME } }")]
    [InlineData("channels: { t: { command: [ls] } }, routes: [{ to: t, severity: bad }]", "info, warning, error, critical")]
    [InlineData("channels: { t: { command: [ls] } }, routes: [{ to: t, kinds: resolved }]", "`resolved` cannot be routed")]
    [InlineData("channels: { t: { command: [ls] } }, routes: [{ severity: error }]", "`to`")]
    public void A_mistake_is_told_with_its_place_and_how_to_mend_it(string alerts, string message)
    {
        using var folder = new TemporaryFolder();
        folder.Write(Project.FileName, $"alerts: {{ {alerts} }}\n");
        var opened = Project.Open(folder.Path);
        Assert.Null(opened.Project);
        Assert.Contains(opened.Problems, problem => $"{problem.Code} {problem}".Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Requirement", "S79")]
    public void Tasks_name_channels_and_the_defaults_do_for_all_that_say_nothing()
    {
        var pipeline = Parse(
            """
            pipeline: daily
            defaults: { on_failure: [notify: oncall], on_retry: [notify: [team, mail]] }
            tasks:
              a: { run: "true" }
              b: { run: "true", on_failure: [], on_retry: [notify: team, notify: oncall] }
            """,
            Known("oncall", "team", "mail")
        ).Pipeline!;
        Assert.Equal(["oncall"], pipeline.Tasks[0].OnFailure);
        Assert.Equal(["team", "mail"], pipeline.Tasks[0].OnRetry);
        Assert.Empty(pipeline.Tasks[1].OnFailure);
        Assert.Equal(["team", "oncall"], pipeline.Tasks[1].OnRetry);
    }

    [Fact]
    public void A_channel_that_the_project_does_not_have_is_a_mistake_of_the_task()
    {
        var parsed = Parse(
            """
            pipeline: daily
            tasks:
              a: { run: "true", on_failure: [notify: onkall] }
            """,
            Known("oncall")
        );
        Assert.Null(parsed.Pipeline);
        var problem = Assert.Single(parsed.Problems, problem => problem.Code == "unknown-channel");
        Assert.Equal((3, 21), (problem.Line, problem.Column));
        Assert.Contains("there is no channel `onkall`; did you mean `oncall`?", problem.Message, StringComparison.Ordinal);
    }

    private static AlertSettings Known(params string[] names) =>
        new()
        {
            Channels = AlertSettings.None.Channels.AddRange(
                names.Select(name => KeyValuePair.Create(name, (AlertChannel)new AlertChannel.Command(name, ["true"])))
            ),
        };

    private static ParsedPipeline Parse(string text, AlertSettings alerts) =>
        PipelineFile.Parse("p.yaml", System.Text.Encoding.UTF8.GetBytes(text), alerts: alerts);

    private static AlertSettings Open(string settings)
    {
        using var folder = new TemporaryFolder();
        folder.Write(Project.FileName, settings);
        var opened = Project.Open(folder.Path);
        Assert.Empty(opened.Problems);
        return opened.Project!.Alerts;
    }
}
