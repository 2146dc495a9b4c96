using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>An executor that starts what it is given at once, and says so when the test lets it.</summary>
internal sealed class HeldExecutor(IExecutor inner) : IExecutor
{
    private readonly TaskCompletionSource _submitted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _submissions;

    /// <summary>Complete when the first attempt was started.</summary>
    public Task Submitted => _submitted.Task;

    public int Submissions => Volatile.Read(ref _submissions);

    public string Name => inner.Name;

    public ExecutorCapabilities Capabilities => inner.Capabilities;

    public ChannelReader<Observation> Observations => inner.Observations;

    public void LetGo() => _letGo.TrySetResult();

    public async Task<SubmitResult> SubmitAsync(AttemptSpec spec, bool maybeSubmittedBefore, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _submissions);
        var result = await inner.SubmitAsync(spec, maybeSubmittedBefore, cancellationToken);
        _submitted.TrySetResult();
        await _letGo.Task.WaitAsync(cancellationToken);
        return result;
    }

    public Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlyList<AttemptRef> attempts, CancellationToken cancellationToken) =>
        inner.ObserveAsync(attempts, cancellationToken);

    public Task<DateTimeOffset?> LastWriteAsync(AttemptRef attempt, CancellationToken cancellationToken) =>
        inner.LastWriteAsync(attempt, cancellationToken);

    public Task CancelAsync(AttemptRef attempt, TimeSpan grace, CancellationToken cancellationToken) =>
        inner.CancelAsync(attempt, grace, cancellationToken);

    public Task ForgetAsync(AttemptRef attempt, CancellationToken cancellationToken) => inner.ForgetAsync(attempt, cancellationToken);

    public IAsyncEnumerable<AttemptKey> ListOwnedAsync(CancellationToken cancellationToken) => inner.ListOwnedAsync(cancellationToken);

    public IAsyncEnumerable<LogChunk> ReadLogAsync(
        AttemptRef attempt,
        LogStream stream,
        long from,
        bool follow,
        CancellationToken cancellationToken
    ) => inner.ReadLogAsync(attempt, stream, from, follow, cancellationToken);

    public ValueTask DisposeAsync()
    {
        LetGo();
        return inner.DisposeAsync();
    }
}
