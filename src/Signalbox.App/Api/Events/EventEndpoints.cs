using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Logs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>
/// What happens, as it happens: server-sent events. The id of each is where to go on after a break, sent as <c>Last-Event-ID</c>, which browsers
/// do by themselves.
/// </summary>
internal static class EventEndpoints
{
    private const string Tag = "events";
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/events", EventsAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary(
                "Every change of runs (event `run`) and tasks (event `task`), of one run or pipeline or all, and every dataset that is late, or fresh again "
                    + "(event `freshness`), of one pipeline or all"
            )
            .Produces<EventDocument>(StatusCodes.Status200OK, "text/event-stream");
        routes
            .MapGet("/api/runs/{run:long}/tasks/{task}/attempts/{attempt:int}/log/events", LogAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What an attempt writes (event `log`, whose id is the position behind it), until it ends (event `end`)")
            .Produces<LogEventDocument>(StatusCodes.Status200OK, "text/event-stream");
    }

    private static async Task EventsAsync(
        long? run,
        string? pipeline,
        string? after,
        Store store,
        ChangeBell bell,
        TimeProvider time,
        HttpContext context
    )
    {
        // What is not asked for from a place on begins now.
        var place = store.Read(session => EventPlace.Read(Resumed(context) ?? after, session));
        var number = run is { } told ? new RunNumber(told) : (RunNumber?)null;
        var name = pipeline is null ? (PipelineName?)null : new PipelineName(pipeline);
        await using var stream = await EventStream.BeginAsync(context, time);
        while (true)
        {
            var ring = bell.NextAsync(context.RequestAborted);
            var end = store.Read(session => new EventPlace(session.LastHistory(), session.LastFreshness()));
            IReadOnlyList<HistoryLine> lines;
            do
            {
                lines = store.Read(session => session.HistorySince(place.History, MostAtOnce, number, name));
                foreach (var line in lines)
                {
                    place = place with { History = line.Id };
                    await stream.SendAsync(
                        place.Text,
                        line.Entry.Task is null ? "run" : "task",
                        EventDocument.Of(line),
                        ApiJson.Default.EventDocument
                    );
                }
            } while (lines.Count == MostAtOnce);

            var changes = number is null ? store.Read(session => session.FreshnessSince(place.Freshness, MostAtOnce, name)) : [];
            foreach (var miss in changes)
            {
                place = place with { Freshness = miss.Change };
                await stream.SendAsync(place.Text, "freshness", FreshnessEventDocument.Of(miss), ApiJson.Default.FreshnessEventDocument);
            }

            // What concerns others is behind us, too.
            place = place.OrLater(changes.Count < MostAtOnce ? end : end with { Freshness = place.Freshness });
            await stream.FlushAsync(Quiet);
            await ring;
            context.RequestAborted.ThrowIfCancellationRequested();
        }
    }

    private static async Task LogAsync(
        long run,
        string task,
        int attempt,
        string? stream,
        long? after,
        Store store,
        Project project,
        LogPlaces places,
        ChangeBell bell,
        TimeProvider time,
        HttpContext context
    )
    {
        var which = LogEndpoints.Stream(stream);
        var number = new RunNumber(run);
        var (pipeline, found) = store.Read(session => LogEndpoints.Find(session, run, task, attempt));
        using var tail = new LogTailReader(
            () => new AttemptLogs(project, places).Open(pipeline, number, found.Key, attempt, which),
            Resumed(context) is { } id ? EventPlace.Number(id, id) : after ?? 0
        );
        await using var events = await EventStream.BeginAsync(context, time);
        while (true)
        {
            var ring = bell.NextAsync(context.RequestAborted);
            // First whether it has ended, then what it wrote: so that nothing is left behind.
            var isOver = store
                .Read(session => session.Attempts(number, found.Key))
                .All(each => each.Number != attempt || each.State.IsEnd());
            tail.Refresh();
            while (tail.Read(isOver) is { Length: > 0 } piece)
            {
                await events.SendLogAsync("log", piece, tail.Position);
            }

            if (isOver)
            {
                await events.SendLogAsync("end", default, tail.Position);
                await events.FlushAsync(TimeSpan.Zero);
                return;
            }

            await events.FlushAsync(Quiet);
            await ring;
            context.RequestAborted.ThrowIfCancellationRequested();
        }
    }

    private static string? Resumed(HttpContext context) =>
        context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } text ? text : null;
}

/// <summary>How far somebody has come who listens: behind the last line of the history, and behind the last change of freshness.</summary>
internal readonly record struct EventPlace(long History, long Freshness)
{
    /// <summary>The id of an event: where to go on behind it.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{History}-{Freshness}");

    /// <param name="id">The id of an event, or the number of a line of the history alone; null: begin now.</param>
    public static EventPlace Read(string? id, ReadSession session)
    {
        var parts = id?.Split('-', 2) ?? [];
        return new EventPlace(
            parts.Length > 0 ? Number(parts[0], id!) : session.LastHistory(),
            parts.Length > 1 ? Number(parts[1], id!) : session.LastFreshness()
        );
    }

    public static long Number(string text, string id) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiException.Invalid($"Last-Event-ID, after: `{id}` is the id of no event");

    public EventPlace OrLater(EventPlace other) => new(Math.Max(History, other.History), Math.Max(Freshness, other.Freshness));
}

/// <summary>One answer that never ends: events, each with its id.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly TimeProvider _time;
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private readonly Utf8JsonWriter _json;
    private DateTimeOffset _sent;

    private EventStream(HttpContext context, TimeProvider time)
    {
        (_context, _time, _sent) = (context, time, time.GetUtcNow());
        _json = new Utf8JsonWriter(_waiting, new JsonWriterOptions { Encoder = ApiJson.Default.Options.Encoder });
    }

    public static async Task<EventStream> BeginAsync(HttpContext context, TimeProvider time)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        var stream = new EventStream(context, time);
        // The first bytes tell the browser that it is connected.
        stream._waiting.Write(": connected\n\n"u8);
        await stream.FlushAsync(TimeSpan.Zero);
        return stream;
    }

    public Task SendAsync<T>(string id, string kind, T data, JsonTypeInfo<T> type)
    {
        Begin(id, kind);
        JsonSerializer.Serialize(_json, data, type);
        return EndAsync();
    }

    /// <summary>What an attempt wrote, up to a position, which is the event's id.</summary>
    public Task SendLogAsync(string kind, ReadOnlyMemory<byte> piece, long position)
    {
        Begin(position.ToString(CultureInfo.InvariantCulture), kind);
        LogEventDocument.Write(_json, piece.Span, position);
        return EndAsync();
    }

    private void Begin(string id, string kind)
    {
        _waiting.Write("id: "u8);
        Encoding.UTF8.GetBytes(id, _waiting);
        _waiting.Write("\nevent: "u8);
        Encoding.UTF8.GetBytes(kind, _waiting);
        _waiting.Write("\ndata: "u8);
        _json.Reset();
    }

    private async Task EndAsync()
    {
        await _json.FlushAsync(_context.RequestAborted);
        _waiting.Write("\n\n"u8);
        if (_waiting.WrittenCount > 16 * 1024)
        {
            await FlushAsync(TimeSpan.Zero);
        }
    }

    /// <summary>Sends what waits; when nothing was sent for a while, something that tells both ends that the other is there.</summary>
    public async Task FlushAsync(TimeSpan quiet)
    {
        if (_waiting.WrittenCount == 0 && quiet > TimeSpan.Zero && _time.GetUtcNow() - _sent > quiet)
        {
            _waiting.Write(": still here\n\n"u8);
        }

        if (_waiting.WrittenCount > 0)
        {
            _sent = _time.GetUtcNow();
            await _context.Response.Body.WriteAsync(_waiting.WrittenMemory, _context.RequestAborted);
            _waiting.ResetWrittenCount();
            await _context.Response.Body.FlushAsync(_context.RequestAborted);
        }
    }

    public ValueTask DisposeAsync() => _json.DisposeAsync();
}

/// <summary>A dataset is late, or fresh again.</summary>
/// <param name="Pipeline">The pipeline that states how fresh it has to be.</param>
/// <param name="State"><c>late</c> or <c>fresh</c>.</param>
/// <param name="UpdatedAt">Its last update before it was late; null when it had none.</param>
internal sealed record FreshnessEventDocument(
    string At,
    string Pipeline,
    string Dataset,
    string State,
    string Rule,
    string DueAt,
    string? UpdatedAt
)
{
    public static FreshnessEventDocument Of(FreshnessMiss miss) =>
        new(
            InstantText.Fine(miss.EndedAt ?? miss.At),
            miss.Pipeline.Value,
            miss.Dataset,
            miss.EndedAt is null ? "late" : "fresh",
            miss.Rule,
            InstantText.Utc(miss.DueAt),
            miss.UpdatedAt is { } updated ? InstantText.Utc(updated) : null
        );
}

/// <summary>One change of a run (without a task) or of a task.</summary>
internal sealed record EventDocument(
    long Id,
    string At,
    long Run,
    string Pipeline,
    string? Task,
    int MapIndex,
    int Attempt,
    string From,
    string Event,
    string To,
    string? Reason
)
{
    public static EventDocument Of(HistoryLine line) =>
        new(
            line.Id,
            InstantText.Fine(line.Entry.At),
            line.Run.Value,
            line.Pipeline.Value,
            line.Entry.Task?.Task.Value,
            line.Entry.Task?.MapIndex ?? TaskKey.NotMapped,
            line.Entry.Number,
            line.Entry.From,
            line.Entry.Event,
            line.Entry.To,
            line.Entry.Reason
        );
}
