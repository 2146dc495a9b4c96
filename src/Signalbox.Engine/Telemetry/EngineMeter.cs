using System.Diagnostics.Metrics;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Telemetry;

/// <summary>
/// The numbers of one engine, as instruments of .NET: counted as runs and attempts end, looked up in the store when somebody asks. Counts begin at
/// zero with each engine.
/// </summary>
internal sealed class EngineMeter : IDisposable
{
    public const string Name = "Signalbox";

    private readonly Meter _meter = new(Name);
    private readonly EngineParts _parts;
    private readonly Counter<long> _runs;
    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _runSeconds;
    private readonly Histogram<double> _attemptSeconds;

    public EngineMeter(EngineParts parts)
    {
        _parts = parts;
        _runs = _meter.CreateCounter<long>("signalbox.runs.ended", unit: null, "Runs that have ended, by pipeline and state.");
        _attempts = _meter.CreateCounter<long>(
            "signalbox.attempts.ended",
            unit: null,
            "Attempts that have ended, by pipeline, state and class of failure."
        );
        _runSeconds = _meter.CreateHistogram<double>(
            "signalbox.run.duration",
            "s",
            "How long runs took from their start, by pipeline and state."
        );
        _attemptSeconds = _meter.CreateHistogram<double>(
            "signalbox.attempt.duration",
            "s",
            "How long attempts took from their start, by pipeline."
        );
        _meter.CreateObservableGauge("signalbox.runs.active", ActiveRuns, unit: null, "Runs that have not ended, by state.");
        _meter.CreateObservableGauge(
            "signalbox.tasks.active",
            ActiveTasks,
            unit: null,
            "Tasks of these runs that have not ended, by state."
        );
        _meter.CreateObservableGauge(
            "signalbox.alerts.waiting",
            WaitingAlerts,
            unit: null,
            "Alerts that a channel has not taken yet, by channel."
        );
        _meter.CreateObservableGauge(
            "signalbox.scheduler.age",
            SchedulerAge,
            "s",
            "Since the scheduler last looked for what is due; it looks at least each second."
        );
    }

    /// <summary>The meter itself, for those who listen to it alone.</summary>
    public Meter Meter => _meter;

    /// <summary>Counts what has become durable.</summary>
    public void Note(RunSnapshot run, Change change)
    {
        var pipeline = Tag("pipeline", run.Pipeline.Name.Value);
        switch (change)
        {
            case Change.AttemptChanged { After: { EndedAt: { } ended } attempt }:
                _attempts.Add(
                    1,
                    pipeline,
                    Tag("state", Names.Of(attempt.State)),
                    Tag("class", attempt.Failure is { } failure ? Names.Of(failure.Class) : "")
                );
                _attemptSeconds.Record((ended - (attempt.StartedAt ?? attempt.SubmittedAt)).TotalSeconds, pipeline);
                break;
            case Change.HistoryAdded { Entry: { Task: null } entry }
                when entry.From != entry.To && Names.RunStateOf(entry.To)?.IsEnd() == true:
                var state = Tag("state", entry.To);
                _runs.Add(1, pipeline, state);
                _runSeconds.Record((entry.At - (run.Run.StartedAt ?? run.Run.CreatedAt)).TotalSeconds, pipeline, state);
                break;
        }
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> ActiveRuns() =>
        _parts
            .Store.Read(session => session.CountActiveRuns())
            .Select(count => new Measurement<long>(count.Count, Tag("state", Names.Of(count.State))));

    private IEnumerable<Measurement<long>> ActiveTasks() =>
        _parts
            .Store.Read(session => session.CountActiveTasks())
            .Select(count => new Measurement<long>(count.Count, Tag("state", Names.Of(count.State))));

    private IEnumerable<Measurement<long>> WaitingAlerts() =>
        _parts
            .Store.Read(session => session.CountWaitingAlerts())
            .Select(count => new Measurement<long>(count.Count, Tag("channel", count.Channel)));

    private IEnumerable<Measurement<double>> SchedulerAge() =>
        _parts.SchedulerAge is { } age ? [new Measurement<double>(age.TotalSeconds)] : [];

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
