using System.Text.Json;
using Signalbox.App.Cli;

namespace Signalbox.App.Serve;

/// <summary>What a server says, a line each, with the time: plain, or as JSON objects for programs.</summary>
internal sealed class ServerLines(TextWriter output, bool json)
{
    private readonly Lock _writing = new();

    public void Say(string text)
    {
        var at = TimeProvider.System.GetUtcNow();
        var line = json
            ? JsonSerializer.Serialize(new ServerLine(InstantText.Fine(at), text), ServerLineJson.Default.ServerLine)
            : $"{at.UtcDateTime:HH:mm:ss}  {text}";
        lock (_writing)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}

/// <summary>One line of <c>serve --json</c>.</summary>
internal sealed record ServerLine(string At, string Message);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower
)]
[System.Text.Json.Serialization.JsonSerializable(typeof(ServerLine))]
internal sealed partial class ServerLineJson : System.Text.Json.Serialization.JsonSerializerContext;
