using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Signalbox.Engine.Processes;

/// <summary>
/// One thread that sleeps until a watched process ends, its own child or not, however many there are.
/// </summary>
/// <remarks>
/// A pidfd is readable once its process has ended, which works for the children of a server that is long dead. Events are keyed by a
/// number that is never used twice, not by the descriptor, which the kernel gives out again at once; a descriptor is taken out of the
/// set before whoever owns it closes it.
/// </remarks>
internal sealed unsafe class ExitWatcher : IDisposable
{
    private const int Add = 1;
    private const int Delete = 2;
    private const uint Readable = 1;
    private const int Batch = 64;
    private const ulong StopToken = 0;

    // struct epoll_event is packed on x64 only.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    private readonly ConcurrentDictionary<ulong, Watched> _watched = new();
    private readonly Thread _thread;
    private readonly int _epoll;
    private readonly int _stop;
    private readonly Lock _gate = new();
    private ulong _lastToken = StopToken;
    private bool _isDisposed;

    private readonly record struct Watched(int PidFd, Action Ended);

    public ExitWatcher()
    {
        _epoll = Checked(Libc.EpollCreate(Libc.O_CLOEXEC), "epoll_create1");
        _stop = Checked(Libc.EventFd(0, Libc.O_CLOEXEC), "eventfd");
        Control(Add, _stop, StopToken);
        _thread = new Thread(Run) { IsBackground = true, Name = "signalbox exits" };
        _thread.Start();
    }

    /// <summary>
    /// Calls <paramref name="ended"/> once, on the watching thread, when the process has ended; at once when it already has. The
    /// descriptor stays the caller's, who closes it in or after that call.
    /// </summary>
    /// <exception cref="ObjectDisposedException">It has stopped watching: its own descriptors may be anybody's by now.</exception>
    public void Watch(int pidFd, Action ended)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var token = ++_lastToken;
            _watched[token] = new Watched(pidFd, ended);
            Control(Add, pidFd, token);
        }
    }

    private void Control(int operation, int fd, ulong token)
    {
        var settings = stackalloc byte[16];
        *(uint*)settings = Readable;
        *(ulong*)(settings + DataOffset) = token;
        _ = Checked(Libc.EpollControl(_epoll, operation, fd, settings), "epoll_ctl");
    }

    private void Run()
    {
        var events = stackalloc byte[Batch * 16];
        while (true)
        {
            var count = Libc.EpollWait(_epoll, events, Batch, -1);
            for (var i = 0; i < count; i++)
            {
                var token = *(ulong*)(events + (i * EventSize) + DataOffset);
                if (token == StopToken)
                {
                    return;
                }

                if (_watched.TryRemove(token, out var watch))
                {
                    Control(Delete, watch.PidFd, token);
                    watch.Ended();
                }
            }

            if (count < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                throw new InvalidOperationException(
                    $"Waiting for processes failed: epoll_wait gives error {Marshal.GetLastPInvokeError()}."
                );
            }
        }
    }

    /// <summary>Stops watching. The processes go on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        var one = 1UL;
        _ = Libc.Write(_stop, &one, sizeof(ulong));
        _thread.Join();
        _ = Libc.Close(_epoll);
        _ = Libc.Close(_stop);
    }

    private static int Checked(int result, string call) =>
        result >= 0 ? result : throw new InvalidOperationException($"{call} gives error {Marshal.GetLastPInvokeError()}.");
}
