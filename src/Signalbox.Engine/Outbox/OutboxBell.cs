namespace Signalbox.Engine.Outbox;

/// <summary>Wakes whoever delivers the outbox. Rung after the message is durable; however often it is rung, it wakes once.</summary>
public sealed class OutboxBell
{
    private readonly Lock _guard = new();
    private TaskCompletionSource? _sleeper;
    private bool _rung;

    public void Ring()
    {
        lock (_guard)
        {
            // Whoever has been woken already, by its time or by its end, is told the next time.
            _rung = _sleeper?.TrySetResult() != true;
            _sleeper = null;
        }
    }

    /// <summary>Waits until it is rung, or for so long. One waits at a time.</summary>
    public async Task WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        var sleeper = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_guard)
        {
            if (_rung)
            {
                _rung = false;
                cancellationToken.ThrowIfCancellationRequested();
                return;
            }

            _sleeper = sleeper;
        }

        await using var alarm = time.CreateTimer(_ => sleeper.TrySetResult(), state: null, most, Timeout.InfiniteTimeSpan);
        await using var end = cancellationToken.UnsafeRegister(_ => sleeper.TrySetCanceled(cancellationToken), state: null);
        await sleeper.Task;
    }
}
