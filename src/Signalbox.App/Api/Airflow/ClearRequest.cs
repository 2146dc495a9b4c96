using System.Text.Json;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What a call of Airflow's API to clear task instances says.</summary>
/// <param name="TaskIds">Those that are meant; a mapped task without an index is all of its instances. Empty: all tasks.</param>
internal sealed record ClearRequest(
    bool IsDryRun,
    IReadOnlyList<TaskKey> TaskIds,
    string? Run,
    DateTimeOffset? From,
    DateTimeOffset? To,
    bool OnlyFailed,
    bool OnlyRunning,
    bool Upstream,
    bool Downstream,
    bool Future,
    bool Past
)
{
    /// <summary>A field that only Airflow 3 has.</summary>
    public const string OnLatestVersion = "run_on_latest_version";

    /// <summary>The fields that both versions have.</summary>
    public static readonly string[] Fields =
    [
        "dry_run",
        "task_ids",
        "dag_run_id",
        "start_date",
        "end_date",
        "only_failed",
        "only_running",
        "reset_dag_runs",
        "include_upstream",
        "include_downstream",
        "include_future",
        "include_past",
    ];

    public static ClearRequest Read(JsonElement body, AirflowDialect dialect)
    {
        var request = new ClearRequest(
            Truth(body, "dry_run", otherwise: true, dialect),
            TasksOf(body, dialect),
            AirflowCalls.TextOf(body, "dag_run_id", dialect),
            AirflowCalls.DateOf(body, "start_date", dialect),
            AirflowCalls.DateOf(body, "end_date", dialect),
            Truth(body, "only_failed", otherwise: true, dialect),
            Truth(body, "only_running", otherwise: false, dialect),
            Truth(body, "include_upstream", otherwise: false, dialect),
            Truth(body, "include_downstream", otherwise: false, dialect),
            Truth(body, "include_future", otherwise: false, dialect),
            Truth(body, "include_past", otherwise: false, dialect)
        );
        if (Truth(body, OnLatestVersion, otherwise: false, dialect))
        {
            throw AirflowCalls.Malformed(dialect, $"{OnLatestVersion}: what is cleared runs with the definition of its run; send false");
        }

        return request.Run is not null && (request.From is not null || request.To is not null)
            ? throw AirflowCalls.Malformed(dialect, "dag_run_id: send either it or start_date and end_date")
            : request;
    }

    /// <summary>The runs it is about.</summary>
    public IEnumerable<Run> Runs(ReadSession session, PipelineName pipeline, Func<string, Run> find)
    {
        var (from, to) = (From ?? DateTimeOffset.UnixEpoch.AddYears(-1000), To ?? DateTimeOffset.UnixEpoch.AddYears(5000));
        if (Run is { } id)
        {
            var run = find(id);
            if (!Future && !Past)
            {
                return [run];
            }

            (from, to) = (Past ? from : run.LogicalDate, Future ? to : run.LogicalDate);
        }

        return session.RunsOf(pipeline, from, to.AddMilliseconds(1));
    }

    /// <summary>The task instances of a run that it is about.</summary>
    public IEnumerable<TaskRun> Tasks(RunPicture picture)
    {
        var graph = Graph.Of(picture.Pipeline);
        var chosen = new bool[graph.Count];
        foreach (var name in TaskIds.Select(id => id.Task))
        {
            var index = graph.IndexOf(name);
            if (index < 0)
            {
                throw ApiException.NotFound(
                    $"{picture.Run.Pipeline} has no task `{name}`{Suggestion.DidYouMean(name.Value, picture.Pipeline.Tasks.Select(task => task.Name.Value))}"
                );
            }

            chosen[index] = true;
        }

        // Of those that are only named by their instances the others stay.
        var some = TaskIds
            .Where(id => id.IsInstance)
            .Select(id => id.Task)
            .Except(TaskIds.Where(id => !id.IsInstance).Select(id => id.Task))
            .ToHashSet();
        var order = graph.Order().ToList();
        if (Downstream)
        {
            Spread(chosen, order, node => graph.Downstream(node).ToArray());
        }

        if (Upstream)
        {
            order.Reverse();
            Spread(chosen, order, node => graph.Upstream(node).ToArray());
        }

        return AirflowShapes
            .InstancesOf(picture)
            .Where(task => TaskIds.Count == 0 || chosen[graph.IndexOf(task.Key.Task)])
            .Where(task => !some.Contains(task.Key.Task) || TaskIds.Contains(task.Key))
            .Where(task => !OnlyFailed || task.State is TaskState.Failed or TaskState.UpstreamFailed or TaskState.Blocked)
            .Where(task => !OnlyRunning || task.State.HoldsSlot())
            .Where(task => task.State is not (TaskState.None or TaskState.Removed));
    }

    private static void Spread(bool[] chosen, IEnumerable<int> order, Func<int, int[]> next)
    {
        foreach (var node in order.Where(node => chosen[node]))
        {
            foreach (var other in next(node))
            {
                chosen[other] = true;
            }
        }
    }

    private static List<TaskKey> TasksOf(JsonElement body, AirflowDialect dialect)
    {
        if (!body.TryGetProperty("task_ids", out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(each => KeyOf(each, dialect))]
            : throw AirflowCalls.Malformed(dialect, "task_ids: it must be a list");
    }

    /// <summary>A name, or in Airflow 3 a list of name and map index.</summary>
    private static TaskKey KeyOf(JsonElement id, AirflowDialect dialect)
    {
        if (id.ValueKind == JsonValueKind.String)
        {
            return new TaskKey(new TaskName(id.GetString()!), TaskKey.NotMapped);
        }

        return
            id.ValueKind == JsonValueKind.Array
            && id.GetArrayLength() == 2
            && id[0].ValueKind == JsonValueKind.String
            && id[1].ValueKind == JsonValueKind.Number
            && id[1].TryGetInt32(out var index)
            ? new TaskKey(new TaskName(id[0].GetString()!), index)
            : throw AirflowCalls.Malformed(dialect, "task_ids: each is a name, or a list of a name and a map index");
    }

    private static bool Truth(JsonElement body, string name, bool otherwise, AirflowDialect dialect) =>
        !body.TryGetProperty(name, out var value) ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw AirflowCalls.Malformed(dialect, $"{name}: it must be true or false");
}
