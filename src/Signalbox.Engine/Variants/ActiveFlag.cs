using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Variants;

/// <summary>
/// How the world learns which variant of a pipeline is active: a pointer file that is replaced in one step, and where the pipeline says so a
/// key in Redis. Both are told through the outbox, in the transaction of the switch. Where there is neither, it is blue.
/// </summary>
public static class ActiveFlag
{
    /// <summary>The folder of the pointer files, in the state folder.</summary>
    public const string Folder = "active";

    private const string Pointer = "active_pointer";
    private const string Redis = "active_redis";

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>The pointer file of a pipeline.</summary>
    /// <param name="state">The state folder.</param>
    public static string PointerFile(string state, PipelineName pipeline) => Path.Combine(state, Folder, $"{pipeline}.json");

    /// <summary>The key in Redis and its connection; null when the pipeline has no such flag.</summary>
    public static (string Connection, string Key)? KeyOf(ReadSession session, PipelineName pipeline)
    {
        if (FlagOf(session, pipeline) is not { } flag)
        {
            return null;
        }

        if (flag.Key is { } own)
        {
            return (flag.Connection, own);
        }

        var others = session
            .Pipelines()
            .Any(other =>
                other.Name != pipeline && FlagOf(session, other.Name) is { Key: null } same && same.Connection == flag.Connection
            );
        return (flag.Connection, others ? $"{ActiveVersionSpec.DefaultKey}:{pipeline}" : ActiveVersionSpec.DefaultKey);
    }

    /// <summary>The connection of a flag, or why there is none.</summary>
    public static Connection.Redis? ConnectionOf(Project project, string name, out string? problem)
    {
        project.Connections.TryGetValue(name, out var found);
        problem =
            found is null
                ? $"active_version.connection: there is no connection `{name}`{Suggestion.DidYouMean(name, project.Connections.Keys)}; write in {Project.FileName}: connections: {{ {name}: {{ redis: \"redis://host:6379/0\" }} }}"
            : found is not Connection.Redis ? $"active_version.connection: `{name}` is no Redis connection"
            : null;
        return found as Connection.Redis;
    }

    /// <summary>Whether a Redis connection of the project is there for the flag of a pipeline; null also when it has none.</summary>
    public static string? Problem(Project project, Pipeline pipeline)
    {
        string? problem = null;
        if (pipeline.ActiveVersion is { } flag)
        {
            ConnectionOf(project, flag.Connection, out problem);
        }

        return problem;
    }

    /// <summary>What has not been told yet, in the order of the switches.</summary>
    public static IReadOnlyList<OutboxMessage> Waiting(ReadSession session, int limit) =>
        [.. session.WaitingMessages(Pointer, limit), .. session.WaitingMessages(Redis, limit)];

    /// <summary>What has not been told yet of one pipeline.</summary>
    public static IReadOnlyList<OutboxMessage> Waiting(ReadSession session, PipelineName pipeline, int limit) =>
        [.. Waiting(session, limit).Where(message => Read(message, "pipeline") == pipeline.Value)];

    /// <summary>Whether a message is for Redis.</summary>
    public static bool IsForRedis(OutboxMessage message) => message.Kind == Redis;

    /// <summary>Messages of one lane are delivered one after another.</summary>
    internal static string LaneOf(OutboxMessage message) =>
        message.Kind == Pointer ? $"{Folder}/{Read(message, "pipeline")}.json" : $"{Read(message, "key")} in {Read(message, "connection")}";

    /// <summary>Writes down what is to be told of a switch, in its transaction.</summary>
    internal static void Tell(WriteSession session, VariantSwitch made)
    {
        session.AddMessage(Pointer, Json(("pipeline", made.Pipeline.Value)), made.At);
        if (KeyOf(session, made.Pipeline) is { } flag)
        {
            session.AddMessage(
                Redis,
                Json(
                    ("pipeline", made.Pipeline.Value),
                    ("connection", flag.Connection),
                    ("key", flag.Key),
                    ("value", RunNamespace.NameOf(made.To))
                ),
                made.At
            );
        }
    }

    /// <exception cref="IOException">It cannot be told now.</exception>
    internal static async Task DeliverAsync(EngineParts parts, OutboxMessage message, CancellationToken cancellationToken)
    {
        var pipeline = new PipelineName(Read(message, "pipeline"));
        if (message.Kind == Pointer)
        {
            if (parts.Store.Read(session => session.VariantSwitches(pipeline, 1)) is [var latest])
            {
                WritePointer(parts.State.Root, latest);
            }

            return;
        }

        var connection = ConnectionOf(parts.Project, Read(message, "connection"), out var problem) ?? throw new IOException(problem);
        await using var redis = await RedisLink.OpenAsync(connection, parts.Project.Secrets, cancellationToken);
        await redis.SetAsync(Read(message, "key"), Read(message, "value"), cancellationToken);
    }

    /// <summary>Replaces the pointer file of a pipeline: a reader finds the old one or the new one.</summary>
    private static void WritePointer(string state, VariantSwitch latest)
    {
        var file = PointerFile(state, latest.Pipeline);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var beside = $"{file}.{Guid.NewGuid():N}.tmp";
        using (var stream = File.Create(beside))
        {
            using (var json = new Utf8JsonWriter(stream, Indented))
            {
                json.WriteStartObject();
                json.WriteString("pipeline", latest.Pipeline.Value);
                json.WriteString("active", RunNamespace.NameOf(latest.To));
                json.WriteString("version", latest.ToVersion.Value);
                // Relative to the project folder: there the outputs of the active version lie under the paths that the pipeline file gives.
                json.WriteString(
                    "root",
                    latest.To is { } variant ? Path.GetRelativePath(Path.GetDirectoryName(state)!, Targets.FolderOf(state, variant)) : "."
                );
                json.WriteNumber("switch", latest.Id);
                json.WriteString("who", latest.Who);
                json.WriteString("reason", latest.Reason);
                json.WriteString("at", latest.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
                json.WriteEndObject();
            }

            stream.Write("\n"u8);
            stream.Flush(flushToDisk: true);
        }

        DurableFiles.Replace(beside, file);
        DurableFiles.SyncDirectory(Path.GetDirectoryName(file)!);
    }

    private static ActiveVersionSpec? FlagOf(ReadSession session, PipelineName pipeline) =>
        session.Pipeline(pipeline)?.Version is { } version ? session.Definition(pipeline, version)?.Pipeline.ActiveVersion : null;

    private static string Read(OutboxMessage message, string name)
    {
        using var json = JsonDocument.Parse(message.Payload);
        return json.RootElement.GetProperty(name).GetString()!;
    }

    private static string Json(params (string Name, string Value)[] fields) =>
        JsonSerializer.Serialize(
            fields.ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal),
            EngineJson.Default.DictionaryStringString
        );
}
