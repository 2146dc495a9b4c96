using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Backfills;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Triggers;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>Carries out requests: each one in one transaction together with its answer, then the runs concerned are told.</summary>
internal sealed class RequestDesk(
    EngineParts parts,
    RunFactory factory,
    RunDriver driver,
    BackfillRunner backfills,
    ScheduleDesk schedules,
    Rollbacks rollbacks,
    InboxDesk inbox,
    Retention retention,
    Guid owner
)
{
    private const int MostAtOnce = 64;
    private const string NotFound = "not_found";
    private const string Conflict = "conflict";

    // One at a time: whatever is taken and has no answer was taken by an engine that is gone.
    private readonly SemaphoreSlim _turn = new(1);

    private readonly PeopleDesk _people = new(parts, driver, owner);
    private readonly VariantDesk _variants = new(parts);
    private readonly SignalDesk _signals = new(parts, driver);
    private readonly MessageDesk _messages = new(parts, driver, inbox);

    /// <summary>Takes and carries out what waits, also what an engine that died had taken and not answered.</summary>
    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            IReadOnlyList<StoredRequest> taken;
            do
            {
                taken = await parts.Store.WriteAsync(
                    session => session.TakeRequests(MostAtOnce, parts.Time.GetUtcNow(), again: true),
                    cancellationToken
                );
                foreach (var row in taken)
                {
                    await CarryOutAsync(row, cancellationToken);
                }
            } while (taken.Count == MostAtOnce);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task CarryOutAsync(StoredRequest row, CancellationToken cancellationToken)
    {
        try
        {
            if (Request.FromJson(row.Payload) is Request.RollBackDataset back)
            {
                var answer = await rollbacks.CarryOutAsync(row, back, cancellationToken);
                await parts.Store.WriteAsync(
                    session => session.AnswerRequest(row.Id, answer.ToJson(), error: null, Now),
                    cancellationToken
                );
                return;
            }

            if (Request.FromJson(row.Payload) is Request.ApplyRetention)
            {
                await retention.MarkAsync(
                    (session, plan) =>
                    {
                        var message = $"{plan.Runs.Count} runs and {plan.Versions.Count} kept versions of datasets are removed";
                        var answer = new Answer(Done: true, null, message) { Details = plan.ToJson() };
                        session.AnswerRequest(row.Id, answer.ToJson(), error: null, Now);
                    },
                    cancellationToken
                );
                return;
            }

            Deed? deed = null;
            await parts.Store.WriteAsync(
                session =>
                {
                    deed = Do(Request.FromJson(row.Payload), row.Sender, session);
                    if (deed.Happened is null)
                    {
                        session.AnswerRequest(row.Id, deed.Answer.ToJson(), error: null, Now);
                    }
                },
                cancellationToken
            );
            if (deed is { Happened: { } happened, Run: { } run })
            {
                // What is decided for the run and the answer are one transaction: a request is answered exactly when it is done.
                await driver.PostAsync(
                    run,
                    happened,
                    session =>
                    {
                        var answer = deed.Write?.Invoke(session) ?? deed.Answer;
                        session.AnswerRequest(row.Id, answer.ToJson(), error: null, Now);
                    }
                );
            }

            if (deed is { Happened: { } all, Runs: { } runs })
            {
                await driver.PostAsync(
                    runs,
                    all,
                    session =>
                    {
                        var answer = deed.Write?.Invoke(session) ?? deed.Answer;
                        session.AnswerRequest(row.Id, answer.ToJson(), error: null, Now);
                    }
                );
            }

            deed?.Then?.Invoke();
        }
        catch (StoreUnavailable)
        {
            // Taken and not answered: it is taken again when the store is back.
            throw;
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // Whatever it is, asking again would not help, and the requests behind it must not wait for ever.
            var answer = new Answer(Done: false, Number: null, problem.Message) { Refusal = RefusalOf(problem) };
            await parts.Store.WriteAsync(session => session.AnswerRequest(row.Id, answer.ToJson(), error: null, Now), cancellationToken);
        }
    }

    private Deed Do(Request request, string sender, WriteSession session) =>
        request switch
        {
            Request.StartRun start => StartRun(start, sender, session),
            Request.CancelRun cancel => Tell(
                session,
                cancel.Run,
                new RunEvent.CancelRequested(Now, cancel.Reason),
                $"run {cancel.Run} is being cancelled"
            ),
            Request.Rerun rerun => Rerun(rerun, session),
            Request.ClearTasks clear => Clear(clear, session),
            Request.MarkTask mark => Tell(
                session,
                mark.Run,
                new RunEvent.Marked(
                    Now,
                    new TaskKey(new TaskName(mark.Task), mark.MapIndex),
                    Names.TaskStateOf(mark.State) is { } state and (TaskState.Success or TaskState.Failed or TaskState.Skipped)
                        ? state
                        : throw new RequestRefused($"`{mark.State}` is no state to mark: use success, failed or skipped"),
                    mark.Reason
                ),
                $"run {mark.Run}: {mark.Task} is marked {mark.State}"
            ),
            Request.PausePipeline pause => session.Pause(new PipelineName(pause.Pipeline), pause.Reason, Now)
                ? new Deed(new Answer(Done: true, null, $"{pause.Pipeline} is paused: its schedule creates no runs"))
                : throw NoPipeline(pause.Pipeline),
            Request.UnpausePipeline unpause => schedules.Unpause(unpause, session),
            Request.Drain drain => schedules.Drain(drain, sender, session),
            Request.EndDrain undo => schedules.EndDrain(undo, session),
            Request.ResetBreaker reset => ResetBreaker(reset, session),
            Request.PinRun pin => Pin(pin, sender, session),
            Request.StartBackfill start => backfills.Start(start with { Author = sender }, session),
            Request.ReplayRejected replay => Replay(replay, session, sender),
            Request.ReplayMessage replay => _messages.Replay(replay, session),
            Request.DropMessage drop => _messages.Drop(drop, session),
            Request.CancelBackfill cancel => backfills.Cancel(cancel, session),
            Request.PauseBackfill pause => backfills.Pause(pause, sender, session),
            Request.ResumeBackfill resume => backfills.Resume(resume, sender, session),
            Request.SendSignal signal => _signals.Keep(signal, sender, session),
            Request.AnswerApproval answer => _people.Answer(answer, sender, session),
            Request.MoveAlias move => _people.MoveAlias(move, sender, session),
            Request.UpdateDataset update => DatasetDesk.Post(parts, update, sender, session),
            Request.Deploy deploy => _variants.Deploy(deploy, sender, session),
            Request.Undeploy undeploy => _variants.Undeploy(undeploy, sender, session),
            Request.PromoteVariant promote => _variants.Promote(promote, sender, session),
            Request.RollbackVariant rollback => _variants.Rollback(rollback, sender, session),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    private Deed StartRun(Request.StartRun start, string sender, WriteSession session)
    {
        var space = start.Namespace is { } name ? new RunNamespace(name) : (RunNamespace?)null;
        var (pipeline, version) = Definition(session, start.Pipeline, start.Version ?? VariantDesk.VersionOf(session, start));
        var slice = pipeline.CalendarOf().Find(start.LogicalDate);
        if (slice.Slice is null)
        {
            throw new RequestRefused($"--date: {slice.Error}");
        }

        if (
            start.OneForTheDate
            && session.RunsMatching(pipeline.Name, task: null, slice.Slice.LogicalDate, space) is [.., { Number: var taken }]
        )
        {
            throw new RequestRefused($"run {taken} of {pipeline.Name} has that logical date already", Conflict);
        }

        var parameters = ParamChecker.Check(pipeline, start.Params);
        if (parameters.Json is null)
        {
            throw new RequestRefused(string.Join("; ", parameters.Problems.Select(problem => $"{problem.Path}: {problem.Message}")));
        }

        var wanted = new NewRun(
            pipeline,
            version,
            slice.Slice,
            RunTrigger.Manual,
            start.RunId,
            parameters.Json,
            start.Reason,
            Backfill: null,
            start.OnlyTasks.IsDefaultOrEmpty ? [] : [.. start.OnlyTasks.Select(task => new TaskName(task))],
            space
        )
        {
            Author = sender,
        };
        var others = space is null ? schedules.Admit(session, pipeline, owner) : [];
        LiveRun? run = null;
        if (others.Count == 0)
        {
            return new Deed(Create(session), Then: Adopt);
        }

        // What cancels the others and the run that takes their place are one transaction.
        return new Deed(
            new Answer(Done: true, null, ""),
            Happened: new RunEvent.CancelRequested(Now, "a newer run takes its place (overlap: cancel_running)"),
            Then: Adopt,
            Runs: others,
            Write: Create
        );

        Answer Create(WriteSession session)
        {
            run = factory.Create(session, wanted);
            if (start.Conditions is { } conditions)
            {
                session.SaveTrial(run.Snapshot.Run.Number, conditions);
            }

            if (start.Conf is { } conf)
            {
                session.SaveConf(run.Snapshot.Run.Number, conf, note: null);
            }

            return new Answer(Done: true, run.Snapshot.Run.Number.Value, $"run {run.Snapshot.Run.Number} of {start.Pipeline} is queued");
        }

        void Adopt() => driver.Adopt(run!, afterRestart: false);
    }

    private Deed Replay(Request.ReplayRejected replay, WriteSession session, string sender)
    {
        var rejected = session.Rejected(replay.Rejected) ?? throw new RequestRefused($"there are no rejected rows {replay.Rejected}");
        var first = session.Run(rejected.Run) ?? throw NoRun(rejected.Run.Value);
        if (first.Namespace is { } space)
        {
            throw new RequestRefused($"they were rejected by a run of the namespace {space.Value}, whose output is not the live one");
        }

        // The same slice and the same parameters: but for the rows, it is the run that rejected them.
        var (pipeline, version) = Definition(session, first.Pipeline.Value, version: null);
        var slice = new Slice(first.LogicalDate, first.IntervalStart, first.IntervalEnd, first.Partition);
        var run = factory.Create(
            session,
            new NewRun(pipeline, version, slice, RunTrigger.Manual, null, first.Params, replay.Reason, Backfill: null, [])
            {
                Author = sender,
            }
        );
        session.ReplayRejected(rejected.Id, run.Snapshot.Run.Number, replay.Path);
        return new Deed(
            new Answer(
                Done: true,
                run.Snapshot.Run.Number.Value,
                $"run {run.Snapshot.Run.Number} of {first.Pipeline} is queued; it finds the rows at ${TaskEnvironment.Rejected}"
            ),
            Then: () => driver.Adopt(run, afterRestart: false)
        );
    }

    private Deed Pin(Request.PinRun pin, string sender, WriteSession session)
    {
        var number = new RunNumber(pin.Run);
        if (session.Run(number) is null)
        {
            throw NoRun(pin.Run);
        }

        if (pin.Pinned)
        {
            session.PinRun(new Pin(number, sender, pin.Reason, Now));
        }
        else if (!session.UnpinRun(number))
        {
            throw new RequestRefused($"run {pin.Run} is not pinned");
        }

        session.AddAudit(new AuditLine(Now, sender, $"{(pin.Pinned ? "pinned" : "unpinned")} run {pin.Run}", pin.Reason));
        return new Deed(
            new Answer(
                Done: true,
                pin.Run,
                pin.Pinned ? $"run {pin.Run} is kept until it is unpinned" : $"run {pin.Run} goes when it is past what is kept"
            )
        );
    }

    private Deed ResetBreaker(Request.ResetBreaker reset, WriteSession session)
    {
        var kind = Names.BreakerKindOf(reset.Of) ?? throw new RequestRefused($"`{reset.Of}` is neither pipeline nor target");
        var key = new BreakerKey(kind, reset.Name);
        if (!session.RemoveBreaker(key))
        {
            throw new RequestRefused($"the circuit breaker of {key} is closed, and has counted no failure");
        }

        session.ResolveAlert(BreakerBook.KeyOf(key), $"the circuit breaker of {key} was closed by hand: {reset.Reason}", Now);
        return new Deed(
            new Answer(Done: true, null, $"the circuit breaker of {key} is closed"),
            Then: () =>
            {
                driver.LoadBreakers();
                parts.Alerts.Ring();
            }
        );
    }

    private Deed Rerun(Request.Rerun rerun, WriteSession session)
    {
        var number = new RunNumber(rerun.Run);
        var rows = session.LoadRun(number) ?? throw NoRun(rerun.Run);
        var fence = rows.Fence is { } held && held.Owner == owner ? held : session.ClaimRun(number, owner);
        var live = LiveRun.Load(session, number, fence)!;
        var tasks = Reruns.Plan(live.Snapshot, rerun.Mode, rerun.Task);
        if (tasks.IsEmpty)
        {
            throw new RequestRefused($"run {rerun.Run} has no failed task: name one with --from TASK or --only TASK", Conflict);
        }

        if (rerun.Downstream)
        {
            session.SetDownstream(number, rerun.Reason, Now);
        }

        return new Deed(
            new Answer(Done: true, rerun.Run, $"run {rerun.Run}: {tasks.Length} tasks start afresh"),
            live,
            new RunEvent.Cleared(Now, tasks, rerun.Reason)
        );
    }

    private Deed Clear(Request.ClearTasks clear, WriteSession session)
    {
        var number = new RunNumber(clear.Run);
        var rows = session.LoadRun(number) ?? throw NoRun(clear.Run);
        var fence = rows.Fence is { } held && held.Owner == owner ? held : session.ClaimRun(number, owner);
        var live = LiveRun.Load(session, number, fence)!;
        var tasks = clear.Tasks.SelectMany(task => Reruns.Plan(live.Snapshot, RerunMode.Only, task)).Distinct().ToImmutableArray();
        return tasks.Length == clear.Tasks.Length
            ? new Deed(
                new Answer(Done: true, clear.Run, $"run {clear.Run}: {tasks.Length} tasks start afresh"),
                live,
                new RunEvent.Cleared(Now, tasks, clear.Reason)
            )
            : throw new RequestRefused($"run {clear.Run} was started without some of these tasks, so they cannot run again", Conflict);
    }

    private Deed Tell(WriteSession session, long run, RunEvent happened, string message)
    {
        var number = new RunNumber(run);
        var rows = session.LoadRun(number) ?? throw NoRun(run);
        if (happened is RunEvent.CancelRequested && rows.Run.State.IsEnd())
        {
            throw new RequestRefused($"run {run} has ended already ({Names.Of(rows.Run.State)})", Conflict);
        }

        if (happened is RunEvent.Marked marked && rows.Tasks.All(task => task.Key != marked.Task))
        {
            throw new RequestRefused(
                $"run {run} has no task `{marked.Task}`{Suggestion.DidYouMean(marked.Task.Task.Value, rows.Tasks.Select(task => task.Key.Task.Value).Distinct())}"
            );
        }

        if (happened is RunEvent.Marked { State: TaskState.Success } success && PeopleDesk.Asks(session, rows.Run, success.Task))
        {
            throw new RequestRefused($"{success.Task} asks people: answer it with `signalbox approvals approve {run} {success.Task}`");
        }

        var fence = rows.Fence is { } held && held.Owner == owner ? held : session.ClaimRun(number, owner);
        return new Deed(new Answer(Done: true, run, message), LiveRun.Load(session, number, fence), happened);
    }

    private static (Pipeline Pipeline, VersionHash Version) Definition(ReadSession session, string name, string? version)
    {
        var pipeline = new PipelineName(name);
        var wanted = version is null ? session.Pipeline(pipeline)?.Version : new VersionHash(version);
        var definition = wanted is { } hash ? session.Definition(pipeline, hash) : null;
        return definition is null ? throw NoPipeline(name) : (definition.Pipeline, definition.Version);
    }

    private DateTimeOffset Now => parts.Time.GetUtcNow();

    private static string? RefusalOf(Exception problem) =>
        problem switch
        {
            RequestRefused refused => refused.Refusal,
            StoreConflict => Conflict,
            _ => null,
        };

    private static RequestRefused NoRun(long run) => new($"there is no run {run}", NotFound);

    private static RequestRefused NoPipeline(string name) => new($"there is no pipeline `{name}`", NotFound);
}

/// <summary>What a request comes down to.</summary>
/// <param name="Run">The run that is told of it, when it is about one.</param>
/// <param name="Happened">What the run, or each of the runs, is told.</param>
/// <param name="Then">What follows when all of it is durable.</param>
/// <param name="Runs">The runs that are told of it, when it is about many.</param>
/// <param name="Write">Rows that belong to what the run is told, and the answer when that is known only then.</param>
internal sealed record Deed(
    Answer Answer,
    LiveRun? Run = null,
    RunEvent? Happened = null,
    Action? Then = null,
    IReadOnlyList<LiveRun>? Runs = null,
    Func<WriteSession, Answer>? Write = null
);

/// <summary>A request cannot be carried out, for the reason given; nothing has changed.</summary>
/// <param name="refusal">See <see cref="Answer.Refusal"/>; null when the request itself is wrong.</param>
public sealed class RequestRefused(string message, string? refusal = null) : Exception(message)
{
    /// <summary>See <see cref="Answer.Refusal"/>.</summary>
    public string? Refusal => refusal;
}
