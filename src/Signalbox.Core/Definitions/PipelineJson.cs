using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>
/// The canonical JSON of a pipeline: what the store keeps, and what <see cref="VersionHash"/> is the hash of. One pipeline has one text.
/// </summary>
/// <remarks>
/// Written by hand because of one property that no serializer gives: a value that equals its default is not written, and a value
/// that is not written is read as its default. So a field added later changes neither the hash nor the meaning of what is stored.
/// The price is a rule: a new field is added here too (a test fills every property and looks for it), and a default never changes.
/// </remarks>
public static partial class PipelineJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Pipeline Default = new() { Name = default, Tasks = [] };

    /// <summary>The canonical text; the same pipeline always gives the same text.</summary>
    public static string Write(Pipeline pipeline)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            WritePipeline(json, pipeline);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The pipeline of a canonical text, also of one that an older version wrote.</summary>
    /// <exception cref="FormatException">The text is not what <see cref="Write"/> writes.</exception>
    public static Pipeline Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return ReadPipeline(document.RootElement);
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"not the canonical JSON of a pipeline: {problem.Message}", problem);
        }
    }

    /// <summary>The version of a pipeline: the first 12 hex digits of the SHA-256 of its canonical text.</summary>
    public static VersionHash HashOf(Pipeline pipeline) => HashOf(Write(pipeline));

    /// <summary>The version that a canonical text stands for.</summary>
    public static VersionHash HashOf(string canonical) =>
        new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)).AsSpan(0, 6)));

    private static void WritePipeline(Utf8JsonWriter json, Pipeline pipeline)
    {
        json.WriteStartObject();
        json.WriteString("name", pipeline.Name.Value);
        Put(json, "title", pipeline.Title);
        Put(json, "description", pipeline.Description);
        Put(json, "owner", pipeline.Owner);
        Put(json, "tags", pipeline.Tags);
        Put(json, "doc", pipeline.Doc);
        WriteSchedules(json, pipeline.Schedules);
        Put(json, "logical_date", Names.Of(pipeline.LogicalDate), Names.Of(Default.LogicalDate));
        Put(json, "partition", Names.Of(pipeline.Partition), Names.Of(Default.Partition));
        Put(json, "week_starts", Names.Of(pipeline.WeekStarts), Names.Of(Default.WeekStarts));
        WriteDimensions(json, pipeline.Dimensions);
        Put(json, "start", pipeline.Start);
        Put(json, "end", pipeline.End);
        Put(json, "catch_up", Names.Of(pipeline.CatchUp), Names.Of(Default.CatchUp));
        Put(json, "max_catch_up", pipeline.MaxCatchUp, Default.MaxCatchUp);
        Put(json, "overlap", Names.Of(pipeline.Overlap), Names.Of(Default.Overlap));
        WriteBlackouts(json, pipeline.Blackouts);
        Put(json, "max_active_runs", pipeline.MaxActiveRuns, Default.MaxActiveRuns);
        Put(json, "max_active_tasks", pipeline.MaxActiveTasks, Default.MaxActiveTasks);
        Put(json, "priority", pipeline.Priority, Default.Priority);
        Put(json, "timeout", pipeline.Timeout);
        WriteRetry(json, "run_retry", pipeline.RunRetry);
        if (pipeline.CircuitBreaker is { } breaker)
        {
            json.WriteStartObject("circuit_breaker");
            json.WriteNumber("failures", breaker.Failures);
            Put(json, "cool_down", breaker.CoolDown);
            json.WriteEndObject();
        }

        if (pipeline.Retention is { } retention)
        {
            json.WriteStartObject("retention");
            Put(json, "age", retention.Age);
            Put(json, "runs", retention.Runs);
            json.WriteEndObject();
        }

        WriteTriggers(json, pipeline.Triggers);
        WriteSla(json, pipeline.Sla);
        WriteParams(json, "params", pipeline.Params);
        if (pipeline.ActiveVersion is { } flag)
        {
            json.WriteStartObject("active_version");
            json.WriteString("connection", flag.Connection);
            Put(json, "key", flag.Key);
            json.WriteEndObject();
        }

        json.WriteStartArray("tasks");
        foreach (var task in pipeline.Tasks)
        {
            WriteTask(json, task);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static Pipeline ReadPipeline(JsonElement json) =>
        new()
        {
            Name = new(Required(json, "name")),
            Title = Text(json, "title"),
            Description = Text(json, "description"),
            Owner = Text(json, "owner"),
            Tags = Texts(json, "tags"),
            Doc = Text(json, "doc"),
            Schedules = ReadSchedules(json),
            LogicalDate = Word(json, "logical_date", Names.LogicalDateModeOf, Default.LogicalDate),
            Partition = Word(json, "partition", Names.PartitionKindOf, Default.Partition),
            WeekStarts = Word(json, "week_starts", Names.DayOfWeekOf, Default.WeekStarts),
            Dimensions = All(json, "dimensions", one => new PartitionDimension(Required(one, "name"), Texts(one, "keys"))),
            Start = Instant(json, "start"),
            End = Instant(json, "end"),
            CatchUp = Word(json, "catch_up", Names.CatchUpOf, Default.CatchUp),
            MaxCatchUp = Number(json, "max_catch_up", Default.MaxCatchUp),
            Overlap = Word(json, "overlap", Names.OverlapPolicyOf, Default.Overlap),
            Blackouts = All(json, "blackouts", ReadBlackout),
            MaxActiveRuns = Number(json, "max_active_runs", Default.MaxActiveRuns),
            MaxActiveTasks = Number(json, "max_active_tasks", Default.MaxActiveTasks),
            Priority = Number(json, "priority", Default.Priority),
            Timeout = Span(json, "timeout"),
            RunRetry = ReadRetry(json, "run_retry"),
            CircuitBreaker = json.TryGetProperty("circuit_breaker", out var breaker)
                ? new(breaker.GetProperty("failures").GetInt32(), RequiredSpan(breaker, "cool_down"))
                : null,
            Retention = json.TryGetProperty("retention", out var retention)
                ? new(Span(retention, "age"), retention.TryGetProperty("runs", out var newest) ? newest.GetInt32() : null)
                : null,
            Triggers = All(json, "triggers", ReadTrigger),
            Sla = ReadSla(json),
            Params = All(json, "params", ReadParam),
            ActiveVersion = json.TryGetProperty("active_version", out var flag)
                ? new(Required(flag, "connection"), Text(flag, "key"))
                : null,
            Tasks = json.TryGetProperty("tasks", out _) ? All(json, "tasks", ReadTask) : throw new FormatException("`tasks` is missing"),
        };

    private static void WriteDimensions(Utf8JsonWriter json, ImmutableArray<PartitionDimension> dimensions)
    {
        if (dimensions.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray("dimensions");
        foreach (var dimension in dimensions)
        {
            json.WriteStartObject();
            json.WriteString("name", dimension.Name);
            Put(json, "keys", dimension.Keys);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteParam(Utf8JsonWriter json, ParamSpec param)
    {
        json.WriteStartObject();
        json.WriteString("name", param.Name);
        Put(json, "type", Names.Of(param.Type), Names.Of(ParamType.Any));
        Put(json, "default", param.Default);
        Put(json, "minimum", param.Minimum);
        Put(json, "maximum", param.Maximum);
        Put(json, "enum", param.Enum);
        Put(json, "pattern", param.Pattern);
        Put(json, "description", param.Description);
        json.WriteEndObject();
    }

    private static ParamSpec ReadParam(JsonElement json) =>
        new()
        {
            Name = Required(json, "name"),
            Type = Word(json, "type", Names.ParamTypeOf, ParamType.Any),
            Default = Text(json, "default"),
            Minimum = Real(json, "minimum"),
            Maximum = Real(json, "maximum"),
            Enum = Texts(json, "enum"),
            Pattern = Text(json, "pattern"),
            Description = Text(json, "description"),
        };
}
