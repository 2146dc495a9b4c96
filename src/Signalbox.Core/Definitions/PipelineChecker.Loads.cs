using Signalbox.Core.Expressions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private void CheckLoad(int node, TaskNode task, TaskKind.Load load, string path)
    {
        path += ".load";
        if (TableName.Parse(load.Into, out var problem) is null)
        {
            Error("bad-name", $"{path}.into", problem!);
        }

        if ((load.From is null) == (load.Query is null))
        {
            Error("no-command", path, "`load` has either `from`, a file or a folder, or `query`, a select");
        }

        if (load.From is { } from)
        {
            NotEmpty(from, $"{path}.from", "the path is empty");
            CheckTemplate(node, from, $"{path}.from", Place.Command);
        }

        if (load.Query is { } query)
        {
            NotEmpty(query, $"{path}.query", "the query is empty");
            CheckSql(node, query, $"{path}.query", Place.Command);
        }

        AtLeast(0, load.Keep, $"{path}.keep");
        CheckLoadMode(load, path);
        if (load is { Mode: LoadMode.ReplacePartition, Partition: { } partition })
        {
            CheckPartition(node, task, partition, $"{path}.partition");
        }
        else if (load.Mode == LoadMode.ReplaceTable && task.ForEach is not null)
        {
            Error(
                "shared-path",
                $"{path}.into",
                "every instance of a mapped task would replace this table; use replace_partition or upsert"
            );
        }
    }

    /// <summary>What goes with a mode, and what does not.</summary>
    private void CheckLoadMode(TaskKind.Load load, string path)
    {
        var mode = Names.Of(load.Mode);
        if (load.Mode == LoadMode.ReplacePartition && string.IsNullOrWhiteSpace(load.Partition))
        {
            Error(
                "missing-key",
                $"{path}.partition",
                "`mode: replace_partition` needs `partition`, the condition of the rows that are replaced, such as \"feature_date = {{ ds }}\""
            );
        }
        else if (load.Mode != LoadMode.ReplacePartition && load.Partition is not null)
        {
            Error("wrong-key", $"{path}.partition", $"`partition` goes with `mode: replace_partition`, not with `{mode}`");
        }

        if (load.Mode == LoadMode.Upsert && load.Keys.IsDefaultOrEmpty)
        {
            Error(
                "missing-key",
                $"{path}.keys",
                "`mode: upsert` needs `keys`, the columns that name a row, such as [user_id, feature_date]"
            );
        }
        else if (load.Mode != LoadMode.Upsert && !load.Keys.IsDefaultOrEmpty)
        {
            Error("wrong-key", $"{path}.keys", $"`keys` goes with `mode: upsert`, not with `{mode}`");
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < (load.Keys.IsDefault ? 0 : load.Keys.Length); i++)
        {
            if (string.IsNullOrWhiteSpace(load.Keys[i]) || !seen.Add(load.Keys[i]))
            {
                Error(
                    "bad-name",
                    $"{path}.keys[{i}]",
                    $"`{load.Keys[i]}` is {(load.Keys[i].Trim().Length == 0 ? "empty" : "in the list already")}"
                );
            }
        }

        if (load is { Mode: LoadMode.Append, AllowDuplicates: false })
        {
            Error(
                "append-duplicates",
                $"{path}.mode",
                "`append` adds the rows again at every rerun: use `replace_partition` or `upsert`, or say that this is wanted with `allow_duplicates: true`"
            );
        }
        else if (load.Mode != LoadMode.Append && load.AllowDuplicates)
        {
            Error("wrong-key", $"{path}.allow_duplicates", $"`allow_duplicates` goes with `mode: append`; `{mode}` makes no duplicates");
        }

        if (load.Keep > 0 && load.Mode is LoadMode.Upsert or LoadMode.Append)
        {
            Error(
                "wrong-key",
                $"{path}.keep",
                $"`keep` goes with replace_partition and replace_table: `{mode}` replaces no version as a whole"
            );
        }
    }

    private void CheckPartition(int node, TaskNode task, string partition, string path)
    {
        var before = _found.Count;
        CheckSql(node, partition, path, Place.Command);
        if (_found.Count > before || Template.Parse(partition) is not { Succeeded: true, Value: var template })
        {
            return;
        }

        if (partition.Contains(';', StringComparison.Ordinal))
        {
            Error("bad-partition", path, "the partition is one condition, as after `where`, without a semicolon");
        }

        var references = template.References();
        if (task.ForEach is not null && !references.Any(IsOfInstance))
        {
            Error(
                "shared-path",
                path,
                "every instance of a mapped task would replace this partition; put {{ item }} or {{ map_index }} into it"
            );
        }

        if (
            _pipeline.Partition != PartitionKind.None
            && !references.Any(reference => IsOfRun(reference) || reference.Root == TemplateNames.Tasks)
        )
        {
            Warn(
                "unpartitioned-output",
                path,
                "every run replaces these rows, those of the one before; put {{ ds }} or {{ partition }} into it, or say `partition: none`"
            );
        }
    }
}
