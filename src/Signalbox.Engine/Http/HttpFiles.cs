using System.Text.Json.Serialization;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Http;

/// <summary>What an <c>http:</c> task asks of its child process. Headers with secrets are not in it: the file stays on the disk.</summary>
internal sealed record HttpAsk
{
    public required string Method { get; init; }

    /// <summary>Absolute, <c>http</c> or <c>https</c>.</summary>
    public required string Url { get; init; }

    public required Dictionary<string, string> Headers { get; init; }

    /// <summary>The body, UTF-8; null for none.</summary>
    public string? Body { get; init; }

    public string? ContentType { get; init; }

    /// <summary>The statuses that are a success; empty: 200 to 299.</summary>
    public required int[] Expect { get; init; }

    /// <summary>The only hosts that may be asked; null: whatever host the author wrote.</summary>
    public string[]? AllowHosts { get; init; }

    /// <summary>Ports of this machine that belong to the program itself.</summary>
    public required int[] OwnPorts { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Where the body of the answer goes; null: into the result.</summary>
    public string? Output { get; init; }
}

/// <summary>Why a request failed.</summary>
/// <param name="Rule">The evidence for the class, such as <c>HTTP 503</c>.</param>
internal sealed class HttpFailure(FailureClass kind, string message, string rule, TimeSpan? retryAfter = null) : Exception(message)
{
    public FailureClass Class => kind;

    public string Rule => rule;

    public TimeSpan? RetryAfter => retryAfter;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(HttpAsk))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class HttpJson : JsonSerializerContext;
