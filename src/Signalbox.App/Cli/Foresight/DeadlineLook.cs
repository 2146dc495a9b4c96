using Signalbox.Core;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What is to be said of the deadlines of some runs, from one state of the store.</summary>
internal sealed class DeadlineLook
{
    private readonly ILookup<RunNumber, StoredDeadline> _deadlines;
    private readonly Dictionary<RunNumber, RunForecast> _forecasts;

    private DeadlineLook(ILookup<RunNumber, StoredDeadline> deadlines, Dictionary<RunNumber, RunForecast> forecasts) =>
        (_deadlines, _forecasts) = (deadlines, forecasts);

    /// <summary>Of the runs given.</summary>
    public static DeadlineLook Read(ReadSession session, Project project, IReadOnlyCollection<Run> runs, DateTimeOffset now)
    {
        var deadlines = (
            runs.Count == 0
                ? []
                : session.DeadlinesBetween(runs.MinBy(run => run.Number.Value)!.Number, runs.MaxBy(run => run.Number.Value)!.Number)
        ).ToLookup(deadline => deadline.Run!.Value);
        var forecasts = runs.All(run => run.State.IsEnd())
            ? []
            : Forecaster.Active(session, project, now).ToDictionary(forecast => forecast.Planned.Run!.Number);
        return new DeadlineLook(deadlines, forecasts);
    }

    /// <summary>What is expected of a run; null when it has ended.</summary>
    public RunForecast? Forecast(RunNumber run) => _forecasts.GetValueOrDefault(run);

    /// <summary>The deadlines of a run, the nearest first.</summary>
    public IEnumerable<(StoredDeadline Deadline, DeadlineForecast? Forecast)> Of(RunNumber run) =>
        _deadlines[run].Select(deadline => (deadline, ForecastOf(run, deadline)));

    /// <summary>The worst of the deadlines of a run in a word: missed, late, at_risk, open or met; empty without any.</summary>
    public string Word(RunNumber run)
    {
        var all = Of(run).ToList();
        return all.Count == 0 ? ""
            : all.Exists(each => each.Deadline.State == DeadlineState.Missed) ? Names.Of(DeadlineState.Missed)
            : all.Exists(each => each.Forecast?.Outlook == Outlook.Late) ? Names.Of(Outlook.Late)
            : all.Exists(each => each.Forecast?.Outlook == Outlook.AtRisk) ? Names.Of(Outlook.AtRisk)
            : all.Exists(each => each.Deadline.State == DeadlineState.Open) ? Names.Of(DeadlineState.Open)
            : Names.Of(DeadlineState.Met);
    }

    /// <summary>A deadline in a sentence.</summary>
    public static string Sentence(StoredDeadline deadline, DeadlineForecast? forecast)
    {
        var subject = $"{(deadline.Task is { } task ? $"{task} " : "")}{deadline.Rule}, until {InstantText.Utc(deadline.DueAt)}";
        var expected = forecast?.ExpectedEnd is { } end
            ? $"expected at {InstantText.Utc(end)}, late at {(forecast.LateEnd is { } late ? InstantText.Utc(late) : "no time")}"
            : "nobody can say when it will be done";
        return deadline.State switch
        {
            DeadlineState.Met => $"{subject}: met",
            DeadlineState.Missed => $"{subject}: missed; {deadline.Reason}",
            _ => forecast?.Outlook switch
            {
                Outlook.Late => $"{subject}: will be missed as things stand; {expected}",
                Outlook.AtRisk => $"{subject}: at risk; {expected}",
                Outlook.OnTime => $"{subject}: in time; {expected}",
                _ => $"{subject}: open; its tasks have no history yet",
            },
        };
    }

    private DeadlineForecast? ForecastOf(RunNumber run, StoredDeadline deadline) =>
        deadline.State == DeadlineState.Open
            ? Forecast(run)
                ?.Deadlines.FirstOrDefault(each => each.Deadline.Task == deadline.Task && each.Deadline.Ordinal == deadline.Ordinal)
            : null;
}

/// <summary>A deadline of a run in JSON.</summary>
/// <param name="Task">Null for the whole run.</param>
/// <param name="State">open, met or missed.</param>
/// <param name="Outlook">Of an open one: on_time, at_risk, late or unknown.</param>
/// <param name="ExpectedAt">When it is expected to be done; of a missed one, as it was then.</param>
internal sealed record DeadlineDocument(
    string? Task,
    string Rule,
    string DueAt,
    string State,
    string? Outlook,
    string? ExpectedAt,
    string? LateAt,
    string? JudgedAt,
    string? Reason
)
{
    public static DeadlineDocument[] Of(DeadlineLook look, RunNumber run) =>
        [
            .. look.Of(run)
                .Select(each => new DeadlineDocument(
                    each.Deadline.Task?.Value,
                    each.Deadline.Rule,
                    InstantText.Utc(each.Deadline.DueAt),
                    Names.Of(each.Deadline.State),
                    each.Forecast is { } forecast ? Names.Of(forecast.Outlook) : null,
                    InstantText.Fine(each.Deadline.ExpectedAt ?? each.Forecast?.ExpectedEnd),
                    InstantText.Fine(each.Forecast?.LateEnd),
                    InstantText.Fine(each.Deadline.JudgedAt),
                    each.Deadline.Reason
                )),
        ];
}

/// <summary>When a run that has not ended is expected to be done.</summary>
/// <param name="Complete">Whether all its tasks have a history; false: at least so long.</param>
internal sealed record ExpectedDocument(string? Start, string? End, string? LateEnd, bool Complete)
{
    public static ExpectedDocument? Of(RunForecast? forecast) =>
        forecast is null
            ? null
            : new ExpectedDocument(
                InstantText.Fine(forecast.Span.Start),
                InstantText.Fine(forecast.Span.End),
                InstantText.Fine(forecast.Span.LateEnd),
                forecast.IsComplete
            );
}
