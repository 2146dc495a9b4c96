using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Pools;

public sealed class RunQueueTests
{
    [Fact]
    public void Live_runs_go_before_a_backfill_and_the_limit_counts_all()
    {
        var queue = new RunQueue();
        queue.Update(Make(1, day: 9, backfill: 1), 2);
        queue.Update(Make(2, day: 8, backfill: 1), 2);
        queue.Update(Make(3, day: 7), 2);
        queue.Update(Make(4, day: 5), 2);
        Assert.Equal([4, 3], queue.Take().Select(run => run.Value));
        Assert.Empty(queue.Take());
        Assert.Equal("limit of pipeline p: 2 of 2 active runs", Assert.Single(queue.Explain(new RunNumber(1))).Message);

        queue.Update(Make(3, day: 7) with { State = RunState.Success }, 2);
        Assert.Equal([1], queue.Take().Select(run => run.Value));
    }

    [Fact]
    public void A_backfill_keeps_its_own_limit_and_its_own_order()
    {
        var queue = new RunQueue();
        queue.SetBackfillLimit(1, 1);
        queue.Update(Make(1, day: 9, backfill: 1), 5);
        queue.Update(Make(2, day: 8, backfill: 1), 5);
        Assert.Equal([1], queue.Take().Select(run => run.Value));
        queue.Update(Make(1, day: 9, backfill: 1) with { State = RunState.Failed }, 5);
        Assert.Equal([2], queue.Take().Select(run => run.Value));
    }

    private static Run Make(long number, int day, long? backfill = null) =>
        NewRun(Pipeline()) with
        {
            Number = new RunNumber(number),
            LogicalDate = new DateTimeOffset(2001, 1, day, 0, 0, 0, TimeSpan.Zero),
            Backfill = backfill,
            Trigger = backfill is null ? RunTrigger.Scheduled : RunTrigger.Backfill,
        };
}
