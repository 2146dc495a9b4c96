using System.Globalization;
using System.Text.Json;
using Signalbox.Engine.Approvals;

namespace Signalbox.Engine.Telemetry;

/// <summary>A span, as OTLP has it.</summary>
/// <param name="Parent">The span it is part of; null for a root.</param>
/// <param name="Error">Why what it is about failed; null when it did not.</param>
internal sealed record Span(
    string Trace,
    string Id,
    string? Parent,
    string Name,
    DateTimeOffset Started,
    DateTimeOffset Ended,
    IReadOnlyList<KeyValuePair<string, string>> Attributes,
    string? Error
);

/// <summary>The JSON form of OTLP: names in camelCase, identifiers in hex, 64-bit numbers as texts ("JSON Protobuf Encoding" of its specification).</summary>
internal static class OtlpJson
{
    private const int KindInternal = 1;
    private const int StatusOk = 1;
    private const int StatusError = 2;
    private const int Cumulative = 2;

    public static string Spans(OtlpSettings settings, string instance, IEnumerable<Span> spans) =>
        Document(
            "resourceSpans",
            "scopeSpans",
            settings,
            instance,
            json =>
            {
                json.WriteStartArray("spans");
                foreach (var span in spans)
                {
                    Write(json, span);
                }

                json.WriteEndArray();
            }
        );

    public static string Metrics(
        OtlpSettings settings,
        string instance,
        IEnumerable<MetricFamily> metrics,
        DateTimeOffset since,
        DateTimeOffset now
    ) =>
        Document(
            "resourceMetrics",
            "scopeMetrics",
            settings,
            instance,
            json =>
            {
                json.WriteStartArray("metrics");
                foreach (var metric in metrics)
                {
                    Write(json, metric, Nanoseconds(since), Nanoseconds(now));
                }

                json.WriteEndArray();
            }
        );

    private static string Document(
        string resources,
        string scopes,
        OtlpSettings settings,
        string instance,
        Action<Utf8JsonWriter> content
    ) =>
        QuestionJson.Object(json =>
        {
            json.WriteStartArray(resources);
            json.WriteStartObject();
            json.WriteStartObject("resource");
            WriteAttributes(json, [new("service.name", settings.ServiceName), new("service.instance.id", instance)]);
            json.WriteEndObject();
            json.WriteStartArray(scopes);
            json.WriteStartObject();
            json.WriteStartObject("scope");
            json.WriteString("name", EngineMeter.Name);
            json.WriteEndObject();
            content(json);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        });

    private static void Write(Utf8JsonWriter json, Span span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.Trace);
        json.WriteString("spanId", span.Id);
        if (span.Parent is { } parent)
        {
            json.WriteString("parentSpanId", parent);
        }

        json.WriteString("name", span.Name);
        json.WriteNumber("kind", KindInternal);
        json.WriteString("startTimeUnixNano", Nanoseconds(span.Started));
        json.WriteString("endTimeUnixNano", Nanoseconds(span.Ended));
        WriteAttributes(json, span.Attributes);
        json.WriteStartObject("status");
        json.WriteNumber("code", span.Error is null ? StatusOk : StatusError);
        if (span.Error is { } error)
        {
            json.WriteString("message", error);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MetricFamily metric, string since, string now)
    {
        json.WriteStartObject();
        json.WriteString("name", metric.Name);
        json.WriteString("description", metric.Description);
        if (metric.Unit is { } unit)
        {
            json.WriteString("unit", unit);
        }

        json.WriteStartObject(
            metric.Kind switch
            {
                MetricKind.Sum => "sum",
                MetricKind.Histogram => "histogram",
                _ => "gauge",
            }
        );
        json.WriteStartArray("dataPoints");
        foreach (var series in metric.Series)
        {
            json.WriteStartObject();
            WriteAttributes(json, series.Tags);
            json.WriteString("startTimeUnixNano", since);
            json.WriteString("timeUnixNano", now);
            if (metric.Kind == MetricKind.Histogram)
            {
                WriteHistogram(json, series);
            }
            else
            {
                json.WriteNumber("asDouble", series.Value);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (metric.Kind != MetricKind.Gauge)
        {
            json.WriteNumber("aggregationTemporality", Cumulative);
        }

        if (metric.Kind == MetricKind.Sum)
        {
            json.WriteBoolean("isMonotonic", true);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteHistogram(Utf8JsonWriter json, MetricSeries series)
    {
        json.WriteString("count", series.Buckets.Sum().ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("sum", series.Value);
        json.WriteStartArray("bucketCounts");
        foreach (var count in series.Buckets)
        {
            json.WriteStringValue(count.ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndArray();
        json.WriteStartArray("explicitBounds");
        foreach (var bound in MetricsBook.Bounds)
        {
            json.WriteNumberValue(bound);
        }

        json.WriteEndArray();
    }

    private static void WriteAttributes(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> attributes)
    {
        json.WriteStartArray("attributes");
        foreach (var (name, value) in attributes)
        {
            json.WriteStartObject();
            json.WriteString("key", name);
            json.WriteStartObject("value");
            json.WriteString("stringValue", value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Nanoseconds(DateTimeOffset at) =>
        ((at - DateTimeOffset.UnixEpoch).Ticks * 100).ToString(CultureInfo.InvariantCulture);
}
