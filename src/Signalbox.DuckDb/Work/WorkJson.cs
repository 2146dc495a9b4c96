using System.Text.Json;
using System.Text.Json.Serialization;

namespace Signalbox.DuckDb.Work;

/// <summary>The JSON of requests and responses: names in snake_case, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowOutOfOrderMetadataProperties = true,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(WorkRequest))]
[JsonSerializable(typeof(WorkResponse))]
[JsonSerializable(typeof(WorkError))]
internal sealed partial class WorkJson : JsonSerializerContext;
