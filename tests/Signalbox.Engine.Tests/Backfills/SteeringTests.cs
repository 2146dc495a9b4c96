using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Backfills;

/// <summary>A backfill is paused, paced and taken over, and its runs know why there are.</summary>
public sealed class SteeringTests
{
    private const string Held =
        "pipeline: held\npartition: day\ntasks:\n  a: { run: \"echo $SIGNALBOX_DS >> begun; until test -e go; do sleep 0.02; done\", grace: 1s }\n";

    [Fact]
    [Trait("Requirement", "S137")]
    public async Task A_paused_backfill_begins_nothing_also_under_another_engine_until_it_is_resumed()
    {
        await using var house = new House();
        house.Pipeline(Held);
        await house.SaveAsync();
        var id = await StartAsync(house, "held", Days(1, 4));
        await house.UntilAsync(() => house.Lines("begun").Length == 2, "two runs");
        var paused = await house.AskAsync(new Request.PauseBackfill(id, "the source is slow"));
        Assert.Equal($"backfill {id} is paused: 2 runs go on, 2 dates wait", paused.Message);
        Assert.False((await house.AskAsync(new Request.PauseBackfill(id, "again"))).Done);
        house.Write("go", "");
        await house.UntilAsync(() => Progress(house, id).GetValueOrDefault(BackfillItemState.Success) == 2, "two to end");
        await house.CloseAsync();
        await house.ServeAsync();
        Assert.Equal(BackfillState.Paused, house.Store.Read(session => session.Backfill(id))!.State);
        Assert.Equal(2, house.Lines("begun").Length);

        Assert.True((await house.AskAsync(new Request.ResumeBackfill(id, "quick again"))).Done);
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(BackfillState.Success, ended.State);
        Assert.Equal("TZ bug", ended.Reason);
        Assert.Equal(4, house.Lines("begun").Length);
        Assert.False((await house.AskAsync(new Request.ResumeBackfill(id, "too late"))).Done);
    }

    [Fact]
    public async Task A_paused_backfill_that_is_cancelled_ends_with_the_last_of_its_runs()
    {
        await using var house = new House();
        house.Pipeline(Held);
        await house.SaveAsync();
        var id = await StartAsync(house, "held", Days(1, 4));
        await house.UntilAsync(() => house.Lines("begun").Length == 2, "two runs");
        Assert.True((await house.AskAsync(new Request.PauseBackfill(id, "wait"))).Done);
        Assert.True((await house.AskAsync(new Request.CancelBackfill(id, "no longer wanted"))).Done);
        var ended = await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(BackfillState.Cancelled, ended.State);
        Assert.Equal(4, Progress(house, id)[BackfillItemState.Cancelled]);
    }

    [Fact]
    [Trait("Requirement", "S137")]
    public async Task A_paced_backfill_begins_one_run_in_each_span_however_many_may_be_active()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        house.Pipeline("pipeline: paced\npartition: day\ntasks:\n  a: { noop: }\n");
        await house.SaveAsync();
        var id = await StartAsync(house, "paced", Days(1, 3), every: TimeSpan.FromHours(1));
        for (var done = 1; done <= 3; done++)
        {
            await house.UntilAsync(
                () => Progress(house, id).GetValueOrDefault(BackfillItemState.Success) == done || Passes(time),
                $"run {done}"
            );
            Assert.Equal(3 - done, Progress(house, id).GetValueOrDefault(BackfillItemState.Pending));
            time.Pass(TimeSpan.FromMinutes(59));
            Assert.Equal(done, Runs(house, id).Count);
            time.Pass(TimeSpan.FromMinutes(1));
        }

        await house.UntilAsync(() => house.Store.Read(session => session.Backfill(id))!.State == BackfillState.Success, "the end");
        var made = Runs(house, id).Select(run => run.CreatedAt).Order().ToList();
        Assert.All(made.Zip(made.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task Two_backfills_never_run_the_same_dates_unless_one_takes_them_over()
    {
        await using var house = new House();
        house.Pipeline(Held);
        await house.SaveAsync();
        var first = await StartAsync(house, "held", Days(1, 4), most: 1);
        await house.UntilAsync(() => house.Lines("begun").Length == 1, "the first run");
        var wish = new Request.StartBackfill("held", Days(1, 3), 3, "{}", [], "better", false, false);
        var refused = await house.AskAsync(wish);
        Assert.False(refused.Done);
        Assert.Contains(
            $"backfill {first} of held is under way with 3 of these dates (2024-03-01, ",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("--replace", refused.Message, StringComparison.Ordinal);
        Assert.True((await house.AskAsync(wish with { Dates = Days(6, 6), MaxActive = 1 })).Done);

        var second = await house.AskAsync(wish with { Replace = true });
        Assert.True(second.Done, second.Message);
        Assert.Contains($"3 dates are taken over from backfill {first}", second.Message, StringComparison.Ordinal);
        house.Write("go", "");
        var taken = await house.Session.WaitForBackfillAsync(second.Number!.Value, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        var left = await house.Session.WaitForBackfillAsync(first, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(BackfillState.Success, taken.State);
        Assert.Equal(BackfillState.Cancelled, left.State);
        Assert.Equal(
            [BackfillItemState.Cancelled, BackfillItemState.Skipped, BackfillItemState.Skipped, BackfillItemState.Success],
            house.Store.Read(session => session.BackfillItems(first)).Select(item => item.State)
        );
    }

    [Fact]
    [Trait("Requirement", "S135")]
    public async Task Each_run_knows_the_date_and_the_reason_of_its_backfill()
    {
        await using var house = new House();
        house.Pipeline(
            """
            pipeline: conf
            schedule: { cron: "0 0 * * *", timezone: Europe/London }
            params: { rows: { type: integer, default: 3 } }
            tasks:
              a: { run: "echo {{ dag_run.conf.backfill_date }} {{ dag_run.conf['backfill_reason'] }} {{ dag_run.conf.rows }} $SIGNALBOX_BACKFILL_DATE $SIGNALBOX_BACKFILL_REASON >> said" }
            """
        );
        await house.SaveAsync();
        // Midnight in London in summer is the day before in UTC.
        var id = await StartAsync(house, "conf", [new DateTimeOffset(2024, 6, 30, 23, 0, 0, TimeSpan.Zero)]);
        await house.Session.WaitForBackfillAsync(id, House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(["2024-07-01 TZ bug 3 2024-07-01 TZ bug"], house.Lines("said"));
    }

    private static IReadOnlyDictionary<BackfillItemState, int> Progress(House house, long id) =>
        house.Store.Read(session => session.BackfillProgress(id));

    private static IReadOnlyList<Run> Runs(House house, long id) =>
        house.Store.Read(session =>
            session.BackfillItems(id).Where(item => item.Run is not null).Select(item => session.Run(item.Run!.Value)!).ToList()
        );

    private static async Task<long> StartAsync(
        House house,
        string pipeline,
        ImmutableArray<DateTimeOffset> dates,
        int most = 2,
        TimeSpan? every = null
    )
    {
        var answer = await house.AskAsync(
            new Request.StartBackfill(pipeline, dates, most, "{}", [], "TZ bug", false, false) { Every = every }
        );
        Assert.True(answer.Done, answer.Message);
        return answer.Number!.Value;
    }

    /// <summary>A little more time, for a timer that was set only after the clock had moved.</summary>
    private static bool Passes(ManualTime time)
    {
        time.Pass(TimeSpan.FromMilliseconds(100));
        return false;
    }

    private static ImmutableArray<DateTimeOffset> Days(int from, int to) =>
        [.. Enumerable.Range(from, to - from + 1).Select(day => new DateTimeOffset(2024, 3, day, 0, 0, 0, TimeSpan.Zero))];
}
