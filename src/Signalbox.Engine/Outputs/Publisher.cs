using System.Collections.Immutable;
using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Models;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <summary>
/// Stage, audit, publish, record: what an attempt made becomes visible whole, checked and by the attempt that holds the token, or not at all.
/// </summary>
/// <remarks>
/// The intent (which content, from where, to where) is a row written before anything moves, in a transaction that checks the token. From
/// then on publishing only goes forward: after a crash the same attempt is asked to publish again, finds its intent, and each output's
/// content hash tells whether it already stands at its target. The record is written in the transaction in which the task succeeds.
/// </remarks>
internal sealed partial class Publisher(
    EngineParts parts,
    NamesOfRuns names,
    Auditor auditor,
    Quarantine quarantine,
    VersionChains versions
)
{
    /// <summary>Makes the staging places of an attempt, empty.</summary>
    public ImmutableArray<StagedOutput> Stage(LiveAttempt attempt)
    {
        var staged = Locate(attempt);
        foreach (var output in staged)
        {
            parts.Staging.Prepare(output);
        }

        return staged;
    }

    /// <summary>The staging places of an attempt, with whatever it wrote there.</summary>
    public ImmutableArray<StagedOutput> Locate(LiveAttempt attempt)
    {
        if (attempt.Node.Outputs.IsEmpty)
        {
            return [];
        }

        var run = names.Of(attempt.Pipeline, attempt.Run);
        var scope = run.Scope(
            attempt.Node,
            attempt.Task,
            attempt.Number,
            run.Inputs(attempt.Node, attempt.Task, attempt.Number),
            outputs: null
        );
        return
        [
            .. attempt.Node.Outputs.Select(output =>
            {
                var target = run.TargetOf(Templates.Render(output.Path, scope, $"tasks.{attempt.Node.Name}.outputs.{output.Name}"));
                return parts.Staging.Locate(attempt.Ref.Key.Value, output.Name, target);
            }),
        ];
    }

    /// <summary>Whether the attempt left anything that is read after its end: outputs, a result, metrics.</summary>
    public bool HasReported(LiveAttempt attempt) =>
        !attempt.Node.Outputs.IsEmpty || ReportFiles.OfSuccess.Any(file => File.Exists(Path.Combine(attempt.Ref.Directory, file)));

    /// <summary>Forces to the disk what the attempt left.</summary>
    public void Seal(LiveAttempt attempt, ImmutableArray<StagedOutput> staged)
    {
        foreach (var output in staged.Where(parts.Staging.HasContent))
        {
            parts.Staging.Sync(output);
        }

        foreach (var file in ReportFiles.OfSuccess.Select(file => Path.Combine(attempt.Ref.Directory, file)).Where(File.Exists))
        {
            DurableFiles.SyncFile(file);
        }
    }

    public void Discard(LiveAttempt attempt)
    {
        if (!attempt.Node.Outputs.IsEmpty)
        {
            parts.Staging.Discard(attempt.Ref.Key.Value);
        }
    }

    /// <summary>What the command handed down and measured, and the rows that keep it.</summary>
    /// <exception cref="TaskRefused">It wrote something else than JSON.</exception>
    public (string? Result, Action<WriteSession>? Write) Report(LiveAttempt attempt)
    {
        var result = Reports.ReadResult(Path.Combine(attempt.Ref.Directory, ReportFiles.Result), parts.State);
        var metrics = attempt.Node.Metrics ? Reports.ReadMetrics(Path.Combine(attempt.Ref.Directory, ReportFiles.Metrics)) : [];
        return (
            result,
            metrics.Count == 0
                ? null
                : session =>
                {
                    foreach (var (name, value) in metrics)
                    {
                        session.SaveMetric(attempt.Run.Number, new Metric(attempt.Task.Key, attempt.Number, name, value));
                    }
                }
        );
    }

    /// <summary>Audits and publishes everything an attempt staged.</summary>
    /// <param name="cancellationToken">Stops it as long as nothing has been decided; a publication that has begun is finished.</param>
    /// <returns>The outcome of the attempt, and the rows that belong to it.</returns>
    public async Task<(Outcome Outcome, Action<WriteSession>? Write)> PublishAsync(
        LiveAttempt attempt,
        AttemptContext context,
        CancellationToken cancellationToken
    )
    {
        var (result, reported) = Report(attempt);
        // All that a user can have got wrong is found before anything is decided, and never in the middle of a transaction.
        var models = ModelsOf(attempt, context);
        var intents = Intents(attempt);
        var isAgain = intents.Count > 0;
        if (!isAgain)
        {
            var audits = new List<(OutputSpec Output, StagedOutput Staged, Audit Audit)>();
            foreach (var (output, staged) in Made(attempt, context))
            {
                audits.Add((output, staged, await auditor.AuditAsync(attempt, context, output, staged, cancellationToken)));
            }

            var checks = audits.SelectMany(audit => audit.Audit.Checks).ToList();
            void SaveChecks(WriteSession session) => Save(session, attempt, checks);
            if (Refusal(checks, failed => $"output `{failed.Output}` was not published: {failed.Message}") is { } failure)
            {
                return (new Outcome.Failed(failure), SaveChecks);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var rejected = audits
                .Where(audit => audit.Audit.Rejected is not null)
                .Select(audit => quarantine.RowOf(attempt, context, audit.Output, audit.Staged, audit.Audit.Rejected!))
                .ToList();
            var wanted = audits.ConvertAll(audit => Intent(attempt, context, audit.Output, audit.Staged, audit.Audit));
            FaultPoints.Hit(FaultPoints.BeforeIntent);
            await PrepareAsync(
                attempt,
                wanted,
                session =>
                {
                    SaveChecks(session);
                    rejected.ForEach(session.PrepareRejected);
                }
            );
            FaultPoints.Hit(FaultPoints.AfterIntent);
            intents = Intents(attempt);
        }

        var note = NoteOf(attempt);
        for (var done = 0; done < intents.Count; done++)
        {
            try
            {
                var output = attempt.Node.Outputs.First(output => output.Name == intents[done].Output);
                await versions.PublishAsync(intents[done], output, isAgain);
                quarantine.Place(attempt, context, output);
            }
            catch (Exception problem) when (problem is not (StoreUnavailable or OperationCanceledException))
            {
                await versions.GiveUpAsync(intents[done..]);
                var (failed, refused) = Refused(attempt, context, intents[done], problem);
                return (
                    new Outcome.Failed(failed),
                    session =>
                    {
                        if (refused is not null)
                        {
                            session.PrepareRejected(refused);
                        }

                        var visible = intents.Where(intent => session.WasCurrent(intent.Id)).Select(intent => intent.Output).ToList();
                        GiveUp(session, intents, problem.Message);
                        quarantine.Record(session, attempt, context, refused is null ? visible : [.. visible, refused.Output]);
                        if (problem is PlaceException { Class: FailureClass.Lost })
                        {
                            session.AddRefusalOf(RefusalOf(attempt, problem.Message));
                        }
                    }
                );
            }
        }

        return (
            new Outcome.Succeeded(result) { Note = note },
            session =>
            {
                Record(session, attempt, models, intents, reported);
                quarantine.Record(session, attempt, context, [.. intents.Select(intent => intent.Output)]);
            }
        );
    }

    /// <summary>What this attempt has decided to publish, and not yet recorded as published.</summary>
    private List<Publication> Intents(LiveAttempt attempt) =>
        [
            .. parts
                .Store.Read(session => session.Publications(attempt.Run.Number))
                .Where(row => row.Task == attempt.Task.Key && row.Token == attempt.Token && row.State == PublicationState.Prepared),
        ];

    /// <summary>The outputs that were made; a declared one that was not, and is not optional, is a failure.</summary>
    private IEnumerable<(OutputSpec Output, StagedOutput Staged)> Made(LiveAttempt attempt, AttemptContext context)
    {
        for (var i = 0; i < context.Outputs.Length; i++)
        {
            var (output, staged) = (attempt.Node.Outputs[i], context.Outputs[i]);
            if (parts.Staging.HasContent(staged))
            {
                yield return (output, staged);
            }
            else if (!output.Optional)
            {
                throw TaskRefused.Because(
                    FailureClass.Validation,
                    $"the command succeeded but did not write its output `{output.Name}`: write it to "
                        + $"{{{{ outputs.{output.Name} }}}} (${Core.TaskEnvironment.Output(output.Name)}), or declare it `optional: true`",
                    "missing output"
                );
            }
        }
    }

    private Publication Intent(LiveAttempt attempt, AttemptContext context, OutputSpec output, StagedOutput staged, Audit audit)
    {
        var content = parts.Staging.Seal(staged);
        if (TableTarget.IsTable(staged.Target))
        {
            // What is staged here is the receipt of rows that wait in the database.
            var receipt = LoadReceipt.Read(staged.Path);
            content = new ContentHash(receipt.Sha256, receipt.Bytes, Files: 0);
            audit = audit with { Rows = receipt.Rows, Columns = receipt.ColumnsJson() };
        }

        return new Publication(
            Id: 0,
            attempt.Run.Number,
            attempt.Pipeline.Name,
            attempt.Task.Key,
            attempt.Number,
            attempt.Token,
            output.Name,
            output.Dataset is { } dataset
                ? context.Render(dataset, $"outputs.{output.Name}.dataset")
                : $"{attempt.Pipeline.Name}.{attempt.Node.Name}.{output.Name}",
            staged.Target,
            staged.Path,
            PartitionOf(attempt, context, output),
            parts.Places.Of(staged.Target).KindOf(staged),
            PublicationState.Prepared,
            content.Sha256,
            content.Bytes,
            audit.Rows,
            audit.Columns,
            attempt.Run.Version,
            parts.Time.GetUtcNow(),
            Namespace: attempt.Run.Namespace,
            Inputs: InputsOf(attempt, context)
        );
    }

    /// <summary>The partition of the run, and of a cell its keys.</summary>
    private static string PartitionOf(LiveAttempt attempt, AttemptContext context, OutputSpec output)
    {
        if (output.Keys.IsEmpty)
        {
            return attempt.Run.Partition;
        }

        var keys = attempt.Pipeline.Dimensions.Select(dimension =>
        {
            var key = context.Render(output.Keys[dimension.Name], $"outputs.{output.Name}.keys.{dimension.Name}");
            return dimension.Keys.Contains(key)
                ? key
                : throw TaskRefused.Because(
                    FailureClass.Permanent,
                    $"tasks.{attempt.Node.Name}.outputs.{output.Name}.keys.{dimension.Name}: `{key}` is none of {string.Join(", ", dimension.Keys.Take(10))}",
                    "partition"
                );
        });
        return PartitionCells.Key(attempt.Run.Partition, string.Join(PartitionCells.Separator, keys));
    }

    /// <summary>A place refused: what is visible is recorded as that, and the rest as never published.</summary>
    private void GiveUp(WriteSession session, List<Publication> intents, string reason)
    {
        var now = parts.Time.GetUtcNow();
        foreach (var intent in intents)
        {
            if (session.WasCurrent(intent.Id))
            {
                session.MarkPublished(intent.Id, now);
            }
            else
            {
                session.AbortPublication(intent.Id, reason, now);
            }
        }
    }

    private void Record(
        WriteSession session,
        LiveAttempt attempt,
        Dictionary<string, (string Name, string Metrics)> models,
        List<Publication> intents,
        Action<WriteSession>? reported
    )
    {
        reported?.Invoke(session);
        var now = parts.Time.GetUtcNow();
        foreach (var intent in intents)
        {
            session.MarkPublished(intent.Id, now);
            Announce(session, attempt, intent, now);
            if (intent.Namespace is null && models.TryGetValue(intent.Output, out var model))
            {
                var version = session.AddModelVersion(
                    new ModelVersion(
                        model.Name,
                        Version: 0,
                        attempt.Run.Number,
                        attempt.Task.Key,
                        intent.Output,
                        ModelContents.PathOf(parts.State, intent),
                        intent.Sha256!,
                        model.Metrics,
                        attempt.Run.Version,
                        intent.Inputs,
                        intent.Path,
                        now
                    )
                );
                if (attempt.Node.Outputs.First(output => output.Name == intent.Output).Registry is { } registry)
                {
                    ModelNews.TellVersion(session, registry, model.Name, version, now);
                }
            }
        }
    }

    /// <summary>By the output: the model that it is a version of, and what was measured of it.</summary>
    private Dictionary<string, (string Name, string Metrics)> ModelsOf(LiveAttempt attempt, AttemptContext context)
    {
        var models = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        foreach (var output in attempt.Node.Outputs)
        {
            if (output.Registry is { } registry && ModelNews.Problem(parts.Project, registry) is { } problem)
            {
                throw TaskRefused.Because(
                    FailureClass.Permanent,
                    $"tasks.{attempt.Node.Name}.outputs.{output.Name}.registry: {problem}",
                    "registry"
                );
            }

            if (output.Model is { } model)
            {
                models[output.Name] = (context.Render(model, $"outputs.{output.Name}.model"), MetricsJson(attempt));
            }
        }

        return models;
    }

    private static string MetricsJson(LiveAttempt attempt)
    {
        var file = Path.Combine(attempt.Ref.Directory, ReportFiles.Metrics);
        var metrics = Reports.ReadMetrics(file).ToDictionary(metric => metric.Key, metric => metric.Value, StringComparer.Ordinal);
        return JsonSerializer.Serialize(metrics, EngineJson.Default.DictionaryStringDouble);
    }
}
