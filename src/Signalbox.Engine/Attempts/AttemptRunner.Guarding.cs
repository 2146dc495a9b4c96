using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Processes;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <content>What holds the steps of attempts together: each has an end, leaves nothing staged, and is waited for when the engine ends.</content>
internal sealed partial class AttemptRunner
{
    /// <summary>What cannot be wiped now does not hold up the end of the attempt; it is wiped with what else was left, later.</summary>
    private void Discard(LiveAttempt attempt)
    {
        try
        {
            publisher.Discard(attempt);
            var fetched = FolderOfFetched(attempt);
            if ((!attempt.Node.Inputs.IsEmpty || attempt.Node.Kind is TaskKind.Load) && Directory.Exists(fetched))
            {
                Directory.Delete(fetched, recursive: true);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Said?.Invoke($"{attempt.Ref.Key}: its staging place cannot be wiped: {problem.Message}");
        }

        if (attempt.Node.Kind is TaskKind.Load)
        {
            Go(attempt, () => SweepTableAsync(attempt.Ref.Key));
        }
    }

    /// <summary>What has no content of its own cannot be published, and reading it might never end.</summary>
    /// <exception cref="TaskRefused">A staged output is a pipe, a device or a socket, or holds one.</exception>
    private static void RefuseSpecial(AttemptContext context)
    {
        foreach (var output in context.Outputs)
        {
            if (SpecialIn(output) is { } special)
            {
                var where = special.Path == output.Path ? "it" : $"`{Path.GetRelativePath(output.Path, special.Path)}` in it";
                throw TaskRefused.Because(
                    FailureClass.Validation,
                    $"output `{output.Output}`: {where} is {special.Kind}; publish files and folders only",
                    "output"
                );
            }
        }
    }

    /// <summary>
    /// Whether the executor has an attempt that an earlier server may have begun. Asked before anything can end the attempt here: told as over while
    /// its process runs, the next one would begin beside it.
    /// </summary>
    private async Task<bool> IsKnownAsync(LiveAttempt attempt)
    {
        var now = (await parts.Executor.ObserveAsync([attempt.Ref], CancellationToken.None))[0];
        if (now.Phase == Phase.Unknown)
        {
            return false;
        }

        attempt.Submitted.TrySetResult(true);
        Seen(attempt, now);
        return true;
    }

    private static (string Path, string Kind)? SpecialIn(StagedOutput output) =>
        Directory.Exists(output.Path) ? FileKinds.FirstSpecialIn(output.Path)
        : FileKinds.Special(output.Path) is { } kind ? (output.Path, kind)
        : null;

    /// <summary>Makes durable what an attempt left. What may not be published is left to be refused: to open it may take for ever.</summary>
    private void Seal(LiveAttempt attempt)
    {
        var staged = publisher.Locate(attempt);
        if (!staged.Any(output => SpecialIn(output) is not null))
        {
            publisher.Seal(attempt, staged);
        }
    }

    /// <summary>Gives no more grace to what is being stopped.</summary>
    public void KillStopping()
    {
        foreach (var attempt in _live.Values)
        {
            if (attempt.Stop.IsCancellationRequested && attempt.Submitted.Task is { IsCompletedSuccessfully: true, Result: true })
            {
                Go(attempt, () => parts.Executor.CancelAsync(attempt.Ref, TimeSpan.Zero, _closing.Token));
            }
        }
    }

    /// <summary>Told what people who watch the server should see.</summary>
    public event Action<string>? Said;

    /// <summary>Whether this engine is busy with an attempt.</summary>
    public bool IsLive(string key) => _live.ContainsKey(AttemptKey.Of(key));

    /// <summary>Wipes what attempts staged that are no longer wanted by anybody.</summary>
    /// <param name="isWanted">Whether a run, by its number, may still need it.</param>
    public void Sweep(Func<RunNumber, bool> isWanted)
    {
        foreach (var key in parts.Staging.Staged().ToList())
        {
            if (AttemptKeys.RunOf(parts.Lineage, key) is { } run && !isWanted(run) && !_live.ContainsKey(AttemptKey.Of(key)))
            {
                try
                {
                    parts.Staging.Discard(key);
                }
                catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
                {
                    Said?.Invoke($"{key}: its staging place cannot be wiped: {problem.Message}");
                }
            }
        }
    }

    /// <summary>Drops what an attempt that is over left in the database that it was to load into.</summary>
    private async Task SweepTableAsync(AttemptKey key)
    {
        try
        {
            await parts.Places.Of(TableName.Scheme).SweepAsync(staged => staged == key.Value, CancellationToken.None);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or PlaceException)
        {
            Said?.Invoke($"{key}: its staging table cannot be dropped now: {problem.Message}");
        }
    }

    /// <summary>
    /// Waits until nothing is under way: what is being prepared or published is finished or left as it stands, never half done by
    /// two engines. Nothing is reported any more.
    /// </summary>
    public async Task CloseAsync()
    {
        _closing.Cancel();
        Task[] busy;
        lock (_busy)
        {
            busy = [.. _busy];
        }

        await Task.WhenAll(busy);
    }

    private void Go(LiveAttempt attempt, Func<Task> step)
    {
        lock (_busy)
        {
            if (!_closing.IsCancellationRequested)
            {
                // What has ended is let go when something new begins: there is no more of it than there are attempts at one time.
                _busy.RemoveWhere(work => work.IsCompleted);
                _busy.Add(parts.Begin(() => GuardAsync(attempt, step)));
            }
        }
    }

    /// <summary>Whatever goes wrong on our side ends the attempt with its reason; nothing is swallowed and nothing is left without an end.</summary>
    private async Task GuardAsync(LiveAttempt attempt, Func<Task> step)
    {
        while (true)
        {
            try
            {
                await step();
                return;
            }
            catch (StoreUnavailable)
            {
                // No fault of the task's: every step may be taken again, and finds what it had done.
                try
                {
                    await Task.Delay(StorePause, parts.Time, _closing.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
            catch (TaskRefused refused)
            {
                attempt.Submitted.TrySetResult(false);
                Ended(attempt, new Outcome.Failed(refused.Failure));
                return;
            }
            catch (OperationCanceledException) when (attempt.Stop.IsCancellationRequested)
            {
                attempt.Submitted.TrySetResult(false);
                Ended(attempt, new Outcome.Stopped());
                return;
            }
            catch (Exception error)
            {
                attempt.Submitted.TrySetResult(false);
                Ended(attempt, new Outcome.Failed(Endings.Of(error)));
                return;
            }
        }
    }
}
