using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Breakers;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>Circuit breakers and retry budgets in a running engine: what is held, told, let through, and closed by hand.</summary>
public sealed class BreakerTests
{
    private const string Partner = "targets: { partner: { circuit_breaker: { failures: 2, cool_down: 1h } } }";

    [Fact]
    [Trait("Requirement", "S61")]
    public async Task Runs_of_a_pipeline_that_fails_in_a_row_are_held_told_once_and_begin_when_it_is_closed_by_hand()
    {
        await using var house = new House();
        var name = house.Pipeline("pipeline: daily\ncircuit_breaker: { failures: 2, cool_down: 1h }\nrun: test -e there\n");
        for (var day = 1; day <= 2; day++)
        {
            Assert.Equal(RunState.Failed, (await house.RunAsync(name, $"2024-03-0{day}")).State);
        }

        house.Write("there", "");
        var held = await house.StartAsync(name, "2024-03-03");
        var hindrance = await HindranceAsync(house, held);
        Assert.Equal("breaker", hindrance.Kind);
        Assert.Contains("is open after 2 failures in a row (run 2 of daily failed", hindrance.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Queued, house.Store.Read(session => session.Run(held))!.State);
        Assert.Single(Opened(house));

        // Another engine on the same store holds it as well.
        await house.CloseAsync();
        await house.ServeAsync();
        Assert.Equal("breaker", (await HindranceAsync(house, held)).Kind);

        var key = new BreakerKey(BreakerKind.Pipeline, name);
        Assert.False((await house.AskAsync(new Request.ResetBreaker("pipeline", "other", "x"))).Done);
        Assert.True((await house.AskAsync(new Request.ResetBreaker("pipeline", name, "mended"))).Done);
        Assert.Equal(RunState.Success, (await house.EndAsync(held)).State);
        Assert.Null(house.Store.Read(session => session.BreakerNamed(key)));
        Assert.NotNull(Assert.Single(Opened(house)).ResolvedAt);
    }

    [Fact]
    [Trait("Requirement", "S61")]
    public async Task Attempts_on_a_target_that_fails_are_held_for_all_pipelines_and_one_is_let_through_after_the_cool_down()
    {
        await using var house = new House(Partner.Replace("1h", "1500ms", StringComparison.Ordinal));
        house.Pipeline(
            "pipeline: first\ndefaults: { target: partner }\ntasks:\n  a: { run: exit 1 }\n  b: { needs: [a], trigger_rule: all_done, run: exit 1 }\n"
        );
        house.Pipeline("pipeline: second\ntasks:\n  asks: { run: echo asked >> asked.txt, target: partner }\n  own: { run: \"true\" }\n");
        Assert.Equal(RunState.Failed, (await house.RunAsync("first")).State);
        var held = await house.StartAsync("second");
        await house.UntilStateAsync(held, "own", TaskState.Success);
        Assert.Equal(TaskState.Scheduled, house.Task(held, "asks").State);
        Assert.Single(Opened(house));

        Assert.Equal(RunState.Success, (await house.EndAsync(held)).State);
        Assert.Single(house.Lines("asked.txt"));
        Assert.Empty(house.Store.Read(session => session.Breakers()));
    }

    [Fact]
    [Trait("Requirement", "S61")]
    public async Task What_says_nothing_of_the_target_opens_nothing()
    {
        await using var house = new House(Partner);
        house.Pipeline(
            "pipeline: first\ndefaults: { target: partner }\ntasks:\n  a: { run: \"echo ValueError >&2; exit 3\", failure_rules: [{ exit_code: 3, class: validation }] }\n"
                + "  b: { needs: [a], trigger_rule: all_done, run: exit 3, failure_rules: [{ exit_code: 3, class: schema }] }\n"
        );
        await house.RunAsync("first");
        Assert.Empty(house.Store.Read(session => session.Breakers()));
    }

    [Fact]
    [Trait("Requirement", "S99")]
    public async Task Retries_on_a_target_beyond_its_budget_wait_for_their_turn_whoever_made_the_others()
    {
        await using var house = new House("targets: { partner: { retry_budget: { retries: 2, per: 2s } } }");
        house.Pipeline(
            "pipeline: many\ntasks:\n  each: { for_each: [1, 2, 3, 4], run: \"test $SIGNALBOX_ATTEMPT = 2\", retries: 1, retry_delay: 0s, target: partner }\n"
        );
        var run = await house.StartAsync("many");
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        var again = house.Attempts(run).Where(attempt => attempt.Number == 2).Select(attempt => attempt.SubmittedAt).Order().ToList();
        Assert.Equal(4, again.Count);
        Assert.True(again[2] - again[0] >= TimeSpan.FromSeconds(2), $"the third came {again[2] - again[0]} after the first");
        Assert.True(again[3] - again[1] >= TimeSpan.FromSeconds(2), $"the fourth came {again[3] - again[1]} after the second");
    }

    [Fact]
    [Trait("Requirement", "S99")]
    public async Task A_target_that_is_not_declared_is_a_mistake_with_its_place()
    {
        await using var house = new House(Partner);
        house.Pipeline("pipeline: first\ntasks:\n  a: { run: \"true\", target: partnr }\n");
        var problem = Assert.Single(
            house.Session.Project.OpenPipelines().Load().Problems,
            problem => problem.Severity == Core.Definitions.Severity.Error
        );
        Assert.Equal(("unknown-target", 3), (problem.Code, problem.Line));
        Assert.Contains("did you mean `partner`?", problem.Message, StringComparison.Ordinal);
    }

    private static List<Storage.StoredAlert> Opened(House house) =>
        [.. house.Store.Read(session => session.Alerts(100)).Where(stored => stored.Alert.Kind == AlertKind.BreakerOpened)];

    private static async Task<Core.Pools.Hindrance> HindranceAsync(House house, RunNumber run) =>
        (await house.Session.WhyNotAsync(run, null))[0];
}
