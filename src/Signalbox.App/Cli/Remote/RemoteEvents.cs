using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Signalbox.App.Cli;

/// <summary>What an address tells as it happens: a connection that breaks is made anew where it broke off, so that nothing is missed or told twice.</summary>
internal static class RemoteEvents
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int MostTries = 30;

    /// <param name="path">With <c>after</c>, so that the first connection has a place to begin at.</param>
    /// <exception cref="ServerAwayException">The server stays away.</exception>
    public static async IAsyncEnumerable<(string Kind, JsonElement Data)> ReadAsync(
        RemoteServer server,
        string path,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        string? last = null;
        for (var tries = 0; ; tries++)
        {
            await using var events = Connection(server, path, last, stop).GetAsyncEnumerator(stop);
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync())
                    {
                        break;
                    }
                }
                catch (Exception broken) when (broken is IOException or ServerAwayException && tries < MostTries)
                {
                    break;
                }

                (tries, last) = (0, events.Current.EventId);
                using var data = JsonDocument.Parse(events.Current.Data);
                yield return (events.Current.EventType, data.RootElement.Clone());
            }

            await Task.Delay(Pause, stop);
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> Connection(
        RemoteServer server,
        string path,
        string? last,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (last is not null)
        {
            request.Headers.Add("Last-Event-ID", last);
        }

        using var response = await server.OpenAsync(request, stop);
        await using var stream = await response.Content.ReadAsStreamAsync(stop);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(stop))
        {
            yield return item;
        }
    }
}
