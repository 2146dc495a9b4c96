using System.Globalization;
using System.Runtime.CompilerServices;
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
    /// <summary>Bytes of a log in one answer.</summary>
    public const int Part = 1024 * 1024;

    /// <summary>Bytes of a log in one answer to those who want all of it: an answer is held, a log may be larger than the memory.</summary>
    public const int LargestPart = 4 * 1024 * 1024;

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

    /// <summary>What an attempt wrote, from a place on: standard output, then standard error.</summary>
    public static Task CopyLogAsync(
        AirflowCalls calls,
        RunPicture picture,
        TaskRun task,
        int attempt,
        long from,
        Stream output,
        CancellationToken stop
    ) => CopyAsync(calls, picture, task, attempt, from, long.MaxValue, output, stop);

    /// <summary>The same line by line. A line that is longer than a part comes in several.</summary>
    public static async IAsyncEnumerable<LogLineV2> LinesAsync(
        AirflowCalls calls,
        RunPicture picture,
        TaskRun task,
        int attempt,
        long from,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        while (true)
        {
            var (text, end, isLast) = await LogAsync(calls, picture, task, attempt, from, Part, stop);
            foreach (var line in LogLineV2.Of(text))
            {
                yield return line;
            }

            if (isLast || end == from)
            {
                yield break;
            }

            from = end;
        }
    }

    /// <summary>A part of what an attempt wrote, as text of whole lines where there are any.</summary>
    /// <param name="most">Bytes at most.</param>
    /// <returns>The text, where it ends, and whether nothing comes after that.</returns>
    public static async Task<(string Text, long End, bool IsLast)> LogAsync(
        AirflowCalls calls,
        RunPicture picture,
        TaskRun task,
        int attempt,
        long from,
        long most,
        CancellationToken stop
    )
    {
        using var text = new MemoryStream();
        var (whole, isWhole) = await CopyAsync(calls, picture, task, attempt, from, most, text, stop);
        ReadOnlySpan<byte> bytes = text.GetBuffer().AsSpan(0, (int)text.Length);
        if (from + bytes.Length < whole)
        {
            bytes = bytes.LastIndexOf((byte)'\n') is >= 0 and var line ? bytes[..(line + 1)] : Utf8Border.Whole(bytes);
        }

        var end = from + bytes.Length;
        return (Encoding.UTF8.GetString(bytes), end, isWhole && end >= whole);
    }

    /// <returns>The bytes of both logs, and whether nothing will be added.</returns>
    private static async Task<(long Length, bool IsWhole)> CopyAsync(
        AirflowCalls calls,
        RunPicture picture,
        TaskRun task,
        int attempt,
        long from,
        long most,
        Stream output,
        CancellationToken stop
    )
    {
        var run = picture.Run.Number;
        var found =
            calls.Store.Read(session => session.Attempts(run, task.Key)).FirstOrDefault(each => each.Number == attempt)
            ?? throw ApiException.NotFound($"{task.Key} of {picture.Run.Id} has no attempt {attempt}");
        var (logs, isWhole, before) = (new AttemptLogs(calls.Project, calls.Places), found.State.IsEnd(), 0L);
        foreach (var stream in (LogStream[])[LogStream.Stdout, LogStream.Stderr])
        {
            using var log = logs.Open(picture.Pipeline, run, task.Key, attempt, stream);
            var length = log?.Length(isWhole) ?? 0;
            var start = Math.Max(from - before, 0);
            var count = Math.Min(length - start, most);
            if (log is not null && count > 0)
            {
                await log.CopyToAsync(output, start, count, isWhole, stop);
                most -= count;
            }

            before += length;
        }

        return (before, isWhole);
    }

    /// <summary>Where a part of a log begins, as the part before said.</summary>
    public static long Token(string? token) =>
        string.IsNullOrEmpty(token) ? 0
        : long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var from) ? from
        : throw ApiException.Invalid($"token: `{token}` is not what a part before gave as continuation_token");
}
