using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Outputs.S3;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>Whether the connections that loads name are there, and are databases.</summary>
internal static class LoadConnections
{
    public static ImmutableArray<Diagnostic> Check(Pipeline pipeline, IReadOnlyDictionary<string, Connection>? connections)
    {
        if (connections is null)
        {
            return [];
        }

        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var task in pipeline.Tasks)
        {
            // A name that cannot be read has been told of.
            if (
                task.Kind is TaskKind.Load load
                && TableName.Parse(load.Into, out _) is { } table
                && Problem(table, connections) is { } problem
            )
            {
                found.Add(new Diagnostic("unknown-connection", Severity.Error, $"tasks.{task.Name}.load.into", problem));
            }

            if (task.Kind is TaskKind.WaitForSql { Connection: { } asked } && WaitProblem(asked, connections) is { } wrong)
            {
                found.Add(new Diagnostic("unknown-connection", Severity.Error, $"tasks.{task.Name}.wait_for.connection", wrong));
            }

            if (
                task.Kind is TaskKind.WaitForS3 { Address: var address }
                && !address.Contains('{', StringComparison.Ordinal)
                && S3Address.Parse(address, out var unread) is null
            )
            {
                found.Add(new Diagnostic("bad-address", Severity.Error, $"tasks.{task.Name}.wait_for.s3", unread!));
            }
        }

        return found.DrainToImmutable();
    }

    /// <summary>Why a query cannot be asked of a connection, and how to mend it; null when it can.</summary>
    public static string? WaitProblem(string name, IReadOnlyDictionary<string, Connection> connections) =>
        !connections.TryGetValue(name, out var connection) ? Unknown(name, connections)
        : connection is Connection.Postgres or Connection.Sqlite or Connection.DuckDb ? null
        : $"the connection `{name}` is no database that takes queries; it is asked of postgres, sqlite or duckdb";

    /// <summary>Why there is no such database, and how to mend it; null when there is.</summary>
    public static string? Problem(TableName table, IReadOnlyDictionary<string, Connection> connections)
    {
        if (!connections.TryGetValue(table.Connection, out var connection))
        {
            return Unknown(table.Connection, connections);
        }

        return connection switch
        {
            Connection.Sqlite when table.Schema is not null =>
                $"`{table.Connection}` is SQLite, which has no schemas: write `{table.Connection}.{table.Table}`",
            Connection.Postgres or Connection.Sqlite or Connection.DuckDb => null,
            _ => $"the connection `{table.Connection}` is no database with tables; a load goes into postgres, sqlite or duckdb",
        };
    }

    private static string Unknown(string name, IReadOnlyDictionary<string, Connection> connections)
    {
        var near = Suggestion.DidYouMean(name, connections.Keys);
        return $"unknown connection `{name}`"
            + (near.Length > 0 ? near : $"; write in {Project.FileName}: connections: {{ {name}: {{ postgres: \"postgresql://...\" }} }}");
    }
}
