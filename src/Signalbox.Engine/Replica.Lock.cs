using Signalbox.Storage;

namespace Signalbox.Engine;

/// <content>
/// The lock that makes it the one engine of the store. What it writes is guarded by the fences of its runs anyway; limits, which it counts in
/// memory, hold only while nobody else begins anything.
/// </content>
internal sealed partial class Replica
{
    private static readonly TimeSpan LockPause = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _lockLost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when another engine has the lock, as it can when a connection broke: this one begins nothing more and is to be disposed.</summary>
    public Task LockLost => _lockLost.Task;

    private async Task KeepLockAsync(CancellationToken cancellationToken)
    {
        while (IsKept())
        {
            await Task.Delay(LockPause, _parts.Time, cancellationToken);
        }

        _driver.HoldSlots();
        _lockLost.TrySetResult();
    }

    private bool IsKept()
    {
        try
        {
            return _lock.Keep();
        }
        catch (StoreUnavailable)
        {
            // Whoever has something to write says so; without the store no other engine acts either.
            return true;
        }
    }
}
