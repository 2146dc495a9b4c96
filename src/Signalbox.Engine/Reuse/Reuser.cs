using System.Collections.Immutable;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Core.Reuse;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Reuse;

/// <summary>A fingerprint between the start of an attempt and its success; a file in the attempt's folder, so that a restart does not lose it.</summary>
/// <param name="Parts">As <see cref="Fingerprint.Parts"/>.</param>
/// <param name="Paths">Where each input lay.</param>
/// <param name="Note">Why the task had to run.</param>
internal sealed record PendingFingerprint(Dictionary<string, string> Parts, Dictionary<string, string> Paths, string Note);

/// <summary>An earlier success whose outputs stand for those of a task.</summary>
internal sealed record ReuseHit(Outcome Outcome, Action<WriteSession> Write);

/// <summary>Leaves tasks with <c>reuse: true</c> out whose result is there already, and says of the others why they had to run.</summary>
/// <remarks>
/// What decides is the fingerprint: everything the result depends on as far as it is declared. It is taken when an attempt starts, for later
/// its inputs may be others, and kept when the attempt succeeds. A re-run of a task, by hand or as a retry, always runs.
/// </remarks>
internal sealed class Reuser(EngineParts parts, NamesOfRuns names)
{
    private const string File = "fingerprint.json";

    /// <summary>The earlier success that stands for this attempt; null: it has to run.</summary>
    public async Task<ReuseHit?> LookAsync(LiveAttempt attempt, AttemptContext context)
    {
        if (attempt.Number > 1 || attempt.Run.Namespace is not null || !FingerprintMaker.Covers(attempt.Node.Kind))
        {
            return null;
        }

        Fingerprint fingerprint;
        ImmutableSortedDictionary<string, string> paths;
        try
        {
            (fingerprint, paths) = await new FingerprintMaker(parts, names).MakeAsync(attempt, context);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw TaskRefused.Because(FailureClass.Permanent, $"what the task depends on cannot be read: {unreadable.Message}", "reuse");
        }

        var (hit, why) = parts.Store.Read(session => Find(session, attempt, fingerprint, paths));
        if (hit is null)
        {
            var pending = new PendingFingerprint(
                fingerprint.Parts.ToDictionary(StringComparer.Ordinal),
                paths.ToDictionary(StringComparer.Ordinal),
                $"{ReuseNote.Miss}: {why}"
            );
            await System.IO.File.WriteAllTextAsync(
                context.ReportFile(File),
                JsonSerializer.Serialize(pending, EngineJson.Default.PendingFingerprint)
            );
        }

        return hit;
    }

    /// <summary>The outcome of an attempt with why it had to run, and its fingerprint among what is written with it.</summary>
    public Outcome Noted(LiveAttempt attempt, Outcome outcome, ref Action<WriteSession>? write)
    {
        var file = Path.Combine(attempt.Ref.Directory, File);
        if (!attempt.Node.Reuse || outcome is not Outcome.Succeeded done || !System.IO.File.Exists(file))
        {
            return outcome;
        }

        var pending = JsonSerializer.Deserialize(System.IO.File.ReadAllText(file), EngineJson.Default.PendingFingerprint)!;
        var fingerprint = new Fingerprint(pending.Parts.ToImmutableSortedDictionary(StringComparer.Ordinal));
        var before = write;
        write = session =>
        {
            before?.Invoke(session);
            session.SaveFingerprint(Row(attempt, fingerprint, pending.Paths, attempt.Run.Number, done.Result));
        };
        return done with { Note = done.Note is { } note ? $"{pending.Note}; {note}" : pending.Note };
    }

    private (ReuseHit? Hit, string Why) Find(
        ReadSession session,
        LiveAttempt attempt,
        Fingerprint fingerprint,
        ImmutableSortedDictionary<string, string> paths
    )
    {
        if (session.Fingerprint(attempt.Pipeline.Name, attempt.Task.Key, fingerprint.Hash) is not { } known)
        {
            var earlier = session.LatestFingerprint(attempt.Pipeline.Name, attempt.Task.Key, attempt.Run.Partition);
            return (
                null,
                earlier is null ? "it never succeeded before" : $"{fingerprint.Against(Read(earlier))} since run {earlier.Source}"
            );
        }

        var made = session
            .Publications(known.Source)
            .Where(row => row.Task == attempt.Task.Key && row.State == PublicationState.Published)
            .ToList();
        if (attempt.Node.Outputs.Any(output => !output.Optional && made.TrueForAll(row => row.Output != output.Name)))
        {
            return (null, $"run {known.Source} did not publish all that is declared");
        }

        foreach (var row in made)
        {
            if (NotThere(session, row) is { } problem)
            {
                return (null, $"the output `{row.Output}` of run {known.Source} {problem}");
            }
        }

        var note = $"{ReuseNote.Hit}: nothing it depends on changed since run {known.Source}, whose outputs stand";
        var metrics = session.Metrics(known.Source).Where(metric => metric.Task == attempt.Task.Key).ToList();
        return (
            new ReuseHit(
                new Outcome.Succeeded(known.Result) { Note = note },
                write =>
                {
                    write.SaveFingerprint(Row(attempt, fingerprint, paths, known.Source, known.Result));
                    foreach (var metric in metrics.Where(metric => metric.Attempt == metrics.Max(one => one.Attempt)))
                    {
                        write.SaveMetric(attempt.Run.Number, metric with { Attempt = attempt.Number });
                    }
                }
            ),
            ""
        );
    }

    /// <summary>Why a publication no longer stands; null when readers still find it.</summary>
    internal static string? NotThere(ReadSession session, Publication row)
    {
        if (session.PublicationAt(row.Path) is not { } current || current.Sha256 != row.Sha256)
        {
            return "was replaced";
        }

        return Targets.IsAddress(row.Path) ? null
            : !Path.Exists(row.Path) ? "is gone"
            : ContentHash.Of(row.Path).Sha256 != row.Sha256 ? "was changed by somebody"
            : null;
    }

    internal static Fingerprint Read(StoredFingerprint stored) =>
        new(
            (JsonSerializer.Deserialize(stored.Parts, EngineJson.Default.DictionaryStringString) ?? []).ToImmutableSortedDictionary(
                StringComparer.Ordinal
            )
        );

    private StoredFingerprint Row(
        LiveAttempt attempt,
        Fingerprint fingerprint,
        IReadOnlyDictionary<string, string> paths,
        RunNumber source,
        string? result
    ) =>
        new(
            attempt.Run.Number,
            attempt.Task.Key,
            attempt.Pipeline.Name,
            attempt.Run.Partition,
            source,
            fingerprint.Hash,
            JsonSerializer.Serialize(fingerprint.Parts.ToDictionary(StringComparer.Ordinal), EngineJson.Default.DictionaryStringString),
            JsonSerializer.Serialize(paths.ToDictionary(StringComparer.Ordinal), EngineJson.Default.DictionaryStringString),
            result,
            parts.Time.GetUtcNow()
        );
}
