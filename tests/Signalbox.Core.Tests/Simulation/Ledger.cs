using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>
/// The rows as a store would keep them, and what a book-keeper who sees only rows can say: no revision skipped, no token lowered,
/// no attempt revived, retries counted as promised.
/// </summary>
internal sealed class Ledger(Pipeline pipeline, Run run)
{
    private readonly Dictionary<TaskKey, (int Failures, int Losses)> _books = [];
    private readonly Dictionary<TaskName, TaskNode> _nodes = pipeline.Tasks.ToDictionary(task => task.Name);

    private bool _hasRetried;

    public Run Run { get; private set; } = run;

    public Dictionary<TaskKey, TaskRun> Tasks { get; } = [];

    public Dictionary<(TaskKey Task, int Number), Attempt> Attempts { get; } = [];

    public IEnumerable<Attempt> Live => Attempts.Values.Where(attempt => !attempt.State.IsEnd());

    public RunSnapshot Load() => RunSnapshot.Load(pipeline, Run, Tasks.Values, Live);

    public void Write(Decision decision, RunEvent? e, ISet<string> transitions)
    {
        var name = e is null ? "created" : Story.NameOf(e);
        _hasRetried = false;
        foreach (var change in decision.Changes)
        {
            switch (change)
            {
                case Change.RunChanged { After: var after }:
                    Check.That(after.Revision == Run.Revision + 1, $"run: revision {after.Revision} after {Run.Revision}");
                    Check.That(after.EndedAt is null != after.State.IsEnd(), $"run: {after.State} with end {after.EndedAt}");
                    _hasRetried = after.Retries > Run.Retries;
                    Run = after;
                    break;
                case Change.TaskChanged { After: var after }:
                    Write(after, e, name, transitions);
                    break;
                case Change.AttemptChanged { After: var after }:
                    Write(after, name, transitions);
                    break;
                case Change.HistoryAdded { Entry: { Event: not HistoryEntry.StaleRejected } entry }:
                    transitions.Add($"{(entry.Task is null ? "run" : "task")}: {entry.From} --{entry.Event}--> {entry.To}");
                    break;
            }
        }
    }

    private void Write(TaskRun after, RunEvent? e, string name, ISet<string> transitions)
    {
        Tasks.TryGetValue(after.Key, out var before);
        Check.That(after.Revision == (before?.Revision ?? 0) + 1, $"{after.Key}: revision {after.Revision} after {before?.Revision}");
        Check.That(after.EndedAt is null != after.State.IsEnd(), $"{after.Key}: {after.State} with end {after.EndedAt}");
        var hasAttempt =
            after.State is TaskState.Queued or TaskState.UpForReschedule || (after.State == TaskState.Running && !after.IsExpanded);
        Check.That(after.Attempt is not null == hasAttempt, $"{after.Key}: {after.State} with attempt {after.Attempt}");
        Check.That(after.Stopping is null || hasAttempt, $"{after.Key}: {after.State} is being stopped");
        Check.That(after.Reason is not null || after.State == TaskState.None, $"{after.Key}: {after.State} without a reason");
        if (before is null)
        {
            if (e is not null)
            {
                transitions.Add($"task: (new instance) --{name}--> {Names.Of(after.State)}");
            }
        }
        else
        {
            Check.That(after.Token >= before.Token, $"{after.Key}: token {after.Token} after {before.Token}");
            Check.That(after.TryNumber - before.TryNumber is 0 or 1, $"{after.Key}: try {after.TryNumber} after {before.TryNumber}");
            Check.That(
                !before.State.IsEnd()
                    || before.State == after.State
                    || e is RunEvent.Cleared or RunEvent.Marked or RunEvent.ItemsKnown
                    || before.IsExpanded
                    || IsRetriedWithRun(e)
                    || IsReconsidered(before)
                    || (before.State == TaskState.Removed && e is RunEvent.ItemsKnown),
                $"{after.Key}: left its end {before.State} for {after.State} by {name}"
            );
            if (before.Attempt is not null && (after.Attempt is null || after.TryNumber != before.TryNumber))
            {
                Check.That(
                    before.Stopping != StopReason.Cleared || after.State is not (TaskState.Success or TaskState.Failed),
                    $"{after.Key}: was cleared, and is {after.State} by what its old attempt did"
                );
                Check.That(
                    before.Stopping != StopReason.Marked || after.State == before.MarkedAs || e is RunEvent.Cleared,
                    $"{after.Key}: was marked {before.MarkedAs}, and is {after.State}"
                );
            }

            if (after.State != before.State && after.State is TaskState.Failed or TaskState.UpForRetry)
            {
                Balance(before, after, e);
            }
        }

        if (before is null || before.TriesBefore != after.TriesBefore)
        {
            _books.Remove(after.Key);
        }

        Tasks[after.Key] = after;
    }

    private bool IsRetriedWithRun(RunEvent? e) => e is RunEvent.TimerFired && _hasRetried;

    /// <summary>A mark that takes effect late, when the attempt is gone, lets what did not run wait again.</summary>
    private static bool IsReconsidered(TaskRun before) => before.State is TaskState.UpstreamFailed or TaskState.Blocked;

    private void Write(Attempt after, string name, ISet<string> transitions)
    {
        var key = (after.Key, after.Number);
        Attempts.TryGetValue(key, out var before);
        Check.That(before is null || !before.State.IsEnd(), $"{after.Key}: attempt {after.Number} revived from {before?.State}");
        Check.That(before is null || before.Token == after.Token, $"{after.Key}: attempt {after.Number} changed its token");
        Check.That(after.EndedAt is null != after.State.IsEnd(), $"{after.Key}: attempt {after.State} with end {after.EndedAt}");
        if (before?.State != after.State)
        {
            transitions.Add($"attempt: {(before is null ? "(new)" : Names.Of(before.State))} --{name}--> {Names.Of(after.State)}");
        }

        Attempts[key] = after;
        foreach (var other in Attempts.Values)
        {
            Check.That(
                other.Key != after.Key || other.Number == after.Number || other.State.IsEnd() || after.State.IsEnd(),
                $"{after.Key}: attempts {other.Number} and {after.Number} live at one time"
            );
        }
    }

    /// <summary>Counts failures and losses apart, and compares with what was decided.</summary>
    private void Balance(TaskRun before, TaskRun after, RunEvent? e)
    {
        if (
            after.Failure is not { } failure
            || before.Attempt is null
            || before.Stopping is StopReason.Cancelled or StopReason.Marked or StopReason.Cleared
            || e is RunEvent.CancelRequested or RunEvent.Marked
            || failure.Class == FailureClass.Cancelled
        )
        {
            return;
        }

        var policy = _nodes[after.Key.Task].Retry;
        var books = _books.GetValueOrDefault(after.Key);
        books = failure.Class == FailureClass.Lost ? (books.Failures, books.Losses + 1) : (books.Failures + 1, books.Losses);
        _books[after.Key] = books;
        Check.That(after.LostCount == books.Losses, $"{after.Key}: {after.LostCount} losses counted, {books.Losses} seen");
        var isOverdueWait = e is RunEvent.TimerFired;
        var mayRun = Run.State == RunState.Running && Run.Ending is null && !isOverdueWait;
        var again =
            failure.Class == FailureClass.Lost
                ? mayRun && _nodes[after.Key.Task].Idempotent && books.Losses <= policy.LostBudget
                : mayRun
                    && !_nodes[after.Key.Task].Kind.Asks
                    && books.Failures <= policy.Retries
                    && failure.Class is FailureClass.Transient or FailureClass.RateLimited or FailureClass.Timeout;
        again &= mayRun;
        Check.That(
            again == (after.State == TaskState.UpForRetry),
            $"{after.Key}: {after.State} after {books.Failures} failures and {books.Losses} losses, the last {failure.Class}, with {policy.Retries} retries"
        );
    }
}
