using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Core;

namespace Signalbox.Engine.Executors;

/// <summary>
/// Commands that belong to an attempt but are not it (checks, heavy queries): the same custody, and whoever asked is told of the end.
/// Asking again after a restart finds the command that runs, or how it ended.
/// </summary>
internal sealed class ChildWork(IExecutor executor)
{
    /// <summary>Cancelled when the engine ends: nobody waits any more, and what runs goes on for the next engine to find.</summary>
    public CancellationTokenSource Closing { get; } = new();

    private readonly ConcurrentDictionary<AttemptKey, TaskCompletionSource<Observation>> _waiting = new();

    /// <summary>Whether the observation was for somebody who waits here.</summary>
    public bool Seen(Observation seen) =>
        _waiting.TryGetValue(seen.Key, out var asked) && (!seen.Ended || asked.TrySetResult(seen) || true);

    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; nothing of it runs any more.</exception>
    public async Task<Observation> RunAsync(
        AttemptKey key,
        string folder,
        string workingDirectory,
        CommandSpec command,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellationToken
    )
    {
        var asked = _waiting.GetOrAdd(key, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            Directory.CreateDirectory(folder);
            var spec = new AttemptSpec
            {
                Key = key,
                Directory = folder,
                WorkingDirectory = workingDirectory,
                Command = command,
                Environment = environment.ToImmutableDictionary(),
            };
            switch (await executor.SubmitAsync(spec, maybeSubmittedBefore: true, cancellationToken))
            {
                case SubmitResult.AlreadyKnown { Now: { Ended: true } now }:
                    return now;
                case SubmitResult.Refused refused:
                    throw new IOException(refused.Reason);
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Closing.Token);
            return await asked.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await executor.CancelAsync(new AttemptRef(key, folder), TimeSpan.FromSeconds(2), CancellationToken.None);
            throw;
        }
        finally
        {
            _waiting.TryRemove(key, out _);
        }
    }
}
