using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Outbox;
using Signalbox.Engine.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>A message as its source has it.</summary>
/// <param name="Key">What the source tells its messages apart by.</param>
/// <param name="Payload">A JSON object with the roots of the trigger.</param>
internal sealed record Arrival(string Key, string Payload);

/// <summary>Keeps messages, and makes each of them a run: at most one, whatever dies in between.</summary>
/// <remarks>
/// A message is a durable row before its source is told that it was taken. What comes of it is decided in a second transaction, which holds
/// the run and the mark of the row both. Messages of a paused pipeline, and of one that has runs enough, stay where they are.
/// </remarks>
internal sealed class InboxDesk(EngineParts parts, RunFactory factory, RunDriver driver, ScheduleDesk schedules)
{
    /// <summary>
    /// Unfinished runs that messages may have started, a pipeline; more messages wait in the inbox, where they cost nothing. So a storm is
    /// neither a crowd in memory nor a long start after a kill.
    /// </summary>
    public const int MostUnfinished = 200;

    /// <summary>For so long a webhook's delivery id makes two messages one.</summary>
    public static readonly TimeSpan DeliveryMemory = TimeSpan.FromHours(24);

    private const int MostAtOnce = 100;

    // A look a second: what stands in the way for longer does not pass.
    private const int MostConflicts = 10;

    // What other processes did (unpause, replay) is seen after so long at the latest.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly OutboxBell _bell = new();
    private readonly DeadLetters _dead = new(parts);

    // Definitions never change; the one that is current is parsed once and not once a message.
    private readonly Dictionary<PipelineName, StoredDefinition> _definitions = [];

    // How often a message met a conflict. Forgotten at a restart, which gives it new chances.
    private readonly ConcurrentDictionary<long, int> _conflicts = [];

    /// <summary>Told of messages that cannot become runs: one line each.</summary>
    public event Action<string>? Said;

    /// <summary>There may be something to decide: runs have ended, or a pipeline is no longer paused.</summary>
    public void Ring() => _bell.Ring();

    /// <summary>Keeps messages of a trigger, and has them decided.</summary>
    /// <param name="alongside">Written in the transaction that keeps them, told their numbers; null for nothing.</param>
    /// <returns>The rows, in the order of the arrivals (a notification of several objects is several messages), as they stand then.</returns>
    /// <exception cref="StoreException">Nothing is kept.</exception>
    public async Task<IReadOnlyList<InboxMessage>> ReceiveAsync(
        PipelineName pipeline,
        MessageTrigger trigger,
        IReadOnlyList<Arrival> arrivals,
        Action<WriteSession, IReadOnlyList<long>>? alongside,
        CancellationToken cancellationToken
    )
    {
        var messages = arrivals.SelectMany(arrival => Messages(pipeline, trigger, arrival)).ToList();
        var ids = await parts.Store.WriteAsync(
            session =>
            {
                var now = Now;
                var forget = trigger is MessageTrigger.Webhook ? now - DeliveryMemory : (DateTimeOffset?)null;
                var kept = messages.Select(message => session.AddInboxMessage(message, now, forget).Id).ToList();
                alongside?.Invoke(session, kept);
                return kept;
            },
            cancellationToken
        );
        if (ids.Count == 0)
        {
            return [];
        }

        FaultPoints.Hit(FaultPoints.AfterKeptMessage);

        try
        {
            await DecideAsync(pipeline, ids, cancellationToken);
        }
        catch (StoreException)
        {
            // They are kept: whoever looks at the inbox next decides them.
            _bell.Ring();
        }

        return parts.Store.Read(session => ids.Select(id => session.InboxMessage(id)!).ToList());
    }

    /// <summary>Has a message decided anew, in the transaction of whoever asks for it.</summary>
    /// <returns>The run that it starts, to be driven when the transaction is kept; null when it starts none.</returns>
    public LiveRun? Replay(WriteSession session, InboxMessage message) =>
        session.ReplayInboxMessage(message.Id)
        && Current(session, message.Pipeline) is { } definition
        && (Open(session, message.Pipeline) is not null || TriggerOf(definition, message) is { Signal: not null })
            ? Decide(session, definition, message with { State = InboxState.Waiting }, [])
            : null;

    /// <summary>Decides what waits, until the engine stops.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!await DecideWaitingAsync(cancellationToken))
            {
                await _bell.WaitAsync(Pause, parts.Time, cancellationToken);
            }
        }
    }

    /// <summary>Decides the next messages of each pipeline.</summary>
    /// <returns>Whether anything was decided.</returns>
    internal async Task<bool> DecideWaitingAsync(CancellationToken cancellationToken)
    {
        var isDone = false;
        foreach (var pipeline in parts.Store.Read(session => session.PipelinesWithMessages()))
        {
            var ids = parts.Store.Read(session => Next(session, pipeline));
            isDone |= ids.Count > 0 && await DecideAsync(pipeline, ids, cancellationToken);
        }

        return isDone;
    }

    /// <summary>The oldest messages that may become runs, and those that are sent on to runs: they wait for none to end.</summary>
    private List<long> Next(ReadSession session, PipelineName pipeline) =>
        [
            .. session
                .WaitingInbox(pipeline, Room(session, pipeline))
                .Concat(
                    (Current(session, pipeline)?.Pipeline.MessageTriggers() ?? [])
                        .Where(trigger => trigger.Signal is not null)
                        .SelectMany(trigger => session.WaitingInbox(pipeline, trigger.Name, MostAtOnce))
                )
                .Select(message => message.Id)
                .Distinct()
                .Order(),
        ];

    private static int Room(ReadSession session, PipelineName pipeline) =>
        Math.Clamp(MostUnfinished - session.UnfinishedEventRuns(pipeline), 0, MostAtOnce);

    /// <summary>Decides some messages in one transaction; when that fails, each in one of its own, so that one cannot hold up the others.</summary>
    private async Task<bool> DecideAsync(PipelineName pipeline, List<long> ids, CancellationToken cancellationToken)
    {
        try
        {
            var isDone =
                parts.Store.Read(session => OverlapOf(session, pipeline)) == OverlapPolicy.CancelRunning
                    ? await DecideAfterOthersAsync(pipeline, ids, cancellationToken)
                    : await DecideTogetherAsync(pipeline, ids, cancellationToken);
            ids.ForEach(id => _conflicts.TryRemove(id, out _));
            return isDone;
        }
        catch (StoreConflict) when (ids.Count == 1 && _conflicts.AddOrUpdate(ids[0], 1, (_, met) => met + 1) < MostConflicts)
        {
            // Somebody else wrote what it needs at the same time: it waits on, and is looked at anew.
            return false;
        }
        catch (Exception problem) when (problem is not (StoreUnavailable or OperationCanceledException))
        {
            if (ids.Count == 1)
            {
                _conflicts.TryRemove(ids[0], out _);
                return await BuryAsync(ids[0], problem, cancellationToken);
            }
        }

        var anyDone = false;
        foreach (var id in ids)
        {
            anyDone |= await DecideAsync(pipeline, [id], cancellationToken);
        }

        return anyDone;
    }

    private async Task<bool> DecideTogetherAsync(PipelineName pipeline, List<long> ids, CancellationToken cancellationToken)
    {
        var (runs, lines, count) = await parts.Store.WriteAsync(
            session =>
            {
                var runs = new List<LiveRun>();
                var lines = new List<string>();
                var count = 0;
                if (Current(session, pipeline) is not { } definition)
                {
                    return (runs, lines, count);
                }

                var room = Open(session, pipeline) is null ? 0 : Room(session, pipeline);
                foreach (var id in ids)
                {
                    if (
                        session.InboxMessage(id) is { State: InboxState.Waiting } message
                        && (runs.Count < room || TriggerOf(definition, message) is { Signal: not null })
                    )
                    {
                        count++;
                        if (Decide(session, definition, message, lines) is { } run)
                        {
                            runs.Add(run);
                        }
                    }
                }

                return (runs, lines, count);
            },
            cancellationToken
        );
        foreach (var run in runs)
        {
            driver.Adopt(run, afterRestart: false);
        }

        if (count > runs.Count)
        {
            driver.LookAtMessages(pipeline);
        }

        Tell(lines);
        return count > 0;
    }

    /// <summary>Each message that becomes a run cancels the runs before it: that, its run and its mark are one transaction.</summary>
    private async Task<bool> DecideAfterOthersAsync(PipelineName pipeline, List<long> ids, CancellationToken cancellationToken)
    {
        var isDone = false;
        foreach (var id in ids)
        {
            var others = await parts.Store.WriteAsync(
                session =>
                    Open(session, pipeline) is { } definition
                    && session.InboxMessage(id) is { State: InboxState.Waiting } message
                    && DecisionOf(definition, message) is MessageDecision.Start
                        ? schedules.Admit(session, definition.Pipeline, factory.Owner)
                        : [],
                cancellationToken
            );
            if (others.Count == 0)
            {
                isDone |= await DecideTogetherAsync(pipeline, [id], cancellationToken);
                continue;
            }

            LiveRun? run = null;
            var lines = new List<string>();
            await driver.PostAsync(
                others,
                new RunEvent.CancelRequested(Now, "a newer run takes its place (overlap: cancel_running)"),
                session =>
                {
                    if (Open(session, pipeline) is { } definition && session.InboxMessage(id) is { State: InboxState.Waiting } message)
                    {
                        run = Decide(session, definition, message, lines);
                    }
                }
            );
            isDone = true;
            if (run is not null)
            {
                driver.Adopt(run, afterRestart: false);
            }

            Tell(lines);
        }

        return isDone;
    }

    /// <summary>The definition of a pipeline that takes new runs now; null while it is paused or drained.</summary>
    private StoredDefinition? Open(ReadSession session, PipelineName pipeline) =>
        session.Pipeline(pipeline) is { Paused: false, Version: { } version } && session.Drain(pipeline) is null
            ? Definition(session, pipeline, version)
            : null;

    /// <summary>The definition of a pipeline, whether it takes new runs or not.</summary>
    private StoredDefinition? Current(ReadSession session, PipelineName pipeline) =>
        session.Pipeline(pipeline)?.Version is { } version ? Definition(session, pipeline, version) : null;

    private OverlapPolicy OverlapOf(ReadSession session, PipelineName pipeline) =>
        Current(session, pipeline)?.Pipeline.Overlap ?? OverlapPolicy.Queue;

    private static MessageTrigger? TriggerOf(StoredDefinition definition, InboxMessage message) =>
        definition.Pipeline.MessageTriggers().FirstOrDefault(trigger => trigger.Name == message.Source);

    private static MessageDecision DecisionOf(StoredDefinition definition, InboxMessage message) =>
        TriggerOf(definition, message) is { } trigger
            ? MessageDecider.Decide(definition.Pipeline, trigger, message.Payload, message.ReceivedAt)
            : new MessageDecision.Refuse($"{definition.Pipeline.Name} has no trigger `{message.Source}` in version {definition.Version}");

    /// <summary>With <c>overlap: reject</c> a message that comes while a run is active starts none, and is kept for whoever wants it replayed.</summary>
    private MessageDecision Admitted(WriteSession session, Pipeline pipeline, MessageDecision decision)
    {
        if (decision is not MessageDecision.Start || pipeline.Overlap != OverlapPolicy.Reject)
        {
            return decision;
        }

        try
        {
            schedules.Admit(session, pipeline, factory.Owner);
            return decision;
        }
        catch (RequestRefused refused)
        {
            return new MessageDecision.Ignore(refused.Message);
        }
    }

    private LiveRun? Decide(WriteSession session, StoredDefinition definition, InboxMessage message, List<string> lines)
    {
        var pipeline = definition.Pipeline;
        switch (Admitted(session, pipeline, DecisionOf(definition, message)))
        {
            case MessageDecision.Start start:
                var run = factory.Create(
                    session,
                    new NewRun(
                        pipeline,
                        definition.Version,
                        start.Slice,
                        RunTrigger.Event,
                        RunId: null,
                        start.Params,
                        Reason: null,
                        Backfill: null,
                        []
                    )
                    {
                        Author = $"{message.Kind} {message.Source}",
                    }
                );
                session.DecideInboxMessage(message.Id, InboxState.Started, reason: null, run.Snapshot.Run.Number, Now);
                return run;
            case MessageDecision.Signal signal:
                var date = signal.Slice.LogicalDate;
                session.Add(new Signal(pipeline.Name, date, Run: null, signal.Name, signal.Data, $"{message.Kind} {message.Source}", Now));
                session.DecideInboxMessage(
                    message.Id,
                    InboxState.Signalled,
                    $"message `{signal.Name}` is sent to {pipeline.Name} for {date.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}",
                    run: null,
                    Now
                );
                return null;
            case MessageDecision.Ignore ignore:
                session.DecideInboxMessage(message.Id, InboxState.Ignored, ignore.Reason, run: null, Now);
                return null;
            case MessageDecision.Refuse refuse:
                _dead.Bury(session, message, refuse.Reason, pipeline.Tags);
                lines.Add(DeadLine(message, refuse.Reason));
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>A message about which even the attempt to decide it fails: a dead letter, and the others go on.</summary>
    private async Task<bool> BuryAsync(long id, Exception problem, CancellationToken cancellationToken)
    {
        var buried = await parts.Store.WriteAsync(
            session =>
            {
                if (session.InboxMessage(id) is not { State: InboxState.Waiting } message)
                {
                    return null;
                }

                _dead.Bury(session, message, $"it could not be decided: {problem.Message}", TagsOf(message.Pipeline));
                return message;
            },
            cancellationToken
        );
        if (buried is not null)
        {
            Tell([DeadLine(buried, problem.Message)]);
        }

        return buried is not null;
    }

    /// <summary>Says what was buried to whoever watches the server, and has its alert sent.</summary>
    private void Tell(List<string> lines)
    {
        lines.ForEach(line => Said?.Invoke(line));
        if (lines.Count > 0)
        {
            parts.Alerts.Ring();
        }
    }

    /// <summary>The tags as far as they are known: what cannot be decided may lack its definition.</summary>
    private ImmutableArray<string> TagsOf(PipelineName pipeline)
    {
        lock (_definitions)
        {
            return _definitions.TryGetValue(pipeline, out var known) ? known.Pipeline.Tags : [];
        }
    }

    private static string DeadLine(InboxMessage message, string reason) =>
        $"{message.Pipeline}: message {message.Id} of {message.Source} is a dead letter: {reason}; `signalbox inbox show {message.Id}`";

    /// <summary>One message, or one for each object of a notification of S3.</summary>
    private static IEnumerable<NewMessage> Messages(PipelineName pipeline, MessageTrigger trigger, Arrival arrival)
    {
        if (Value.FromJson(arrival.Payload) is { Succeeded: true, Value: Value.Map map } && S3Event.Split(map) is { } split)
        {
            foreach (var (message, key) in split)
            {
                var payload = split.Length == 1 ? arrival.Payload : message.ToJson();
                yield return New(payload, key);
            }

            yield break;
        }

        yield return New(arrival.Payload, arrival.Key);

        NewMessage New(string payload, string own) =>
            new(pipeline, trigger.Name, trigger.Kind, MessageDecider.KeyOf(trigger, payload, own), MessageDecider.Kept(payload));
    }

    /// <summary>A definition, parsed once.</summary>
    internal StoredDefinition Definition(ReadSession session, PipelineName pipeline, VersionHash version)
    {
        lock (_definitions)
        {
            if (_definitions.TryGetValue(pipeline, out var known) && known.Version == version)
            {
                return known;
            }

            return _definitions[pipeline] =
                session.Definition(pipeline, version) ?? throw new StoreCorrupt($"the definition {version} of {pipeline} is not there");
        }
    }

    private DateTimeOffset Now => parts.Time.GetUtcNow();
}
