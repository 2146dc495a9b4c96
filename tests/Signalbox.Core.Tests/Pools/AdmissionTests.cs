using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Pools;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Tests.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Pools;

public sealed class AdmissionTests
{
    private static readonly Dictionary<string, int> Gpu = new(StringComparer.Ordinal) { ["gpu"] = 1 };

    [Fact]
    [Trait("Requirement", "S16")]
    public void A_full_pool_holds_back_its_own_tasks_only_and_says_so()
    {
        var lab = new Lab(Pipeline(Task("g1") with { Pool = "gpu" }, Task("g2") with { Pool = "gpu" }, Task("c"))).Admit();
        var admission = new Admission(10, Gpu);
        admission.Load(lab.Snapshot);

        Assert.Equal(["c", "g1"], admission.Take().Select(seat => seat.Task.Task.Value));
        Assert.Equal("pool gpu: 1 of 1 slot in use", Assert.Single(admission.Explain(new RunNumber(1), Key("g2"))).Message);

        lab.Succeed("g1");
        admission.Update(lab.Snapshot, lab["g1"]);
        Assert.Equal(Key("g2"), Assert.Single(admission.Take()).Task);
    }

    [Fact]
    public void The_limit_of_the_pipeline_is_kept_and_said()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b")) with { MaxActiveTasks = 1 }).Admit();
        var admission = new Admission(10, Gpu);
        admission.Load(lab.Snapshot);
        Assert.Single(admission.Take());
        Assert.Equal("limit of pipeline p: 1 of 1 active task", Assert.Single(admission.Explain(new RunNumber(1), Key("b"))).Message);
    }

    [Fact]
    public void A_task_that_wants_more_than_its_pool_has_is_told_that_it_can_never_start()
    {
        var lab = new Lab(Pipeline(Task("a") with { Pool = "gpu", Slots = 2 })).Admit();
        var admission = new Admission(10, Gpu);
        admission.Load(lab.Snapshot);
        Assert.Empty(admission.Take());
        Assert.Contains("can never start", Assert.Single(admission.Explain(new RunNumber(1), Key("a"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S146")]
    public void Instances_of_one_map_run_as_many_at_a_time_as_it_allows()
    {
        var lab = new Lab(Pipeline(Task("m") with { ForEach = "{{ x }}", MaxParallel = 2 })).Admit().Items("m", 5);
        var admission = new Admission(10, Gpu);
        admission.Load(lab.Snapshot);
        Assert.Equal([0, 1], admission.Take().Select(seat => seat.Task.MapIndex));
    }

    [Fact]
    public void Priority_goes_first_and_a_refused_grant_is_given_back()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b") with { Priority = 5 })).Admit();
        var admission = new Admission(1, Gpu);
        admission.Load(lab.Snapshot);
        Assert.Equal(Key("b"), Assert.Single(admission.Take()).Task);
        lab.Mark("b", TaskState.Success);
        admission.Update(lab.Snapshot, lab["b"]);
        Assert.Equal(Key("a"), Assert.Single(admission.Take()).Task);
        Assert.Equal(1, admission.InUse);
    }

    [Fact]
    [Trait("Requirement", "S74")]
    public void Who_asks_for_devices_gets_some_that_nobody_else_has_until_it_is_over()
    {
        var admission = new Admission(10, Slots(3), Cards("0", "2", "GPU-x"));
        var lab = new Lab(Pipeline(Cardholder("a", 2), Cardholder("b", 1), Cardholder("c", 1), Task("plain"))).Admit();
        admission.Load(lab.Snapshot);

        Assert.Equal(["a: 0,2", "b: GPU-x", "plain: "], Taken(admission));
        Assert.Equal("pool gpu: 3 of 3 slots in use", Assert.Single(admission.Explain(new RunNumber(1), Key("c"))).Message);

        lab.Fail("a", failure: FailureClass.Permanent);
        admission.Update(lab.Snapshot, lab["a"]);
        Assert.Equal(["c: 0"], Taken(admission));
    }

    [Fact]
    [Trait("Requirement", "S74")]
    public void What_holds_devices_when_a_server_begins_keeps_them_also_where_the_pools_are_others_by_now()
    {
        var first = new Lab(Pipeline(Cardholder("old", 1), Cardholder("next", 1))).Admit();
        first.On(new RunEvent.SlotGranted(first.Now, Key("old")) { Gpus = "2" }).Started("old");
        // The device has moved from one pool to another since: there is a slot in that, and not the device.
        var admission = new Admission(
            10,
            new Dictionary<string, int>(StringComparer.Ordinal) { ["gpu"] = 2, ["big"] = 1 },
            new Dictionary<string, ImmutableArray<string>>(StringComparer.Ordinal) { ["gpu"] = ["0", "1"], ["big"] = ["2"] }
        );
        var second = new Lab(Pipeline(Cardholder("large", 1) with { Pool = "big" }), number: 2, isBackfill: false).Admit();
        admission.Load(first.Snapshot);
        admission.Load(second.Snapshot);

        Assert.Equal(["next: 0"], Taken(admission));
        Assert.Equal(
            "pool big: attempts that began before it had these devices hold some of them still",
            Assert.Single(admission.Explain(new RunNumber(2), Key("large"))).Message
        );

        first.Ended("old", new Outcome.Succeeded(null));
        admission.Update(first.Snapshot, first["old"]);
        Assert.Equal(["large: 2"], Taken(admission));
    }

    [Fact]
    public void Slots_that_are_only_counted_come_without_devices()
    {
        var admission = new Admission(10, Slots(2));
        admission.Load(new Lab(Pipeline(Cardholder("a", 2))).Admit().Snapshot);
        Assert.Equal(["a: "], Taken(admission));
    }

    [Fact]
    public void Ten_thousand_ready_tasks_are_admitted_one_by_one()
    {
        var lab = new Lab(Pipeline(Task("m") with { ForEach = "{{ x }}" }) with { MaxActiveTasks = 20_000 }).Admit().Items("m", 10_000);
        var admission = new Admission(4, Gpu);
        admission.Load(lab.Snapshot);
        var granted = 0;
        while (admission.Take(1) is [var seat])
        {
            granted++;
            admission.Update(lab.Snapshot, lab.Snapshot.Find(seat.Task)! with { State = TaskState.Success });
        }

        Assert.Equal(10_000, granted);
    }

    private static Dictionary<string, int> Slots(int count) => new(StringComparer.Ordinal) { ["gpu"] = count };

    private static Dictionary<string, ImmutableArray<string>> Cards(params string[] devices) =>
        new(StringComparer.Ordinal) { ["gpu"] = [.. devices] };

    private static TaskNode Cardholder(string name, int devices) =>
        Task(name) with
        {
            Pool = "gpu",
            Slots = devices,
            Resources = new ResourceSpec(null, null, devices),
        };

    private static IEnumerable<string> Taken(Admission admission) =>
        admission.Take().Select(seat => $"{seat.Task.Task}: {admission.DevicesOf(seat)}").Order(StringComparer.Ordinal);
}
