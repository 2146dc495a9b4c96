using System.Globalization;
using System.Text;

namespace Signalbox.Engine.Telemetry;

/// <summary>Metrics in Prometheus' text format 0.0.4 ("Exposition formats", Prometheus' documentation).</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Of(IEnumerable<MetricFamily> metrics)
    {
        var text = new StringBuilder();
        foreach (var metric in metrics)
        {
            var name = NameOf(metric);
            text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(metric.Description)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(KindOf(metric.Kind)).Append('\n');
            foreach (var series in metric.Series)
            {
                if (metric.Kind == MetricKind.Histogram)
                {
                    AppendHistogram(text, name, series);
                }
                else
                {
                    Append(text, name, series.Tags, extra: null, series.Value);
                }
            }
        }

        return text.ToString();
    }

    private static string NameOf(MetricFamily metric) =>
        metric.Name.Replace('.', '_') + (metric.Unit == "s" ? "_seconds" : "") + (metric.Kind == MetricKind.Sum ? "_total" : "");

    private static string KindOf(MetricKind kind) =>
        kind switch
        {
            MetricKind.Sum => "counter",
            MetricKind.Histogram => "histogram",
            _ => "gauge",
        };

    private static void AppendHistogram(StringBuilder text, string name, MetricSeries series)
    {
        var sum = 0L;
        for (var i = 0; i < series.Buckets.Count; i++)
        {
            sum += series.Buckets[i];
            var bound = i < MetricsBook.Bounds.Length ? Number(MetricsBook.Bounds[i]) : "+Inf";
            Append(text, name + "_bucket", series.Tags, new("le", bound), sum);
        }

        Append(text, name + "_sum", series.Tags, extra: null, series.Value);
        Append(text, name + "_count", series.Tags, extra: null, sum);
    }

    private static void Append(
        StringBuilder text,
        string name,
        IReadOnlyList<KeyValuePair<string, string>> tags,
        KeyValuePair<string, string>? extra,
        double value
    )
    {
        text.Append(name);
        var labels = extra is { } one ? tags.Append(one) : tags;
        var open = '{';
        foreach (var (label, content) in labels)
        {
            text.Append(open)
                .Append(label)
                .Append("=\"")
                .Append(Escaped(content).Replace("\"", "\\\"", StringComparison.Ordinal))
                .Append('"');
            open = ',';
        }

        text.Append(open == ',' ? "}" : "").Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Escaped(string text) =>
        text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
