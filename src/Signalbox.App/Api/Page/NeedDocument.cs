using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Something that does not go on without a person.</summary>
/// <param name="Kind">
/// <c>failed</c>: a run; <c>late</c>: a deadline was missed and what it is about is not done; <c>at_risk</c>: one will probably be missed;
/// <c>dataset</c>: a dataset was not updated in time; <c>dead_letter</c>: a message that started no run; <c>approval</c>: a question;
/// <c>file</c>: a pipeline's file with mistakes; <c>paused</c>: a pipeline.
/// </param>
/// <param name="Letter">Of a dead letter: the number of the message.</param>
/// <param name="Dataset">Of a late dataset: its name.</param>
internal sealed record NeedDocument(
    string Kind,
    string Pipeline,
    long? Run,
    string? Task,
    string? Partition,
    string Message,
    string? At,
    long? Letter = null,
    string? Dataset = null
)
{
    private const int MostOfAKind = 20;
    private static readonly TimeSpan MissedWithin = TimeSpan.FromDays(7);

    public static IEnumerable<NeedDocument> All(
        ReadSession session,
        IReadOnlyList<StoredPipeline> rows,
        IReadOnlyList<PipelineRecordDocument> records,
        IEnumerable<RunForecast> forecasts,
        DateTimeOffset now
    )
    {
        var failed = records
            .SelectMany(record => Failed(record).Select(outcome => (record.Pipeline, Outcome: outcome)))
            .OrderByDescending(each => each.Outcome.Number)
            .Take(MostOfAKind)
            .Select(each => OfFailed(session, each.Pipeline, each.Outcome))
            .ToList();
        var known = failed.Select(need => need.Run).ToHashSet();
        return
        [
            .. rows.Where(row => row.LoadError is not null)
                .Select(row => new NeedDocument("file", row.Name.Value, null, null, null, $"its file has mistakes: {row.LoadError}", null)),
            .. failed,
            .. Late(session, records, now).Where(need => need.Run is null || !known.Contains(need.Run)).Take(MostOfAKind),
            // Late for several deadlines it is late once; the last one counts.
            .. session
                .OpenMisses()
                .GroupBy(miss => (miss.Pipeline, miss.Dataset))
                .Select(misses => OfDataset(misses.Last()))
                .Take(MostOfAKind),
            .. forecasts.Select(forecast => AtRisk(forecast, now)).OfType<NeedDocument>().Take(MostOfAKind),
            .. session.OpenApprovals().Where(asked => asked.IsLive).Select(asked => OfApproval(session, asked)),
            .. session.InboxMessages(new InboxFilter(State: InboxState.Dead, Limit: MostOfAKind)).Select(OfDeadLetter),
            .. rows.Where(row => row.Paused)
                .Select(row => new NeedDocument(
                    "paused",
                    row.Name.Value,
                    null,
                    null,
                    null,
                    $"paused: {row.PausedReason ?? "no reason was given"}",
                    null
                )),
        ];
    }

    /// <summary>Runs that failed and that no later run of the same partition has made good.</summary>
    private static IEnumerable<OutcomeDocument> Failed(PipelineRecordDocument record) =>
        record.Outcomes.Where(outcome =>
            outcome.State == Names.Of(RunState.Failed)
            && !record.Outcomes.Any(later => later.Number > outcome.Number && later.Partition == outcome.Partition)
        );

    private static NeedDocument OfFailed(ReadSession session, string pipeline, OutcomeDocument outcome)
    {
        var task = session
            .Tasks(new RunNumber(outcome.Number))
            .Where(task => task.State == TaskState.Failed)
            .OrderBy(task => task.EndedAt)
            .FirstOrDefault();
        return new(
            "failed",
            pipeline,
            outcome.Number,
            task?.Key.ToString(),
            outcome.Partition,
            task?.Failure?.Message ?? task?.Reason ?? "the run failed",
            outcome.EndedAt
        );
    }

    /// <summary>The first missed deadline of each run that is not done after all, and of each tick without a run that no later success made good.</summary>
    private static IEnumerable<NeedDocument> Late(ReadSession session, IReadOnlyList<PipelineRecordDocument> records, DateTimeOffset now) =>
        session
            .DeadlineHistory(pipeline: null, now - MissedWithin)
            .Where(each => each.Deadline.State == DeadlineState.Missed && !IsDone(each) && !IsMadeGood(each, records))
            .GroupBy(each => (each.Deadline.Pipeline, each.Deadline.Run, each.Deadline.BaseAt))
            .Select(run => run.MinBy(each => each.Deadline.DueAt)!)
            .OrderByDescending(each => each.Deadline.DueAt)
            .Select(each => new NeedDocument(
                "late",
                each.Deadline.Pipeline.Value,
                each.Deadline.Run?.Value,
                each.Deadline.Task?.Value,
                each.Deadline.Run is { } run ? session.Run(run)?.Partition : null,
                $"missed its deadline {each.Deadline.Rule}: {each.Deadline.Reason ?? "it was not done"}",
                InstantText.Fine(each.Deadline.DueAt)
            ));

    private static bool IsDone(DeadlineStanding standing) =>
        standing.Deadline.Task is null
            ? standing.RunState is RunState.Success
            : standing.TaskState is TaskState.Success or TaskState.Skipped;

    /// <summary>Whether the pipeline has succeeded for a later time: what comes next has gone well, and the miss is history.</summary>
    private static bool IsMadeGood(DeadlineStanding standing, IReadOnlyList<PipelineRecordDocument> records)
    {
        var due = InstantText.Fine(standing.Deadline.DueAt);
        return records
            .Where(record => record.Pipeline == standing.Deadline.Pipeline.Value)
            .SelectMany(record => record.Outcomes)
            .Any(outcome =>
                outcome.State == Names.Of(RunState.Success)
                && outcome.Number != standing.Deadline.Run?.Value
                && string.CompareOrdinal(outcome.EndedAt, due) > 0
            );
    }

    private static NeedDocument? AtRisk(RunForecast forecast, DateTimeOffset now)
    {
        var worst = forecast
            .Deadlines.Where(each => each.Deadline.DueAt > now && each.Outlook is Outlook.Late or Outlook.AtRisk)
            .OrderBy(each => each.Outlook == Outlook.Late ? 0 : 1)
            .ThenBy(each => each.Deadline.DueAt)
            .FirstOrDefault();
        if (worst is null || forecast.Planned.Run is not { } run)
        {
            return null;
        }

        var expected = worst.Outlook == Outlook.Late ? worst.ExpectedEnd : worst.LateEnd;
        var when = expected is { } end ? $" at {InstantText.Utc(end)}" : "";
        return new(
            "at_risk",
            run.Pipeline.Value,
            run.Number.Value,
            worst.Deadline.Task?.Value,
            run.Partition,
            worst.Outlook == Outlook.Late
                ? $"will miss its deadline {worst.Deadline.Rule}: expected to be done{when}"
                : $"may miss its deadline {worst.Deadline.Rule}: done{when} when its tasks are as slow as their slowest",
            InstantText.Fine(worst.Deadline.DueAt)
        );
    }

    private static NeedDocument OfDataset(FreshnessMiss miss) =>
        new(
            "dataset",
            miss.Pipeline.Value,
            null,
            null,
            null,
            miss.UpdatedAt is { } updated
                ? $"was not updated in time ({miss.Rule}); its last update was at {InstantText.Utc(updated)}"
                : $"was not updated in time ({miss.Rule}); it never was",
            InstantText.Fine(miss.DueAt),
            Dataset: miss.Dataset
        );

    private static NeedDocument OfDeadLetter(InboxMessage letter) =>
        new(
            "dead_letter",
            letter.Pipeline.Value,
            null,
            null,
            null,
            $"message {letter.Id} of its trigger {letter.Source} started no run: {letter.Reason ?? "no reason was kept"}",
            InstantText.Fine(letter.DecidedAt ?? letter.ReceivedAt),
            Letter: letter.Id
        );

    private static NeedDocument OfApproval(ReadSession session, StoredApproval asked)
    {
        var run = session.Run(asked.Run)!;
        return new(
            "approval",
            run.Pipeline.Value,
            run.Number.Value,
            asked.Task.ToString(),
            run.Partition,
            asked.Message,
            InstantText.Fine(asked.AskedAt)
        );
    }
}
