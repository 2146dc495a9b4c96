using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>Turns updates of datasets into runs of the pipelines that subscribe to them, each update into at most one run of each.</summary>
/// <remarks>
/// An update is a row of the transaction in which its producer succeeded. Every subscriber has its own cursor for every dataset, and a run is
/// created in the transaction that moves it and writes down which updates the run consumed: so a kill between them is none. Which updates
/// become which runs is Core's decision (<see cref="DatasetDecider"/>). The cursor of one that is paused or drained stands still: its updates are there when it
/// goes on; one at its limit gets its runs all the same, and they wait as queued.
/// </remarks>
internal sealed class DatasetTriggers(EngineParts parts, RunFactory factory, RunDriver driver)
{
    /// <summary>Updates that nobody has taken note of for so long are an alarm: something does not do its duty.</summary>
    public static readonly TimeSpan MostLag = TimeSpan.FromSeconds(60);

    // Of one transaction: others write in between.
    private const int MostUpdates = 1000;
    private const int MostRuns = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _guard = new();
    private readonly Dictionary<PipelineName, (Pipeline Pipeline, VersionHash Version, TriggerSpec.Datasets Trigger)> _known = [];

    // Those to look at without a new update: they were just heard of, or what they wait for is the end of something.
    private readonly HashSet<PipelineName> _again = [];
    private readonly Dictionary<PipelineName, string> _failing = [];
    private DateTimeOffset _alarmed = DateTimeOffset.MinValue;

    /// <summary>Told what people who watch the server should see: one line each.</summary>
    public event Action<string>? Said;

    /// <summary>Subscribes a pipeline in the transaction in which its definition becomes current, so that no update falls between.</summary>
    public static void Subscribe(WriteSession session, Pipeline pipeline, DateTimeOffset at) =>
        session.Subscribe(pipeline.Name, TriggerOf(pipeline)?.When.Names ?? [], at);

    /// <summary>Takes note of the current definition of a pipeline, whose subscription is stored.</summary>
    public void Follow(Pipeline pipeline, VersionHash version)
    {
        lock (_guard)
        {
            if (TriggerOf(pipeline) is { } trigger)
            {
                _known[pipeline.Name] = (pipeline, version, trigger);
                _again.Add(pipeline.Name);
            }
            else
            {
                _known.Remove(pipeline.Name);
            }
        }

        parts.Updates.Ring();
    }

    /// <summary>The file of a pipeline is gone: its updates wait until it is back.</summary>
    public void Drop(PipelineName pipeline)
    {
        lock (_guard)
        {
            _known.Remove(pipeline);
        }
    }

    /// <summary>Looks for updates until the engine stops: when the bell rings, and once a second in case that nobody rang it.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                foreach (var name in Concerned())
                {
                    await LookAtAllAsync(name, cancellationToken);
                }

                Reconcile();
            }
            catch (StoreUnavailable failure)
            {
                Said?.Invoke($"store: {failure.Message}");
            }

            await parts.Updates.WaitAsync(Pause, parts.Time, cancellationToken);
        }
    }

    private static TriggerSpec.Datasets? TriggerOf(Pipeline pipeline) => pipeline.Triggers.OfType<TriggerSpec.Datasets>().FirstOrDefault();

    /// <summary>Not while it is paused or drained: its cursor stands still, and its updates are there when it goes on.</summary>
    private static bool TakesRuns(ReadSession session, PipelineName pipeline) =>
        session.Pipeline(pipeline) is { Paused: false } && session.Drain(pipeline) is null;

    private List<PipelineName> Concerned()
    {
        var behind = parts.Store.Read(session => session.SubscribersBehind());
        List<PipelineName> concerned;
        lock (_guard)
        {
            concerned = [.. behind.Concat(_again).Distinct().Where(_known.ContainsKey)];
        }

        // What is paused may wait for days: asking each second costs a look, and no transaction that writes.
        concerned.RemoveAll(name => parts.Store.Read(session => session.Pipeline(name)) is { Paused: true });
        return concerned;
    }

    /// <summary>One subscriber's trouble is not that of the others.</summary>
    private async Task LookAtAllAsync(PipelineName name, CancellationToken cancellationToken)
    {
        try
        {
            while (await LookAsync(name, cancellationToken)) { }

            _failing.Remove(name);
        }
        catch (StoreException failure) when (failure is not StoreUnavailable)
        {
            if (!_failing.TryGetValue(name, out var told) || told != failure.Message)
            {
                _failing[name] = failure.Message;
                Said?.Invoke($"{name}: its updates cannot be decided: {failure.Message}");
            }
        }
    }

    /// <returns>Whether there is more to do at once.</returns>
    private async Task<bool> LookAsync(PipelineName name, CancellationToken cancellationToken)
    {
        (Pipeline Pipeline, VersionHash Version, TriggerSpec.Datasets Trigger) known;
        lock (_guard)
        {
            if (!_known.TryGetValue(name, out known))
            {
                return false;
            }
        }

        if (!parts.Store.Read(session => TakesRuns(session, name)))
        {
            Again(name, isHeld: true);
            return false;
        }

        // What waits for the end of something is looked at every second, and mostly nothing comes of it: that needs no transaction that writes.
        if (parts.Store.Read(session => Idle(session, known.Pipeline, known.Trigger)) is { } isHeld)
        {
            Again(name, isHeld);
            return false;
        }

        var (runs, held, more) = await parts.Store.WriteAsync(
            session => Decide(known.Pipeline, known.Version, known.Trigger, session),
            cancellationToken
        );
        Again(name, held);

        foreach (var (run, updates) in runs)
        {
            driver.Adopt(run, afterRestart: false);
            Said?.Invoke($"{name}: run {run.Snapshot.Run.Number} for {Sentence(updates)}");
        }

        return more;
    }

    private void Again(PipelineName name, bool isHeld)
    {
        lock (_guard)
        {
            if (isHeld)
            {
                _again.Add(name);
            }
            else
            {
                _again.Remove(name);
            }
        }
    }

    /// <summary>Whether something waits still, when there is nothing to write down; null when there is.</summary>
    private static bool? Idle(ReadSession session, Pipeline pipeline, TriggerSpec.Datasets trigger)
    {
        if (session.UpdatesBeyondCursor(pipeline.Name, 1).Count > 0)
        {
            return null;
        }

        var plan = PlanOf(session, pipeline, trigger, []);
        return plan.Runs.IsEmpty && plan.Unmatched.IsEmpty ? IsHeld(plan) : null;
    }

    private static SubscriberPlan PlanOf(
        ReadSession session,
        Pipeline pipeline,
        TriggerSpec.Datasets trigger,
        IReadOnlyList<StoredUpdate> beyond
    ) => DatasetDecider.Decide(trigger, pipeline.CalendarOf().Partitions, DatasetFacts.Read(session, pipeline.Name, beyond, MostRuns));

    private static bool IsHeld(SubscriberPlan plan) => plan.Waiting.Any(partition => partition.IsHeld);

    private (List<(LiveRun Run, DatasetRun Updates)> Runs, bool Held, bool More) Decide(
        Pipeline pipeline,
        VersionHash version,
        TriggerSpec.Datasets trigger,
        WriteSession session
    )
    {
        var runs = new List<(LiveRun, DatasetRun)>();
        if (!TakesRuns(session, pipeline.Name))
        {
            return (runs, true, false);
        }

        var now = parts.Time.GetUtcNow();
        var calendar = pipeline.CalendarOf();
        var parameters = ParamChecker.Check(pipeline, "{}");
        var beyond = session.UpdatesBeyondCursor(pipeline.Name, MostUpdates);
        var plan = PlanOf(session, pipeline, trigger, beyond);
        foreach (var planned in plan.Runs)
        {
            if (parameters.Json is null)
            {
                var problems = string.Join("; ", parameters.Problems.Select(problem => problem.Message));
                foreach (var update in planned.Updates)
                {
                    session.LeaveUnmatched(pipeline.Name, update.Update.Id, $"a run of an update has no parameters: {problems}", now);
                }

                continue;
            }

            var run = factory.Create(
                session,
                new NewRun(
                    pipeline,
                    version,
                    SliceOf(calendar, planned),
                    RunTrigger.Dataset,
                    RunId: null,
                    parameters.Json,
                    Reason: null,
                    Backfill: null,
                    []
                )
                {
                    IsHistory = planned.Updates.All(update => DatasetFacts.IsOfBackfill(update.Update)),
                }
            );
            foreach (var (update, label) in planned.Updates)
            {
                session.Consume(pipeline.Name, update.Id, label, run.Snapshot.Run.Number, now);
            }

            runs.Add((run, planned));
        }

        foreach (var (update, reason) in plan.Unmatched)
        {
            session.LeaveUnmatched(pipeline.Name, update.Id, reason, now);
        }

        // What waits already stands there: thousands may, and are looked at every second.
        var isNew = beyond.Select(update => update.Id).ToHashSet();
        foreach (var update in plan.Waiting.SelectMany(partition => partition.Updates).Where(isNew.Contains))
        {
            session.KeepWaiting(pipeline.Name, update, now);
        }

        foreach (var dataset in beyond.GroupBy(update => update.Dataset, StringComparer.Ordinal))
        {
            session.MoveDatasetCursor(pipeline.Name, dataset.Key, dataset.Max(update => update.Id), now);
        }

        return (runs, IsHeld(plan), plan.Runs.Length == MostRuns || beyond.Count == MostUpdates);
    }

    /// <summary>The slice of a run: the partition that was updated; of a pipeline that is not cut the instant of the update.</summary>
    private static Slice SliceOf(SliceCalendar calendar, DatasetRun planned)
    {
        if (planned.Partition.Length > 0 && calendar.Find(planned.Partition).Slice is { } slice)
        {
            return slice;
        }

        var at = planned.Updates[^1].Update.At;
        return new Slice(at, at, at, "");
    }

    /// <summary>Says once a minute which subscribers do not take note of updates, though nothing keeps them from it.</summary>
    private void Reconcile()
    {
        var now = parts.Time.GetUtcNow();
        if (now - _alarmed < MostLag)
        {
            return;
        }

        foreach (var (pipeline, updates, oldest) in parts.Store.Read(session => session.SubscribersBehind(now - MostLag)))
        {
            bool isKnown;
            lock (_guard)
            {
                isKnown = _known.ContainsKey(pipeline);
            }

            if (isKnown && parts.Store.Read(session => TakesRuns(session, pipeline)))
            {
                _alarmed = now;
                Said?.Invoke(
                    $"ALARM {pipeline}: {updates} update{(updates == 1 ? "" : "s")} of its datasets, the oldest of {oldest:yyyy-MM-dd HH:mm:ss}Z, became no run and were not taken note of for over {MostLag.TotalSeconds:0} s"
                );
            }
        }
    }

    private static string Sentence(DatasetRun planned)
    {
        var last = planned.Updates[^1].Update;
        var more = planned.Updates.Length - 1;
        return $"update {last.Id} of {last.Dataset}{(last.Partition.Length > 0 ? $", partition {last.Partition}" : "")}{(more > 0 ? $", and {more} more" : "")}";
    }
}
