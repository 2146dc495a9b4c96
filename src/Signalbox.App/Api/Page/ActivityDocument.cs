using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Something that happened and that is worth a line.</summary>
/// <param name="Message">A sentence without its subject, which is the run.</param>
/// <param name="Seconds">How long a run took that ended well.</param>
/// <param name="Kind"><c>success</c>, <c>failed</c> or <c>cancelled</c>: a run ended so; <c>check</c>, <c>retry</c>: of a task; <c>rerun</c>; <c>promotion</c>.</param>
internal sealed record ActivityDocument(
    string At,
    string Kind,
    string Pipeline,
    long? Run,
    string? Task,
    string? Partition,
    string Message,
    double? Seconds
)
{
    private const int Most = 24;
    private const int LinesRead = 1500;
    private const int MovesRead = 5;

    /// <summary>The latest of them, the newest first.</summary>
    public static ActivityDocument[] Latest(ReadSession session)
    {
        var runs = new Dictionary<RunNumber, Run?>();
        var from = Math.Max(0, session.LastHistory() - LinesRead);
        var lines = session
            .HistorySince(from, LinesRead, run: null, pipeline: null)
            .Reverse()
            .Select(line => (Line: line, Kind: KindOf(line)))
            .Where(each => each.Kind is not null && RunOf(session, runs, each.Line.Run) is { Namespace: null })
            .Take(Most)
            .Select(each => Of(each.Line, each.Kind!, runs[each.Line.Run]!));
        return [.. lines.Concat(Moves(session)).OrderByDescending(line => line.At, StringComparer.Ordinal).Take(Most)];
    }

    private static Run? RunOf(ReadSession session, Dictionary<RunNumber, Run?> runs, RunNumber number)
    {
        if (!runs.TryGetValue(number, out var run))
        {
            runs[number] = run = session.Run(number);
        }

        return run;
    }

    private static string? KindOf(HistoryLine line)
    {
        var entry = line.Entry;
        if (entry.Task is null)
        {
            return entry.From == entry.To ? null
                : entry.To == Names.Of(RunState.Success) ? "success"
                : entry.To == Names.Of(RunState.Failed) ? "failed"
                : entry.To == Names.Of(RunState.Cancelled) ? "cancelled"
                : entry.To == Names.Of(RunState.Queued) && entry.From != Names.Of(TaskState.None) ? "rerun"
                : null;
        }

        return entry.To == Names.Of(TaskState.UpForRetry) ? "retry"
            : entry.To == Names.Of(TaskState.Failed) && entry.From != entry.To
                ? IsOfCheck(entry.Reason) ? "check"
                    : "task"
            : null;
    }

    private static bool IsOfCheck(string? reason) =>
        reason?.Contains($"({Names.Of(Core.Retry.FailureClass.Validation)}: ", StringComparison.Ordinal) ?? false;

    private static ActivityDocument Of(HistoryLine line, string kind, Run run) =>
        new(
            InstantText.Fine(line.Entry.At),
            kind == "task" ? "failed" : kind,
            run.Pipeline.Value,
            run.Number.Value,
            line.Entry.Task?.ToString(),
            run.Partition,
            MessageOf(line, kind),
            kind == "success" && line.Entry.At == run.EndedAt ? (run.EndedAt - run.StartedAt)?.TotalSeconds : null
        );

    private static string MessageOf(HistoryLine line, string kind) =>
        kind switch
        {
            "success" => "ended well",
            "failed" => $"failed: {line.Entry.Reason}",
            "cancelled" => $"was cancelled: {line.Entry.Reason}",
            "rerun" => $"is run again: {line.Entry.Reason}",
            _ => $"{line.Entry.Task}: {line.Entry.Reason}",
        };

    private static IEnumerable<ActivityDocument> Moves(ReadSession session) =>
        session
            .Models()
            .SelectMany(model =>
                session
                    .ModelAliasMoves(model, alias: null, MovesRead)
                    .Select(move =>
                    {
                        var run = move.Run is { } number ? session.Run(number) : null;
                        return new ActivityDocument(
                            InstantText.Fine(move.At),
                            "promotion",
                            run?.Pipeline.Value ?? model,
                            run?.Number.Value,
                            Task: null,
                            run?.Partition,
                            $"made version {move.To} of model {model} its {move.Alias}{(move.From is { } from ? $", after version {from}" : "")}",
                            Seconds: null
                        );
                    })
            );
}
