using System.Diagnostics.Metrics;
using System.Globalization;

namespace Signalbox.Engine.Telemetry;

/// <summary>What kind of number a metric is.</summary>
internal enum MetricKind
{
    /// <summary>Only rises, from zero with each engine.</summary>
    Sum,
    Gauge,
    Histogram,
}

/// <summary>One metric with all its series.</summary>
/// <param name="Name">Dotted, e.g. <c>signalbox.runs.ended</c>.</param>
/// <param name="Unit">In the words of UCUM, e.g. <c>s</c>; null for plain counts.</param>
internal sealed record MetricFamily(string Name, MetricKind Kind, string? Unit, string Description, IReadOnlyList<MetricSeries> Series);

/// <summary>One series of a metric.</summary>
/// <param name="Value">Of a sum or a gauge; the sum of a histogram.</param>
/// <param name="Buckets">Of a histogram: how many were at most <see cref="MetricsBook.Bounds"/> (each counted once), and above the last.</param>
internal sealed record MetricSeries(IReadOnlyList<KeyValuePair<string, string>> Tags, double Value, IReadOnlyList<long> Buckets);

/// <summary>Adds up what the instruments of one meter measure, for those who ask now and then.</summary>
internal sealed class MetricsBook : IDisposable
{
    /// <summary>The upper bounds of the buckets of a duration, in seconds.</summary>
    public static readonly double[] Bounds = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200];

    // A name of a pipeline is a label, and a project has hundreds: this is far above, and keeps the memory bounded.
    private const int MostSeries = 10_000;

    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public MetricsBook(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
            {
                lock (_lock)
                {
                    _entries[instrument.Name] = new Entry(instrument);
                }

                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>All metrics as they are now.</summary>
    public IReadOnlyList<MetricFamily> Read()
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values.Where(entry => entry.Kind == MetricKind.Gauge))
            {
                entry.Series.Clear();
            }
        }

        _listener.RecordObservableInstruments();
        lock (_lock)
        {
            return
            [
                .. _entries.Select(entry => new MetricFamily(
                    entry.Key,
                    entry.Value.Kind,
                    entry.Value.Instrument.Unit,
                    entry.Value.Instrument.Description ?? "",
                    [.. entry.Value.Series.Values.Select(series => new MetricSeries(series.Tags, series.Value, [.. series.Buckets]))]
                )),
            ];
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var texts = new KeyValuePair<string, string>[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            texts[i] = new(tags[i].Key, Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture) ?? "");
        }

        var key = string.Join('\u001f', texts.Select(tag => tag.Value));
        lock (_lock)
        {
            var entry = _entries[instrument.Name];
            if (!entry.Series.TryGetValue(key, out var series))
            {
                if (entry.Series.Count >= MostSeries)
                {
                    return;
                }

                entry.Series[key] = series = new Series(texts, entry.Kind == MetricKind.Histogram ? new long[Bounds.Length + 1] : []);
            }

            if (entry.Kind == MetricKind.Gauge)
            {
                series.Value = value;
                return;
            }

            series.Value += value;
            if (entry.Kind == MetricKind.Histogram)
            {
                var bucket = Array.FindIndex(Bounds, bound => value <= bound);
                series.Buckets[bucket < 0 ? Bounds.Length : bucket]++;
            }
        }
    }

    private sealed class Entry(Instrument instrument)
    {
        public Instrument Instrument => instrument;

        public MetricKind Kind { get; } =
            instrument.IsObservable ? MetricKind.Gauge
            : instrument is Histogram<double> ? MetricKind.Histogram
            : MetricKind.Sum;

        public SortedDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Series(KeyValuePair<string, string>[] tags, long[] buckets)
    {
        public KeyValuePair<string, string>[] Tags => tags;

        public long[] Buckets => buckets;

        public double Value { get; set; }
    }
}
