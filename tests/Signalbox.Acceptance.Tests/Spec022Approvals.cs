using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/022-approvals.md</summary>
public sealed class Spec022Approvals
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Two_of_the_named_people_approve_by_form_over_a_kill_and_their_answers_go_on()
    {
        using var project = Gate(
            """
            approve: { message: "publish {{ ds }}?", form: { limit: { type: integer, minimum: 1 } }, who: [alice, leads], quorum: 2 }, timeout: 1h
            """
        );
        project.Write("signalbox.yaml", "groups: { leads: [bob, carol] }\n");
        long run;
        await using (var server = await TestServer.StartAsync(project))
        {
            run = await AskedAsync(project);
            var asked = Assert.Single(await ListAsync(project));
            Assert.Equal("publish 2001-01-05?", asked.GetProperty("message").GetString());
            Assert.Equal("limit", asked.GetProperty("form")[0].GetProperty("name").GetString());
            Assert.Contains(
                "alice, leads (0 of 2 approvals): publish 2001-01-05?",
                (await project.CallAsync("why", $"{run}", "ask")).Expect(0).Output,
                StringComparison.Ordinal
            );
            await RefusedAsync(project, "mallory may not answer", "approve", $"{run}", "ask", "--as", "mallory", "--field", "limit=3");
            await RefusedAsync(project, "`limit` is at least 1", "approve", $"{run}", "ask", "--as", "alice", "--field", "limit=0");
            await RefusedAsync(
                project,
                "the field `limit` is an integer",
                "approve",
                $"{run}",
                "ask",
                "--as",
                "alice",
                "--field",
                "limit=x"
            );
            await AnswerAsync(project, "approve", $"{run}", "ask", "--as", "alice", "--field", "limit=3", "--reason", "looks right");
            await RefusedAsync(
                project,
                "alice has approved this already",
                "approve",
                $"{run}",
                "ask",
                "--as",
                "alice",
                "--field",
                "limit=3"
            );
            await server.KillAsync();
        }

        await using (var server = await TestServer.StartAsync(project))
        {
            Assert.Equal("alice", Assert.Single(await ListAsync(project)).GetProperty("answers")[0].GetProperty("who").GetString());
            await AnswerAsync(project, "approve", $"{run}", "ask", "--as", "carol", "--field", "limit=7");
            Assert.Equal("success", (await project.EndedAsync(run)).State);
        }

        Assert.Equal(["7 alice looks right"], project.Lines("after.txt"));
        Assert.Empty(await ListAsync(project));
        var decided = Assert.Single(await ListAsync(project, "--all"));
        Assert.Equal("approved", decided.GetProperty("state").GetString());
        Assert.Equal(2, decided.GetProperty("answers").GetArrayLength());
    }

    [Fact]
    public async Task Whoever_started_the_run_may_not_approve_it_when_four_eyes_are_wanted()
    {
        using var project = Gate("approve: { message: go on?, not_author: true }, timeout: 1h");
        await using var server = await TestServer.StartAsync(project);
        var run = await AskedAsync(project);
        await RefusedAsync(project, "started the run and may not answer", "approve", $"{run}", "ask");
        await RefusedAsync(project, "answer it with `signalbox approvals approve", null, "mark", $"{run}", "ask", "success");
        await AnswerAsync(project, "approve", $"{run}", "ask", "--as", "somebody-else");
        var ended = await project.EndedAsync(run);
        Assert.Equal("success", ended.State);
        Assert.Equal(Environment.UserName, ended.Json.GetProperty("author").GetString());
    }

    [Theory]
    [InlineData("fail", "failed", "upstream_failed")]
    [InlineData("skip", "skipped", "skipped")]
    public async Task One_rejection_rejects_and_what_comes_after_follows_its_trigger_rule(string onReject, string ask, string after)
    {
        using var project = Gate($"approve: {{ message: go on?, quorum: 2, on_reject: {onReject} }}, retries: 3, timeout: 1h");
        await using var server = await TestServer.StartAsync(project);
        var run = await AskedAsync(project);
        await AnswerAsync(project, "approve", $"{run}", "ask", "--as", "alice");
        Assert.Equal(2, (await project.CallAsync("approvals", "reject", $"{run}", "ask", "--as", "bob")).ExitCode);
        await AnswerAsync(project, "reject", $"{run}", "ask", "--as", "bob", "--reason", "too few rows");
        var ended = await project.EndedAsync(run);
        Assert.Equal((ask, after), (ended.States["ask"], ended.States["after"]));
        Assert.Single(ended.Attempts("ask"));
        Assert.Contains("rejected by bob: too few rows", ended.Task("ask").GetProperty("reason").GetString(), StringComparison.Ordinal);
        await RefusedAsync(project, "is decided already: rejected by bob", "approve", $"{run}", "ask", "--as", "carol");
    }

    [Theory]
    [InlineData("approve", "success", "approved")]
    [InlineData("reject", "failed", "rejected")]
    [InlineData("fail", "failed", "expired")]
    public async Task When_nobody_decides_in_time_the_default_is_applied_once(string onTimeout, string ask, string state)
    {
        using var project = Gate(
            $"approve: {{ message: go on?, form: {{ limit: 5 }}, on_timeout: {onTimeout}, remind_every: 300ms }}, retries: 2, timeout: 3s"
        );
        var run = await project.RunAsync("gate", ask == "success" ? 0 : 1, "--date", "2001-01-05");
        Assert.Equal(ask, run.States["ask"]);
        Assert.Single(run.Attempts("ask"));
        Assert.Contains("no decision within 3s", (await ReasonsAsync(project)).Single(), StringComparison.Ordinal);
        var decided = Assert.Single(await ListAsync(project, "--all"));
        Assert.Equal(state, decided.GetProperty("state").GetString());
        Assert.InRange(decided.GetProperty("reminders").GetInt32(), 1, 9);
        Assert.Equal(ask == "success" ? ["5"] : [], project.Lines("after.txt").Select(line => line.Trim()));
    }

    [Fact]
    public async Task Questions_take_no_slot_and_go_with_the_tasks_that_asked_them()
    {
        using var project = new TestProject().Pipeline(
            "many",
            """
            max_active_tasks: 1
            tasks:
              ask: { for_each: [a, b, c], approve: "take {{ item }}?", timeout: 1h }
              beside: { run: touch beside.txt, timeout: 1m }
            """
        );
        await using var server = await TestServer.StartAsync(project);
        var run = await StartAsync(project, "many", open: 3);
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("beside.txt")), Deadline);
        await AnswerAsync(project, "approve", $"{run}", "ask[1]");
        (await project.CallAsync("mark", $"{run}", "ask[0]", "skipped")).Expect(0);
        (await project.CallAsync("cancel", $"{run}")).Expect(0);
        var ended = await project.EndedAsync(run);
        Assert.Equal(("skipped", "success", "failed"), (ended.States["ask[0]"], ended.States["ask[1]"], ended.States["ask[2]"]));
        Assert.Empty(await ListAsync(project));
        var all = await ListAsync(project, "--all");
        Assert.Equal(["withdrawn", "approved", "withdrawn"], all.OrderBy(Index).Select(asked => asked.GetProperty("state").GetString()));
        await RefusedAsync(project, "has ended already (failed)", "approve", $"{run}", "ask[2]");
    }

    [Fact]
    public async Task Without_a_server_the_answer_goes_on_with_the_run()
    {
        using var project = Gate("approve: go on?, timeout: 1h");
        long run;
        await using (var server = await TestServer.StartAsync(project))
        {
            run = await AskedAsync(project);
        }

        var answer = await AnswerAsync(project, "approve", $"{run}", "ask", "--json");
        Assert.True(answer.Json.GetProperty("done").GetBoolean());
        Assert.Single(project.Lines("after.txt"));
    }

    [Fact]
    public async Task A_quorum_that_nobody_can_reach_fails_at_once()
    {
        using var project = Gate("approve: { message: go on?, who: alice, quorum: 2 }, timeout: 1h");
        var run = await project.RunAsync("gate", 1);
        Assert.Contains(
            "the quorum is 2, but `who` names alice",
            run.Task("ask").GetProperty("reason").GetString(),
            StringComparison.Ordinal
        );
    }

    private static TestProject Gate(string ask) =>
        new TestProject().Pipeline(
            "gate",
            $$$"""
            tasks:
              ask: { {{{ask.Trim()}}} }
              after:
                needs: [ask]
                timeout: 1m
                run: >-
                  echo {{ tasks.ask.result.form.limit | default('') }}
                  {{ tasks.ask.result.answers[0].who | default('') }} {{ tasks.ask.result.answers[0].reason | default('') }} | xargs > after.txt
            """
        );

    private static Task<long> AskedAsync(TestProject project) => StartAsync(project, "gate", open: 1);

    private static async Task<long> StartAsync(TestProject project, string pipeline, int open)
    {
        var run = new RunSeen((await project.CallAsync("run", pipeline, "--date", "2001-01-05", "--detach", "--json")).Expect(0).Json);
        var asked = Array.Empty<JsonElement>();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (asked.Length < open)
        {
            Assert.True(watch.Elapsed < Deadline, "nobody is asked");
            asked = await ListAsync(project);
        }

        return run.Number;
    }

    private static int Index(JsonElement asked) => asked.GetProperty("map_index").GetInt32();

    private static async Task<JsonElement[]> ListAsync(TestProject project, params string[] more) =>
        [.. (await project.CallAsync(["approvals", "list", "--json", .. more])).Expect(0).Json.EnumerateArray()];

    private static async Task<Called> AnswerAsync(TestProject project, params string[] how) =>
        (await project.CallAsync(["approvals", .. how])).Expect(0);

    private static async Task RefusedAsync(TestProject project, string why, string? verb, params string[] arguments)
    {
        var called = (await project.CallAsync(verb is null ? arguments : ["approvals", verb, .. arguments])).Expect(2);
        Assert.Contains(why, called.Error, StringComparison.Ordinal);
    }

    private static async Task<string[]> ReasonsAsync(TestProject project) =>
        [.. (await ListAsync(project, "--all")).Select(asked => asked.GetProperty("reason").GetString()!)];
}
