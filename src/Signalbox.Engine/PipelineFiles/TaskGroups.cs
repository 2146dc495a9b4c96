using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>Groups as they are written, <c>group:</c> with tasks under it, and as they are run: plain tasks, and one that comes after them all.</summary>
internal static class TaskGroups
{
    /// <summary>The key.</summary>
    public const string Key = "group";

    private static readonly HashSet<string> Keys =
    [
        Key,
        "needs",
        "retries",
        "retry_delay",
        "backoff",
        "max_retry_delay",
        "jitter",
        "retry_on",
        "on_failure",
        "on_retry",
        "doc",
    ];

    /// <summary>A group does nothing itself: what says how work is done stands at its tasks.</summary>
    public static void CheckKeys(YamlMapping group, Reading reading)
    {
        foreach (var entry in group.Entries.Where(entry => !Keys.Contains(entry.Key.Text) && TaskShapes.HasKey(entry.Key.Text)))
        {
            if (!TaskShapes.Kinds.Contains(entry.Key.Text))
            {
                reading.Error(
                    entry.Key,
                    "wrong-key",
                    $"`{entry.Key.Text}` does not go with `group`, which does nothing itself; write it at the tasks of the group"
                );
            }
        }
    }

    /// <summary>All tasks of a file: those of groups before their group.</summary>
    public static IEnumerable<WrittenTask> Flat(Named<WrittenTask>[] tasks, Reading reading)
    {
        var names = tasks.Select(task => task.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var task in tasks)
        {
            var node = task.Value.Node with { Name = new TaskName(task.Name) };
            if (node.Kind is not TaskKind.Group)
            {
                yield return task.Value with
                {
                    Node = node,
                };
                continue;
            }

            var members = task.Value.Members;
            foreach (var member in members)
            {
                if (!names.Add(member.Name))
                {
                    reading.Error(
                        member.Key,
                        "name-twice",
                        $"there is another task `{member.Name}`: a task in a group has a name of its own in the whole pipeline"
                    );
                    continue;
                }

                var own = member.Value.Node;
                var isFirst = !own.Needs.Any(need => members.Any(other => other.Name == need.Value));
                yield return member.Value with
                {
                    Node = own with
                    {
                        Name = new TaskName(member.Name),
                        Needs = isFirst ? [.. own.Needs, .. node.Needs.Except(own.Needs)] : own.Needs,
                    },
                };
            }

            yield return task.Value with
            {
                Node = node with
                {
                    Needs = [.. members.Select(member => new TaskName(member.Name))],
                    TriggerRule = TriggerRule.NoneFailedMinOneSuccess,
                },
            };
        }
    }
}
