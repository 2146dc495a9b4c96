using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Telemetry;

/// <summary>
/// Sends spans of runs and attempts as they end, and metrics from time to time, to a collector by OTLP over HTTP in its JSON form
/// ("OTLP Specification 1.5", opentelemetry.io). Nothing waits for it: what a collector that is away does not take is dropped beyond a bound.
/// </summary>
/// <remarks>
/// Written by hand and not with the SDK: the identifiers of spans are those that <c>TRACEPARENT</c> gave to commands, perhaps by an earlier
/// server, and the SDK makes its own.
/// </remarks>
internal sealed class OtlpExporter : IDisposable
{
    private const int MostWaiting = 10_000;
    private const int MostAtOnce = 500;

    // Spans of one moment go together.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly OtlpSettings _settings;
    private readonly EngineParts _parts;
    private readonly MetricsBook _book;
    private readonly Action<string> _say;
    private readonly DateTimeOffset _since;
    private readonly HttpClient _http = new() { Timeout = Patience };
    private bool _isAway;

    // Bounded: the newest are kept when a collector stays away.
    private readonly Channel<Span> _spans = Channel.CreateBounded<Span>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
    );

    public OtlpExporter(OtlpSettings settings, EngineParts parts, MetricsBook book, Action<string> say)
    {
        _settings = settings;
        _parts = parts;
        _book = book;
        _say = say;
        _since = parts.Time.GetUtcNow();
    }

    /// <summary>Takes what has become durable.</summary>
    public void Note(RunSnapshot run, Change change)
    {
        switch (change)
        {
            case Change.AttemptChanged { After: { EndedAt: { } ended } attempt }:
                _spans.Writer.TryWrite(OfAttempt(run, attempt, ended));
                break;
            case Change.HistoryAdded { Entry: { Task: null } entry }
                when entry.From != entry.To && Names.RunStateOf(entry.To)?.IsEnd() == true:
                _spans.Writer.TryWrite(OfRun(run, entry));
                break;
        }
    }

    /// <summary>Sends spans until the engine stops, and then what is left.</summary>
    public async Task SendSpansAsync(CancellationToken cancellationToken)
    {
        // What is under way when the engine stops has a second to be taken: cut off, it would be sent again.
        using var sending = new CancellationTokenSource();
        await using var stopping = cancellationToken.Register(() => sending.CancelAfter(TimeSpan.FromSeconds(1)));
        try
        {
            while (await _spans.Reader.WaitToReadAsync(cancellationToken))
            {
                await Task.Delay(Gather, _parts.Time, cancellationToken);
                await SendBatchAsync(sending.Token);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SendBatchAsync(sending.Token);
        }
    }

    /// <summary>Sends metrics until the engine stops.</summary>
    public async Task SendMetricsAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(_settings.MetricsEvery, _parts.Time, cancellationToken);
            await PostAsync(
                "v1/metrics",
                OtlpJson.Metrics(_settings, _parts.Instance, _book.Read(), _since, _parts.Time.GetUtcNow()),
                cancellationToken
            );
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task SendBatchAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Span>();
        while (batch.Count < MostAtOnce && _spans.Reader.TryRead(out var span))
        {
            batch.Add(span);
        }

        if (batch.Count > 0 && !await PostAsync("v1/traces", OtlpJson.Spans(_settings, _parts.Instance, batch), cancellationToken))
        {
            foreach (var span in batch)
            {
                _spans.Writer.TryWrite(span);
            }

            await Task.Delay(Pause, _parts.Time, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task<bool> PostAsync(string path, string json, CancellationToken cancellationToken)
    {
        string problem;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_settings.Endpoint, path));
            request.Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            foreach (var (name, value) in _settings.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var answer = await _http.SendAsync(request, cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                _isAway = false;
                return true;
            }

            problem = $"it answered {((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture)}";
        }
        catch (HttpRequestException away)
        {
            problem = away.Message;
        }
        catch (OperationCanceledException)
        {
            problem = "it did not answer in time";
        }

        if (!_isAway)
        {
            _isAway = true;
            _say($"telemetry to {_settings.Endpoint.Authority}: {problem}; it is tried again");
        }

        return false;
    }

    private Span OfAttempt(RunSnapshot run, Attempt attempt, DateTimeOffset ended)
    {
        var instance = _parts.Instance;
        var number = run.Run.Number;
        var attributes = About(run);
        attributes.Add(new("signalbox.task", attempt.Key.Task.Value));
        attributes.Add(new("signalbox.attempt", attempt.Number.ToString(CultureInfo.InvariantCulture)));
        attributes.Add(new("signalbox.state", Names.Of(attempt.State)));
        if (attempt.Key.IsInstance)
        {
            attributes.Add(new("signalbox.map_index", attempt.Key.MapIndex.ToString(CultureInfo.InvariantCulture)));
        }

        if (attempt.Failure is { } failure)
        {
            attributes.Add(new("error.type", Names.Of(failure.Class)));
        }

        return new Span(
            TraceIds.Trace(instance, number),
            TraceIds.AttemptSpan(instance, number, attempt.Key, attempt.Number),
            TraceIds.RunSpan(instance, number),
            $"{attempt.Key} of {run.Pipeline.Name}",
            attempt.StartedAt ?? attempt.SubmittedAt,
            ended,
            attributes,
            attempt.Failure?.Message
        );
    }

    private Span OfRun(RunSnapshot run, HistoryEntry end)
    {
        var attributes = About(run);
        attributes.Add(new("signalbox.state", end.To));
        return new Span(
            TraceIds.Trace(_parts.Instance, run.Run.Number),
            TraceIds.RunSpan(_parts.Instance, run.Run.Number),
            Parent: null,
            run.Pipeline.Name.Value,
            run.Run.StartedAt ?? run.Run.CreatedAt,
            end.At,
            attributes,
            end.To == Names.Of(RunState.Failed) ? end.Reason ?? "failed" : null
        );
    }

    private static List<KeyValuePair<string, string>> About(RunSnapshot run) =>
        [
            new("signalbox.pipeline", run.Pipeline.Name.Value),
            new("signalbox.run_id", run.Run.Id.Value),
            new("signalbox.run", run.Run.Number.ToString()),
            new("signalbox.partition", run.Run.Partition),
        ];
}
