using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <summary>
/// The state machine of a run: what follows from an event. Pure: the same snapshot and event give the same decision, and the
/// snapshot is not touched. Every event is accepted in every state, and changes nothing where it no longer fits.
/// </summary>
/// <remarks>
/// The parts: <c>Readiness</c> (trigger rules, the end of the run), <c>Mapping</c>, <c>Attempts</c>, <c>Ends</c> (what follows
/// from an attempt's end), <c>Timers</c>, <c>Silence</c>, <c>RunRetry</c> (the run from its failed tasks), <c>Groups</c> (tasks that are tried again as one), <c>Stopping</c> (cancel and the run's own limit), <c>ByHand</c> (clear and mark),
/// <c>Resume</c>. The transitions that are really taken are listed in <c>docs/run-states.md</c>.
/// <para>
/// A run that ends by itself has failed when one of its leaf tasks (those that nothing comes after) is failed, upstream_failed
/// or blocked, and has succeeded otherwise, as in Airflow: a failure that a later task was made to handle is handled.
/// </para>
/// </remarks>
public static partial class RunDecider
{
    /// <summary>What follows from an event: rows to write, then commands to carry out.</summary>
    public static Decision Decide(RunSnapshot run, RunEvent e)
    {
        var draft = new Draft(run, e.At, NameOf(e));
        switch (e)
        {
            case RunEvent.RunAdmitted:
                Admit(draft);
                break;
            case RunEvent.RunRefused refused:
                Refuse(draft, refused.Reason);
                break;
            case RunEvent.ConditionKnown known:
                ConditionKnown(draft, known);
                break;
            case RunEvent.ItemsKnown known:
                ItemsKnown(draft, known);
                break;
            case RunEvent.EvaluationFailed failed:
                EvaluationFailed(draft, failed);
                break;
            case RunEvent.SlotGranted granted:
                SlotGranted(draft, granted);
                break;
            case RunEvent.AttemptStarted started:
                AttemptStarted(draft, started);
                break;
            case RunEvent.Heard heard:
                Heard(draft, heard);
                break;
            case RunEvent.AttemptExited exited:
                AttemptExited(draft, exited);
                break;
            case RunEvent.AttemptEnded ended:
                AttemptEnded(draft, ended);
                break;
            case RunEvent.NotYet notYet:
                NotYet(draft, notYet);
                break;
            case RunEvent.Answered answered:
                Answered(draft, answered);
                break;
            case RunEvent.TimerFired:
                TimerFired(draft);
                break;
            case RunEvent.CancelRequested cancel:
                Cancel(draft, cancel.Reason);
                break;
            case RunEvent.Cleared cleared:
                Clear(draft, cleared);
                break;
            case RunEvent.Marked marked:
                Mark(draft, marked);
                break;
        }

        Settle(draft);
        return draft.Build();
    }

    /// <summary>The rows of a new run, queued: its own, and one per task.</summary>
    /// <param name="run">The run as it is to be; state and revision are set here.</param>
    public static Decision Create(Pipeline pipeline, Run run)
    {
        var changes = ImmutableArray.CreateBuilder<Change>(pipeline.Tasks.Length + 2);
        changes.Add(new Change.RunChanged(run with { State = RunState.Queued, Revision = 1 }));
        foreach (var task in pipeline.Tasks)
        {
            changes.Add(
                new Change.TaskChanged(
                    TakesPart(run, task.Name)
                        ? new TaskRun
                        {
                            Key = new TaskKey(task.Name),
                            State = TaskState.None,
                            Revision = 1,
                        }
                        : new TaskRun
                        {
                            Key = new TaskKey(task.Name),
                            State = TaskState.Success,
                            Reason = "not part of this run, which was asked for other tasks only",
                            EndedAt = run.CreatedAt,
                            Revision = 1,
                        }
                )
            );
        }

        changes.Add(new Change.HistoryAdded(new HistoryEntry(run.CreatedAt, null, 0, "none", "created", "queued", run.Reason)));
        return new Decision(changes.DrainToImmutable(), []);
    }

    /// <summary>The earliest instant at which <see cref="RunEvent.TimerFired"/> changes something; null when no timer runs.</summary>
    public static DateTimeOffset? NextTimer(RunSnapshot run) => run.NextTimer;

    /// <summary>The seed of the jitter of a retry: the same attempt always waits as long.</summary>
    public static ulong JitterSeed(Run run, TaskKey task, int attempt) =>
        StableHash.Empty.Add(run.Number.Value).Add(task.Task.Value).Add(task.MapIndex).Add(attempt).Value;

    private const string RunTimeoutRule = "run timeout";
    private const string MarkedRule = "marked by hand";
    private const string BrokenOffRule = "run ";

    /// <summary>Whether a task has this failure because its run was broken off, or because somebody said so.</summary>
    internal static bool IsNoFaultOfTask(Failure failure) =>
        IsMarked(failure) || failure.Rule?.StartsWith(BrokenOffRule, StringComparison.Ordinal) == true;

    /// <summary>Whether a task has this failure because somebody said so.</summary>
    internal static bool IsMarked(Failure failure) => failure.Rule == MarkedRule;

    private static bool TakesPart(Run run, TaskName task) => run.OnlyTasks.IsDefaultOrEmpty || run.OnlyTasks.Contains(task);

    private static string NameOf(RunEvent e) =>
        e switch
        {
            RunEvent.RunAdmitted => "run_admitted",
            RunEvent.RunRefused => "run_refused",
            RunEvent.ConditionKnown => "condition_known",
            RunEvent.ItemsKnown => "items_known",
            RunEvent.EvaluationFailed => "evaluation_failed",
            RunEvent.SlotGranted => "slot_granted",
            RunEvent.AttemptStarted => "attempt_started",
            RunEvent.Heard => "heard",
            RunEvent.AttemptExited => "attempt_exited",
            RunEvent.AttemptEnded => "attempt_ended",
            RunEvent.NotYet => "not_yet",
            RunEvent.Answered => "answered",
            RunEvent.TimerFired => "timer_fired",
            RunEvent.CancelRequested => "cancel_requested",
            RunEvent.Cleared => "cleared",
            RunEvent.Marked => "marked",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
