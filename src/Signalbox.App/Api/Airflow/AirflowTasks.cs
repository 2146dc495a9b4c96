using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Task instances and their logs, the same in both versions of Airflow's interface.</summary>
internal static class AirflowTasks
{
    private const int Chunk = 1024 * 1024;

    public static RunPicture Picture(AirflowCalls calls, string dag, string run)
    {
        var number = calls.Run(dag, run).Number;
        return calls.Store.Read(session => RunFollower.Read(session, number, pipeline: null)!);
    }

    /// <summary>Instances that fit, each with its latest attempt, and how many there are.</summary>
    public static (List<(TaskRun Task, Attempt? Attempt)> Page, int Total) List(
        AirflowCalls calls,
        RunPicture picture,
        HttpContext call,
        AirflowDialect dialect
    )
    {
        AirflowCalls.RequireFilters(call, dialect.TaskFilters);
        var (limit, offset) = AirflowCalls.PageOf(call, dialect);
        var states = call.Request.Query["state"].OfType<string>().ToHashSet(StringComparer.Ordinal);
        var pools = call.Request.Query["pool"].OfType<string>().ToHashSet(StringComparer.Ordinal);
        var inPool = picture.Pipeline.Tasks.Where(task => pools.Contains(task.Pool)).Select(task => task.Name).ToHashSet();
        var attempts = calls.Store.Read(session => session.Attempts(picture.Run.Number)).ToLookup(attempt => attempt.Key);
        var all = AirflowShapes
            .InstancesOf(picture)
            .Where(task => states.Count == 0 || states.Contains(AirflowShapes.State(task.State) ?? "none"))
            .Where(task => pools.Count == 0 || inPool.Contains(task.Key.Task))
            .ToList();
        return ([.. all.Skip(offset).Take(limit).Select(task => (task, attempts[task.Key].MaxBy(attempt => attempt.Number)))], all.Count);
    }

    /// <exception cref="ApiException">There is none.</exception>
    public static (TaskRun Task, Attempt? Attempt) Find(AirflowCalls calls, RunPicture picture, string task, int mapIndex)
    {
        var key = new TaskKey(new TaskName(task), mapIndex);
        var found =
            picture.Tasks.FirstOrDefault(each => each.Key == key)
            ?? throw ApiException.NotFound($"Task instance not found: {key} of {picture.Run.Id} of {picture.Run.Pipeline}");
        if (found.MapCount is > 0)
        {
            throw ApiException.NotFound(
                $"Task instance is mapped, add the map_index value to the URL: {task} has {found.MapCount} instances"
            );
        }

        return (found, calls.Store.Read(session => session.Attempts(picture.Run.Number, key)).MaxBy(attempt => attempt.Number));
    }

    /// <summary>A part of what an attempt wrote: standard output, then standard error.</summary>
    /// <param name="isFull">All of it, whatever its size.</param>
    /// <returns>The text, where it ends, and whether nothing comes after that.</returns>
    public static async Task<(string Text, long End, bool IsLast)> LogAsync(
        AirflowCalls calls,
        RunPicture picture,
        TaskRun task,
        int attempt,
        long from,
        bool isFull,
        CancellationToken cancellationToken
    )
    {
        var state =
            calls
                .Store.Read(session => session.Attempts(picture.Run.Number, task.Key))
                .FirstOrDefault(each => each.Number == attempt)
                ?.State
            ?? throw ApiException.NotFound($"{task.Key} of {picture.Run.Id} has no attempt {attempt}");
        var logs = new AttemptLogs(calls.Project);
        using var output = logs.OpenMasked(picture.Pipeline, picture.Run.Number, task.Key, attempt, LogStream.Stdout, state.IsEnd());
        using var error = logs.OpenMasked(picture.Pipeline, picture.Run.Number, task.Key, attempt, LogStream.Stderr, state.IsEnd());
        var (first, whole) = (output.Length, output.Length + error.Length);
        var count = isFull ? whole - from : Math.Min(Chunk, whole - from);
        using var text = new MemoryStream();
        if (count > 0)
        {
            if (from < first)
            {
                await output.CopyToAsync(text, from, Math.Min(count, first - from), cancellationToken);
            }

            if (from + count > first)
            {
                var start = Math.Max(from - first, 0);
                await error.CopyToAsync(text, start, from + count - first - start, cancellationToken);
            }
        }

        var end = from + Math.Max(count, 0);
        return (Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length), end, state.IsEnd() && end >= whole);
    }

    /// <summary>Where a part of a log begins, as the part before said.</summary>
    public static long Token(string? token) =>
        string.IsNullOrEmpty(token) ? 0
        : long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var from) ? from
        : throw ApiException.Invalid($"token: `{token}` is not what a part before gave as continuation_token");
}
