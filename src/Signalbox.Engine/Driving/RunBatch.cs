using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>The decisions of one turn of the driver, in order: one transaction, then the deeds.</summary>
internal sealed class RunBatch
{
    private readonly List<(LiveRun Run, Decision Decision, RunAlerts Alerts, Action<WriteSession>? Write)> _steps = [];

    private readonly List<TaskCompletionSource> _asked = [];

    private readonly List<Action<WriteSession>> _writes = [];

    private bool _tells;

    public bool IsEmpty => _steps.Count == 0 && _writes.Count == 0;

    public IEnumerable<LiveRun> Runs => _steps.Select(step => step.Run).Distinct();

    /// <summary>Whether there is something to deliver once the batch is durable.</summary>
    public bool HasAlerts { get; private set; }

    public void Add(LiveRun run, Decision decision, RunAlerts alerts, Action<WriteSession>? write) =>
        _steps.Add((run, decision, alerts, write));

    /// <summary>Rows that belong to the batch and to no one run in it.</summary>
    public void Add(Action<WriteSession> write) => _writes.Add(write);

    /// <summary>Rows that belong to the batch, an alert among them.</summary>
    public void AddTold(Action<WriteSession> write)
    {
        Add(write);
        _tells = true;
    }

    /// <summary>Somebody wants to know when this batch is durable.</summary>
    public void Tell(TaskCompletionSource asked) => _asked.Add(asked);

    public void Kept() => _asked.ForEach(asked => asked.TrySetResult());

    public void Lost(Exception why) => _asked.ForEach(asked => asked.TrySetException(why));

    public void WriteTo(WriteSession session)
    {
        foreach (var (run, decision, _, write) in _steps)
        {
            session.Apply(run.Snapshot.Run.Number, run.Fence, decision);
            write?.Invoke(session);
        }

        foreach (var write in _writes)
        {
            write(session);
        }

        HasAlerts = _tells | session.Write(_steps.Where(step => !step.Alerts.IsEmpty).Select(step => (step.Run.Snapshot.Run, step.Alerts)));
    }

    public IEnumerable<(LiveRun Run, RunCommand Command)> Deeds()
    {
        foreach (var (run, decision, _, _) in _steps)
        {
            foreach (var command in decision.Commands)
            {
                yield return (run, command);
            }
        }
    }

    public IEnumerable<(LiveRun Run, Change Change)> Changes()
    {
        foreach (var (run, decision, _, _) in _steps)
        {
            foreach (var change in decision.Changes)
            {
                yield return (run, change);
            }
        }
    }
}
