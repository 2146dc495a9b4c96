using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;

namespace Signalbox.Core.Alerts;

/// <summary>What people are told of a decision about a run.</summary>
/// <remarks>
/// One alert for each run and task: the first instance of a mapped task speaks for all, and what comes after a failed task is not told at
/// all. What people did themselves, by cancelling or marking, is no news to them, and so are the trials of `verify` and `shadow`.
/// </remarks>
public sealed record RunAlerts
{
    /// <summary>Nobody is told anything.</summary>
    public static readonly RunAlerts Nothing = new();

    /// <summary>When it was decided.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Alerts to write. Their once keys keep all but the first of a run and task away.</summary>
    public ImmutableArray<Alert> Raised { get; init; } = [];

    /// <summary>
    /// The alert of a run that failed, to be written when nothing else of the run has been told: each run that failed has at least one.
    /// </summary>
    public Alert? IfUntold { get; init; }

    /// <summary>Tasks that succeeded: what was told of them, for this date and earlier ones, is over. Null stands for the run itself.</summary>
    public ImmutableArray<TaskName?> Recovered { get; init; } = [];

    /// <summary>Tasks that run again after they failed: if they fail again that is news. Null stands for the run itself.</summary>
    public ImmutableArray<TaskName?> Released { get; init; } = [];

    public bool IsEmpty => Raised.IsEmpty && Recovered.IsEmpty && Released.IsEmpty && IfUntold is null;

    /// <summary>What people are told of a decision.</summary>
    /// <param name="run">The run after the decision.</param>
    /// <param name="retries">Whether alerts of retries are written for tasks that do not ask for them themselves.</param>
    public static RunAlerts Of(RunSnapshot run, Decision decision, bool retries)
    {
        if (run.Run.Namespace is { IsVariant: false })
        {
            return Nothing;
        }

        Making? making = null;
        foreach (var change in decision.Changes)
        {
            if (change is Change.HistoryAdded { Entry: var entry } && entry.From != entry.To)
            {
                making ??= new Making(run, decision, retries);
                making.Take(entry);
            }
            else if (change is Change.RunChanged { After.Ending: RunState.Failed })
            {
                making ??= new Making(run, decision, retries);
                making.RunFails();
            }
            else if (change is Change.RunChanged { After.RetryAt: not null } && retries)
            {
                making ??= new Making(run, decision, retries);
                making.RunIsRetried();
            }
        }

        return making?.Made() ?? Nothing;
    }

    /// <summary>The once key of the alert of a failed task, or of a failed run.</summary>
    internal static string OnceKeyOf(RunNumber run, TaskName? task) => task is { } name ? $"failed/{run}/{name}" : $"failed/{run}";

    private sealed class Making(RunSnapshot run, Decision decision, bool retries)
    {
        private static readonly string Failed = Names.Of(TaskState.Failed);
        private static readonly string Success = Names.Of(TaskState.Success);
        private static readonly string UpForRetry = Names.Of(TaskState.UpForRetry);

        private readonly DateTimeOffset _at = decision.Changes.OfType<Change.HistoryAdded>().FirstOrDefault()?.Entry.At ?? default;
        private readonly List<Alert> _raised = [];
        private readonly List<TaskName?> _recovered = [];
        private readonly List<TaskName?> _released = [];
        private Alert? _ifUntold;

        public RunAlerts Made() =>
            new()
            {
                At = _at,
                Raised = [.. _raised],
                IfUntold = _ifUntold,
                Recovered = [.. _recovered.Distinct()],
                Released = [.. _released.Distinct()],
            };

        public void Take(HistoryEntry entry)
        {
            if (entry.From == Failed)
            {
                _released.Add(entry.Task?.Task);
            }

            if (entry.To == Success)
            {
                Recover(entry.Task);
            }
            else if (entry.Task is not { } key)
            {
                if (entry.To == Failed && !IsByHand())
                {
                    _ifUntold = OfRun();
                }
            }
            else if (run.Find(key) is { Failure: { } failure } task)
            {
                if (
                    entry.To == Failed
                    && IsNews(failure, entry)
                    && !IsToldOtherwise(Node(key))
                    && !RunDecider.IsRetried(run, Node(key), failure)
                )
                {
                    _raised.Add(OfFailure(task, failure));
                }
                else if (entry.To == UpForRetry && (retries || !Node(key).OnRetry.IsDefaultOrEmpty))
                {
                    _raised.Add(OfRetry(task, failure));
                }
            }
        }

        /// <summary>A group fails by one of its tasks, of which people are told; of the group itself only who asks for it.</summary>
        private static bool IsToldOtherwise(TaskNode node) => node is { Kind: TaskKind.Group, OnFailure.IsDefaultOrEmpty: true };

        /// <summary>The run is past its limit: its tasks are stopped for that, and it will have failed.</summary>
        public void RunFails()
        {
            if (_at != default)
            {
                _raised.Add(OfRun());
            }
        }

        /// <summary>The run waits for its own retry.</summary>
        public void RunIsRetried() =>
            _raised.Add(
                About(null) with
                {
                    Kind = AlertKind.Retried,
                    Severity = AlertSeverity.Info,
                    OnceKey = $"retried/{run.Run.Number}/{run.Run.Retries + 1}",
                    Message = $"{run.Pipeline.Name}: {run.Run.Reason}",
                }
            );

        /// <summary>A mapped task has recovered when all of it has.</summary>
        private void Recover(TaskKey? key)
        {
            if (key is not { IsInstance: true })
            {
                _recovered.Add(key?.Task);
            }
        }

        /// <summary>What is stopped because the run ends is told by the alert of the run, or was wished for; a retry that is not made, too.</summary>
        /// <summary>Whether the run failed because somebody said so of its tasks, and for nothing else.</summary>
        private bool IsByHand()
        {
            var failures = run.Tasks.Where(task => task.State == TaskState.Failed).Select(task => task.Failure).OfType<Failure>().ToList();
            return failures.Count > 0 && failures.TrueForAll(RunDecider.IsMarked);
        }

        private bool IsNews(Failure failure, HistoryEntry entry) =>
            run.Run.Ending is null
            && failure.Class != FailureClass.Cancelled
            && !RunDecider.IsNoFaultOfTask(failure)
            && (entry.From != UpForRetry || failure.Class == FailureClass.Timeout);

        private Alert OfFailure(TaskRun task, Failure failure)
        {
            var blocked = failure.CheckFailed ? Blocked() : [];
            var facts = new List<AlertFact> { new("class", Names.Of(failure.Class)) };
            if (failure.Rule is { } rule)
            {
                facts.Add(new("rule", rule));
            }

            facts.Add(new("attempts", (task.TryNumber - task.TriesBefore).ToString(CultureInfo.InvariantCulture)));
            if (task.Key.IsInstance)
            {
                facts.Add(new("map_index", task.Key.MapIndex.ToString(CultureInfo.InvariantCulture)));
            }

            if (blocked.Count > 0)
            {
                facts.Add(new("blocked", string.Join(", ", blocked)));
            }

            var tries = task.TryNumber - task.TriesBefore;
            var after = tries > 1 ? $" after {tries} attempts" : "";
            return About(task.Key.Task) with
            {
                Kind = failure.CheckFailed ? AlertKind.Blocked : AlertKind.Failed,
                Severity = SeverityOf(failure),
                OnceKey = OnceKeyOf(run.Run.Number, task.Key.Task),
                Message =
                    $"{task.Key} of {run.Pipeline.Name} failed{after}: {failure.Message}"
                    + AdviceOf(failure)
                    + (blocked.Count == 0 ? "" : $"; {string.Join(", ", blocked)} {(blocked.Count == 1 ? "is" : "are")} blocked"),
                Facts = [.. facts],
                Notify = Node(task.Key).OnFailure,
            };
        }

        private Alert OfRetry(TaskRun task, Failure failure)
        {
            var wait = (task.DueAt ?? _at) - _at;
            return About(task.Key.Task) with
            {
                Kind = AlertKind.Retried,
                Severity = AlertSeverity.Info,
                OnceKey = $"retried/{run.Run.Number}/{task.Key}/{task.TryNumber}",
                Message =
                    $"{task.Key} of {run.Pipeline.Name}: attempt {task.TryNumber} failed: {failure.Message}; it is tried again in {Duration.Print(wait)}",
                Facts =
                [
                    new("class", Names.Of(failure.Class)),
                    new("attempt", task.TryNumber.ToString(CultureInfo.InvariantCulture)),
                    new("next_attempt", task.DueAt is { } at ? Sentence.Of(at) : ""),
                ],
                Notify = Node(task.Key).OnRetry,
            };
        }

        private Alert OfRun() =>
            About(null) with
            {
                OnceKey = OnceKeyOf(run.Run.Number, null),
                Message = $"{run.Pipeline.Name} failed{(run.Run.Reason is { Length: > 0 } reason ? $": {reason}" : "")}",
                Notify = [.. run.Pipeline.Tasks.SelectMany(task => task.OnFailure.IsDefault ? [] : task.OnFailure).Distinct()],
            };

        private Alert About(TaskName? task) =>
            new()
            {
                Kind = AlertKind.Failed,
                Severity = AlertSeverity.Error,
                DedupKey = Alert.KeyOf(run.Pipeline.Name, run.Run.Id, task),
                Pipeline = run.Pipeline.Name,
                Tags = run.Pipeline.Tags,
                Run = run.Run.Number,
                RunId = run.Run.Id,
                LogicalDate = run.Run.LogicalDate,
                Task = task,
                Message = "",
                At = _at,
            };

        private List<TaskName> Blocked() =>
            [
                .. decision
                    .Changes.OfType<Change.TaskChanged>()
                    .Where(change => change.After.State == TaskState.Blocked)
                    .Select(change => change.After.Key.Task)
                    .Distinct(),
            ];

        private TaskNode Node(TaskKey key) => run.Pipeline.Tasks[run.Graph.IndexOf(key.Task)];

        /// <summary>A full disk harms everything that runs beside it.</summary>
        private static AlertSeverity SeverityOf(Failure failure) =>
            failure.Class == FailureClass.DiskFull ? AlertSeverity.Critical : AlertSeverity.Error;

        private static string AdviceOf(Failure failure) =>
            failure.Class switch
            {
                FailureClass.Auth => "; check API credentials",
                FailureClass.Schema => "; the data does not have the shape that is expected: check what the source changed",
                FailureClass.DiskFull => "; make room on the disk",
                FailureClass.Oom => "; it needs more memory, or less data at a time",
                _ => "",
            };
    }
}
