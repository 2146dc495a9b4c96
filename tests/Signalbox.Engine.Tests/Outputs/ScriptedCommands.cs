using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>Commands that end at once, as their text says: well when it is <c>pass</c>, else with exit code 1.</summary>
internal sealed class ScriptedCommands : IExecutor
{
    /// <summary>What was run, in its order.</summary>
    public List<string> Ran { get; } = [];

    public string Name => "scripted";

    public ExecutorCapabilities Capabilities { get; } = new(true, true, true, true, "");

    public ChannelReader<Observation> Observations { get; } = Channel.CreateUnbounded<Observation>().Reader;

    public Task<SubmitResult> SubmitAsync(AttemptSpec spec, bool maybeSubmittedBefore, CancellationToken cancellationToken)
    {
        var text = ((CommandSpec.Shell)spec.Command).Text;
        Ran.Add(text);
        var isWell = text == "pass";
        return Task.FromResult<SubmitResult>(
            new SubmitResult.AlreadyKnown(
                new Observation
                {
                    Key = spec.Key,
                    Phase = isWell ? Phase.Succeeded : Phase.Failed,
                    ExitCode = isWell ? 0 : 1,
                }
            )
        );
    }

    public Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlyList<AttemptRef> attempts, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<DateTimeOffset?> LastWriteAsync(AttemptRef attempt, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task CancelAsync(AttemptRef attempt, TimeSpan grace, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ForgetAsync(AttemptRef attempt, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<AttemptKey> ListOwnedAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<LogChunk> ReadLogAsync(
        AttemptRef attempt,
        LogStream stream,
        long from,
        bool follow,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
