using System.Collections.Immutable;
using System.Security.Cryptography;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>How a run of one sample date ended.</summary>
/// <param name="Date">The slice, as people name it.</param>
/// <param name="Problem">Why it did not succeed; null when it did.</param>
/// <param name="Outputs">What it published apart, by the names of the datasets.</param>
public sealed record TriedDate(string Date, string Why, RunNumber Run, string? Problem, ImmutableArray<string> Outputs);

/// <summary>Runs a pipeline for dates that it was not run for, apart from the live outputs: can it run for any date of history?</summary>
public sealed class DateMatrix(EngineSession engine)
{
    /// <summary>Runs the dates one after the other, each in the same copy of the project, whose outputs are removed at the end.</summary>
    /// <param name="told">Called after each date.</param>
    /// <exception cref="ProofRefused">A run cannot be started.</exception>
    public async Task<ImmutableArray<TriedDate>> RunAsync(
        Pipeline pipeline,
        VersionHash version,
        IReadOnlyList<(string Date, string Why)> dates,
        string parameters,
        Action<TriedDate>? told,
        CancellationToken cancellationToken
    )
    {
        var space = new RunNamespace(RunNamespace.VerifyPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
        var work = new Workplace(engine.Project, space);
        var tried = ImmutableArray.CreateBuilder<TriedDate>(dates.Count);
        try
        {
            ProjectCopy.Make(engine.Project.Folder, work.Folder);
            foreach (var (date, why) in dates)
            {
                var run = await Trials.RunAsync(
                    engine,
                    new Request.StartRun(
                        pipeline.Name.Value,
                        version.Value,
                        date,
                        parameters,
                        RunId: null,
                        $"test: {why}",
                        space.Value,
                        [],
                        new TrialConditions(work.Folder, 0, null, 0, 0).ToJson()
                    ),
                    cancellationToken,
                    number => work.Runs.Add(new RunNumber(number))
                );
                var outputs = engine.Store.Read(session => session.Publications(run.Number));
                tried.Add(
                    new TriedDate(
                        date,
                        why,
                        run.Number,
                        run.State == RunState.Success ? null : Trials.Reason(engine.Store, run),
                        [.. outputs.Where(row => row.State == PublicationState.Published).Select(row => $"{row.Task}.{row.Output}")]
                    )
                );
                told?.Invoke(tried[^1]);
            }
        }
        finally
        {
            await work.RemoveAsync(engine.Store);
        }

        return tried.DrainToImmutable();
    }
}
