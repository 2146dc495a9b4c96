using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Foresight;

/// <summary>A pipeline as a forecast sees it: which task comes after which, how long each takes, and what it takes of which pool.</summary>
/// <remarks>
/// Every task counts as if it ran: conditions and trigger rules depend on what is not known beforehand. A mapped task has as many items as it
/// usually has, each as long as one usually takes; they go side by side as far as limits let them.
/// </remarks>
public sealed class PipelineModel
{
    private readonly TaskHistory[] _history;
    private readonly (TimeSpan Expected, TimeSpan Late)[] _lengths;
    private readonly (TimeSpan? Expected, TimeSpan? Late)[] _arrivals;
    private readonly TimeOnly?[] _times;
    private readonly (int? Expected, int? Late)[] _items;
    private readonly (TimeSpan Expected, TimeSpan Late)[] _itemLengths;

    /// <param name="pipeline">The definition, without mistakes.</param>
    /// <param name="history">What is known of its tasks; those that are missing have none.</param>
    public PipelineModel(Pipeline pipeline, IReadOnlyDictionary<TaskName, TaskHistory> history)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(history);
        Pipeline = pipeline;
        Graph = Graph.Of(pipeline);
        Zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        _history = [.. pipeline.Tasks.Select(task => history.GetValueOrDefault(task.Name) ?? TaskHistory.Empty)];
        _lengths = [.. _history.Select(each => (each.Length(Quantile.Median), each.Length(Quantile.Late)))];
        _arrivals = [.. _history.Select(each => (each.Arrival(Quantile.Median), each.Arrival(Quantile.Late)))];
        _items = [.. _history.Select(each => (each.Items(Quantile.Median), each.Items(Quantile.Late)))];
        _itemLengths = [.. _history.Select(each => (each.ItemLength(Quantile.Median), each.ItemLength(Quantile.Late)))];
        _times = [.. pipeline.Tasks.Select(task => task.Kind is TaskKind.WaitForTime wait ? TimeOf(wait.Time) : null)];
    }

    public Pipeline Pipeline { get; }

    public Graph Graph { get; }

    /// <summary>The zone of the schedule.</summary>
    public Zone Zone { get; }

    /// <summary>How many tasks it has.</summary>
    public int Count => Pipeline.Tasks.Length;

    /// <summary>What is known of a task.</summary>
    public TaskHistory HistoryOf(int node) => _history[node];

    /// <summary>Whether all tasks have a history.</summary>
    public bool IsComplete => Array.TrueForAll(_history, history => history.Count > 0);

    internal TimeSpan Length(int node, bool late) => late ? _lengths[node].Late : _lengths[node].Expected;

    /// <summary>The items of a mapped task, and how long one takes; null: it is none, or its lists are not known.</summary>
    internal (int Count, TimeSpan Each)? Items(int node, bool late) =>
        (late ? _items[node].Late : _items[node].Expected) is { } count
            ? (count, late ? _itemLengths[node].Late : _itemLengths[node].Expected)
            : null;

    /// <summary>When a task that waits is done, if it begins at an instant.</summary>
    /// <param name="due">When its run is due.</param>
    internal DateTimeOffset WaitEnd(int node, DateTimeOffset from, DateTimeOffset due, bool late)
    {
        if (_times[node] is { } time)
        {
            var day = DateOnly.FromDateTime(Zone.LabelAt(due));
            return Later(from, Zone.FirstInstantOf(day.ToDateTime(time)));
        }

        return (late ? _arrivals[node].Late : _arrivals[node].Expected) is { } arrival
            ? Later(from, due + arrival)
            : from + Length(node, late);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static TimeOnly? TimeOf(string text) =>
        TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}
