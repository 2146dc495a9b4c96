using System.Net;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/036-api.md: server-sent events.</summary>
public sealed class Spec036Events(ApiBench bench) : IClassFixture<ApiBench>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_tell_every_change_and_go_on_where_they_broke_off()
    {
        await using var first = await Listener.OpenAsync(bench.Viewer, "/api/events?pipeline=chain");
        var run = await bench.StartAsync("chain");
        var seen = new List<Seen> { await first.NextAsync(), await first.NextAsync() };
        await first.DisposeAsync();
        await bench.Admin.EndedAsync(run);
        var history = (await bench.Viewer.GetAsync($"/api/runs/{run}/history")).EnumerateArray().ToList();
        await using var second = await Listener.OpenAsync(bench.Viewer, "/api/events?pipeline=chain", seen[^1].Id);
        while (seen.Count < history.Count)
        {
            seen.Add(await second.NextAsync());
        }

        Assert.Equal(history.Select(line => line.GetProperty("to").GetString()), seen.Select(each => each.To));
        var lines = seen.Select(each => each.Data.GetProperty("id").GetInt64()).ToList();
        Assert.Equal(lines.Order().Distinct(), lines);
        Assert.All(seen, each => Assert.Equal(run, each.Data.GetProperty("run").GetInt64()));
    }

    [Fact]
    [Trait("Requirement", "S48")]
    public async Task A_dataset_that_is_late_is_told_and_so_is_the_end_of_it_also_after_a_break()
    {
        await using var first = await Listener.OpenAsync(bench.Viewer, "/api/events?pipeline=hourly");
        bench.Project.Pipeline(
            "hourly",
            "tasks:\n  make: { run: 'echo > {{ outputs.o }}', outputs: { o: { path: 'hourly/{{ ds }}.txt', dataset: hourly/raw, freshness: 1s } } }\n"
        );
        var late = await first.NextAsync();
        Assert.Equal(
            ("freshness", "hourly/raw", "late"),
            (late.Kind, late.Data.GetProperty("dataset").GetString(), late.Data.GetProperty("state").GetString())
        );
        await first.DisposeAsync();
        await bench.Admin.PostAsync(
            "/api/datasets/updates",
            """{"name": "hourly/raw", "partition": "2001-01-05"}""",
            HttpStatusCode.Created
        );
        await using var second = await Listener.OpenAsync(bench.Viewer, "/api/events?pipeline=hourly", late.Id);
        var fresh = await second.NextAsync();
        Assert.Equal(("freshness", "fresh"), (fresh.Kind, fresh.Data.GetProperty("state").GetString()));
        Assert.Equal(late.Data.GetProperty("due_at").GetString(), fresh.Data.GetProperty("due_at").GetString());
    }

    [Fact]
    public async Task A_log_is_told_as_it_is_written_and_from_where_it_was_left()
    {
        bench.Project.Pipeline("talks", "tasks:\n  say: { run: 'echo eins; until [ -e \"on\" ]; do sleep 0.05; done; echo zwölf' }\n");
        await bench.Server.SaysAsync(line => line.Contains("talks is live", StringComparison.Ordinal));
        var run = await bench.StartAsync("talks");
        var path = $"/api/runs/{run}/tasks/say/attempts/1/log/events";
        await Eventually.TrueAsync(
            () =>
                bench.Viewer.GetAsync($"/api/runs/{run}/tasks/say").GetAwaiter().GetResult().GetProperty("attempts").GetArrayLength() == 1,
            TimeSpan.FromSeconds(60)
        );
        string position;
        await using (var live = await Listener.OpenAsync(bench.Viewer, path))
        {
            var one = await live.NextAsync();
            Assert.Equal(("log", "eins\n"), (one.Kind, one.Data.GetProperty("text").GetString()));
            position = one.Id;
        }

        bench.Project.Write("on", "");
        await bench.Admin.EndedAsync(run);
        await using var rest = await Listener.OpenAsync(bench.Viewer, path, position);
        Assert.Equal("zwölf\n", (await rest.NextAsync()).Data.GetProperty("text").GetString());
        Assert.Equal("end", (await rest.NextAsync()).Kind);
    }

    private sealed record Seen(string Id, string Kind, JsonElement Data)
    {
        public string? To => Data.TryGetProperty("to", out var to) ? to.GetString() : null;
    }

    private sealed class Listener : IAsyncDisposable
    {
        private readonly HttpResponseMessage _response;
        private readonly StreamReader _reader;

        private Listener(HttpResponseMessage response, StreamReader reader)
        {
            (_response, _reader) = (response, reader);
        }

        public static async Task<Listener> OpenAsync(ApiClient client, string path, string? after = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (after is { } id)
            {
                request.Headers.Add("Last-Event-ID", $"{id}");
            }

            var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Ct));
            // The first comment says that it listens.
            Assert.StartsWith(
                ":",
                await reader.ReadLineAsync(Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Ct),
                StringComparison.Ordinal
            );
            return new Listener(response, reader);
        }

        public async Task<Seen> NextAsync()
        {
            var (id, kind) = ("", "");
            while (true)
            {
                var line =
                    await _reader.ReadLineAsync(Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Ct)
                    ?? throw new InvalidOperationException("The events ended.");
                if (line.StartsWith("id: ", StringComparison.Ordinal))
                {
                    id = line[4..];
                }
                else if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    kind = line[7..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    using var data = JsonDocument.Parse(line[6..]);
                    return new Seen(id, kind, data.RootElement.Clone());
                }
            }
        }

        public ValueTask DisposeAsync()
        {
            _reader.Dispose();
            _response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
