using Signalbox.Core.Definitions;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>What must be true after every step, told from the rows and not from the decider's own counts.</summary>
internal static class Invariants
{
    public static bool ChangesRows(Decision decision) => decision.Changes.Any(change => change is not Change.HistoryAdded);

    /// <summary>The rows that a decision changes, as they were.</summary>
    public static Dictionary<TaskKey, TaskRun?> RowsOf(Decision decision, Dictionary<TaskKey, TaskRun> rows)
    {
        var before = new Dictionary<TaskKey, TaskRun?>();
        foreach (var change in decision.Changes)
        {
            if (change is Change.TaskChanged { After.Key: var key })
            {
                before[key] = rows.GetValueOrDefault(key);
            }
        }

        return before;
    }

    public static void AfterStep(
        RunSnapshot run,
        Ledger ledger,
        Admission admission,
        int slots,
        Decision decision,
        Dictionary<TaskKey, TaskRun?>? before,
        RunEvent e
    )
    {
        if (before is not null)
        {
            Limits(run, ledger, admission, slots);
            Rules(run, ledger, decision, before);
            if (e is RunEvent.ItemsKnown { Task: var task })
            {
                Instances(run, ledger, task);
            }
        }

        Runs.Shape.Check(decision);
        var canStart = ledger.Run.State == RunState.Running && ledger.Run.Ending is null;
        if (decision.Commands.IsEmpty)
        {
            return;
        }

        var implied = RunDecider.Resume(run).Commands;
        foreach (var command in decision.Commands)
        {
            Check.That(
                canStart || command is RunCommand.StopAttempt or RunCommand.RunEnded || ledger.Run.State == RunState.Running,
                $"{command} in a run that is {ledger.Run.State}"
            );
            Check.That(
                canStart || command is not (RunCommand.StartAttempt or RunCommand.Poll or RunCommand.Evaluate),
                $"{command} in a run that is ending"
            );
            Check.That(implied.Contains(command), $"{command} is not implied by the state, so a crash would lose it");
        }
    }

    /// <summary>After the end, with nothing under way.</summary>
    public static void AtRest(RunSnapshot run, Ledger ledger, World world)
    {
        SameAsLoaded(run, ledger.Load());
        Check.That(run.Holders.Count == 0 && run.Scheduled.Count == 0 && !ledger.Live.Any(), $"something is left of the run");
        foreach (var task in ledger.Tasks.Values)
        {
            Check.That(task.State.IsEnd(), $"{task.Key} is {task.State} in a run that has ended");
            if (task.State == TaskState.Success && ledger.Attempts.TryGetValue((task.Key, task.TryNumber), out var last))
            {
                var byHand = task.Reason == "marked by hand";
                Check.That(byHand || last.State == AttemptState.Succeeded, $"{task.Key} is a success, its attempt {last.State}");
            }
        }

        foreach (var attempt in ledger.Attempts.Values)
        {
            Check.That(
                attempt.State != AttemptState.Succeeded
                    || attempt.Process is null
                    || attempt.ExitCode is null
                    || world.Published.Contains((attempt.Key, attempt.Number)),
                $"{attempt.Key}: attempt {attempt.Number} succeeded and published nothing"
            );
        }

        foreach (var node in run.Pipeline.Tasks)
        {
            Instances(run, ledger, node.Name);
        }

        var leaves = run.Pipeline.Tasks.Where(task => !run.Pipeline.Tasks.Any(other => other.Needs.Contains(task.Name)));
        var isBad = leaves
            .Select(leaf => ledger.Tasks[new TaskKey(leaf.Name)])
            .Any(leaf => leaf.State is TaskState.Failed or TaskState.UpstreamFailed or TaskState.Blocked);
        Check.That(!isBad || ledger.Run.State != RunState.Success, $"a leaf failed, the run is a {ledger.Run.State}");
    }

    /// <summary>A snapshot that followed the decisions is the one that is loaded from the rows.</summary>
    public static void SameAsLoaded(RunSnapshot run, RunSnapshot loaded)
    {
        Check.That(run.Run == loaded.Run, $"the run's row differs");
        Check.That(run.Tasks.SequenceEqual(loaded.Tasks), $"the rows differ");
        Check.That(run.OpenCount == loaded.OpenCount, $"{run.OpenCount} open, {loaded.OpenCount} loaded");
        Check.That(run.NextTimer == loaded.NextTimer, $"timer {run.NextTimer}, {loaded.NextTimer} loaded");
        Check.That(run.Holders.ToHashSet().SetEquals(loaded.Holders), $"holders differ");
        Check.That(run.Scheduled.ToHashSet().SetEquals(loaded.Scheduled), $"ready tasks differ");
        Check.That(run.LiveAttempts.Count == loaded.LiveAttempts.Count, $"live attempts differ");
        foreach (var (key, attempt) in run.LiveAttempts)
        {
            Check.That(loaded.LiveAttempts[key] == attempt, $"{key}: live attempts differ");
            Check.That(
                run.Find(key)!.Attempt == attempt.State,
                $"{key}: the task says {run.Find(key)!.Attempt}, its attempt {attempt.State}"
            );
        }

        for (var node = 0; node < run.Graph.Count; node++)
        {
            Check.That(
                run.Upstream(node) == loaded.Upstream(node),
                $"{run.Graph.Tasks[node].Name}: {run.Upstream(node)}, {loaded.Upstream(node)} loaded"
            );
            Check.That(run.InstanceTally(node) == loaded.InstanceTally(node), $"{run.Graph.Tasks[node].Name}: instances differ");
        }
    }

    /// <summary>Clearing changes the tasks that were named, their instances and summaries, and what had not begun.</summary>
    public static void OnlyNamedChanged(
        Pipeline pipeline,
        Dictionary<TaskKey, TaskRun> before,
        Dictionary<TaskKey, TaskRun> after,
        IReadOnlyList<TaskKey> named
    )
    {
        foreach (var (key, was) in before)
        {
            var isNamed = named.Contains(key) || named.Any(other => other.Task == key.Task && (!other.IsInstance || !key.IsInstance));
            var isNew = was.State == TaskState.None || pipeline.Tasks.Length == 0;
            Check.That(isNamed || isNew || after[key] == was, $"{key} was not named and changed from {was.State} to {after[key].State}");
        }
    }

    private static void Limits(RunSnapshot run, Ledger ledger, Admission admission, int slots)
    {
        var pools = new Dictionary<string, int>(StringComparer.Ordinal);
        var maps = new Dictionary<TaskName, int>();
        var devices = new HashSet<string>(StringComparer.Ordinal);
        var active = 0;
        var index = run.Graph;
        foreach (var task in ledger.Tasks.Values)
        {
            if (task.State is not (TaskState.Queued or TaskState.Running) || task.MapCount is not null)
            {
                continue;
            }

            var node = index.Tasks[index.IndexOf(task.Key.Task)];
            pools[node.Pool] = pools.GetValueOrDefault(node.Pool) + node.Slots;
            maps[node.Name] = maps.GetValueOrDefault(node.Name) + 1;
            active++;
            if (RandomPipeline.Devices.ContainsKey(node.Pool))
            {
                var own = ledger.Attempts[(task.Key, task.TryNumber)].Gpus?.Split(',') ?? [];
                Check.That(
                    own.Length == node.Slots && own.All(devices.Add),
                    $"{task.Key} has {string.Join(", ", own)}, of which another has some"
                );
            }

            Check.That(
                node.MaxParallel is not { } most || maps[node.Name] <= most,
                $"{node.Name}: {maps[node.Name]} instances at one time"
            );
        }

        Check.That(active <= slots && active <= run.Pipeline.MaxActiveTasks, $"{active} attempts at one time");
        foreach (var (pool, used) in pools)
        {
            Check.That(admission.SizeOf(pool) is not { } size || used <= size, $"pool {pool}: {used} slots in use");
            Check.That(admission.InUseOf(pool) >= used, $"pool {pool}: {used} slots in use, {admission.InUseOf(pool)} counted");
        }
    }

    /// <summary>Compares what became of tasks that had not begun with the oracle.</summary>
    private static void Rules(RunSnapshot run, Ledger ledger, Decision decision, Dictionary<TaskKey, TaskRun?> before)
    {
        var rows = ledger.Tasks;
        foreach (var change in decision.Changes)
        {
            if (
                change is not Change.HistoryAdded { Entry: { Task: { IsInstance: false } key } entry }
                || entry.Event == HistoryEntry.StaleRejected
                || (entry.Event is not ("upstream_ended" or "run_admitted") && entry.To is not ("upstream_failed" or "blocked"))
            )
            {
                continue;
            }

            var node = run.Graph.Tasks[run.Graph.IndexOf(key.Task)];
            var said = RuleOracle.Judge(node.TriggerRule, RuleOracle.UpstreamOf(node, rows));
            var done = VerdictOf(rows[key]);
            Check.That(
                said == done,
                $"{key} ({node.TriggerRule}) was {before[key]?.State} and is {rows[key].State}; the oracle says {said}"
            );
        }

        if (ledger.Run.State != RunState.Running || ledger.Run.Ending is not null)
        {
            return;
        }

        foreach (var node in run.Graph.Tasks)
        {
            var row = rows[new TaskKey(node.Name)];
            if (row is not { State: TaskState.None, ReadyAt: null } || HasLiveInstances(rows, node))
            {
                continue;
            }

            var said = RuleOracle.Judge(node.TriggerRule, RuleOracle.UpstreamOf(node, rows));
            Check.That(said == Verdict.Wait, $"{node.Name} ({node.TriggerRule}) still waits; the oracle says {said}");
        }
    }

    private static Verdict VerdictOf(TaskRun task) =>
        task.State switch
        {
            TaskState.Skipped => Verdict.Skip,
            TaskState.UpstreamFailed => Verdict.UpstreamFailed,
            TaskState.Blocked => Verdict.Blocked,
            TaskState.None when task.ReadyAt is null => Verdict.Wait,
            _ => Verdict.Run,
        };

    private static bool HasLiveInstances(Dictionary<TaskKey, TaskRun> rows, TaskNode node)
    {
        for (var i = 0; rows.TryGetValue(new TaskKey(node.Name, i), out var instance); i++)
        {
            if (instance.Attempt is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>As many instances as items, the surplus of an earlier expansion removed.</summary>
    private static void Instances(RunSnapshot run, Ledger ledger, TaskName task)
    {
        var summary = ledger.Tasks[new TaskKey(task)];
        if (summary.State == TaskState.None || (summary.MapCount is null && !run.Run.State.IsEnd()))
        {
            return;
        }

        var kept = 0;
        for (var i = 0; ledger.Tasks.TryGetValue(new TaskKey(task, i), out var instance); i++)
        {
            var isSurplus = i >= (summary.MapCount ?? 0);
            kept += isSurplus ? 0 : 1;
            Check.That(
                isSurplus == (instance.State == TaskState.Removed),
                $"{instance.Key} is {instance.State}; the map has {summary.MapCount} items"
            );
        }

        Check.That(kept == (summary.MapCount ?? 0), $"{task}: {kept} instances of {summary.MapCount} items");
    }
}
