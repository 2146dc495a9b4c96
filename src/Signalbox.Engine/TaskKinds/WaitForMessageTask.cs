using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>wait_for: {message}</c>: somebody has sent this run, or its pipeline for its logical date, a message of that name; before it began to
/// wait counts as well. What was sent along is the task's result.
/// </summary>
internal static class WaitForMessageTask
{
    public static Task<Sighting> LookAsync(TaskKind.WaitForMessage kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var name = context.Render(kind.Name, "wait_for.message");
        return context.Parts.Store.ReadAsync<Sighting>(
            session =>
                session.Signal(context.Run.Pipeline, context.Run.Number, context.Run.LogicalDate, name) is { } signal
                    ? new Sighting.Satisfied(
                        new JsonObject
                        {
                            ["message"] = name,
                            ["who"] = signal.Who,
                            ["at"] = signal.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
                            ["data"] = signal.Data is { } data ? JsonNode.Parse(data) : null,
                        }.ToJsonString()
                    )
                    : new Sighting.NotYet(
                        $"no message `{name}` yet; send it with `signalbox signal {context.Run.Number} {name}`",
                        context.Parts.Time.GetUtcNow() + kind.Every
                    ),
            cancellationToken
        );
    }
}
