using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Attempts;

/// <summary>An attempt that this engine is busy with. Held in memory only: all of it can be made again from the store.</summary>
internal sealed class LiveAttempt : IDisposable
{
    private int _publishing;

    public required Pipeline Pipeline { get; init; }

    public required Run Run { get; init; }

    /// <summary>The right to change the run.</summary>
    public required Fence Fence { get; init; }

    public required TaskNode Node { get; init; }

    public required TaskRun Task { get; init; }

    public required int Number { get; init; }

    public required long Token { get; init; }

    public required AttemptRef Ref { get; init; }

    /// <summary>As <see cref="Attempt.Gpus"/>.</summary>
    public string? Gpus { get; init; }

    /// <summary>Cancelled when the attempt is to stop: ends what runs inside this program.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Complete once it is known whether the executor has the attempt.</summary>
    public TaskCompletionSource<bool> Submitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Values that must not be seen in the logs.</summary>
    public List<string> Secrets { get; } = [];

    /// <summary>True for the first who asks: outputs are published by one at a time.</summary>
    public bool BeginPublishing() => Interlocked.Exchange(ref _publishing, 1) == 0;

    /// <summary>Whether somebody asked before.</summary>
    public bool Publishes => Volatile.Read(ref _publishing) == 1;

    public void Dispose() => Stop.Dispose();
}
