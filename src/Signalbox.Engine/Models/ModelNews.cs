using System.Text.Json;
using Signalbox.Core;
using Signalbox.Engine.Approvals;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Models;

/// <summary>
/// What a registry elsewhere is told of models: a new version, and where an alias points. Written in the transaction of what it tells, and
/// delivered when the registry can be had: no run waits for it.
/// </summary>
internal static class ModelNews
{
    private const string VersionMade = "model_version";
    private const string AliasMoved = "model_alias";

    /// <summary>Why a registry of the project cannot be told; null when it can.</summary>
    public static string? Problem(Project project, string registry) =>
        project.Connections.TryGetValue(registry, out var found)
            ? found is Connection.MlFlow
                ? null
                : $"`{registry}` is no MLflow connection"
            : $"there is no connection `{registry}`{Suggestion.DidYouMean(registry, project.Connections.Keys)}; write in {Project.FileName}: connections: {{ {registry}: {{ mlflow: \"http://host:5000\" }} }}";

    public static void TellVersion(WriteSession session, string registry, string model, int version, DateTimeOffset at)
    {
        session.AddModelRegistry(model, registry);
        session.AddMessage(VersionMade, Payload(registry, model, version, alias: null), at);
    }

    /// <summary>Tells every registry that knows the model.</summary>
    public static void TellAlias(WriteSession session, string model, string alias, int version, DateTimeOffset at)
    {
        foreach (var registry in session.ModelRegistries(model))
        {
            session.AddMessage(AliasMoved, Payload(registry, model, version, alias), at);
        }
    }

    /// <summary>What has not been told yet, in the order in which it happened.</summary>
    public static IEnumerable<OutboxMessage> Waiting(ReadSession session, int limit) =>
        session.WaitingMessages(VersionMade, limit).Concat(session.WaitingMessages(AliasMoved, limit)).OrderBy(message => message.Id);

    public static bool Is(OutboxMessage message) => message.Kind is VersionMade or AliasMoved;

    /// <summary>Messages of one lane are delivered one after another.</summary>
    public static string LaneOf(OutboxMessage message)
    {
        using var json = JsonDocument.Parse(message.Payload);
        return $"{json.RootElement.GetProperty("model")} in {json.RootElement.GetProperty("registry")}";
    }

    /// <exception cref="IOException">It cannot be told now.</exception>
    /// <exception cref="TimeoutException">The registry does not answer.</exception>
    public static async Task DeliverAsync(EngineParts parts, OutboxMessage message, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(message.Payload);
        var registry = json.RootElement.GetProperty("registry").GetString()!;
        if (Problem(parts.Project, registry) is { } problem)
        {
            throw new IOException(problem);
        }

        var model = json.RootElement.GetProperty("model").GetString()!;
        var number = json.RootElement.GetProperty("version").GetInt32();
        var (version, run) = parts.Store.Read(session =>
        {
            var made = session.ModelVersion(model, number) ?? throw new StoreCorrupt($"model {model} has no version {number}");
            return (made, session.Run(made.Run)!);
        });
        using var client = MlFlowRegistry.Open((Connection.MlFlow)parts.Project.Connections[registry], parts.Project.Secrets);
        var remote = await client.RegisterAsync(version, run, cancellationToken);
        if (message.Kind == AliasMoved)
        {
            await client.SetAliasAsync(model, json.RootElement.GetProperty("alias").GetString()!, remote, cancellationToken);
        }
    }

    private static string Payload(string registry, string model, int version, string? alias) =>
        QuestionJson.Object(json =>
        {
            json.WriteString("registry", registry);
            json.WriteString("model", model);
            json.WriteNumber("version", version);
            if (alias is not null)
            {
                json.WriteString("alias", alias);
            }
        });
}
