using System.Runtime.InteropServices;

namespace Signalbox.App.Cli;

/// <summary>
/// What Ctrl-C (INT) and a polite end from outside (TERM) do to a verb that waits: the first asks for the cancellation of what it waits
/// for, the second ends without more patience.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _leave = new();
    private readonly TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _count;

    /// <summary>Listens from now on: made before what is waited for begins, so that no signal finds it begun and nobody listening.</summary>
    public Interrupts()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    /// <summary>Cancelled when the person wants to leave without waiting.</summary>
    public CancellationToken Leaving => _leave.Token;

    /// <summary>Has something done on the first signal; at once when it has come already.</summary>
    /// <param name="first">Given the word for what came.</param>
    public void OnFirst(Func<string, Task> first) => _ = _asked.Task.ContinueWith(asked => first(asked.Result), TaskScheduler.Default);

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _leave.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) == 1)
        {
            _asked.TrySetResult(context.Signal == PosixSignal.SIGINT ? "Ctrl-C" : "TERM");
        }
        else
        {
            _leave.Cancel();
        }
    }
}
