using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>What becomes of a new run while another has not ended, and while nothing new is taken.</summary>
public sealed class OverlapTests
{
    private static readonly DateTimeOffset Noon = new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("queue", 2, 0)]
    [InlineData("allow", 2, 0)]
    [InlineData("skip", 1, 1)]
    [InlineData("reject", 1, 1)]
    public async Task A_tick_beside_a_run_is_decided_by_the_policy(string policy, int runs, int skipped)
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Hourly("beside", $"overlap: {policy}\nmax_active_runs: 1"));
        await house.ServeAsync();
        await UntilRunningAsync(house, time, 1);
        time.Pass(TimeSpan.FromHours(1));
        await house.UntilAsync(() => Passed(time) && Ticks(house, "beside").Count == 2, "the second tick");

        Assert.Equal(runs, Runs(house, "beside").Count);
        Assert.Equal(skipped, Ticks(house, "beside").Count(tick => tick.Skip == SkipReason.Overlap));
        if (policy == "allow")
        {
            await UntilRunningAsync(house, time, 2);
        }

        await EndAllAsync(house, "beside");
        Assert.Equal(policy == "allow" ? 2 : 1, MostAtOnce(house));
    }

    [Fact]
    public async Task Reject_refuses_whoever_asks_and_says_which_run_is_in_the_way()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Hourly("strict", "overlap: reject"));
        await house.ServeAsync();
        await UntilRunningAsync(house, time, 1);
        var refused = await house.AskAsync(new Request.StartRun("strict", null, "2024-03-01", "{}", null, null));
        Assert.False(refused.Done);
        Assert.Equal("overlap", refused.Refusal);
        Assert.Contains("run 1 of strict has not ended", refused.Message, StringComparison.Ordinal);
        await EndAllAsync(house, "strict");
        Assert.True((await house.AskAsync(new Request.StartRun("strict", null, "2024-03-01", "{}", null, null))).Done);
        await EndAllAsync(house, "strict");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_running_cancels_the_run_and_starts_the_new_one(bool byTick)
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Hourly("newest", "overlap: cancel_running"));
        await house.ServeAsync();
        await UntilRunningAsync(house, time, 1);
        if (byTick)
        {
            time.Pass(TimeSpan.FromHours(1));
        }
        else
        {
            Assert.True((await house.AskAsync(new Request.StartRun("newest", null, "2024-02-01", "{}", null, null))).Done);
        }

        await house.UntilAsync(
            () => Passed(time) && Runs(house, "newest") is [{ State: RunState.Cancelled }, { State: RunState.Running }],
            "the second run in place of the first"
        );
        Assert.Contains("cancel_running", Runs(house, "newest")[0].Reason, StringComparison.Ordinal);
        await EndAllAsync(house, "newest");
    }

    [Fact]
    public async Task A_drain_lets_what_runs_finish_and_nothing_new_begin_until_it_is_undone()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Hourly("held", "max_active_runs: 1\ncatchup: all"));
        await house.ServeAsync();
        await UntilRunningAsync(house, time, 1);
        Assert.True((await house.AskAsync(new Request.StartRun("held", null, "2024-02-01", "{}", "waiting", null))).Done);
        var drained = await house.AskAsync(new Request.Drain("held", "moving"));
        Assert.Equal("held takes no new runs: 1 run finishes, 1 queued waits", drained.Message);
        var refused = await house.AskAsync(new Request.StartRun("held", null, "2024-02-02", "{}", null, null));
        Assert.Equal(("drained", false), (refused.Refusal, refused.Done));
        Assert.Contains("moving", refused.Message, StringComparison.Ordinal);
        house.Write("go", "");
        await house.UntilAsync(() => Passed(time) && Runs(house, "held")[0].State == RunState.Success, "the end of the first run");
        time.Pass(TimeSpan.FromHours(2));

        // It holds over a restart, for its ticks and for what is queued.
        await house.CloseAsync();
        await house.ServeAsync();
        var until = time.GetUtcNow().AddSeconds(10);
        await house.UntilAsync(() => Passed(time) && time.GetUtcNow() >= until, "the clock");
        Assert.Equal(RunState.Queued, Runs(house, "held")[1].State);
        Assert.Single(Ticks(house, "held"));

        Assert.True((await house.AskAsync(new Request.EndDrain("held"))).Done);
        await house.UntilAsync(
            () => Passed(time) && Runs(house, "held").Count == 4 && Runs(house, "held").All(run => run.State.IsEnd()),
            "all runs"
        );
        Assert.Equal(3, Ticks(house, "held").Count(tick => tick.Run is not null));
        Assert.False((await house.AskAsync(new Request.EndDrain("held"))).Done);
    }

    [Fact]
    public async Task A_drained_project_makes_no_runs_of_any_pipeline()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline("pipeline: one\nschedule: \"0 * * * *\"\ntasks:\n  a: { run: \"true\" }\n");
        await house.SaveAsync();
        Assert.True((await house.AskAsync(new Request.Drain(null, "maintenance"))).Done);
        await house.CloseAsync();
        await house.ServeAsync();
        var until = time.GetUtcNow().AddHours(2);
        await house.UntilAsync(() => Passed(time, 60) && time.GetUtcNow() >= until, "the clock");
        Assert.Empty(Runs(house, "one"));
        Assert.True((await house.AskAsync(new Request.EndDrain(null))).Done);
        await house.UntilAsync(() => Passed(time) && Runs(house, "one").Count == 1, "the latest run");
    }

    [Fact]
    [Trait("Requirement", "S37")]
    public async Task Unpausing_says_how_many_runs_it_creates_and_records_what_it_gives_up()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline("pipeline: all\nschedule: \"0 2 * * *\"\ncatchup: all\ntasks:\n  a: { run: \"true\" }\n");
        house.Pipeline("pipeline: none\nschedule: \"0 2 * * *\"\ntasks:\n  a: { run: \"true\" }\n");
        await house.ServeAsync();
        await house.UntilAsync(() => Passed(time) && Runs(house, "all").Count == 1 && Runs(house, "none").Count == 1, "the first runs");
        foreach (var name in new[] { "all", "none" })
        {
            Assert.True((await house.AskAsync(new Request.PausePipeline(name, "holiday"))).Done);
        }

        time.Pass(TimeSpan.FromDays(3));
        var all = await house.AskAsync(new Request.UnpausePipeline("all", "back"));
        Assert.Equal(
            "all is no longer paused: 3 runs of missed ticks are created now (2024-03-02 02:00Z to 2024-03-04 02:00Z); the next run is due at 2024-03-05 02:00Z",
            all.Message
        );
        var none = await house.AskAsync(new Request.UnpausePipeline("none", "back"));
        Assert.Equal(
            "none is no longer paused: 0 runs of missed ticks are created now, 3 ticks are skipped; the next run is due at 2024-03-05 02:00Z",
            none.Message
        );
        await house.UntilAsync(() => Passed(time) && Runs(house, "all").Count == 4, "the caught-up runs");
        Assert.Single(Runs(house, "none"));
        Assert.Equal(3, Ticks(house, "none").Count(tick => tick.Skip == SkipReason.Paused));
    }

    // It writes down when it begins and ends, and ends when the file `go` is there.
    private static string Hourly(string name, string more) =>
        $"pipeline: {name}\nschedule: \"0 * * * *\"\n{more}\ntasks:\n  a:\n    run: \"echo + >> marks; until [ -e go ]; do sleep 0.02; done; echo - >> marks\"\n";

    private static bool Passed(ManualTime time, int seconds = 1)
    {
        time.Pass(TimeSpan.FromMilliseconds(100 * seconds));
        return true;
    }

    private static IReadOnlyList<Run> Runs(House house, string pipeline) =>
        [
            .. house
                .Store.Read(session =>
                    session.RunsOf(new PipelineName(pipeline), DateTimeOffset.MinValue.AddYears(1), DateTimeOffset.MaxValue.AddYears(-1))
                )
                .OrderBy(run => run.Number.Value),
        ];

    private static IReadOnlyList<Storage.StoredTick> Ticks(House house, string pipeline) =>
        house.Store.Read(session => session.Ticks(new PipelineName(pipeline), 1000));

    private static Task UntilRunningAsync(House house, ManualTime time, int count) =>
        house.UntilAsync(() => Passed(time) && house.Lines("marks").Count(line => line == "+") == count, $"{count} running");

    private static int MostAtOnce(House house)
    {
        var (now, most) = (0, 0);
        foreach (var line in house.Lines("marks"))
        {
            now += line == "+" ? 1 : -1;
            most = Math.Max(most, now);
        }

        return most;
    }

    private static async Task EndAllAsync(House house, string pipeline)
    {
        house.Write("go", "");
        var time = (ManualTime)house.Time;
        await house.UntilAsync(() => Passed(time) && Runs(house, pipeline).All(run => run.State.IsEnd()), "the end of all runs");
    }
}
