using Signalbox.Core.Definitions;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using Signalbox.Core.Tests.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Pools;

/// <summary>A backfill goes behind the live runs, and neither starves the other.</summary>
public sealed class FairnessTests
{
    private static readonly Dictionary<string, int> Pools = new(StringComparer.Ordinal) { ["db"] = 3 };

    [Fact]
    [Trait("Requirement", "S69")]
    public void A_backfill_that_holds_slots_leaves_the_last_one_to_live_tasks()
    {
        var admission = new Admission(100, Pools);
        var history = Enumerable.Range(1, 4).Select(number => Load(admission, number, backfill: true)).ToList();
        Assert.Equal([1, 2], admission.Take().Select(seat => seat.Run.Value));
        Assert.Contains(
            "the last place of pool db is kept for live runs",
            Assert.Single(admission.Explain(new RunNumber(3), Key("a"))).Message,
            StringComparison.Ordinal
        );

        Load(admission, 9, backfill: false);
        Assert.Equal(9, Assert.Single(admission.Take()).Run.Value);
        history[0].Succeed("a");
        admission.Update(history[0].Snapshot, history[0]["a"]);
        // The live one has the last slot: what the backfill gave back is its own again.
        Assert.Equal([], admission.Take().Select(seat => seat.Run.Value));
    }

    [Fact]
    public void A_backfill_gets_the_only_slot_there_is_when_it_holds_none()
    {
        var admission = new Admission(1, Pools);
        Load(admission, 1, backfill: true);
        Load(admission, 2, backfill: true);
        Assert.Equal(1, Assert.Single(admission.Take()).Run.Value);
    }

    [Fact]
    [Trait("Requirement", "S69")]
    public void However_many_live_tasks_come_a_backfill_gets_its_turn()
    {
        var admission = new Admission(1, Pools);
        var late = Load(admission, 1000, backfill: true);
        var live = Enumerable
            .Range(1, 40)
            .Select(number => Load(admission, number, backfill: false))
            .ToDictionary(lab => lab.Snapshot.Run.Number);
        var order = new List<long>();
        while (admission.Take(1) is [var seat])
        {
            order.Add(seat.Run.Value);
            var lab = seat.Run.Value == 1000 ? late : live[seat.Run];
            lab.Succeed("a");
            admission.Update(lab.Snapshot, lab["a"]);
        }

        Assert.Equal(41, order.Count);
        Assert.Equal(Admission.LiveInARow, order.IndexOf(1000));
    }

    [Fact]
    [Trait("Requirement", "S69")]
    public void The_last_run_of_a_pipeline_with_a_schedule_is_kept_for_a_live_one()
    {
        var queue = new RunQueue();
        for (var number = 1; number <= 6; number++)
        {
            queue.Update(Make(number, backfill: 1), 4, keepsPlace: true);
        }

        Assert.Equal([1, 2, 3], queue.Take().Select(run => run.Value));
        Assert.Equal("live", Assert.Single(queue.Explain(new RunNumber(4))).Kind);
        queue.Update(Make(50, backfill: null), 4, keepsPlace: true);
        Assert.Equal([50], queue.Take().Select(run => run.Value));
    }

    [Fact]
    [Trait("Requirement", "S69")]
    public void However_many_live_runs_come_one_of_a_backfill_begins()
    {
        var queue = new RunQueue();
        queue.Update(Make(1000, backfill: 1), 1);
        for (var number = 1; number <= 40; number++)
        {
            queue.Update(Make(number, backfill: null), 1);
        }

        var order = new List<long>();
        while (queue.Take() is [var run])
        {
            order.Add(run.Value);
            queue.Update(Make(run.Value, run.Value == 1000 ? 1 : null) with { State = RunState.Success }, 1);
        }

        Assert.Equal(41, order.Count);
        Assert.Equal(RunQueue.LiveInARow, order.IndexOf(1000));
    }

    private static Lab Load(Admission admission, long number, bool backfill)
    {
        var pipeline = Pipeline(Task("a") with { Kind = new TaskKind.Shell("true"), Pool = "db" });
        var lab = new Lab(pipeline, number, backfill).Admit();
        admission.Load(lab.Snapshot);
        return lab;
    }

    private static Run Make(long number, long? backfill) =>
        NewRun(Pipeline()) with
        {
            Number = new RunNumber(number),
            Backfill = backfill,
            Trigger = backfill is null ? RunTrigger.Scheduled : RunTrigger.Backfill,
        };
}
