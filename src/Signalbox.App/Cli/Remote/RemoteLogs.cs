using System.Globalization;
using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary><c>logs</c> of a server: its answer is the task, whose attempts say which logs there are.</summary>
internal static class RemoteLogs
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly string[] Both = ["stdout", "stderr"];

    public static async Task<int> PrintAsync(RemoteAnswer answer)
    {
        var arguments = answer.Arguments;
        string[] streams = arguments.Text("--stream") is { } one ? [one] : Both;
        int? named = arguments.Has("--attempt") ? int.Parse(arguments.Required("--attempt"), CultureInfo.InvariantCulture) : null;
        var count = Attempts(answer.Document!.Value);
        if (!arguments.Has("--follow") && (count == 0 || named < 1 || named > count))
        {
            throw new UserMistakeException(
                count == 0
                    ? $"{arguments.Required("TASK")} wrote nothing: it has had no attempt"
                    : $"--attempt: {arguments.Required("TASK")} has had {Brief.Count(count, "attempt")}, so write 1 to {count}"
            );
        }

        await using var output = Console.OpenStandardOutput();
        if (arguments.Json)
        {
            await DocumentAsync(answer, named ?? count, streams, output);
        }
        else if (arguments.Has("--follow"))
        {
            await FollowAsync(answer, named, Math.Max(1, count), streams, output);
        }
        else
        {
            foreach (var stream in streams)
            {
                await CopyAsync(answer, named ?? count, stream, output);
            }
        }

        return ExitCode.Done;
    }

    private static async Task DocumentAsync(RemoteAnswer answer, int attempt, string[] streams, Stream output)
    {
        await using (var json = new Utf8JsonWriter(output, CliJson.Writing))
        {
            json.WriteStartObject();
            json.WriteNumber("run", long.Parse(answer.Path.Split('/')[3], CultureInfo.InvariantCulture));
            json.WriteString("task", answer.Document!.Value.GetProperty("task").GetString());
            json.WriteNumber("map_index", answer.Document.Value.GetProperty("map_index").GetInt32());
            json.WriteNumber("attempt", attempt);
            foreach (var stream in Both)
            {
                json.WritePropertyName(stream);
                using var text = new JsonText(json);
                if (streams.Contains(stream))
                {
                    await CopyAsync(answer, attempt, stream, text);
                }
            }

            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static async Task CopyAsync(RemoteAnswer answer, int attempt, string stream, Stream output)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{PathOf(answer, attempt)}?stream={stream}");
        using var response = await answer.Server.OpenAsync(request, CancellationToken.None);
        await using var content = await response.Content.ReadAsStreamAsync();
        await content.CopyToAsync(output);
    }

    /// <summary>Goes on until the attempt that is named has ended, or, when none is, the task.</summary>
    private static async Task FollowAsync(RemoteAnswer answer, int? named, int next, string[] streams, Stream output)
    {
        using var writing = new SemaphoreSlim(1);
        for (var attempt = named ?? next; ; attempt++)
        {
            if (!await BeginsAsync(answer, attempt))
            {
                return;
            }

            await Task.WhenAll(streams.Select(stream => FollowOneAsync(answer, attempt, stream, output, writing)));
            if (named is not null)
            {
                return;
            }
        }
    }

    /// <summary>Waits for an attempt. False: the task has ended without one.</summary>
    private static async Task<bool> BeginsAsync(RemoteAnswer answer, int attempt)
    {
        while (true)
        {
            var task = await answer.Server.GetAsync(answer.Path);
            if (Attempts(task) >= attempt)
            {
                return true;
            }

            if (Names.TaskStateOf(task.GetProperty("state").GetString()!)?.IsEnd() ?? false)
            {
                return false;
            }

            await Task.Delay(Pause);
        }
    }

    private static async Task FollowOneAsync(RemoteAnswer answer, int attempt, string stream, Stream output, SemaphoreSlim writing)
    {
        var path = $"{PathOf(answer, attempt)}/events?stream={stream}&after=0";
        await foreach (var (kind, data) in RemoteEvents.ReadAsync(answer.Server, path, CancellationToken.None))
        {
            if (kind == "end")
            {
                return;
            }

            await writing.WaitAsync();
            try
            {
                await output.WriteAsync(
                    data.TryGetProperty("bytes", out var bytes) && bytes.ValueKind == JsonValueKind.String
                        ? bytes.GetBytesFromBase64()
                        : Encoding.UTF8.GetBytes(data.GetProperty("text").GetString()!)
                );
                await output.FlushAsync();
            }
            finally
            {
                writing.Release();
            }
        }
    }

    private static string PathOf(RemoteAnswer answer, int attempt) => $"{answer.Path}/attempts/{attempt}/log";

    private static int Attempts(JsonElement task) => task.GetProperty("attempts").GetArrayLength();
}
