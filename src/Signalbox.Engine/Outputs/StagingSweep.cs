using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Processes;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>
/// Wipes what attempts left staged that are over, everywhere; and finds the attempts that were declared lost and came to an end after all, to
/// record that nothing of them was published.
/// </summary>
internal sealed class StagingSweep(EngineParts parts, AttemptRunner attempts)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    // An attempt that was declared lost longer ago is not looked for any more.
    private static readonly TimeSpan LatestReturn = TimeSpan.FromDays(7);

    /// <summary>Told of what people who watch the server should see.</summary>
    public event Action<string>? Said;

    /// <summary>Sweeps now, and again so often that nothing stays longer than the project's time to live.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        var pause = parts.Project.StagingTtl / 2;
        while (true)
        {
            await SweepAsync(stop);
            await Task.Delay(pause < LongestPause ? pause : LongestPause, parts.Time, stop);
        }
    }

    /// <summary>Wipes what is over on this machine.</summary>
    public void SweepHere()
    {
        // Listed first and looked up after it: the row of an attempt is there before anything is staged for it.
        foreach (var key in parts.Staging.Staged().ToList().Where(key => IsOver(key) || IsOfEarlierIncarnation(key)))
        {
            try
            {
                parts.Staging.Discard(key);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                Said?.Invoke($"{key}: its staging place cannot be wiped: {problem.Message}");
            }
        }
    }

    private async Task SweepAsync(CancellationToken stop)
    {
        await RefuseLateAsync(stop);
        SweepHere();
        // What is over stays over; what is not is looked up anew each time.
        var over = new HashSet<string>(StringComparer.Ordinal);
        foreach (var place in parts.Places.All)
        {
            try
            {
                await place.SweepAsync(key => over.Contains(key) || (IsOver(key) && over.Add(key)), stop);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                // A place that cannot be reached now is swept the next time.
                Said?.Invoke($"what attempts left staged cannot be wiped: {problem.Message}");
            }
        }
    }

    private bool IsOver(string key) => AttemptKeys.RunOf(parts.Lineage, key) is { } run && !attempts.IsLive(key) && !IsUnderWay(run, key);

    /// <summary>Whether it was staged before the database was put back to an earlier state, on this machine, and nothing of it is being published.</summary>
    private bool IsOfEarlierIncarnation(string key) =>
        key.StartsWith(parts.Instance + "-", StringComparison.Ordinal)
        && AttemptKeys.RunOf(parts.Lineage, key) is null
        && !parts.Store.Read(session => session.UnfinishedPublications()).Any(each => Staging.AttemptOf(each.StagedPath) == key);

    private bool IsUnderWay(RunNumber number, string key)
    {
        try
        {
            return parts.Store.Read(session => IsUnderWay(session, number, key));
        }
        catch (Exception problem) when (problem is not StoreUnavailable)
        {
            return true; // the rows of the run cannot be read: nobody knows, so nothing is wiped
        }
    }

    private bool IsUnderWay(ReadSession session, RunNumber number, string key)
    {
        if (session.Run(number) is not { } run || run.State.IsEnd())
        {
            return false;
        }

        var tasks = session.Definition(run.Pipeline, run.Version)!.Pipeline.Tasks;
        return session
            .Attempts(number)
            .Any(attempt =>
                !attempt.State.IsEnd()
                && tasks.IndexOf(tasks.First(node => node.Name == attempt.Key.Task)) is var position
                && AttemptKeys.Of(parts.Lineage, number, position, attempt.Key.MapIndex, attempt.Number).Value == key
            );
    }

    /// <summary>Records the attempts that ended after they had been declared lost.</summary>
    private async Task RefuseLateAsync(CancellationToken stop)
    {
        var since = parts.Time.GetUtcNow() - LatestReturn;
        foreach (var (run, lost) in parts.Store.Read(session => session.AttemptsLostSince(since)))
        {
            var record = Path.Combine(parts.State.Attempt(run, lost.Key, lost.Number), AttemptFiles.Exit);
            if (ExitRecord.Read(record) is not { ExitCode: { } code } || !Publishes(run, lost.Key))
            {
                continue;
            }

            var reason =
                $"it was declared lost at {lost.EndedAt:yyyy-MM-dd HH:mm:ss}Z, and ended with exit code {code} at {File.GetLastWriteTimeUtc(record):yyyy-MM-dd HH:mm:ss}Z: "
                + "another attempt counts, and nothing of this one is published";
            var refusal = new Refusal(run, lost.Key, lost.Number, lost.Token, reason, parts.Time.GetUtcNow());
            if (await parts.Store.WriteAsync(session => session.AddRefusalOf(refusal), stop))
            {
                Said?.Invoke($"run {run}, {lost.Key}, attempt {lost.Number}: {reason}");
            }
        }
    }

    private bool Publishes(RunNumber number, TaskKey key) =>
        parts.Store.Read(session =>
            session.Run(number) is { } run
            && session.DefinitionIfReadable(run.Pipeline, run.Version)?.Pipeline.Tasks.First(node => node.Name == key.Task)
                is { Outputs.Length: > 0 }
        );
}
