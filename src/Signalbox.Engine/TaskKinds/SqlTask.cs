using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>sql:</c>: statements for DuckDB, run by the program itself in a process of its own, in the same custody as any command.</summary>
internal static class SqlTask
{
    public static async Task<Work> PrepareAsync(TaskKind.Sql kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var text = kind.Text ?? await ReadAsync(kind.File!, context, cancellationToken);
        var field = $"tasks.{context.Node.Name}.sql";
        var request = context.ReportFile("sql-request.json");
        WorkFiles.WriteRequest(
            request,
            new SqlRequest
            {
                Sql = Templates.Value(SqlTemplate.From(Templates.Of(text, field)).Render(context.Scope), field),
                Inputs = context.Inputs,
                Outputs = context.Outputs.ToDictionary(output => output.Output, output => output.Path, StringComparer.Ordinal),
                TempDirectory = context.Folder,
            }
        );
        return new Work.Command(
            new CommandSpec.Arguments([.. context.Parts.WorkerCommand, request, context.ReportFile("sql-response.json")])
        );
    }

    private static async Task<string> ReadAsync(string file, AttemptContext context, CancellationToken cancellationToken)
    {
        var path = context.RenderPath(file, "sql.file");
        return File.Exists(path)
            ? await File.ReadAllTextAsync(path, cancellationToken)
            : throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.sql.file: there is no file {path}", "sql");
    }
}
