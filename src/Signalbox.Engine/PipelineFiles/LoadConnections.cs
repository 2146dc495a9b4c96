using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
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
        }

        return found.DrainToImmutable();
    }

    /// <summary>Why there is no such database, and how to mend it; null when there is.</summary>
    public static string? Problem(TableName table, IReadOnlyDictionary<string, Connection> connections)
    {
        if (!connections.TryGetValue(table.Connection, out var connection))
        {
            var near = Suggestion.DidYouMean(table.Connection, connections.Keys);
            return $"unknown connection `{table.Connection}`"
                + (
                    near.Length > 0
                        ? near
                        : $"; write in {Project.FileName}: connections: {{ {table.Connection}: {{ postgres: \"postgresql://...\" }} }}"
                );
        }

        return connection switch
        {
            Connection.Sqlite when table.Schema is not null =>
                $"`{table.Connection}` is SQLite, which has no schemas: write `{table.Connection}.{table.Table}`",
            Connection.Postgres or Connection.Sqlite or Connection.DuckDb => null,
            _ => $"the connection `{table.Connection}` is no database with tables; a load goes into postgres, sqlite or duckdb",
        };
    }
}
