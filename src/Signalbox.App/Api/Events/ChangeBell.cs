using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Wakes whoever waits for something to happen: at once when this process's engine did it, soon when another process did.</summary>
internal sealed class ChangeBell : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly EngineSession _engine;
    private readonly TimeProvider _time;
    private TaskCompletionSource _next = NewRing();

    public ChangeBell(EngineSession engine, TimeProvider time)
    {
        (_engine, _time) = (engine, time);
        engine.Changed += OnChanged;
    }

    /// <summary>Completes when something may have happened since the call.</summary>
    public Task NextAsync(CancellationToken cancellationToken) =>
        Task.WhenAny(Volatile.Read(ref _next).Task, Task.Delay(LookEvery, _time, cancellationToken));

    public void Dispose() => _engine.Changed -= OnChanged;

    private void OnChanged(RunSnapshot run, Change change) => Interlocked.Exchange(ref _next, NewRing()).TrySetResult();

    private static TaskCompletionSource NewRing() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
