using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.TaskKinds;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>
/// Carries attempts from the intent to the end: prepares, submits, observes, publishes, stops. Everything it learns goes to the driver as
/// an event with the attempt's token; it decides nothing.
/// </summary>
internal sealed partial class AttemptRunner(
    EngineParts parts,
    Publisher publisher,
    ChildWork children,
    NamesOfRuns names,
    Reuse.Reuser reuse,
    IEventSink events
)
{
    // Between looks that failed for a reason of the world: short, for most such reasons pass.
    private static readonly TimeSpan RetryLook = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan StorePause = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<AttemptKey, LiveAttempt> _live = new();
    private readonly CancellationTokenSource _closing = children.Closing;

    // What is under way, for the end of the engine to wait for.
    private readonly HashSet<Task> _busy = [];

    /// <summary>Starts, or after a restart finds again, an attempt.</summary>
    /// <param name="maybeSubmittedBefore">True when an earlier server may have got as far as starting it.</param>
    public void Start(LiveAttempt made, bool maybeSubmittedBefore)
    {
        var attempt = Remember(made);
        if (attempt != made && !attempt.Submitted.Task.IsCompleted)
        {
            // It is being started here: its staging place would be made a second time while the command writes there.
            return;
        }

        Go(attempt, () => StartAsync(attempt, maybeSubmittedBefore));
    }

    /// <summary>After a restart: finds an attempt that was running, or how it ended meanwhile.</summary>
    public void Find(LiveAttempt made)
    {
        var attempt = Remember(made);
        attempt.Submitted.TrySetResult(true);
        Go(attempt, () => FindAsync(attempt));
    }

    /// <summary>Audits and publishes what an attempt staged, then reports its end.</summary>
    public void Publish(LiveAttempt made)
    {
        var attempt = Remember(made);
        attempt.Submitted.TrySetResult(false);
        if (attempt.BeginPublishing())
        {
            Go(attempt, () => PublishAsync(attempt));
        }
    }

    /// <summary>Stops an attempt: TERM, grace, KILL of the whole tree, or the end of what runs inside this program.</summary>
    /// <param name="publishes">
    /// Whether its outputs are being audited and published. What has been decided is finished then, and its end is told by whoever
    /// publishes: two ends at once would let the next attempt begin beside it.
    /// </param>
    public void Stop(LiveAttempt made, bool publishes, TimeSpan grace)
    {
        if (made.Node.Kind.Waits)
        {
            Ended(made, new Outcome.Stopped());
            return;
        }

        var known = _live.ContainsKey(made.Ref.Key);
        var attempt = Remember(made);
        if (publishes)
        {
            attempt.Stop.Cancel();
            Publish(attempt);
            return;
        }

        Go(attempt, () => StopAsync(attempt, known, grace));
    }

    /// <summary>Looks whether a waiting task is satisfied, and reports.</summary>
    public void Look(LiveAttempt attempt) => _ = parts.Begin(() => LookAsync(attempt));

    /// <summary>Looks when a running attempt last wrote anything, and reports.</summary>
    public void Listen(LiveAttempt attempt) => _ = parts.Begin(() => ListenAsync(attempt));

    /// <summary>Turns what the executor sees into events, until the engine stops.</summary>
    public async Task ObserveAsync(CancellationToken cancellationToken)
    {
        var observations = parts.Executor.Observations;
        while (await observations.WaitToReadAsync(cancellationToken))
        {
            while (observations.TryRead(out var seen))
            {
                if (_live.TryGetValue(seen.Key, out var attempt))
                {
                    Seen(attempt, seen);
                }
                else
                {
                    children.Seen(seen);
                }
            }
        }
    }

    private DateTimeOffset Now => parts.Time.GetUtcNow();

    private async Task LookAsync(LiveAttempt attempt)
    {
        var (run, key) = (attempt.Run.Number, attempt.Task.Key);
        try
        {
            switch (await TaskKindList.LookAsync(ContextOf(attempt, []), CancellationToken.None))
            {
                case Sighting.Satisfied found:
                    Ended(attempt, new Outcome.Succeeded(found.Result));
                    break;
                case Sighting.NotYet wait:
                    events.Post(
                        run,
                        new RunEvent.NotYet(Now, key, attempt.Token, wait.Reason, wait.Next) { Failed = wait.Failed },
                        wait.Write
                    );
                    break;
                case Sighting.Over over:
                    Ended(attempt, over.Outcome, write: over.Write);
                    break;
            }
        }
        catch (TaskRefused refused)
        {
            Ended(attempt, new Outcome.Failed(refused.Failure));
        }
        catch (Exception error)
        {
            // The world could not be looked at this time; the wait goes on, and its time-out still counts.
            var pause = attempt.Node.Kind.Interval is { } every && every < RetryLook ? every : RetryLook;
            events.Post(
                run,
                new RunEvent.NotYet(Now, key, attempt.Token, $"looking failed: {Endings.Of(error).Message}", Now + pause) { Failed = true }
            );
        }
    }

    private async Task ListenAsync(LiveAttempt attempt)
    {
        DateTimeOffset? last;
        try
        {
            last = parts.Clock.Told(await parts.Executor.LastWriteAsync(attempt.Ref, CancellationToken.None));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ExecutorUnreachableException)
        {
            // What cannot be looked at is not silent: it is looked at again, and the attempt's own limit still counts.
            Said?.Invoke($"{attempt.Ref.Key}: nobody can see whether it writes: {problem.Message}");
            last = Now;
        }

        events.Post(attempt.Run.Number, new RunEvent.Heard(Now, attempt.Task.Key, attempt.Token, last));
    }

    private async Task FindAsync(LiveAttempt attempt)
    {
        var seen = (await parts.Executor.ObserveAsync([attempt.Ref], CancellationToken.None))[0];
        if (seen.Phase == Phase.Unknown)
        {
            seen = seen with { Phase = Phase.Lost, Reason = "lost: it was running when the server stopped, and left no trace" };
        }

        if (seen.Ended)
        {
            Seen(attempt, seen);
        }
    }

    private async Task StartAsync(LiveAttempt attempt, bool maybeSubmittedBefore)
    {
        if (maybeSubmittedBefore && await IsKnownAsync(attempt))
        {
            return;
        }

        Directory.CreateDirectory(attempt.Ref.Directory);
        WriteParams(attempt.Run);
        FaultPoints.Hit(FaultPoints.BeforeStaging);
        var staged = publisher.Stage(attempt);
        var context = ContextOf(attempt, staged, await FetchAsync(attempt));
        if (
            !attempt.Node.InputChecks.IsEmpty
            && await publisher.RefuseInputsAsync(attempt, context, attempt.Stop.Token) is var (outcome, write)
        )
        {
            attempt.Submitted.TrySetResult(false);
            Ended(attempt, outcome, write: write);
            return;
        }

        if (attempt.Node.Reuse && !maybeSubmittedBefore && await ReuseAsync(attempt, ContextOf(attempt, staged)))
        {
            return;
        }

        var work = await TaskKindList.PrepareAsync(context, attempt.Stop.Token);
        switch (work)
        {
            case Work.Inline inline:
                attempt.Submitted.TrySetResult(false);
                Ended(attempt, inline.Outcome, write: inline.Write);
                break;
            case Work.Command command:
                await SubmitAsync(attempt, context, command, maybeSubmittedBefore);
                break;
        }
    }

    /// <summary>Leaves a task out whose result is there already.</summary>
    /// <returns>Whether it was left out.</returns>
    private async Task<bool> ReuseAsync(LiveAttempt attempt, AttemptContext context)
    {
        if (await reuse.LookAsync(attempt, context) is not { } hit)
        {
            return false;
        }

        attempt.Submitted.TrySetResult(false);
        Ended(attempt, hit.Outcome, write: hit.Write);
        return true;
    }

    private async Task SubmitAsync(LiveAttempt attempt, AttemptContext context, Work.Command command, bool maybeSubmittedBefore)
    {
        var environment = AttemptEnvironment.Of(context, attempt.Secrets);
        var trial = Proving.TrialConditions.Of(parts.Store, attempt.Run);
        foreach (var (name, value) in command.Environment)
        {
            environment[name] = value;
        }

        environment = trial?.Applied(environment) ?? environment;
        if (attempt.Stop.IsCancellationRequested)
        {
            attempt.Submitted.TrySetResult(false);
            return;
        }

        var answer = await parts.Executor.SubmitAsync(
            new AttemptSpec
            {
                Key = attempt.Ref.Key,
                Directory = attempt.Ref.Directory,
                WorkingDirectory = trial?.WorkingDirectory ?? parts.Project.Folder,
                Command = command.Spec,
                Environment = environment,
                Resources = attempt.Node.Resources,
            },
            maybeSubmittedBefore,
            CancellationToken.None
        );
        switch (answer)
        {
            case SubmitResult.Started started:
                attempt.Submitted.TrySetResult(true);
                Seen(attempt, started.Now);
                break;
            case SubmitResult.AlreadyKnown known:
                attempt.Submitted.TrySetResult(true);
                Seen(attempt, known.Now);
                break;
            case SubmitResult.Refused refused:
                attempt.Submitted.TrySetResult(false);
                var kind = refused.Transient ? FailureClass.ResourceUnavailable : FailureClass.Permanent;
                Ended(attempt, new Outcome.Failed(new Failure(kind, refused.Reason, "executor")));
                break;
        }
    }

    private void Seen(LiveAttempt attempt, Observation seen)
    {
        if (seen.Phase == Phase.Running)
        {
            events.Post(
                attempt.Run.Number,
                new RunEvent.AttemptStarted(seen.StartedAt ?? Now, attempt.Task.Key, attempt.Token, Facts(seen))
            );
        }
        else if (seen.Ended && !attempt.Publishes && _live.TryRemove(KeyValuePair.Create(attempt.Ref.Key, attempt)))
        {
            // Once: its end may have been told before, and its outputs be on their way.
            // Reading reports and scrubbing logs may take a while: not on the thread that brings the observations.
            Go(attempt, () => FinishAsync(attempt, seen));
        }
    }

    private Task FinishAsync(LiveAttempt attempt, Observation seen)
    {
        CloseLogs(attempt);
        switch (seen.Phase)
        {
            case Phase.Cancelled:
                Ended(attempt, new Outcome.Stopped(), seen);
                break;
            case Phase.Lost:
                Ended(attempt, new Outcome.Lost(seen.Reason ?? "nobody knows how the attempt ended"), seen);
                break;
            case Phase.Succeeded when seen.OfEarlierBoot && publisher.HasReported(attempt):
                Ended(attempt, new Outcome.Lost("lost: the machine was restarted before what it wrote was known to be on the disk"), seen);
                break;
            case Phase.Succeeded when attempt.Node.Outputs.Length > 0:
                // Before the end is a row: from then on another boot takes what is staged for what was written.
                Seal(attempt);
                events.Post(
                    attempt.Run.Number,
                    new RunEvent.AttemptExited(At(seen), attempt.Task.Key, attempt.Token, seen.ExitCode, Facts(seen))
                );
                break;
            case Phase.Succeeded:
                var (result, write) = publisher.Report(attempt);
                Ended(
                    attempt,
                    reuse.Noted(attempt, new Outcome.Succeeded(result) { Note = publisher.NoteOf(attempt) }, ref write),
                    seen,
                    write
                );
                break;
            default:
                var isOwnWork = attempt.Node.Kind is TaskKind.Http or TaskKind.Load or TaskKind.Sql;
                Ended(attempt, Endings.Of(attempt.Ref.Directory, seen, attempt.Node.FailureRules, At(seen), isOwnWork), seen);
                break;
        }

        return Task.CompletedTask;
    }

    private async Task PublishAsync(LiveAttempt attempt)
    {
        var context = ContextOf(attempt, publisher.Locate(attempt));
        RefuseSpecial(context);
        var (outcome, write) = await publisher.PublishAsync(attempt, context, attempt.Stop.Token);
        Ended(attempt, reuse.Noted(attempt, outcome, ref write), write: write);
    }

    private async Task StopAsync(LiveAttempt attempt, bool known, TimeSpan grace)
    {
        attempt.Stop.Cancel();
        if (!known)
        {
            // After a restart: ask the executor what became of it, so that its end is observed before it is stopped.
            var now = (await parts.Executor.ObserveAsync([attempt.Ref], CancellationToken.None))[0];
            attempt.Submitted.TrySetResult(now.Phase == Phase.Running);
            if (now.Ended)
            {
                Seen(attempt, now);
                return;
            }
        }

        await using var closing = _closing.Token.UnsafeRegister(_ => attempt.Submitted.TrySetCanceled(_closing.Token), state: null);
        if (await attempt.Submitted.Task)
        {
            await parts.Executor.CancelAsync(attempt.Ref, grace, _closing.Token);
        }
        else
        {
            Ended(attempt, new Outcome.Stopped());
        }
    }

    private void Ended(LiveAttempt attempt, Outcome outcome, Observation? seen = null, Action<WriteSession>? write = null)
    {
        if (_closing.IsCancellationRequested)
        {
            // Nobody would hear of it, and what is staged is needed again: the next engine finds the attempt where it stands.
            return;
        }

        _live.TryRemove(attempt.Ref.Key, out _);
        // What was staged is published by now, or never will be.
        Discard(attempt);
        events.Post(
            attempt.Run.Number,
            new RunEvent.AttemptEnded(
                At(seen),
                attempt.Task.Key,
                attempt.Token,
                outcome,
                seen?.ExitCode,
                seen is null ? null : Facts(seen)
            ),
            write
        );
    }

    private LiveAttempt Remember(LiveAttempt made) => _live.GetOrAdd(made.Ref.Key, made);

    public LiveAttempt Make(Pipeline pipeline, Run run, Fence fence, TaskNode node, TaskRun task, int number, long token, string? gpus) =>
        new()
        {
            Pipeline = pipeline,
            Run = run,
            Fence = fence,
            Node = node,
            Task = task,
            Number = number,
            Token = token,
            Gpus = gpus,
            Ref = new AttemptRef(
                AttemptKeys.Of(parts.Lineage, run.Number, Position(pipeline, node), task.Key.MapIndex, number),
                parts.State.Attempt(run.Number, task.Key, number)
            ),
        };

    private static int Position(Pipeline pipeline, TaskNode node)
    {
        // The very node, not an equal one: comparing all there is to a task a thousand times over takes longer than starting it.
        var position = 0;
        while (!ReferenceEquals(pipeline.Tasks[position], node))
        {
            position++;
        }

        return position;
    }

    private AttemptContext ContextOf(
        LiveAttempt attempt,
        ImmutableArray<StagedOutput> staged,
        ImmutableSortedDictionary<string, string>? fetched = null
    )
    {
        var run = names.Of(attempt.Pipeline, attempt.Run);
        var inputs = run.Inputs(attempt.Node, attempt.Task, attempt.Number);
        fetched ??= ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        foreach (var (name, path) in fetched)
        {
            if (attempt.Node.IsFetched(name) && inputs.ContainsKey(name))
            {
                inputs = inputs.SetItem(name, path);
            }
        }

        return new AttemptContext
        {
            Parts = parts,
            Pipeline = attempt.Pipeline,
            Run = attempt.Run,
            Node = attempt.Node,
            Task = attempt.Task,
            Number = attempt.Number,
            Token = attempt.Token,
            Key = attempt.Ref.Key,
            Folder = attempt.Ref.Directory,
            Outputs = staged,
            Inputs = inputs,
            Gpus = attempt.Gpus,
            Rejected = run.Rejected,
            BackfillReason = run.BackfillReason,
            Fetched = fetched,
            Scope = run.Scope(
                attempt.Node,
                attempt.Task,
                attempt.Number,
                inputs,
                staged.ToDictionary(output => output.Output, output => output.Path, StringComparer.Ordinal)
            ),
        };
    }

    // A file that was written before the clock was set back has a time that is yet to come.
    private DateTimeOffset At(Observation? seen) => seen?.EndedAt is { } ended && ended < Now ? ended : Now;

    private static ProcessFacts Facts(Observation seen) => new(seen.Pid?.ToString(), seen.ExternalId, seen.CpuTime, seen.PeakMemory);
}
