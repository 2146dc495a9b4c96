using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>Answers templates from the store: what an upstream task handed down was durable before this one began.</summary>
internal sealed class StoredFacts(Store store, StateFolder state, Pipeline pipeline, RunNumber run)
{
    public Value Result(TaskName task)
    {
        var rows = Rows(task);
        if (!IsMapped(task))
        {
            return rows.FirstOrDefault(row => !row.Key.IsInstance)?.Result is { } result ? Parse(result) : Value.None;
        }

        var items = rows.Where(row => row.Key.IsInstance && row.State != TaskState.Removed)
            .OrderBy(row => row.Key.MapIndex)
            .Select(row => row.Result is { } result ? Parse(result) : Value.None);
        return Value.Of(items.ToImmutableArray());
    }

    public Value Metrics(TaskName task)
    {
        var metrics = store.Read(session => session.Metrics(run)).Where(metric => metric.Task.Task == task).ToList();
        // Only what the latest attempt measured counts.
        metrics = metrics
            .GroupBy(metric => metric.Task)
            .SelectMany(group => group.Where(metric => metric.Attempt == group.Max(one => one.Attempt)))
            .ToList();
        if (!IsMapped(task))
        {
            return Tree(
                metrics
                    .Where(metric => !metric.Task.IsInstance)
                    .Select(metric => new KeyValuePair<string, double>(metric.Name, metric.Value))
            );
        }

        return Value.Of(
            metrics
                .GroupBy(metric => metric.Task.MapIndex)
                .OrderBy(group => group.Key)
                .Select(group => Tree(group.Select(metric => new KeyValuePair<string, double>(metric.Name, metric.Value))))
                .ToImmutableArray()
        );
    }

    public string? State(TaskName task) => Rows(task).FirstOrDefault(row => !row.Key.IsInstance) is { } row ? Names.Of(row.State) : null;

    public Value Model(string name)
    {
        return store.Read(session => new Value.Map(
            session
                .ModelAliases(name)
                .Select(alias => new KeyValuePair<string, Value>(alias.Alias, VersionOf(session.ModelVersion(name, alias.Version)!)))
        ));
    }

    private Value.Map VersionOf(ModelVersion version) =>
        new([new("version", Value.Of((long)version.Version)), new("path", Value.Of(version.Path)), new("metrics", Parse(version.Metrics))]);

    private IEnumerable<TaskRun> Rows(TaskName task) =>
        IsMapped(task) ? store.Read(session => session.Tasks(run)).Where(row => row.Key.Task == task)
        : store.Read(session => session.Task(run, new TaskKey(task))) is { } row ? [row]
        : [];

    private bool IsMapped(TaskName task) => pipeline.Tasks.FirstOrDefault(node => node.Name == task)?.ForEach is not null;

    private Value Parse(string stored)
    {
        var parsed = Value.FromJson(Reports.ResultText(stored, state));
        return parsed.Succeeded ? parsed.Value : Value.None;
    }

    /// <summary>Names joined by dots become nested maps again, as the command wrote them.</summary>
    private static Value Tree(IEnumerable<KeyValuePair<string, double>> metrics)
    {
        var groups = new List<KeyValuePair<string, Value>>();
        foreach (var group in metrics.GroupBy(metric => metric.Key.Split('.', 2)[0], StringComparer.Ordinal))
        {
            var entries = group.ToList();
            groups.Add(
                entries is [var only] && !only.Key.Contains('.', StringComparison.Ordinal)
                    ? new(group.Key, Value.Of(only.Value))
                    : new(
                        group.Key,
                        Tree(
                            entries
                                .Where(entry => entry.Key.Length > group.Key.Length)
                                .Select(entry => new KeyValuePair<string, double>(entry.Key[(group.Key.Length + 1)..], entry.Value))
                        )
                    )
            );
        }

        return new Value.Map(groups);
    }
}
