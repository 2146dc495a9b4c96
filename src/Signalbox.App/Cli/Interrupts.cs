using System.Runtime.InteropServices;

namespace Signalbox.App.Cli;

/// <summary>
/// What Ctrl-C does to a verb that waits: the first asks for the cancellation of what it waits for, the second leaves. A polite end from
/// outside (TERM) leaves at once: what runs goes on, and the next engine takes it over.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _leave = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly Action _first;
    private int _count;

    /// <param name="first">Called on the first Ctrl-C, on a thread of its own.</param>
    public Interrupts(Action first)
    {
        _first = first;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnTerminate);
    }

    /// <summary>Cancelled when the person wants to leave without waiting.</summary>
    public CancellationToken Leaving => _leave.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _leave.Dispose();
    }

    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) == 1)
        {
            _ = Task.Run(_first);
        }
        else
        {
            _leave.Cancel();
        }
    }

    private void OnTerminate(PosixSignalContext context)
    {
        context.Cancel = true;
        _leave.Cancel();
    }
}
