using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <summary>
/// How many task runs are in which end: all that a trigger rule asks of the upstream tasks. Instances of a mapped task count one
/// by one; a mapped task without items counts once; removed instances do not count.
/// </summary>
/// <param name="Total">All, ended or not.</param>
/// <param name="Failed">Failed, for whatever reason.</param>
/// <param name="CheckFailed">Of <paramref name="Failed"/>: because an output failed a check.</param>
public readonly record struct Tally(int Total, int Success, int Failed, int CheckFailed, int UpstreamFailed, int Blocked, int Skipped)
{
    /// <summary>Those that have ended.</summary>
    public int Done => Success + Failed + UpstreamFailed + Blocked + Skipped;

    public bool AllDone => Done == Total;

    /// <summary>What Airflow calls failed or upstream_failed; blocked is a kind of upstream_failed.</summary>
    public int Bad => Failed + UpstreamFailed + Blocked;

    /// <summary>What one task run counts.</summary>
    public static Tally Of(TaskRun task) =>
        task.State switch
        {
            TaskState.Removed => default,
            TaskState.Success => new Tally(1, 1, 0, 0, 0, 0, 0),
            TaskState.Failed => new Tally(1, 0, 1, task.Failure is { CheckFailed: true } ? 1 : 0, 0, 0, 0),
            TaskState.UpstreamFailed => new Tally(1, 0, 0, 0, 1, 0, 0),
            TaskState.Blocked => new Tally(1, 0, 0, 0, 0, 1, 0),
            TaskState.Skipped => new Tally(1, 0, 0, 0, 0, 0, 1),
            _ => new Tally(1, 0, 0, 0, 0, 0, 0),
        };

    public static Tally operator +(Tally a, Tally b) =>
        new(
            a.Total + b.Total,
            a.Success + b.Success,
            a.Failed + b.Failed,
            a.CheckFailed + b.CheckFailed,
            a.UpstreamFailed + b.UpstreamFailed,
            a.Blocked + b.Blocked,
            a.Skipped + b.Skipped
        );

    public static Tally operator -(Tally a, Tally b) =>
        new(
            a.Total - b.Total,
            a.Success - b.Success,
            a.Failed - b.Failed,
            a.CheckFailed - b.CheckFailed,
            a.UpstreamFailed - b.UpstreamFailed,
            a.Blocked - b.Blocked,
            a.Skipped - b.Skipped
        );
}

/// <summary>What a trigger rule says of a task that has not begun.</summary>
public enum Verdict
{
    /// <summary>Not decided yet.</summary>
    Wait,
    Run,
    Skip,
    UpstreamFailed,

    /// <summary>As upstream_failed, and the cause is a failed check.</summary>
    Blocked,
}

/// <summary>
/// The twelve trigger rules: when a task runs, and what becomes of it when it never can. The same decisions, as early, as
/// Airflow's <c>TriggerRuleDep</c>.
/// </summary>
public static class TriggerRules
{
    public static Verdict Judge(TriggerRule rule, Tally up)
    {
        if (up.Total == 0)
        {
            return Verdict.Run;
        }

        return rule switch
        {
            TriggerRule.AllSuccess => up.Bad > 0 ? Failing(up)
            : up.Skipped > 0 ? Verdict.Skip
            : RunIf(up.Success == up.Total),
            TriggerRule.AllFailed => up.Success + up.Skipped > 0 ? Verdict.Skip : RunIf(up.Bad == up.Total),
            TriggerRule.AllDone or TriggerRule.AllDoneSetupSuccess => RunIf(up.AllDone),
            TriggerRule.AllSkipped => up.Done > up.Skipped ? Verdict.Skip : RunIf(up.Skipped == up.Total),
            TriggerRule.OneFailed => up.Bad > 0 ? Verdict.Run : SkipIf(up.AllDone),
            TriggerRule.OneSuccess => up.Success > 0 ? Verdict.Run
            : !up.AllDone ? Verdict.Wait
            : up.Bad > 0 ? Failing(up)
            : Verdict.Skip,
            TriggerRule.OneDone => up.Success + up.Failed > 0 ? Verdict.Run : SkipIf(up.AllDone),
            TriggerRule.NoneFailed => up.Bad > 0 ? Failing(up) : RunIf(up.AllDone),
            TriggerRule.NoneFailedMinOneSuccess => up.Bad > 0 ? Failing(up)
            : up.Skipped == up.Total ? Verdict.Skip
            : RunIf(up.AllDone),
            TriggerRule.NoneSkipped => up.Skipped > 0 ? Verdict.Skip : RunIf(up.AllDone),
            _ => Verdict.Run,
        };
    }

    private static Verdict RunIf(bool satisfied) => satisfied ? Verdict.Run : Verdict.Wait;

    private static Verdict SkipIf(bool hopeless) => hopeless ? Verdict.Skip : Verdict.Wait;

    private static Verdict Failing(Tally up) => up.CheckFailed + up.Blocked > 0 ? Verdict.Blocked : Verdict.UpstreamFailed;
}
