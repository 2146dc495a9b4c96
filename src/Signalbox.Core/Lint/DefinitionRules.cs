using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.Core.Lint;

/// <summary>What is missing, or too much, in the settings of a task. What <see cref="PipelineChecker"/> warns of already is not said again.</summary>
internal static class DefinitionRules
{
    private static readonly FailureClass[] BeyondRetry =
    [
        FailureClass.Auth,
        FailureClass.Schema,
        FailureClass.Validation,
        FailureClass.DiskFull,
        FailureClass.Permanent,
        FailureClass.Cancelled,
    ];

    /// <summary>Whether a task does work of its own that may fail by bad luck.</summary>
    public static bool Works(TaskNode task) => !task.Kind.Waits && task.Kind is not (TaskKind.Noop or TaskKind.Group or TaskKind.Promote);

    /// <summary>What the schedule means, in words with its zone; as it stands where it cannot be read.</summary>
    public static string Sentence(ScheduleSpec schedule) => ScheduleSentence.Of(schedule);

    public static void Check(Pipeline pipeline, ImmutableArray<Finding>.Builder found)
    {
        for (var i = 0; i < pipeline.Schedules.Length; i++)
        {
            var schedule = pipeline.Schedules[i];
            if (
                schedule.Means is { } means
                && Sentence(schedule) is var sentence
                && !string.Equals(means.Trim().TrimEnd('.'), sentence, StringComparison.OrdinalIgnoreCase)
            )
            {
                found.Add(
                    new Finding(
                        LintCodes.ScheduleDiffers,
                        null,
                        null,
                        pipeline.Schedules.Length == 1 ? "schedule.means" : $"schedule[{i}].means",
                        0,
                        $"`{schedule.Text}` means `{sentence}`, and not `{means}`",
                        "change `cron`, or `means`; `signalbox cron explain` tells what an expression means"
                    )
                );
            }
        }
    }

    public static void Check(TaskNode task, ImmutableArray<Finding>.Builder found)
    {
        var path = $"tasks.{task.Name}";
        if (Works(task))
        {
            CheckRetries(task, path, found);
        }

        foreach (var output in task.Outputs)
        {
            foreach (var clock in ClockRule.Find(CodeText.Of(output.Path, SourceLanguage.Shell)))
            {
                found.Add(
                    new Finding(
                        LintCodes.WallClockPath,
                        task.Name,
                        null,
                        $"{path}.outputs.{output.Name}.path",
                        clock.Offset,
                        clock.Message,
                        clock.Mend
                    )
                );
            }

            if (NameRule.OfPath(output.Path) is { } hit)
            {
                found.Add(new Finding(hit.Code, task.Name, null, $"{path}.outputs.{output.Name}.path", hit.Offset, hit.Message, hit.Mend));
            }
        }
    }

    private static void CheckRetries(TaskNode task, string path, ImmutableArray<Finding>.Builder found)
    {
        if (task.Retry.Retries == 0)
        {
            found.Add(
                new Finding(
                    LintCodes.NoRetries,
                    task.Name,
                    null,
                    $"{path}.retries",
                    0,
                    $"the task `{task.Name}` is never tried again, so one bad moment of the network fails the run",
                    "give it `retries: 2` and a `retry_delay`, here or under `defaults:`; or say `retries: 0` if that is meant"
                )
            );
            return;
        }

        if (task.Retry.Delay == TimeSpan.Zero)
        {
            found.Add(
                new Finding(
                    LintCodes.NoRetryDelay,
                    task.Name,
                    null,
                    $"{path}.retry_delay",
                    0,
                    $"the retries of the task `{task.Name}` follow on one another at once, when what failed is still failing",
                    "give it a `retry_delay`, such as 1m"
                )
            );
        }

        var beyond = task.Retry.RetryOn.Where(one => BeyondRetry.Contains(one)).Select(one => $"`{Names.Of(one)}`").ToList();
        if (beyond.Count > 0)
        {
            found.Add(
                new Finding(
                    LintCodes.BroadRetries,
                    task.Name,
                    null,
                    $"{path}.retry_on",
                    0,
                    $"the task `{task.Name}` retries {string.Join(", ", beyond)}, which trying again does not mend",
                    "take it out of `retry_on`; without `retry_on` only what may pass is retried"
                )
            );
        }
    }
}
