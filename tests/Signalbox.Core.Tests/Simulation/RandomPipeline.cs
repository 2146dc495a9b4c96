using System.Collections.Immutable;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>Pipelines as nobody would write them: any rule after any task, any limit.</summary>
internal static class RandomPipeline
{
    public static readonly IReadOnlyDictionary<string, int> Pools = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["gpu"] = 2,
        ["cpu"] = 3,
    };

    /// <summary>What the slots of a pool are, where tasks are told which are theirs.</summary>
    public static readonly IReadOnlyDictionary<string, ImmutableArray<string>> Devices = new Dictionary<string, ImmutableArray<string>>(
        StringComparer.Ordinal
    )
    {
        ["gpu"] = ["0", "GPU-1"],
    };

    private static readonly TriggerRule[] Rules = Enum.GetValues<TriggerRule>();

    public static Pipeline Make(Dice dice)
    {
        var count =
            dice.Chance(60) ? dice.Between(1, 5)
            : dice.Chance(80) ? dice.Between(4, 10)
            : dice.Between(10, 30);
        var tasks = new TaskNode[count];
        for (var i = 0; i < count; i++)
        {
            tasks[i] = Task(dice, i);
        }

        return new Pipeline
        {
            Name = new PipelineName("sim"),
            Tasks = [.. tasks],
            MaxActiveTasks = dice.Chance(70) ? 16 : dice.Between(1, 3),
            Timeout = dice.Chance(8) ? TimeSpan.FromSeconds(dice.Between(10, 600)) : null,
            // Without a die of its own, as below.
            RunRetry = new RetryPolicy { Retries = tasks[0].Retry.Retries == 3 && count == 3 ? 2 : 0, Delay = TimeSpan.FromSeconds(30) },
        };
    }

    private static TaskNode Task(Dice dice, int index)
    {
        var waits = dice.Chance(12);
        var isMapped = dice.Chance(18);
        var task = new TaskNode
        {
            Name = Name(index),
            Kind =
                !waits ? new TaskKind.Noop()
                : dice.Chance(50) ? new TaskKind.WaitForTime("06:00")
                : new TaskKind.Approve(ApprovalSpec.Default),
            Needs = [.. Needs(dice, index)],
            TriggerRule = dice.Chance(50) ? TriggerRule.AllSuccess : dice.Of(Rules),
            When = dice.Chance(10) ? "{{ x }}" : null,
            ForEach = isMapped ? "{{ x }}" : null,
            MaxParallel = isMapped && dice.Chance(30) ? dice.Between(1, 2) : null,
            Retry = new RetryPolicy
            {
                Retries = dice.Below(4),
                Delay = TimeSpan.FromSeconds(dice.Between(0, 60)),
                Backoff = dice.Chance(50) ? Backoff.Fixed : Backoff.Exponential,
                LostBudget = dice.Below(4),
            },
            Timeout = dice.Chance(60) ? TimeSpan.FromSeconds(dice.Between(5, 120)) : null,
            Pool = dice.Chance(60) ? "default" : dice.Of<string>(["gpu", "cpu"]),
            Slots = dice.Chance(80) ? 1 : 2,
            Priority = dice.Below(3),
            Idempotent = dice.Chance(93),
        };
        // Without dice of their own: the stories of known seeds stay as they are.
        if (Devices.ContainsKey(task.Pool))
        {
            task = task with { Resources = new ResourceSpec(null, null, task.Slots) };
        }

        return !waits && task.Timeout is { } limit && limit.Seconds % 10 == 7
            ? task with
            {
                Kind = new TaskKind.Shell("true"),
                SilenceTimeout = limit / 3,
            }
            : task;
    }

    private static IEnumerable<TaskName> Needs(Dice dice, int index)
    {
        if (index == 0 || dice.Chance(15))
        {
            return [];
        }

        var needs = new HashSet<int>();
        for (var i = dice.Between(1, 4); i > 0; i--)
        {
            needs.Add(dice.Chance(60) ? Math.Max(0, index - dice.Between(1, 3)) : dice.Below(index));
        }

        return needs.Select(Name);
    }

    private static TaskName Name(int index) => new($"t{index}");
}
