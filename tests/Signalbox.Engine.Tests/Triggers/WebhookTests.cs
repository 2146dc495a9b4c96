using System.Globalization;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Engine.Triggers;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Webhooks, from the call to the run.</summary>
public sealed class WebhookTests
{
    private const string Bearer = """
        pipeline: landing
        triggers:
          - webhook: { bearer: secret:hook }
        params: { key: { type: string }, rows: { type: integer, default: 1 } }
        run: "true"
        """;

    [Fact]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S22")]
    [Trait("Requirement", "S125")]
    public async Task A_message_starts_a_run_with_its_values_as_parameters()
    {
        await using var house = await ServedAsync(Bearer);
        var message = (await house.PostAsync("landing", """{"key":"a.csv","rows":"7"}""")).Only();

        Assert.Equal(InboxState.Started, message.State);
        var run = await house.EndAsync(message.Run!.Value);
        Assert.Equal((RunTrigger.Event, RunState.Success, """{"key":"a.csv","rows":7}"""), (run.Trigger, run.State, run.Params));
        Assert.Equal("webhook webhook", run.Author);
    }

    [Fact]
    [Trait("Requirement", "S17")]
    [Trait("Requirement", "S21")]
    public async Task One_delivery_sent_fifty_times_at_once_is_one_message_and_one_run()
    {
        await using var house = await ServedAsync(Bearer);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => house.PostAsync("landing", """{"key":"a"}""", "d-1")));

        var runs = answers.Select(answer => answer.Only().Run).ToList();
        Assert.Single(runs.Distinct());
        Assert.NotNull(runs[0]);
        Assert.Single(house.Messages("landing"));
        Assert.Equal(runs[0], (await house.PostAsync("landing", """{"key":"a"}""", "d-1")).Only().Run);
        Assert.NotEqual(runs[0], (await house.PostAsync("landing", """{"key":"a"}""", "d-2")).Only().Run);
    }

    [Fact]
    [Trait("Requirement", "S21")]
    public async Task A_bad_message_is_a_dead_letter_with_its_reason_and_the_next_one_runs_and_it_is_replayed_when_the_file_is_mended()
    {
        await using var house = await ServedAsync(Bearer);
        var dead = (await house.PostAsync("landing", """{"rows":2}""")).Only();
        Assert.Equal((InboxState.Dead, "params: the parameter `key` has no default: give a value"), (dead.State, dead.Reason));
        Assert.Contains(house.Said, line => line.Contains($"message {dead.Id} of webhook is a dead letter", StringComparison.Ordinal));
        Assert.Equal(InboxState.Started, (await house.PostAsync("landing", """{"key":"b"}""")).Only().State);

        var again = await house.AskAsync(new Request.ReplayMessage(dead.Id));
        Assert.False(again.Done);
        house.Pipeline(Bearer.Replace("{ type: string }", "{ type: string, default: none }", StringComparison.Ordinal));
        await house.SaveAsync();
        var answer = await house.AskAsync(new Request.ReplayMessage(dead.Id));

        Assert.True(answer.Done, answer.Message);
        Assert.Equal("""{"key":"none","rows":2}""", (await house.EndAsync(new RunNumber(answer.Number!.Value))).Params);
        Assert.Contains("has started run", (await house.AskAsync(new Request.ReplayMessage(dead.Id))).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S21")]
    public async Task Messages_of_a_paused_pipeline_wait_in_the_inbox_and_run_after_it_is_unpaused()
    {
        await using var house = await ServedAsync(Bearer);
        Assert.True((await house.AskAsync(new Request.PausePipeline("landing", "mending"))).Done);
        var waiting = (await house.PostAsync("landing", """{"key":"a"}""")).Only();
        Assert.Equal(InboxState.Waiting, waiting.State);

        Assert.True((await house.AskAsync(new Request.UnpausePipeline("landing", "mended"))).Done);
        await house.DecidedAsync("landing", 1);
        Assert.Equal(["""{"key":"a","rows":1}"""], house.Params("landing"));
    }

    [Fact]
    public async Task A_message_that_was_kept_when_the_engine_died_starts_its_run_in_the_next_one()
    {
        await using var house = await ServedAsync(Bearer);
        await house.AskAsync(new Request.PausePipeline("landing", "so that nothing is decided"));
        for (var i = 0; i < 3; i++)
        {
            await house.PostAsync("landing", $$"""{"key":"{{i}}"}""", $"d-{i}");
        }

        await house.AskAsync(new Request.UnpausePipeline("landing", "go"));
        await house.CloseAsync();
        await house.ServeAsync();
        await house.DecidedAsync("landing", 3);

        Assert.Equal(3, house.Params("landing").Distinct().Count());
    }

    [Fact]
    [Trait("Requirement", "S126")]
    public async Task With_overlap_reject_a_message_beside_an_active_run_starts_none_and_says_so()
    {
        await using var house = await ServedAsync(
            Bearer.Replace("run: \"true\"", "overlap: reject\nrun: while [ ! -e go ]; do sleep 0.05; done", StringComparison.Ordinal)
        );
        var first = (await house.PostAsync("landing", """{"key":"a"}""")).Only();
        var second = (await house.PostAsync("landing", """{"key":"b"}""")).Only();

        Assert.Equal((InboxState.Started, InboxState.Ignored), (first.State, second.State));
        Assert.Contains("overlap: reject", second.Reason, StringComparison.Ordinal);
        house.Write("go", "");
        await house.EndAsync(first.Run!.Value);
        Assert.True((await house.AskAsync(new Request.ReplayMessage(second.Id))).Done);
    }

    [Fact]
    public async Task With_overlap_cancel_running_a_message_takes_the_place_of_the_run_before_it()
    {
        await using var house = await ServedAsync(
            Bearer.Replace(
                "run: \"true\"",
                "overlap: cancel_running\nrun: while [ ! -e go ]; do sleep 0.05; done",
                StringComparison.Ordinal
            )
        );
        var first = (await house.PostAsync("landing", """{"key":"a"}""")).Only();
        var second = (await house.PostAsync("landing", """{"key":"b"}""")).Only();

        Assert.Equal(RunState.Cancelled, (await house.EndAsync(first.Run!.Value)).State);
        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(second.Run!.Value)).State);
    }

    [Fact]
    [Trait("Requirement", "S124")]
    [Trait("Requirement", "S202")]
    public async Task A_notification_of_two_objects_is_two_messages_and_the_same_objects_again_are_none()
    {
        const string Event = """
            {"Records":[
              {"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"lake"},"object":{"key":"in/a+b.csv","sequencer":"01"}}},
              {"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"lake"},"object":{"key":"in/%C3%BC.csv","sequencer":"02"}}}]}
            """;
        await using var house = await ServedAsync(Bearer);
        var taken = Assert.IsType<WebhookAnswer.Taken>(await house.PostAsync("landing", Event));
        await house.PostAsync("landing", Event, "another delivery");

        Assert.Equal(2, taken.Messages.Count);
        Assert.Equal(["""{"key":"in/a b.csv","rows":1}""", """{"key":"in/ü.csv","rows":1}"""], house.Params("landing"));
    }

    [Fact]
    [Trait("Requirement", "S22")]
    public async Task A_webhook_ends_the_wait_of_the_run_of_its_date_once_also_when_it_comes_first_or_the_pipeline_is_paused()
    {
        await using var house = await ServedAsync(
            """
            pipeline: waits
            overlap: cancel_running
            triggers:
              - webhook: { bearer: secret:hook, signal: labels_ready, date: "{{ body.day }}" }
            tasks:
              labels: { wait_for: { message: labels_ready }, every: 10h, timeout: 20h }
              read: { needs: [labels], run: "echo '{{ tasks.labels.result.data.rows }}' >> rows" }
            """
        );
        var run = await house.StartAsync("waits");
        await house.UntilAsync(() => house.Task(run, "labels").Polls == 1, "the first look");
        await house.AskAsync(new Request.PausePipeline("waits", "no new runs"));
        var sent = (await house.PostAsync("waits", """{"day":"2024-03-01","rows":12}""", "d-1")).Only();
        Assert.Equal((InboxState.Signalled, null), (sent.State, sent.Run));
        Assert.Equal("message `labels_ready` is sent to waits for 2024-03-01T00:00:00Z", sent.Reason);
        Assert.Equal(sent.Id, (await house.PostAsync("waits", """{"day":"2024-03-01","rows":13}""", "d-1")).Only().Id);
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal(["12"], house.Lines("rows"));

        // Before its run is there.
        await house.PostAsync("waits", """{"day":"2024-03-02","rows":5}""", "d-2");
        Assert.Equal(RunState.Success, (await house.RunAsync("waits", "2024-03-02")).State);
        Assert.Equal(["12", "5"], house.Lines("rows"));
        Assert.False((await house.AskAsync(new Request.ReplayMessage(sent.Id))).Done);
        Assert.Contains(
            "is signalled already",
            (await house.AskAsync(new Request.DropMessage(sent.Id, "no"))).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(InboxState.Dead, (await house.PostAsync("waits", """{"day":"soon"}""")).Only().State);
    }

    [Fact]
    [Trait("Requirement", "S21")]
    public async Task With_overlap_cancel_running_a_message_that_becomes_no_run_cancels_none()
    {
        await using var house = await ServedAsync(
            Bearer.Replace("run: \"true\"", "overlap: cancel_running\nrun: until test -e go; do sleep 0.05; done", StringComparison.Ordinal)
        );
        var first = (await house.PostAsync("landing", """{"key":"a"}""")).Only();
        Assert.Equal(InboxState.Dead, (await house.PostAsync("landing", "{}")).Only().State);
        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(first.Run!.Value)).State);
    }

    [Theory]
    [InlineData("""{"key":"a"}""", "wrong", WebhookRefusal.Unauthorized, "Authorization: Bearer SECRET")]
    [InlineData("{\"key\":\"a\"", "s3cret", WebhookRefusal.Malformed, "the body is not JSON: line 1")]
    [InlineData("", "s3cret", WebhookRefusal.Malformed, "the body is empty")]
    [Trait("Requirement", "S127")]
    public async Task What_is_not_kept_is_refused_with_what_is_wrong(string body, string secret, WebhookRefusal kind, string detail)
    {
        await using var house = await ServedAsync(Bearer);
        var refused = Assert.IsType<WebhookAnswer.Refused>(await house.PostAsync("landing", body, secret: secret));

        Assert.Equal(kind, refused.Kind);
        Assert.Contains(detail, refused.Detail, StringComparison.Ordinal);
        Assert.Equal(WebhookRefusal.NotFound, Assert.IsType<WebhookAnswer.Refused>(await house.PostAsync("other", "{}")).Kind);
        Assert.Empty(house.Messages("landing"));
    }

    [Fact]
    [Trait("Requirement", "S127")]
    public async Task A_body_that_is_nested_too_deep_is_refused_as_that()
    {
        await using var house = await ServedAsync(Bearer.Replace("type: string", "type: any", StringComparison.Ordinal));
        static string Nested(int depth) => $$"""{"key":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""";
        Assert.Equal("the body is nested more than 32 deep", Refusal(await house.PostAsync("landing", Nested(WebhookDesk.MostDepth + 1))));
        Assert.Equal(
            "the body is nested more than 32 deep",
            Refusal(await house.PostAsync("landing", Nested(WebhookDesk.MostBytes / 2 - 10)))
        );
        Assert.Equal(InboxState.Started, (await house.PostAsync("landing", Nested(WebhookDesk.MostDepth))).Only().State);
    }

    [Fact]
    public async Task A_signature_holds_for_five_minutes_for_its_own_body_and_for_one_message()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = await ServedAsync(Bearer.Replace("bearer:", "hmac_secret:", StringComparison.Ordinal), time);
        const string Body = """{"key":"a"}""";

        Assert.Contains("must be signed", Refusal(await house.CallAsync("landing", Body)), StringComparison.Ordinal);
        Assert.Contains(
            "signature is not",
            Refusal(await house.CallAsync("landing", Body, Signed("""{"key":"b"}""", time))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "signature is not",
            Refusal(await house.CallAsync("landing", Body, Signed(Body, time, "other"))),
            StringComparison.Ordinal
        );
        var old = Signed(Body, time);
        time.Pass(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        Assert.Contains(
            "5 minutes from the server's clock",
            Refusal(await house.CallAsync("landing", Body, old)),
            StringComparison.Ordinal
        );

        var headers = Signed(Body, time);
        var first = (await house.CallAsync("landing", Body, headers)).Only();
        // Whoever overheard it sends it again as if it were another delivery.
        var repeated = (await house.CallAsync("landing", Body, [.. headers, new(WebhookDesk.DeliveryHeader, "d-2")])).Only();
        Assert.Equal(first.Id, repeated.Id);
        Assert.Single(house.Messages("landing"));

        // An honest sender that had no answer signs anew, and names the same delivery.
        time.Pass(TimeSpan.FromSeconds(2));
        var sent = (await house.CallAsync("landing", Body, [.. Signed(Body, time), new(WebhookDesk.DeliveryHeader, "d-3")])).Only();
        time.Pass(TimeSpan.FromSeconds(2));
        var retried = (await house.CallAsync("landing", Body, [.. Signed(Body, time), new(WebhookDesk.DeliveryHeader, "d-3")])).Only();
        Assert.Equal(sent.Id, retried.Id);
        Assert.NotEqual(first.Id, sent.Id);
    }

    [Fact]
    public async Task A_delivery_id_is_remembered_for_a_day()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = await ServedAsync(Bearer, time);
        var first = (await house.PostAsync("landing", """{"key":"a"}""", "d-1")).Only();
        time.Pass(TimeSpan.FromHours(23));
        Assert.Equal(first.Id, (await house.PostAsync("landing", """{"key":"a"}""", "d-1")).Only().Id);
        time.Pass(TimeSpan.FromHours(2));
        Assert.NotEqual(first.Id, (await house.PostAsync("landing", """{"key":"a"}""", "d-1")).Only().Id);
    }

    [Fact]
    public async Task More_than_its_rate_is_refused_until_time_has_passed()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = await ServedAsync(
            Bearer.Replace("secret:hook }", "secret:hook, max_per_minute: 2 }", StringComparison.Ordinal),
            time
        );
        await house.PostAsync("landing", """{"key":"a"}""");
        await house.PostAsync("landing", """{"key":"b"}""");
        var refused = Assert.IsType<WebhookAnswer.Refused>(await house.PostAsync("landing", """{"key":"c"}"""));
        Assert.Equal((WebhookRefusal.TooMany, TimeSpan.FromSeconds(30)), (refused.Kind, refused.RetryAfter!.Value));

        time.Pass(TimeSpan.FromSeconds(30));
        (await house.PostAsync("landing", """{"key":"c"}""")).Only();
    }

    [Fact]
    public async Task A_message_that_is_dropped_is_put_aside_with_the_reason()
    {
        await using var house = await ServedAsync(Bearer);
        var dead = (await house.PostAsync("landing", "{}")).Only();
        Assert.True((await house.AskAsync(new Request.DropMessage(dead.Id, "a test"))).Done);

        var dropped = house.Store.Read(session => session.InboxMessage(dead.Id))!;
        Assert.Equal((InboxState.Dropped, "a test"), (dropped.State, dropped.Reason));
        Assert.False((await house.AskAsync(new Request.DropMessage(dead.Id, "again"))).Done);
        Assert.False((await house.AskAsync(new Request.DropMessage(999, "nothing"))).Done);
    }

    private static string Refusal(WebhookAnswer answer) => Assert.IsType<WebhookAnswer.Refused>(answer).Detail;

    private static KeyValuePair<string, string>[] Signed(string body, TimeProvider time, string secret = "s3cret")
    {
        var seconds = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return
        [
            new(WebhookDesk.TimestampHeader, seconds),
            new(WebhookDesk.SignatureHeader, WebhookDesk.Sign(secret, seconds, Encoding.UTF8.GetBytes(body))),
        ];
    }

    private static async Task<House> ServedAsync(string pipeline, TimeProvider? time = null)
    {
        var house = new House { Time = time ?? TimeProvider.System };
        house.Secret("hook", "s3cret");
        house.Pipeline(pipeline);
        await house.SaveAsync();
        await house.ServeAsync();
        return house;
    }
}
