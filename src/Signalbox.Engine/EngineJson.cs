using System.Text.Json.Serialization;

namespace Signalbox.Engine;

/// <summary>The small JSON the engine writes itself.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, double>))]
[JsonSerializable(typeof(Dictionary<string, long>))]
[JsonSerializable(typeof(Outputs.InputVersion[]))]
[JsonSerializable(typeof(Proving.TrialConditions))]
[JsonSerializable(typeof(Outputs.SwitchedPath[]))]
[JsonSerializable(typeof(Reuse.PendingFingerprint))]
internal sealed partial class EngineJson : JsonSerializerContext;
