using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Engine.Foresight;
using Signalbox.Storage;

namespace Signalbox.Engine.Deadlines;

/// <summary>Judges the deadlines of runs and tasks: while the run still goes on, and also when it never began.</summary>
/// <remarks>
/// A deadline is a row, written in the transaction that makes its run or skips its tick; it is judged once, and the miss, its line in the
/// history and what people are told are one transaction. So a miss is neither lost nor told twice over a kill.
/// </remarks>
internal sealed class DeadlineWatch(EngineParts parts, Action<string> say)
{
    // What ended just before its deadline may still be on its way into the store.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The event of a miss in the history of a run.</summary>
    public const string Missed = "sla_missed";

    /// <summary>Looks at the open deadlines until the engine stops. Waits are short, so that a clock that is set is noticed.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await LookAsync(cancellationToken);
            await Task.Delay(Pause, parts.Time, cancellationToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        var judged = parts.Store.Read(session => Judge(session, now));
        if (judged.Count == 0)
        {
            return;
        }

        var told = await parts.Store.WriteAsync(session => Write(session, judged, now), cancellationToken);
        if (told.Count > 0)
        {
            parts.Alerts.Ring();
        }

        told.ForEach(say);
    }

    private List<Judgement> Judge(ReadSession session, DateTimeOffset now)
    {
        var judged = new List<Judgement>();
        Dictionary<RunNumber, RunForecast>? forecasts = null;
        foreach (var standing in session.OpenDeadlines())
        {
            var deadline = standing.Deadline;
            var state = deadline.Task is null
                ? DeadlineRules.Judge(deadline.DueAt, standing.RunState, standing.RunEndedAt, now - Settling)
                : DeadlineRules.Judge(deadline.DueAt, standing.TaskState, standing.TaskEndedAt, now - Settling);
            if (state == DeadlineState.Open)
            {
                continue;
            }

            if (state == DeadlineState.Met || deadline.Run is not { } run)
            {
                judged.Add(new Judgement(standing, state, Run: null, Late: [], ExpectedAt: null));
                continue;
            }

            forecasts ??= Forecaster
                .Active(session, parts.Project, now)
                .Where(each => each.Planned.Run is not null)
                .ToDictionary(each => each.Planned.Run!.Number);
            var row = session.Run(run)!;
            judged.Add(new Judgement(standing, state, row, LateTasks(session, row, deadline), Expected(forecasts, run, deadline)));
        }

        return judged;
    }

    private static DateTimeOffset? Expected(Dictionary<RunNumber, RunForecast> forecasts, RunNumber run, StoredDeadline deadline) =>
        !forecasts.TryGetValue(run, out var forecast) ? null
        : deadline.Task is { } task ? forecast.Tasks.FirstOrDefault(each => each.Task == task)?.Span.End
        : forecast.Span.End;

    /// <summary>The tasks that had not succeeded, in the order in which the store has them.</summary>
    private static List<TaskRun> LateTasks(ReadSession session, Run run, StoredDeadline deadline) =>
        [
            .. session
                .TasksWithoutInstances(run.Number)
                .Where(task => deadline.Task is null || task.Key.Task == deadline.Task)
                .Where(task => !(task.State is TaskState.Success or TaskState.Skipped && task.EndedAt <= deadline.DueAt)),
        ];

    private List<string> Write(WriteSession session, List<Judgement> judged, DateTimeOffset now)
    {
        var told = new List<string>();
        // After a long time without a server there may be many; the newest speaks for all of its pipeline.
        var without = judged
            .Where(each => each.Run is null && each.State == DeadlineState.Missed)
            .ToLookup(each => each.Standing.Deadline.Pipeline);
        foreach (var judgement in judged)
        {
            var deadline = judgement.Standing.Deadline;
            if (judgement.State == DeadlineState.Met)
            {
                session.DeadlineMet(deadline.Id, judgement.EndedAt ?? now);
                continue;
            }

            var reason = MissSentence.Of(judgement);
            if (!session.DeadlineMissed(deadline.Id, now, judgement.ExpectedAt, reason))
            {
                continue;
            }

            if (judgement.Run is { } run)
            {
                var state = Names.Of(judgement.Standing.TaskState is { } task ? task : TaskState.None);
                var word = deadline.Task is null ? Names.Of(run.State) : state;
                session.AddHistoryLine(
                    run.Number,
                    new HistoryEntry(now, deadline.Task is { } name ? new TaskKey(name) : null, 0, word, Missed, word, reason)
                );
            }

            if (judgement.Run is not null)
            {
                session.AddAlert(AlertOf(session, judgement, reason, now));
            }
            else if (judgement == without[deadline.Pipeline].Last())
            {
                var others = without[deadline.Pipeline].Count() - 1;
                session.AddAlert(
                    AlertOf(session, judgement, others == 0 ? reason : $"{reason}; {others} earlier ones were missed as well", now)
                );
            }

            told.Add($"{deadline.Pipeline}: {reason}");
        }

        return told;
    }

    private static Alert AlertOf(ReadSession session, Judgement judgement, string reason, DateTimeOffset now)
    {
        var deadline = judgement.Standing.Deadline;
        var pipeline = session.Pipeline(deadline.Pipeline) is { Version: { } version }
            ? session.Definition(deadline.Pipeline, version)?.Pipeline
            : null;
        var tasks = string.Join(", ", judgement.Late.Select(task => task.Key.Task.Value));
        return new Alert
        {
            Kind = AlertKind.SlaMissed,
            Severity = AlertSeverity.Error,
            DedupKey = judgement.Run is { } run
                ? $"{Alert.KeyOf(deadline.Pipeline, run.Id, deadline.Task)}/sla"
                : $"{deadline.Pipeline}/{Time(deadline.BaseAt)}/sla",
            OnceKey = $"sla_missed/{deadline.Id}",
            Pipeline = deadline.Pipeline,
            Tags = pipeline?.Tags ?? [],
            Run = judgement.Run?.Number,
            RunId = judgement.Run?.Id,
            LogicalDate = judgement.Run?.LogicalDate,
            Task = deadline.Task,
            Message = $"{deadline.Pipeline}: {reason}",
            Facts =
            [
                new AlertFact("deadline", Time(deadline.DueAt)),
                new AlertFact("rule", deadline.Rule),
                new AlertFact("due", Time(deadline.BaseAt)),
                .. tasks.Length == 0 ? [] : new[] { new AlertFact("tasks", tasks) },
                .. judgement.ExpectedAt is { } expected ? [new AlertFact("expected_completion", Time(expected))] : Array.Empty<AlertFact>(),
            ],
            At = now,
        };
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>What became of a deadline.</summary>
/// <param name="Run">Of a missed one: its run; null when none was made.</param>
/// <param name="Late">Of a missed one: the tasks that had not succeeded.</param>
/// <param name="ExpectedAt">Of a missed one: when it is expected after all; null when nobody can say.</param>
internal sealed record Judgement(
    DeadlineStanding Standing,
    DeadlineState State,
    Run? Run,
    IReadOnlyList<TaskRun> Late,
    DateTimeOffset? ExpectedAt
)
{
    public DateTimeOffset? EndedAt => Standing.Deadline.Task is null ? Standing.RunEndedAt : Standing.TaskEndedAt;
}
