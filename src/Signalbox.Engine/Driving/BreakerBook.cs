using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Breakers;
using Signalbox.Core.Pools;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>
/// Follows how runs and attempts end, keeps the circuit breakers and the retries that targets have borne, and tells the dispatcher what is let through.
/// What it holds in memory is what the store has; rows change in the transaction of what they follow from.
/// </summary>
internal sealed class BreakerBook(EngineParts parts, Dispatcher dispatcher)
{
    private readonly Dictionary<BreakerKey, Breaker> _breakers = [];
    private readonly Dictionary<string, Queue<DateTimeOffset>> _retries = new(StringComparer.Ordinal);

    /// <summary>The next instant at which something else is let through than now; null when none is known.</summary>
    public DateTimeOffset? Next { get; private set; }

    /// <summary>Reads the store: what was in memory counts no more.</summary>
    public void Load(DateTimeOffset now)
    {
        var gone = _breakers.Keys.ToList();
        _breakers.Clear();
        _retries.Clear();
        parts.Store.Read(session =>
        {
            foreach (var breaker in session.Breakers())
            {
                _breakers[breaker.Key] = breaker;
            }

            foreach (var (name, target) in parts.Project.Targets)
            {
                if (target.Budget is { } budget)
                {
                    _retries[name] = new Queue<DateTimeOffset>(session.RetriesOf(name, now - budget.Per));
                }
            }

            return true;
        });
        foreach (var key in gone.Where(key => !_breakers.ContainsKey(key)))
        {
            Tell(key, now);
        }

        Pass(now);
    }

    /// <summary>Tells the dispatcher what is let through by now.</summary>
    public void Pass(DateTimeOffset now)
    {
        Next = null;
        foreach (var key in _breakers.Keys)
        {
            Tell(key, now);
        }

        foreach (var name in _retries.Keys)
        {
            Tell(new BreakerKey(BreakerKind.Target, name), now);
        }
    }

    /// <summary>Takes note of a change, with the rows and alerts that follow from it.</summary>
    public void Follow(RunBatch batch, RunSnapshot run, Change change, DateTimeOffset now)
    {
        switch (change)
        {
            case Change.RunChanged { After: { Namespace: null, State: RunState.Success or RunState.Failed } ended }:
                var pipeline = new BreakerKey(BreakerKind.Pipeline, ended.Pipeline.Value);
                Ended(batch, pipeline, run.Pipeline.CircuitBreaker, ended.State == RunState.Failed ? Sentence(run, ended) : null, now);
                break;
            case Change.AttemptChanged { After: var attempt } when TargetOf(run, attempt.Key) is { } target:
                var spec = parts.Project.Targets.GetValueOrDefault(target);
                var key = new BreakerKey(BreakerKind.Target, target);
                if (attempt.State == AttemptState.Succeeded)
                {
                    Ended(batch, key, spec?.Breaker, failure: null, now);
                }
                else if (attempt is { State: AttemptState.Failed, Failure: { } failure } && IsOfTarget(failure.Class))
                {
                    Ended(batch, key, spec?.Breaker, $"{attempt.Key} of {run.Pipeline.Name}: {failure.Message}", now);
                }
                else if (attempt.State == AttemptState.Submitting && spec?.Budget is { } budget && IsRetry(run, attempt))
                {
                    Spend(batch, target, budget, now);
                }

                break;
        }
    }

    private static string Sentence(RunSnapshot run, Run ended) => $"run {ended.Number} of {run.Pipeline.Name} failed: {ended.Reason}";

    private static string? TargetOf(RunSnapshot run, TaskKey key) => run.Pipeline.Tasks[run.Graph.IndexOf(key.Task)].Target;

    /// <summary>Whether a failure says something of who was asked, and not of what was asked or of this machine.</summary>
    private static bool IsOfTarget(FailureClass kind) =>
        kind
            is FailureClass.Transient
                or FailureClass.ResourceUnavailable
                or FailureClass.RateLimited
                or FailureClass.Timeout
                or FailureClass.Auth;

    private static bool IsRetry(RunSnapshot run, Attempt attempt) =>
        run.Find(attempt.Key) is { } task && attempt.Number - task.TriesBefore > 1;

    private void Ended(RunBatch batch, BreakerKey key, BreakerSpec? spec, string? failure, DateTimeOffset now)
    {
        var before = _breakers.GetValueOrDefault(key) ?? new Breaker(key);
        // A breaker that nobody declares any more is closed by whatever ends next.
        var after = spec is null || failure is null ? before.Succeeded() : before.Failed(spec, now, failure);
        if (after == before)
        {
            return;
        }

        if (after.Failures == 0)
        {
            _breakers.Remove(key);
        }
        else
        {
            _breakers[key] = after;
        }

        batch.Add(session => session.SaveBreaker(after));
        if (before.OpenedAt is null && after.OpenedAt is not null)
        {
            batch.AddTold(session => session.AddAlert(AlertOf(after, spec!, now)));
        }
        else if (before.OpenedAt is not null && after.OpenedAt is null)
        {
            batch.AddTold(session => session.ResolveAlert(KeyOf(key), $"the circuit breaker of {key} is closed: it works again", now));
        }

        Tell(key, now);
    }

    private void Spend(RunBatch batch, string target, RetryBudget budget, DateTimeOffset now)
    {
        if (!_retries.TryGetValue(target, out var spent))
        {
            _retries[target] = spent = new Queue<DateTimeOffset>();
        }

        spent.Enqueue(now);
        batch.Add(session => session.AddRetryOf(target, now, now - budget.Per));
        Tell(new BreakerKey(BreakerKind.Target, target), now);
    }

    private void Tell(BreakerKey key, DateTimeOffset now)
    {
        var breaker = _breakers.GetValueOrDefault(key);
        Held? held = null;
        if (breaker?.MostAt(now) is { } most)
        {
            held = new Held(most, breaker.SentenceAt(now));
            Remember(breaker.ProbeAt, now);
        }

        if (key.Kind == BreakerKind.Pipeline)
        {
            dispatcher.SetBreaker(new PipelineName(key.Name), held);
            return;
        }

        Held? left = null;
        if (parts.Project.Targets.GetValueOrDefault(key.Name)?.Budget is { } budget && _retries.TryGetValue(key.Name, out var spent))
        {
            while (spent.TryPeek(out var first) && first + budget.Per <= now)
            {
                spent.Dequeue();
            }

            left = new Held(budget.Retries - spent.Count, WordsOf(key.Name, budget));
            if (spent.TryPeek(out var oldest))
            {
                Remember(oldest + budget.Per, now);
            }
        }

        dispatcher.SetTarget(key.Name, held, left);
    }

    private void Remember(DateTimeOffset? at, DateTimeOffset now)
    {
        if (at > now && !(Next <= at))
        {
            Next = at;
        }
    }

    private static string WordsOf(string target, RetryBudget budget) =>
        $"the retry budget of target {target} is spent: {budget.Retries} within {Duration.Print(budget.Per)}; the next retry waits for its turn";

    private Alert AlertOf(Breaker breaker, BreakerSpec spec, DateTimeOffset now) =>
        new()
        {
            Kind = AlertKind.BreakerOpened,
            Severity = AlertSeverity.Error,
            DedupKey = KeyOf(breaker.Key),
            OnceKey = $"{KeyOf(breaker.Key)}/{now.ToUnixTimeMilliseconds()}",
            Pipeline = breaker.Key.Kind == BreakerKind.Pipeline ? new PipelineName(breaker.Key.Name) : null,
            Message =
                $"{breaker.Failures} failures in a row: {(breaker.Key.Kind == BreakerKind.Pipeline ? "new runs of" : "attempts on")} {breaker.Key} are held for {Duration.Print(spec.CoolDown)}; the last: {breaker.Reason}",
            Facts = [new("reset", $"signalbox breakers reset {Names.Of(breaker.Key.Kind)} {breaker.Key.Name}")],
            At = now,
        };

    /// <summary>What alerts about a breaker are known by.</summary>
    public static string KeyOf(BreakerKey key) => $"breaker/{Names.Of(key.Kind)}/{key.Name}";
}
