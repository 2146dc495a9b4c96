using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
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
/// <param name="Rows">Rows, where the output is a data file.</param>
/// <param name="Columns">JSON list of columns with their types, where the output is a data file.</param>
internal sealed record Audit(ImmutableArray<AuditedCheck> Checks, long? Rows, string? Columns);

/// <summary>One check with what it saw.</summary>
/// <param name="Samples">JSON list of offending rows.</param>
internal sealed record AuditedCheck(
    string Output,
    string Name,
    string Kind,
    CheckSeverity Severity,
    bool Passed,
    string? Observed,
    string? Expected,
    string Message,
    string? Samples
);

/// <summary>Runs the checks of an output on what is staged. Data is read by DuckDB in a child process, never here.</summary>
internal sealed partial class Auditor(EngineParts parts, ChildWork children)
{
    /// <exception cref="TaskRefused">The checks could not be made.</exception>
    public async Task<Audit> AuditAsync(
        LiveAttempt attempt,
        AttemptContext context,
        OutputSpec output,
        StagedOutput staged,
        CancellationToken cancellationToken
    )
    {
        var scope = new LayeredScope(new Value.Map([new("staged", Value.Of(staged.Path))]), context.Scope);
        var found = ImmutableArray.CreateBuilder<AuditedCheck>(output.Checks.Length);
        var questions = output
            .Checks.Select((check, index) => Question(check, scope, $"tasks.{context.Node.Name}.outputs.{output.Name}.checks[{index}]"))
            .OfType<Check>()
            .ToList();
        ChecksResponse? answer = null;
        if (questions.Count > 0 || (output.Dataset is not null && IsData(staged)))
        {
            answer = await AskAsync(attempt, output, new ChecksRequest { Path = staged.Path, Checks = questions }, cancellationToken);
            found.AddRange(answer.Checks.Select(result => Audited(output, result)));
        }

        for (var index = 0; index < output.Checks.Length; index++)
        {
            if (output.Checks[index] is CheckSpec.Command command)
            {
                found.Add(await RunAsync(attempt, context, output, command, index, scope, cancellationToken));
            }
        }

        var source = answer?.Source is { Error: null } described ? described : null;
        var columns = source?.Columns.ToDictionary(column => column.Name, column => column.Type, StringComparer.Ordinal);
        return new Audit(
            found.DrainToImmutable(),
            source?.Rows,
            columns is null ? null : JsonSerializer.Serialize(columns, EngineJson.Default.DictionaryStringString)
        );
    }

    private async Task<ChecksResponse> AskAsync(
        LiveAttempt attempt,
        OutputSpec output,
        ChecksRequest request,
        CancellationToken cancellationToken
    )
    {
        var folder = Path.Combine(attempt.Ref.Directory, $"audit-{output.Name}");
        Directory.CreateDirectory(folder);
        var asked = Path.Combine(folder, "request.json");
        var answered = Path.Combine(folder, "response.json");
        WorkFiles.WriteRequest(asked, request with { TempDirectory = folder });
        var key = AttemptKey.Of($"{attempt.Ref.Key}-q{attempt.Node.Outputs.IndexOf(output)}");
        var command = new CommandSpec.Arguments([.. parts.WorkerCommand, asked, answered]);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TZ"] = "UTC", ["HOME"] = folder };
        var seen = await children.RunAsync(key, folder, parts.Project.Folder, command, environment, cancellationToken);
        if (seen.Phase == Phase.Succeeded && File.Exists(answered))
        {
            return (ChecksResponse)WorkFiles.ReadResponse(answered);
        }

        throw new TaskRefused(((Core.Runs.Outcome.Failed)Endings.Of(folder, seen)).Failure);
    }

    private async Task<AuditedCheck> RunAsync(
        LiveAttempt attempt,
        AttemptContext context,
        OutputSpec output,
        CheckSpec.Command check,
        int index,
        IScope scope,
        CancellationToken cancellationToken
    )
    {
        var field = $"tasks.{context.Node.Name}.outputs.{output.Name}.checks[{index}].run";
        var text = Templates.Value(ShellTemplate.Render(Templates.Of(check.Text, field), scope), field);
        var folder = Path.Combine(attempt.Ref.Directory, $"check-{output.Name}-{index}");
        var key = AttemptKey.Of($"{attempt.Ref.Key}-c{attempt.Node.Outputs.IndexOf(output)}-{index}");
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
        var message = passed
            ? $"the command exited with 0"
            : $"the command exited with {seen.ExitCode}{(said.Length > 0 ? $": {said}" : "")}";
        return new AuditedCheck(
            output.Name,
            $"run({text})",
            "run",
            check.Severity,
            passed,
            seen.ExitCode?.ToString(),
            "exit code 0",
            message,
            Samples: null
        );
    }

    /// <summary>The check as the child process understands it; null for one that is a command.</summary>
    private static Check? Question(CheckSpec check, IScope scope, string field)
    {
        var severity = Names.Of(check.Severity);
        return check switch
        {
            CheckSpec.RowCount rows => new RowCountCheck
            {
                Min = Whole(rows.Min, scope, field),
                Max = Whole(rows.Max, scope, field),
                Severity = severity,
            },
            CheckSpec.NotNull notNull => new NotNullCheck { Columns = notNull.Columns, Severity = severity },
            CheckSpec.Unique unique => new UniqueCheck { Columns = unique.Columns, Severity = severity },
            CheckSpec.Range range => new RangeCheck
            {
                Column = range.Column,
                Min = Text(range.Min, scope, field),
                Max = Text(range.Max, scope, field),
                Severity = severity,
            },
            CheckSpec.AcceptedValues values => new AcceptedValuesCheck
            {
                Column = values.Column,
                Values = values.Values,
                Severity = severity,
            },
            CheckSpec.Regex regex => new RegexCheck
            {
                Column = regex.Column,
                Pattern = regex.Pattern,
                Severity = severity,
            },
            CheckSpec.Schema schema => new SchemaCheck { Columns = schema.Columns, Severity = severity },
            CheckSpec.Sql sql => new SqlCheck { Query = Query(sql.Query, scope, field), Severity = severity },
            _ => null,
        };
    }

    // In a query the staged data is the table `staged`, whether it is a file or a folder of files.
    private static string Query(string query, IScope scope, string field) =>
        Templates.Value(SqlTemplate.From(Templates.Of(Staged().Replace(query, "staged"), field)).Render(scope), field);

    private static string? Text(string? template, IScope scope, string field) =>
        template is null ? null : Templates.Render(template, scope, field);

    private static long? Whole(string? template, IScope scope, string field) =>
        Text(template, scope, field) is not { } text ? null
        : long.TryParse(text, out var number) ? number
        : throw TaskRefused.Because(FailureClass.Permanent, $"{field}: '{text}' is not a whole number", "template");

    private static AuditedCheck Audited(OutputSpec output, CheckResult result) =>
        new(
            output.Name,
            result.Name,
            result.CheckKind,
            Names.CheckSeverityOf(result.Severity) ?? CheckSeverity.Block,
            result.Passed,
            result.Observed,
            result.Expected,
            result.Message,
            result.Samples.Count == 0 ? null : $"[{string.Join(',', result.Samples.Select(sample => sample.ToJsonString()))}]"
        );

    private static bool IsData(StagedOutput staged) =>
        staged.IsFolder || Path.GetExtension(staged.Path).ToLowerInvariant() is ".parquet" or ".csv" or ".json" or ".jsonl" or ".ndjson";

    [GeneratedRegex(@"\{\{-?\s*staged\s*-?\}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Staged();
}
