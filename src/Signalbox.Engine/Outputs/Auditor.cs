using System.Collections.Immutable;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Logs;

namespace Signalbox.Engine.Outputs;

/// <summary>What an audit found about one staged output.</summary>
/// <param name="Rows">Rows that are to be published, where the output is a data file.</param>
/// <param name="Columns">JSON list of columns with their types, where the output is a data file.</param>
/// <param name="Rejected">Rows that were put aside; null for none.</param>
internal sealed record Audit(ImmutableArray<AuditedCheck> Checks, long? Rows, string? Columns, RejectedRows? Rejected);

/// <summary>One check with what it saw.</summary>
/// <param name="Output">The output; an input as <c>inputs.NAME</c>.</param>
/// <param name="Samples">JSON list of offending rows.</param>
/// <param name="Ran">False where the check could not be made.</param>
internal sealed record AuditedCheck(
    string Output,
    string Name,
    string Kind,
    CheckSeverity Severity,
    bool Passed,
    string? Observed,
    string? Expected,
    string Message,
    string? Samples,
    bool Ran = true
)
{
    /// <summary>Whether nothing may go on. Rows that could not be told apart could not be put aside either.</summary>
    public bool Blocks => !Passed && (Severity == CheckSeverity.Block || (Severity == CheckSeverity.Quarantine && !Ran));
}

/// <summary>What is looked at: a staged output before it is published, or an input before it is read.</summary>
/// <param name="Name">The output; an input as <c>inputs.NAME</c>.</param>
/// <param name="Field">Where its checks stand in the pipeline.</param>
/// <param name="Path">The data, absolute.</param>
/// <param name="Target">Where readers find it: of an output, where it is going to be published.</param>
/// <param name="Dataset">What it is a version of; null for an input that this installation did not make.</param>
/// <param name="Position">A number that tells it from others of the attempt.</param>
internal sealed record AuditSubject(
    string Name,
    string Field,
    string Path,
    string Target,
    string? Dataset,
    ImmutableArray<CheckSpec> Checks,
    int Position
);

/// <summary>Runs the checks of an output on what is staged, and those of inputs. Data is read by DuckDB in a child process, never here.</summary>
internal sealed class Auditor(EngineParts parts, ChildWork children, Quarantine quarantine)
{
    /// <summary>Looks at a staged output; rows that are to be put into quarantine are no longer in it afterwards.</summary>
    /// <exception cref="TaskRefused">The checks could not be made.</exception>
    public async Task<Audit> AuditAsync(
        LiveAttempt attempt,
        AttemptContext context,
        OutputSpec output,
        StagedOutput staged,
        CancellationToken cancellationToken
    )
    {
        var field = $"tasks.{context.Node.Name}.outputs.{output.Name}";
        var subject = new AuditSubject(
            output.Name,
            $"{field}.checks",
            staged.Path,
            staged.Target,
            output.Dataset is { } dataset
                ? Templates.Render(dataset, context.Scope, $"{field}.dataset")
                : $"{attempt.Pipeline.Name}.{attempt.Node.Name}.{output.Name}",
            output.Checks,
            attempt.Node.Outputs.IndexOf(output)
        );
        var aside = output.HasQuarantine() ? quarantine.Stage(attempt, context, output) : null;
        return await AuditAsync(
            attempt,
            context,
            subject,
            isDescribed: output.Dataset is not null && IsData(staged),
            aside is null ? null : new RejectsRequest(aside.Path, attempt.Run.Number.Value),
            cancellationToken
        );
    }

    /// <summary>Looks at the inputs of a task before its work starts.</summary>
    /// <exception cref="TaskRefused">The checks could not be made.</exception>
    public async Task<ImmutableArray<AuditedCheck>> AuditInputsAsync(
        LiveAttempt attempt,
        AttemptContext context,
        CancellationToken cancellationToken
    )
    {
        var found = ImmutableArray.CreateBuilder<AuditedCheck>();
        var position = attempt.Node.Outputs.Length;
        foreach (var (input, checks) in attempt.Node.InputChecks)
        {
            var path = context.Fetched.GetValueOrDefault(input, context.Inputs[input]);
            if (Targets.IsAddress(path))
            {
                throw TaskRefused.Because(
                    FailureClass.Permanent,
                    $"tasks.{context.Node.Name}.inputs.{input}: checks read files of this machine, and the input is {path}",
                    "check"
                );
            }

            var subject = new AuditSubject(
                $"inputs.{input}",
                $"tasks.{context.Node.Name}.inputs.{input}.checks",
                path,
                path.TrimEnd('/'),
                parts.Store.Read(session => session.PublicationAt(path.TrimEnd('/')))?.Dataset,
                checks,
                position++
            );
            found.AddRange((await AuditAsync(attempt, context, subject, isDescribed: false, rejects: null, cancellationToken)).Checks);
        }

        return found.ToImmutable();
    }

    private async Task<Audit> AuditAsync(
        LiveAttempt attempt,
        AttemptContext context,
        AuditSubject subject,
        bool isDescribed,
        RejectsRequest? rejects,
        CancellationToken cancellationToken
    )
    {
        var scope = new LayeredScope(new Value.Map([new("staged", Value.Of(subject.Path))]), context.Scope);
        var results = new AuditedCheck[subject.Checks.Length];
        var questions = new List<(int Place, Check Check)>(results.Length);
        var asking = new AuditQuestions(parts.Store, context, subject, scope);
        for (var i = 0; i < results.Length; i++)
        {
            if (subject.Checks[i] is not CheckSpec.Command)
            {
                questions.Add((i, asking.Of(subject.Checks[i], $"{subject.Field}[{i}]")));
            }
        }

        ChecksResponse? answer = null;
        if (questions.Count > 0 || isDescribed)
        {
            var request = new ChecksRequest
            {
                Path = subject.Path,
                Checks = [.. questions.Select(question => question.Check)],
                Rejects = rejects,
            };
            answer = await AskAsync(attempt, subject, request, cancellationToken);
            for (var i = 0; i < questions.Count; i++)
            {
                results[questions[i].Place] = Audited(subject, answer.Checks[i]);
            }
        }

        // Commands look at what is going to be published: rows that were rejected are out by now.
        for (var i = 0; i < results.Length; i++)
        {
            if (subject.Checks[i] is CheckSpec.Command command)
            {
                results[i] = await RunAsync(attempt, context, subject, command, i, scope, cancellationToken);
            }
        }

        var source = answer?.Source is { Error: null } described ? described : null;
        var columns = source?.Columns.ToDictionary(column => column.Name, column => column.Type, StringComparer.Ordinal);
        return new Audit(
            ImmutableArray.Create(results),
            source?.Rows,
            columns is null ? null : JsonSerializer.Serialize(columns, EngineJson.Default.DictionaryStringString),
            answer?.Rejected
        );
    }

    private async Task<ChecksResponse> AskAsync(
        LiveAttempt attempt,
        AuditSubject subject,
        ChecksRequest request,
        CancellationToken cancellationToken
    )
    {
        var folder = Path.Combine(attempt.Ref.Directory, $"audit-{subject.Name}");
        Directory.CreateDirectory(folder);
        var asked = Path.Combine(folder, "request.json");
        var answered = Path.Combine(folder, "response.json");
        WorkFiles.WriteRequest(asked, request with { TempDirectory = folder });
        var key = AttemptKey.Of($"{attempt.Ref.Key}-q{subject.Position}");
        var command = new CommandSpec.Arguments([.. parts.WorkerCommand, asked, answered]);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TZ"] = "UTC", ["HOME"] = folder };
        var seen = await children.RunAsync(key, folder, parts.Project.Folder, command, environment, cancellationToken);
        if (seen.Phase == Phase.Succeeded && File.Exists(answered))
        {
            return (ChecksResponse)WorkFiles.ReadResponse(answered);
        }

        throw new TaskRefused(((Core.Runs.Outcome.Failed)Endings.Of(folder, seen, [], seen.EndedAt ?? parts.Time.GetUtcNow())).Failure);
    }

    private async Task<AuditedCheck> RunAsync(
        LiveAttempt attempt,
        AttemptContext context,
        AuditSubject subject,
        CheckSpec.Command check,
        int index,
        IScope scope,
        CancellationToken cancellationToken
    )
    {
        var field = $"{subject.Field}[{index}].run";
        var text = Templates.Value(ShellTemplate.Render(Templates.Of(check.Text, field), scope), field);
        var folder = Path.Combine(attempt.Ref.Directory, $"check-{subject.Name}-{index}");
        var key = AttemptKey.Of($"{attempt.Ref.Key}-c{subject.Position}-{index}");
        var environment = AttemptEnvironment.Of(context, attempt.Secrets);
        var seen = await children.RunAsync(key, folder, parts.Project.Folder, new CommandSpec.Shell(text), environment, cancellationToken);
        var passed = seen.Phase == Phase.Succeeded;
        if (attempt.Secrets.Count > 0)
        {
            var secrets = new SecretForms(attempt.Secrets);
            LogScrubber.Scrub(Path.Combine(folder, AttemptFiles.Stdout), secrets);
            LogScrubber.Scrub(Path.Combine(folder, AttemptFiles.Stderr), secrets);
        }

        var said =
            LogTail.LastLine(Path.Combine(folder, AttemptFiles.Stderr))
            ?? LogTail.LastLine(Path.Combine(folder, AttemptFiles.Stdout))
            ?? "";
        var ended = seen.ExitCode is { } code ? $"the command exited with {code}" : $"the command did not end by itself ({seen.Reason})";
        return new AuditedCheck(
            subject.Name,
            check.Name ?? $"run({text})",
            "run",
            check.Severity,
            passed,
            seen.ExitCode?.ToString(),
            "exit code 0",
            $"{(check.Name is { } name ? $"{name}: " : "")}{ended}{(!passed && said.Length > 0 ? $": {said}" : "")}",
            Samples: null
        );
    }

    private static AuditedCheck Audited(AuditSubject subject, CheckResult result) =>
        new(
            subject.Name,
            result.Name,
            result.CheckKind,
            Names.CheckSeverityOf(result.Severity) ?? CheckSeverity.Block,
            result.Passed,
            result.Observed,
            result.Expected,
            result.Message,
            result.Samples.Count == 0 ? null : $"[{string.Join(',', result.Samples.Select(sample => sample.ToJsonString()))}]",
            result.Ran
        );

    private static bool IsData(StagedOutput staged) =>
        staged.IsFolder || Path.GetExtension(staged.Path).ToLowerInvariant() is ".parquet" or ".csv" or ".json" or ".jsonl" or ".ndjson";
}
