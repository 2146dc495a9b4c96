using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary>Waits for what a server runs, and shows how it goes: what <c>run</c>, <c>rerun</c> and <c>backfill</c> do after they asked.</summary>
internal static class RemoteRuns
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly string[] EndStates = [.. Enum.GetValues<RunState>().Where(state => state.IsEnd()).Select(Names.Of)];

    /// <summary>Of an answer that is a run, or that is about the run of its address.</summary>
    public static async Task<int> FollowAsync(RemoteAnswer answer)
    {
        var number =
            answer.Document is { } made && made.TryGetProperty("number", out var told)
                ? told.GetInt64()
                : long.Parse(answer.Path.Split('/')[3], CultureInfo.InvariantCulture);
        if (answer.Arguments.Has("--detach"))
        {
            var run = await RunAsync(answer.Server, number);
            Print(run, answer.Arguments.Json, line => $"{line} at {answer.Server.Address}");
            return ExitCode.Done;
        }

        using var interrupts = new Interrupts();
        interrupts.OnFirst(signal => CancelAsync(answer.Server, $"/api/runs/{number}/cancel", signal));
        try
        {
            var ended = await ShowUntilEndAsync(answer, number, interrupts.Leaving);
            Print(ended, answer.Arguments.Json, line => line);
            return StateOf(ended) == Names.Of(RunState.Success) ? ExitCode.Done : ExitCode.WorkFailed;
        }
        catch (OperationCanceledException) when (interrupts.Leaving.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"signalbox: left run {number} as it is; the server goes on with it");
            return ExitCode.WorkFailed;
        }
    }

    /// <summary>Of an answer that is a backfill.</summary>
    public static async Task<int> FollowBackfillAsync(RemoteAnswer answer)
    {
        var started = answer.Document!.Value;
        if (answer.Arguments.Has("--detach") || started.GetProperty("backfill_id").ValueKind == JsonValueKind.Null)
        {
            return answer.Print();
        }

        var path = $"/api/backfills/{started.GetProperty("backfill_id")}";
        using var interrupts = new Interrupts();
        interrupts.OnFirst(signal => CancelAsync(answer.Server, path + "/cancel", signal));
        try
        {
            var seen = "";
            var now = started;
            while (StateOf(now) is "running" or "paused")
            {
                var progress = string.Join(
                    ", ",
                    now.GetProperty("progress")
                        .EnumerateObject()
                        .Where(state => state.Value.GetInt32() > 0)
                        .Select(state => $"{state.Value} {state.Name}")
                );
                if (progress != seen && !answer.Arguments.Json)
                {
                    Console.Out.WriteLine($"{TimeProvider.System.GetUtcNow().UtcDateTime:HH:mm:ss}  {seen = progress}");
                }

                await Task.Delay(Pause, interrupts.Leaving);
                now = await answer.Server.GetAsync(path, interrupts.Leaving);
            }

            (answer with { Document = now }).Print();
            return StateOf(now) == Names.Of(RunState.Success) ? ExitCode.Done : ExitCode.WorkFailed;
        }
        catch (OperationCanceledException) when (interrupts.Leaving.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"signalbox: left {path} as it is; the server goes on with it");
            return ExitCode.WorkFailed;
        }
    }

    private static async Task<JsonElement> ShowUntilEndAsync(RemoteAnswer answer, long number, CancellationToken leaving)
    {
        var events = RemoteEvents.ReadAsync(answer.Server, $"/api/events?run={number}&after=0", leaving);
        // Of a run that runs again: what it did before is no progress.
        var old = answer.Before is { ValueKind: JsonValueKind.Array } history ? history.GetArrayLength() : 0;
        var seen = 0;
        await foreach (var (kind, data) in events.WithCancellation(leaving))
        {
            if (++seen <= old)
            {
                continue;
            }

            Say(data);
            if (kind == "run" && EndStates.Contains(data.GetProperty("to").GetString()))
            {
                break;
            }
        }

        // What was written together with the end of the run comes behind it.
        foreach (var change in (await answer.Server.GetAsync($"/api/runs/{number}/history", leaving)).EnumerateArray().Skip(seen))
        {
            Say(change);
        }

        return await RunAsync(answer.Server, number);

        void Say(JsonElement change)
        {
            if (!answer.Arguments.Json && Line(number, change) is { } line)
            {
                Console.Out.WriteLine($"{change.GetProperty("at").GetDateTimeOffset().UtcDateTime:HH:mm:ss}  {line}");
            }
        }
    }

    private static string? Line(long number, JsonElement change)
    {
        var to = change.GetProperty("to").GetString()!;
        var reason = change.GetProperty("reason").GetString() is { Length: > 0 } why ? $": {why}" : "";
        if (change.GetProperty("task").GetString() is not { } task)
        {
            return $"run {number} {to}{reason}";
        }

        var index = change.GetProperty("map_index").GetInt32();
        return Names.TaskStateOf(to) is null or TaskState.None or TaskState.Scheduled or TaskState.Queued
            ? null
            : $"{(index < 0 ? task : $"{task}[{index}]")} {to}{reason}";
    }

    private static void Print(JsonElement run, bool json, Func<string, string> finish)
    {
        if (json)
        {
            CliJson.Print(run, CliJson.Default.JsonElement);
            return;
        }

        var slice = run.GetProperty("partition").GetString() is { Length: > 0 } partition
            ? partition
            : run.GetProperty("logical_date").GetString();
        Console.Out.WriteLine(
            finish($"run {run.GetProperty("number")} of {run.GetProperty("pipeline").GetString()} for {slice}: {StateOf(run)}")
        );
        foreach (var task in run.GetProperty("tasks").EnumerateArray().Where(task => StateOf(task) is "failed" or "blocked").Take(10))
        {
            Console.Out.WriteLine($"  {task.GetProperty("task").GetString()} {StateOf(task)}: {task.GetProperty("reason").GetString()}");
        }
    }

    private static async Task<JsonElement> RunAsync(RemoteServer server, long number) =>
        (await server.GetAsync($"/api/runs/{number}")).GetProperty("run");

    private static string StateOf(JsonElement document) => document.GetProperty("state").GetString()!;

    private static async Task CancelAsync(RemoteServer server, string path, string signal)
    {
        var answer = await server.SendAsync(HttpMethod.Post, path, new JsonObject { ["reason"] = signal }, key: null);
        await Console.Error.WriteLineAsync($"signalbox: {answer?.GetProperty("message").GetString()}; {signal} again leaves at once");
    }
}
