using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Waits for a backfill and shows how it goes: one line for each date that begins or ends.</summary>
internal static class BackfillFollower
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <param name="interrupts">Listens since before the backfill was asked for; null does not wait for its end.</param>
    /// <returns>The exit code: 1 when a date failed or was cancelled.</returns>
    public static async Task<int> FollowAsync(EngineSession engine, long id, BackfillPlan? plan, bool json, Interrupts? interrupts)
    {
        var detach = interrupts is null;
        if (interrupts is not null)
        {
            interrupts.OnFirst(signal => CancelAsync(engine, id, signal));
            try
            {
                await ShowUntilEndAsync(engine, id, json, interrupts.Leaving);
            }
            catch (OperationCanceledException) when (interrupts.Leaving.IsCancellationRequested)
            {
                if (!engine.OwnsEngine || !await engine.HurryAsync(stop => engine.WaitForBackfillAsync(id, stop)))
                {
                    await Console.Error.WriteLineAsync(
                        $"signalbox: left backfill {id} as it is; `signalbox backfill show {id}` looks at it"
                    );
                    return ExitCode.WorkFailed;
                }
            }
        }

        var document = engine.Store.Read(session => BackfillDocument.Read(session, id, plan));
        if (json)
        {
            CliJson.Print(document, CliJson.Default.BackfillDocument);
        }
        else if (detach)
        {
            var when = engine.OwnsEngine ? "is kept; it waits until `signalbox serve` runs" : "is started";
            Console.Out.WriteLine($"backfill {id} {when}; `signalbox backfill show {id}` looks at it");
        }
        else
        {
            Summarise(document);
        }

        return detach || document.State == BackfillWords.Of(BackfillState.Success) ? ExitCode.Done : ExitCode.WorkFailed;
    }

    public static void Summarise(BackfillDocument document)
    {
        var counts = document.Runs.GroupBy(run => run.State).Select(group => $"{group.Count()} {group.Key}").ToList();
        if (document.Skipped.Length > 0)
        {
            counts.Add($"{document.Skipped.Length} skipped");
        }

        Console.Out.WriteLine($"backfill {document.BackfillId} of {document.Pipeline}: {document.State} ({string.Join(", ", counts)})");
        foreach (var failed in document.Runs.Where(run => run.State == BackfillWords.Of(BackfillItemState.Failed)).Take(10))
        {
            Console.Out.WriteLine($"  {Name(failed)} failed: {failed.Reason}; signalbox why {failed.RunNumber}");
        }
    }

    private static string Name(BackfillRunDocument run) => run.Partition.Length > 0 ? run.Partition : run.LogicalDate;

    private static async Task ShowUntilEndAsync(EngineSession engine, long id, bool json, CancellationToken leaving)
    {
        var ended = engine.WaitForBackfillAsync(id, leaving);
        if (json)
        {
            await ended;
            return;
        }

        var seen = new Dictionary<int, BackfillItemState>();
        long? change = null;
        while (!ended.IsCompleted)
        {
            var now = engine.Store.ChangeCounter();
            if (now != change)
            {
                change = now;
                Show();
            }

            await Task.WhenAny(ended, Task.Delay(Pause, CancellationToken.None));
        }

        await ended;
        Show();

        void Show()
        {
            foreach (var item in engine.Store.Read(session => session.BackfillItems(id)))
            {
                if (item.State != BackfillItemState.Pending && (!seen.TryGetValue(item.Ordinal, out var before) || before != item.State))
                {
                    seen[item.Ordinal] = item.State;
                    var name = item.Partition.Length > 0 ? item.Partition : InstantText.Utc(item.LogicalDate);
                    var reason =
                        item.State is BackfillItemState.Failed or BackfillItemState.Skipped && item.Reason is { } why ? $": {why}" : "";
                    Console.Out.WriteLine(
                        $"{TimeProvider.System.GetUtcNow().UtcDateTime:HH:mm:ss}  {name} {BackfillWords.Of(item.State)}{(item.Run is { } run ? $", run {run}" : "")}{reason}"
                    );
                }
            }
        }
    }

    private static async Task CancelAsync(EngineSession engine, long id, string signal)
    {
        var answer = await engine.AskAsync(new Request.CancelBackfill(id, signal), CancellationToken.None);
        await Console.Error.WriteLineAsync($"signalbox: {answer.Message}; {signal} again leaves at once");
    }
}
