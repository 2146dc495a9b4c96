using System.Collections.Immutable;
using System.Security.Cryptography;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Proving;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>What a fresh run of one date showed.</summary>
/// <param name="Date">The slice, as people name it.</param>
/// <param name="Problem">Why nothing was compared; null when it was.</param>
/// <param name="Outputs">The live version as the first, that of the fresh run as the second.</param>
public sealed record ComparedDate(string Date, RunNumber Run, string? Problem, ImmutableArray<ComparedOutput> Outputs)
{
    public bool Same => Problem is null && Outputs.All(output => output.Same);
}

/// <summary>Proves that what stands is what a fresh run makes: runs dates again, apart from the live outputs, and compares with the live versions.</summary>
public sealed class FreshComparison(EngineSession engine, ImmutableArray<string> worker)
{
    /// <summary>Runs the dates one after the other, in their order, in one namespace.</summary>
    /// <param name="told">Called after each date.</param>
    /// <exception cref="ProofRefused">A run cannot be started.</exception>
    public async Task<ImmutableArray<ComparedDate>> RunAsync(
        Pipeline pipeline,
        VersionHash version,
        IReadOnlyList<string> dates,
        string parameters,
        Action<ComparedDate>? told,
        CancellationToken cancellationToken
    )
    {
        var space = new RunNamespace(RunNamespace.VerifyPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
        var work = new Workplace(engine.Project, space);
        var compared = ImmutableArray.CreateBuilder<ComparedDate>(dates.Count);
        try
        {
            ProjectCopy.Make(engine.Project.Folder, work.Folder);
            foreach (var date in dates)
            {
                var run = await Trials.RunAsync(
                    engine,
                    new Request.StartRun(
                        pipeline.Name.Value,
                        version.Value,
                        date,
                        parameters,
                        RunId: null,
                        "backfill compare",
                        space.Value,
                        [],
                        new TrialConditions(work.Folder, 0, null, 0, 0).ToJson()
                    ),
                    cancellationToken,
                    number => work.Runs.Add(new RunNumber(number))
                );
                compared.Add(
                    run.State == RunState.Success
                        ? new ComparedDate(date, run.Number, null, await CompareAsync(pipeline, work, run, cancellationToken))
                        : new ComparedDate(date, run.Number, $"the fresh run did not succeed: {Trials.Reason(engine.Store, run)}", [])
                );
                told?.Invoke(compared[^1]);
            }
        }
        finally
        {
            await work.RemoveAsync(engine.Store);
        }

        return compared.DrainToImmutable();
    }

    private async Task<ImmutableArray<ComparedOutput>> CompareAsync(
        Pipeline pipeline,
        Workplace work,
        Run run,
        CancellationToken cancellationToken
    )
    {
        var comparer = new ContentComparer(worker, work.Scratch);
        var results = ImmutableArray.CreateBuilder<ComparedOutput>();
        foreach (
            var row in engine.Store.Read(session => session.Publications(run.Number)).Where(row => row.State == PublicationState.Published)
        )
        {
            var live = work.LivePath(row.Path);
            var output = pipeline
                .Tasks.First(task => task.Name == row.Task.Task)
                .Outputs.FirstOrDefault(output => output.Name == row.Output);
            var current = engine.Store.Read(session => session.PublicationAt(live));
            if (Outputs.Targets.IsAddress(row.Path))
            {
                results.Add(ByRecord(row, live, current));
                continue;
            }

            var found = await comparer.CompareAsync(
                row.Task.ToString(),
                row.Output,
                work.Live(row.Path),
                Path.Exists(live) ? live : null,
                row.Path,
                output?.Idempotency,
                new Sighted(),
                cancellationToken
            );
            results.Add(
                found with
                {
                    Message =
                        found.First is null ? "there is no live version"
                        : found.First.Sha256 == found.Second?.Sha256 ? "the live version is what a fresh run makes"
                        : found.Same ? "the live version is what a fresh run makes, by what counts"
                        : $"the live version{(current is null ? "" : $" (run {current.Run}, version {current.Version})")} is not what a fresh run makes: "
                            + $"{Content(found.First)} live, {Content(found.Second)} fresh",
                    Cause = null,
                    Evidence = null,
                }
            );
        }

        return results.ToImmutable();
    }

    private static ComparedOutput ByRecord(Publication row, string live, Publication? current)
    {
        var same = current?.Sha256 == row.Sha256;
        return new ComparedOutput(
            row.Task.ToString(),
            row.Output,
            live,
            current is null ? null : new ContentSeen(current.Sha256 ?? "", current.Bytes ?? 0, current.Rows),
            new ContentSeen(row.Sha256 ?? "", row.Bytes ?? 0, row.Rows),
            same,
            current is null ? "there is no live version"
                : same ? "the live version is what a fresh run makes"
                : $"the live version (run {current.Run}, version {current.Version}) is not what a fresh run makes",
            null,
            null,
            null,
            []
        );
    }

    private static string Content(ContentSeen? seen) =>
        seen is null ? "nothing"
        : seen.Rows is { } rows ? $"{rows} rows"
        : $"{seen.Bytes} bytes";
}
