using System.Text.Json;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>
/// Keeps the rows that checks reject. They go with the output that they were taken from: staged with it, written down in the transaction
/// of its intent, moved to their place in one step after it is published, and recorded in the transaction in which the task succeeds.
/// </summary>
/// <remarks>
/// Their place goes by the slice, as the output's does: what a later run for the same date rejects takes the place of what an earlier one
/// did, and when it rejects nothing, nothing is left. So running again adds nothing twice here either.
/// </remarks>
internal sealed class Quarantine(EngineParts parts, NamesOfRuns names)
{
    /// <summary>Where the rows of an output are staged; the checks write them there.</summary>
    public StagedOutput Stage(LiveAttempt attempt, AttemptContext context, OutputSpec output)
    {
        var staged = Locate(attempt, context, output);
        // After a restart the checks may have been made already, and are not made again.
        if (!Directory.Exists(Path.GetDirectoryName(staged.Path)))
        {
            parts.Staging.Prepare(staged);
        }

        return staged;
    }

    /// <summary>The row for what the checks of an output put aside.</summary>
    public Rejected RowOf(LiveAttempt attempt, AttemptContext context, OutputSpec output, StagedOutput from, DuckDb.Work.RejectedRows rows)
    {
        var staged = Locate(attempt, context, output);
        DurableFiles.SyncTree(staged.Path);
        return Row(attempt, output, staged.Target, staged.Path, from.Target, rows.Rows, rows.Of, rows.Checks);
    }

    private Rejected Row(
        LiveAttempt attempt,
        OutputSpec output,
        string path,
        string stagedPath,
        string outputPath,
        long rows,
        long of,
        IReadOnlyDictionary<string, long> checks
    ) =>
        new(
            Id: 0,
            attempt.Run.Number,
            attempt.Pipeline.Name,
            attempt.Task.Key,
            attempt.Number,
            attempt.Token,
            output.Name,
            attempt.Run.Namespace,
            path,
            stagedPath,
            outputPath,
            SliceOf(attempt.Run),
            RejectedState.Prepared,
            rows,
            of,
            JsonSerializer.Serialize(
                new Dictionary<string, long>(checks, StringComparer.Ordinal),
                EngineJson.Default.DictionaryStringInt64
            ),
            parts.Time.GetUtcNow()
        );

    /// <summary>
    /// After an output was published: moves what was put aside to its place; where nothing was, takes away what an earlier run for the same
    /// slice had left there.
    /// </summary>
    /// <exception cref="IOException">The place refused; it may be asked again.</exception>
    public void Place(LiveAttempt attempt, AttemptContext context, OutputSpec output)
    {
        if (!MayReject(attempt, output))
        {
            return;
        }

        FaultPoints.Hit(FaultPoints.BeforeQuarantine);
        if (Prepared(attempt).FirstOrDefault(row => row.Output == output.Name) is not { } row)
        {
            var left = Locate(attempt, context, output).Target;
            if (File.Exists(left))
            {
                File.Delete(left);
                DurableFiles.SyncDirectory(Path.GetDirectoryName(left)!);
            }
        }
        else if (File.Exists(row.StagedPath))
        {
            var folder = Path.GetDirectoryName(row.Path)!;
            Directory.CreateDirectory(folder);
            DurableFiles.Replace(row.StagedPath, row.Path);
            DurableFiles.SyncDirectory(folder);
        }
        else if (!File.Exists(row.Path))
        {
            // Moved before a crash, or else lost: a task that says that it kept them must not succeed.
            throw new IOException($"the rejected rows are neither at {row.StagedPath} nor at {row.Path}");
        }

        FaultPoints.Hit(FaultPoints.AfterQuarantine);
    }

    /// <summary>
    /// Keeps the rows for which a database refused a load: nothing of it is published, and they are there to be looked at until a later run for the same
    /// slice is published, or refused for others.
    /// </summary>
    /// <returns>The row for them, to be prepared and recorded with the end of the attempt.</returns>
    /// <exception cref="IOException">They cannot be kept.</exception>
    public Rejected Keep(LiveAttempt attempt, AttemptContext context, Publication intent, RefusedRows refused)
    {
        var output = attempt.Node.Outputs.First(output => output.Name == intent.Output);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal) { [((TaskKind.Load)attempt.Node.Kind).Into] = refused.Rows };
        var target = Locate(attempt, context, output).Target;
        var folder = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder);
        DurableFiles.Replace(refused.File, target);
        DurableFiles.SyncDirectory(folder);
        return Row(attempt, output, target, refused.File, intent.Path, refused.Rows, intent.Rows ?? refused.Rows, counts);
    }

    /// <summary>Records what stands where now: rows of outputs that readers see are kept, and take the place of earlier ones; of others nothing was taken.</summary>
    public void Record(WriteSession session, LiveAttempt attempt, AttemptContext context, IReadOnlyList<string> published)
    {
        var outputs = attempt.Node.Outputs.Where(output => MayReject(attempt, output)).ToList();
        if (outputs.Count == 0)
        {
            return;
        }

        var own = Own(session, attempt);
        foreach (var output in outputs.Where(output => published.Contains(output.Name)))
        {
            session.ReplaceRejectedAt(Locate(attempt, context, output).Target);
        }

        foreach (var row in own)
        {
            if (published.Contains(row.Output))
            {
                session.KeepRejected(row.Id);
            }
            else
            {
                session.AbortRejected(row.Id);
            }
        }
    }

    /// <summary>What an attempt has put aside and not recorded as kept yet.</summary>
    public IReadOnlyList<Rejected> Prepared(LiveAttempt attempt) =>
        attempt.Node.Outputs.Any(output => output.HasQuarantine()) ? parts.Store.Read(session => Own(session, attempt)) : [];

    /// <summary>By its checks, or by the database that it is loaded into.</summary>
    private static bool MayReject(LiveAttempt attempt, OutputSpec output) => output.HasQuarantine() || attempt.Node.Kind is TaskKind.Load;

    private static List<Rejected> Own(ReadSession session, LiveAttempt attempt) =>
        [
            .. session
                .RejectedBy(attempt.Run.Number)
                .Where(row => row.Task == attempt.Task.Key && row.Token == attempt.Token && row.State == RejectedState.Prepared),
        ];

    private StagedOutput Locate(LiveAttempt attempt, AttemptContext context, OutputSpec output)
    {
        var field = $"tasks.{context.Node.Name}.outputs.{output.Name}.checks.quarantine";
        var folder = Templates.Render(output.QuarantineFolder(), context.Scope, field);
        var path = Rejects.PathOf(folder, attempt.Pipeline.Name, attempt.Task.Key, output.Name, SliceOf(attempt.Run));
        var target = names.Of(attempt.Pipeline, attempt.Run).TargetOf(path);
        return parts.Staging.Locate(attempt.Ref.Key.Value, $"{output.Name}.rejected", target);
    }

    private static string SliceOf(Run run) =>
        run.Partition.Length > 0 ? run.Partition : run.LogicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HHmmss");
}
