using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Lint;

/// <summary>One thing that a pipeline should have.</summary>
/// <param name="Item">What it is about, in a few words.</param>
/// <param name="Passed">Whether the pipeline has it.</param>
/// <param name="Detail">What was seen.</param>
public sealed record ChecklistItem(string Item, bool Passed, string Detail);

/// <summary>The questions to ask of every pipeline before it runs by itself, answered from its definition and what the rules found.</summary>
public static class Checklist
{
    /// <param name="pipeline">A pipeline without mistakes.</param>
    /// <param name="codes">The codes of all that was found about it, with the task where there is one. What a line allows is not among them.</param>
    public static ImmutableArray<ChecklistItem> Of(Pipeline pipeline, IReadOnlyCollection<(string Code, TaskName? Task)> codes)
    {
        var working = pipeline.Tasks.Where(DefinitionRules.Works).ToList();
        return
        [
            Schedule(pipeline.Schedule, codes),
            Of(
                "retries and a delay",
                codes,
                [LintCodes.NoRetries, LintCodes.NoRetryDelay, LintCodes.BroadRetries],
                working.Count == 0 ? "no task that works"
                    : working.All(task => task.Retry.Retries > 0) ? $"all of {Count(working.Count, "task")}"
                    : "as each task says"
            ),
            Of("a timeout for each task", codes, [LintCodes.NoTimeout], pipeline.Timeout is null ? "all" : "of the whole run"),
            Of(
                "outputs by logical date",
                codes,
                [LintCodes.Unpartitioned, LintCodes.WallClockPath, LintCodes.MutableName],
                pipeline.Partition == PartitionKind.None ? "declared unpartitioned"
                    : pipeline.Tasks.All(task => task.Outputs.IsEmpty) ? "no declared outputs"
                    : "all"
            ),
            Of("the run's date, not the clock's", codes, [LintCodes.WallClock, LintCodes.WallClockPath], "no wall clock seen"),
            Of("no appends", codes, [LintCodes.Append], "none seen"),
        ];
    }

    private static ChecklistItem Schedule(ScheduleSpec? schedule, IReadOnlyCollection<(string Code, TaskName? Task)> codes)
    {
        const string Item = "schedule as required";
        if (schedule is null)
        {
            return new ChecklistItem(Item, true, "no schedule: started by hand or by a backfill");
        }

        var means = $"{DefinitionRules.Sentence(schedule)} ({schedule.TimeZone})";
        return codes.Any(found => found.Code == LintCodes.ScheduleDiffers)
                ? new ChecklistItem(Item, false, $"{means}; required: {schedule.Means}")
            : schedule.Means is null ? new ChecklistItem(Item, true, $"{means}; nothing is required of it")
            : new ChecklistItem(Item, true, $"{means}, as required");
    }

    private static ChecklistItem Of(string item, IReadOnlyCollection<(string Code, TaskName? Task)> codes, string[] against, string passed)
    {
        var failing = codes.Where(found => against.Contains(found.Code)).ToList();
        if (failing.Count == 0)
        {
            return new ChecklistItem(item, true, passed);
        }

        var tasks = failing.Select(found => found.Task?.Value).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var of = tasks.Count == 0 ? "" : $": {string.Join(", ", tasks.Take(8))}{(tasks.Count > 8 ? $" and {tasks.Count - 8} more" : "")}";
        return new ChecklistItem(item, false, $"{Count(failing.Count, "finding")}{of}");
    }

    private static string Count(int number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";
}
