using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Deadlines;

/// <summary>Says how things stood when a deadline was missed.</summary>
internal static class MissSentence
{
    private const int MostTasks = 5;

    public static string Of(Judgement judgement)
    {
        var deadline = judgement.Standing.Deadline;
        var due = $"the deadline {Time(deadline.DueAt)} ({deadline.Rule})";
        if (judgement.Run is not { } run)
        {
            return $"{due} of the tick {Time(deadline.BaseAt)} was missed: no run was made{(judgement.Standing.Skipped is { } why ? $": {why}" : "")}";
        }

        var subject = deadline.Task is { } name ? $"{due} of task {name} of run {run.Number}" : $"{due} of run {run.Number}";
        return $"{subject} was missed: {Standing(judgement, run)}{Expected(judgement, run)}";
    }

    private static string Standing(Judgement judgement, Run run) =>
        run.State switch
        {
            RunState.Queued => "the run has not begun",
            RunState.Running => $"not done {Tasks(judgement)}",
            RunState.Success => $"it was done at {Time(judgement.EndedAt ?? run.EndedAt ?? run.CreatedAt)}",
            RunState.Failed => $"the run failed{(judgement.Late.Count > 0 ? $"; not done {Tasks(judgement)}" : "")}",
            _ => $"the run was {Names.Of(run.State)}",
        };

    private static string Tasks(Judgement judgement)
    {
        var named = judgement.Late.Take(MostTasks).Select(task => $"{task.Key.Task} ({Names.Of(task.State)})");
        var more = judgement.Late.Count - MostTasks;
        return judgement.Late.Count == 0
            ? "is the run itself"
            : $"{(judgement.Late.Count == 1 ? "is" : "are")} {string.Join(", ", named)}{(more > 0 ? $" and {more} more" : "")}";
    }

    private static string Expected(Judgement judgement, Run run) =>
        judgement.ExpectedAt is { } at ? $"; expected at {Time(at)}"
        : run.State.IsEnd() ? ""
        : "; nobody can say when it will be";

    private static string Time(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";
}
