using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>Whether the connections that triggers name are there, and of the kind they need.</summary>
internal static class TriggerConnections
{
    public static ImmutableArray<Diagnostic> Check(Pipeline pipeline, IReadOnlyDictionary<string, Connection>? connections)
    {
        if (connections is null)
        {
            return [];
        }

        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        for (var i = 0; i < pipeline.Triggers.Length; i++)
        {
            if (pipeline.Triggers[i] is TriggerSpec.Message { Trigger: var trigger } && Problem(trigger, connections) is { } problem)
            {
                found.Add(new Diagnostic("unknown-connection", Severity.Error, $"triggers[{i}].{trigger.Kind}.connection", problem));
            }
        }

        return found.DrainToImmutable();
    }

    private static string? Problem(MessageTrigger trigger, IReadOnlyDictionary<string, Connection> connections) =>
        trigger switch
        {
            MessageTrigger.Kafka kafka => Problem<Connection.Kafka>(kafka.Connection, "kafka", "\"localhost:9092\"", connections),
            MessageTrigger.Redis redis => Problem<Connection.Redis>(redis.Connection, "redis", "\"redis://localhost:6379/0\"", connections),
            MessageTrigger.Postgres table => Problem<Connection.Postgres>(
                table.Connection,
                "postgres",
                "\"postgresql://...\"",
                connections
            ),
            _ => null,
        };

    private static string? Problem<T>(string name, string kind, string example, IReadOnlyDictionary<string, Connection> connections)
        where T : Connection
    {
        if (connections.TryGetValue(name, out var connection))
        {
            return connection is T ? null : $"the connection `{name}` is none of the kind {kind}";
        }

        var near = Suggestion.DidYouMean(name, connections.Values.OfType<T>().Select(known => known.Name));
        return $"unknown connection `{name}`"
            + (near.Length > 0 ? near : $"; write in {Project.FileName}: connections: {{ {name}: {{ {kind}: {example} }} }}");
    }
}
