using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <content>When the store knows better than what is in memory. It is read between turns: what a turn has taken would else be lost while the store is away.</content>
internal sealed partial class RunDriver
{
    /// <summary>Before a turn: what has changed in the store beside the driver.</summary>
    private async Task ReadFirstAsync(CancellationToken cancellationToken)
    {
        await FollowClockAsync(cancellationToken);
        if (_breakersAreOld)
        {
            _breakersAreOld = false;
            await LoadBreakersAsync(cancellationToken);
        }
    }

    /// <summary>
    /// What was decided did not become durable, or nobody knows: what is in memory is worth nothing. The runs are read again, and go on
    /// from what the store says; a run that another engine owns by now is left to it.
    /// </summary>
    /// <param name="goOn">Does what the rows imply.</param>
    private async Task RereadAsync(IEnumerable<LiveRun> runs, Action<LiveRun> goOn, CancellationToken cancellationToken)
    {
        foreach (var run in runs.ToList())
        {
            var number = run.Snapshot.Run.Number;
            Forget(number);
            await UntilReadAsync(
                () =>
                {
                    if (_parts.Store.Read(session => LiveRun.Load(session, number, run.Fence)) is { } again)
                    {
                        TakeOver(again, afterRestart: false);
                        goOn(again);
                    }
                },
                cancellationToken
            );
        }

        await LoadBreakersAsync(cancellationToken);
    }

    private Task LoadBreakersAsync(CancellationToken cancellationToken) =>
        UntilReadAsync(() => _breakers.Load(_parts.Clock.Now), cancellationToken);

    private async Task UntilReadAsync(Action read, CancellationToken cancellationToken)
    {
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = pause < TimeSpan.FromSeconds(5) ? pause * 2 : pause)
        {
            try
            {
                read();
                return;
            }
            catch (StoreUnavailable)
            {
                await Task.Delay(pause, _parts.Time, cancellationToken);
            }
        }
    }

    /// <summary>
    /// When somebody set the clock, all deadlines move with it: in the store first, and from there here. Until the store has taken it, time goes on as if
    /// nobody had.
    /// </summary>
    private async Task FollowClockAsync(CancellationToken cancellationToken)
    {
        var next = _parts.Clock.Next();
        if (next == _parts.Clock.Mark)
        {
            return;
        }

        try
        {
            await _parts.Store.WriteAsync(session => _parts.Clock.Move(session, next), cancellationToken);
        }
        catch (StoreException failure)
        {
            StoreFailed?.Invoke(failure);
        }

        // What failed may have been kept all the same.
        var by = TimeSpan.Zero;
        await UntilReadAsync(() => by = _parts.Clock.Follow(_parts.Store.Read(session => session.ClockMark)), cancellationToken);
        if (by != TimeSpan.Zero)
        {
            ClockMoved?.Invoke(by);
            // Between two turns all attempts are on their way as the rows say; when waiting tasks are looked at next is all that is not known any more.
            await RereadAsync(_runs.Values, _deeds.LookAgain, cancellationToken);
        }
    }
}
