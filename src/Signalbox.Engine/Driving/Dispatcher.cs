using Signalbox.Core;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;

namespace Signalbox.Engine.Driving;

/// <summary>Keeps the queues of runs and of ready tasks in step with the runs, so that each freed slot goes to the right one.</summary>
internal sealed class Dispatcher(Admission tasks, RunQueue runs)
{
    public void SetLimits(int total, IReadOnlyDictionary<string, int> pools) => tasks.SetLimits(total, pools);

    public void SetBackfillLimit(long backfill, int most) => runs.SetBackfillLimit(backfill, most);

    public void SetDrains(bool all, IEnumerable<PipelineName> pipelines) => runs.SetDrains(all, pipelines);

    public void SetBreaker(PipelineName pipeline, Held? held) => runs.SetBreaker(pipeline, held);

    public void SetTarget(string target, Held? attempts, Held? retries) => tasks.SetTarget(target, attempts, retries);

    public void Add(RunSnapshot run)
    {
        Update(run, run.Run);
        tasks.Load(run);
    }

    public void Follow(RunSnapshot run, Change change)
    {
        switch (change)
        {
            case Change.RunChanged { After: var row }:
                Update(run, row);
                break;
            case Change.TaskChanged { After: var task }:
                tasks.Update(run, task);
                break;
        }
    }

    /// <summary>The run ended, or somebody else drives it.</summary>
    public void Remove(RunSnapshot run)
    {
        tasks.Forget(run);
        Update(run, run.Run with { State = run.Run.State.IsEnd() ? run.Run.State : RunState.Cancelled });
    }

    /// <summary>Attempts that hold slots.</summary>
    public int InUse => tasks.InUse;

    public IReadOnlyList<RunNumber> NextRuns() => runs.Take();

    public IReadOnlyList<Seat> NextTasks() => tasks.Take();

    public string? DevicesOf(Seat seat) => tasks.DevicesOf(seat);

    /// <summary>The run did not take what it was given: it goes back.</summary>
    public void GiveBack(RunSnapshot run, TaskKey key)
    {
        if (run.Find(key) is { } task)
        {
            tasks.Update(run, task);
        }
    }

    public IReadOnlyList<Hindrance> WhyNot(RunNumber run) => runs.Explain(run);

    public IReadOnlyList<Hindrance> WhyNot(RunNumber run, TaskKey task) => tasks.Explain(run, task);

    private void Update(RunSnapshot run, Run row) =>
        runs.Update(
            row,
            Overlaps.MostActive(run.Pipeline),
            keepsPlace: !run.Pipeline.Schedules.IsDefaultOrEmpty || !run.Pipeline.Triggers.IsDefaultOrEmpty
        );
}
