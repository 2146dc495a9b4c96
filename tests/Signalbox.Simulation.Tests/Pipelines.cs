using Signalbox.Core;

namespace Signalbox.Simulation.Tests;

/// <summary>The pipelines of one performance, as the files that a user would write.</summary>
internal static class Pipelines
{
    public static readonly string[] Scheduled = ["daily", "often", "local"];
    public const string Reader = "reader";
    public static readonly string[] Names = [.. Scheduled, Reader];

    /// <summary>The one task that takes a slot of the pool <c>gpu</c> and no device.</summary>
    public const string TakesNoDevice = "work1_gpu";

    /// <summary>What tasks depend on, as the project says.</summary>
    public const string Targets =
        "targets: { partner: { circuit_breaker: { failures: 2, cool_down: 20m }, retry_budget: { retries: 2, per: 10m } } }\n";

    /// <summary>A pipeline from chance.</summary>
    /// <param name="edit">Another content with another number.</param>
    /// <param name="days">On which days its schedule is due; null for each.</param>
    /// <param name="mostRuns">How many of its runs may run at one time; 0 for any number.</param>
    public static string Make(Dice dice, string name, int edit, DateTimeOffset start, IReadOnlyList<DayOfWeek>? days, out int mostRuns)
    {
        mostRuns = dice.Between(1, 3);
        var overlap = dice.Of<string>(["queue", "queue", "skip", "cancel_running", "allow"]);
        if (overlap == "allow")
        {
            mostRuns = 0;
        }

        var when = days is null ? "*" : string.Join(',', days.Select(day => (int)day));
        var text = new System.Text.StringBuilder($"pipeline: {name}\ndescription: edit {edit}\n");
        text.Append(
            name switch
            {
                "daily" => $"schedule: {{ cron: \"30 1 * * {when}\", timezone: Europe/London }}\n",
                "often" => $"schedule: {{ cron: \"0 */8 * * {when}\", timezone: Europe/London }}\n",
                "local" => $"schedule: {{ cron: \"30 2 * * {when}\", timezone: America/New_York }}\n",
                _ => "triggers:\n  - datasets: { all: [daily/out], consume: each }\n",
            }
        );
        if (name != Reader)
        {
            text.Append($"catchup: {dice.Of<string>(["all", "latest", "none"])}\noverlap: {overlap}\n");
        }

        text.Append($"start: {Start(start.UtcDateTime, days):yyyy-MM-dd}\npartition: day\nmax_active_runs: {Math.Max(mostRuns, 1)}\n");
        if (dice.Chance(20))
        {
            text.Append("timeout: 5h\n");
        }

        // Of a die of its own: what it adds changes nothing of the rest.
        var more = new Dice(StableHash.Empty.Add(text.ToString()).Value);
        if (more.Chance(20))
        {
            text.Append("circuit_breaker: { failures: 2, cool_down: 1h }\n");
        }

        text.Append("tasks:\n");
        var tasks = new List<string>();
        for (var i = dice.Between(1, 3); i > 0; i--)
        {
            var isList = tasks.Count == 0 && dice.Chance(25);
            var task = $"{(isList ? "list" : "work")}{tasks.Count}{(dice.Chance(25) ? "_gpu" : "")}";
            text.Append($"  {task}:\n    run: \"true\"\n");
            if (tasks.Count > 0 && dice.Chance(80))
            {
                text.Append($"    needs: [{tasks[^1]}]\n");
                if (tasks[^1].StartsWith("list", StringComparison.Ordinal))
                {
                    text.Append($"    for_each: \"{{{{ tasks.{tasks[^1]}.result }}}}\"\n");
                }
            }

            text.Append($"    retries: {dice.Between(0, 3)}\n    retry_delay: {dice.Of<string>(["1s", "1m", "10m"])}\n");
            text.Append($"    timeout: {dice.Of<string>(["10m", "2h"])}\n    grace: {dice.Of<string>(["1s", "30s"])}\n");
            text.Append(
                !task.Contains("gpu", StringComparison.Ordinal) ? ""
                : task == TakesNoDevice ? "    pool: gpu\n"
                : "    resources: { gpu: 1 }\n"
            );
            text.Append(more.Chance(25) ? "    target: partner\n" : "");
            if (!text.ToString().EndsWith("result }}\"\n", StringComparison.Ordinal) && dice.Chance(60) && !IsMapped(text.ToString(), task))
            {
                // What a dataset holds is counted by a child process, unless it is no data that can be counted.
                var isDataset = name == "daily" && tasks.Count == 0;
                var shape = !isDataset && dice.Chance(50) ? "/" : ".txt";
                text.Append($"    outputs:\n      out: {{ path: \"data/{name}/{task}/{{{{ ds }}}}{shape}\"");
                text.Append(isDataset ? ", dataset: daily/out }\n" : " }\n");
            }

            tasks.Add(task);
        }

        return text.ToString();
    }

    /// <summary>Where the interval begins that ends when the schedule is due for the first time in a week: what is due has begun after its start.</summary>
    private static DateTime Start(DateTime week, IReadOnlyList<DayOfWeek>? days)
    {
        var at = week;
        while (days?.Contains(at.DayOfWeek) == false)
        {
            at = at.AddDays(-1);
        }

        return at;
    }

    private static bool IsMapped(string text, string task) =>
        text.LastIndexOf($"  {task}:\n", StringComparison.Ordinal) is var at
        && text.AsSpan(at).Contains("for_each", StringComparison.Ordinal);
}
