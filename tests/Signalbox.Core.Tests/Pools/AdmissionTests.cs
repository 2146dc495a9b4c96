using Signalbox.Core.Definitions;
using Signalbox.Core.Pools;
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
}
