namespace Signalbox.Engine.Outbox;

/// <summary>Wakes whoever delivers the outbox. Rung after the message is durable; however often it is rung, it wakes once.</summary>
public sealed class OutboxBell
{
    private readonly SemaphoreSlim _rung = new(0, 1);

    public void Ring()
    {
        lock (_rung)
        {
            if (_rung.CurrentCount == 0)
            {
                _rung.Release();
            }
        }
    }

    /// <summary>Waits until it is rung, or for so long.</summary>
    public async Task WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var rung = _rung.WaitAsync(enough.Token);
        await Task.WhenAny(rung, Task.Delay(most, time, enough.Token));
        await enough.CancelAsync();
        await rung.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
