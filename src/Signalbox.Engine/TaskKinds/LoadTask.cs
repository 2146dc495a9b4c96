using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>load:</c>: a child process of the program copies rows to a staging table of the attempt; publishing them is <see cref="TablePlace"/>'s.</summary>
internal static class LoadTask
{
    public static Work Prepare(TaskKind.Load kind, AttemptContext context)
    {
        if (context.Run.Namespace is { IsShadow: true })
        {
            return new Work.Inline(new Outcome.Skipped("a comparison loads nothing"));
        }

        var staged = context.Outputs[0];
        var target = TableTarget.Parse(staged.Target);
        var connection = ConnectionOf(kind, context);
        var database = TableTarget.KindOf(connection)!.Value;
        var place = target.In(database);
        var key = context.Key.Value;
        var request = new LoadRequest
        {
            Kind = database,
            Into = kind.Into,
            Database = TableConnections.FileOf(connection),
            Schema = place.Schema,
            Table = place.Table,
            StagingTable = TablePlace.StagingTable(key),
            Mode = kind.Mode,
            Partition = kind.Partition is { } partition ? Sql(partition, context, "load.partition") : null,
            Keys = [.. kind.Keys],
            MakesSchema = target.Namespace is not null,
            From = kind.From is { } from
                ? context.Fetched.GetValueOrDefault(AttemptRunner.LoadFrom) ?? PathOf(context.Render(from, AttemptRunner.LoadFrom), context)
                : null,
            Query = kind.Query is { } query ? Sql(query, context, "load.query") : null,
            Inputs = new Dictionary<string, string>(context.Inputs, StringComparer.Ordinal),
            Owner = $"{context.Parts.Instance}/{context.Run.Number}/{context.Task.Key}",
            Token = context.Token,
            Receipt = staged.Path,
            TempDirectory = context.Folder,
        };
        var file = context.ReportFile("load-request.json");
        TableFiles.Write(file, request, TableJson.Default.LoadRequest);
        var environment = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (connection is Connection.Postgres postgres)
        {
            environment[TaskEnvironment.LoadAddress] = TableConnections.AddressOf(postgres, context.Parts.Project);
            TablePlace.Note(context.Parts.State, key, new StagingNote(connection.Name, place.Schema, request.StagingTable));
        }

        if (Environment.GetEnvironmentVariable(TaskEnvironment.Fault) is { } fault)
        {
            environment[TaskEnvironment.Fault] = fault;
        }

        return new Work.Command(
            new CommandSpec.Arguments([.. context.Parts.WorkerCommand, LoadWork.Name, file]),
            environment.ToImmutable()
        );
    }

    private static Connection ConnectionOf(TaskKind.Load kind, AttemptContext context)
    {
        var name = TableName.Parse(kind.Into, out var problem);
        var connections = context.Parts.Project.Connections;
        problem ??= LoadConnections.Problem(name!, connections);
        return problem is null
            ? connections[name!.Connection]
            : throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.load.into: {problem}", "connection");
    }

    private static string PathOf(string rendered, AttemptContext context) =>
        Targets.Input(context.Parts.Project.Folder, context.Parts.State.Root, context.Run.Namespace, rendered);

    private static string Sql(string text, AttemptContext context, string field)
    {
        var place = $"tasks.{context.Node.Name}.{field}";
        return Templates.Value(SqlTemplate.From(Templates.Of(text, place)).Render(context.Scope), place);
    }
}
