using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Signalbox.Core.Retry;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Attempts;

/// <summary>Reads what a command reported in its files.</summary>
internal static class Reports
{
    /// <summary>The largest result that is kept in the database; a larger one lies in a file named by its hash.</summary>
    public const int LargestInline = 64 * 1024;

    /// <summary>The largest result at all.</summary>
    public const int Largest = 64 * 1024 * 1024;

    /// <summary>The largest metrics file: numbers with names are small.</summary>
    public const int LargestMetrics = 1024 * 1024;

    /// <summary>As much of the error file is read: what it says is a class and a sentence.</summary>
    public const int LargestError = 64 * 1024;

    private const string ReferencePrefix = "sha256:";

    /// <summary>The result as the store keeps it: JSON text, or a reference to a file. Null when the command wrote none.</summary>
    /// <exception cref="TaskRefused">It is not JSON, or too large.</exception>
    public static string? ReadResult(string file, StateFolder state)
    {
        var bytes = ReadIfThere(file, "result", Largest);
        if (bytes is null)
        {
            return null;
        }

        CheckJson(bytes, "result").Dispose();
        if (bytes.Length <= LargestInline)
        {
            return Encoding.UTF8.GetString(bytes).Trim();
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Directory.CreateDirectory(state.Results);
        var kept = Path.Combine(state.Results, hash + ".json");
        if (!File.Exists(kept))
        {
            var temporary = $"{kept}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, kept, overwrite: true);
        }

        return ReferencePrefix + hash;
    }

    /// <summary>The JSON text of a result as the store keeps it.</summary>
    public static string ResultText(string stored, StateFolder state) =>
        stored.StartsWith(ReferencePrefix, StringComparison.Ordinal)
            ? File.ReadAllText(Path.Combine(state.Results, stored[ReferencePrefix.Length..] + ".json"))
            : stored;

    /// <summary>The numbers of a metrics file; nested objects become names joined by dots.</summary>
    /// <exception cref="TaskRefused">It is not a JSON object of numbers.</exception>
    public static IReadOnlyList<KeyValuePair<string, double>> ReadMetrics(string file)
    {
        var bytes = ReadIfThere(file, "metrics", LargestMetrics);
        if (bytes is null)
        {
            return [];
        }

        var metrics = new List<KeyValuePair<string, double>>();
        using var document = CheckJson(bytes, "metrics");
        Collect(document.RootElement, "", metrics);
        return metrics;
    }

    /// <summary>The text of the error file, at most <see cref="LargestError"/> bytes of it; null when there is none.</summary>
    /// <exception cref="TaskRefused">It is a pipe, a device or a socket.</exception>
    public static string? ReadError(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        RefuseSpecial(file, "error");
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var buffer = new byte[Math.Min(stream.Length, LargestError)];
        return Encoding.UTF8.GetString(buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
    }

    private static void Collect(JsonElement element, string prefix, List<KeyValuePair<string, double>> metrics)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Collect(property.Value, prefix.Length == 0 ? property.Name : $"{prefix}.{property.Name}", metrics);
                }

                break;
            case JsonValueKind.Number:
                metrics.Add(new(prefix, element.GetDouble()));
                break;
            case JsonValueKind.True or JsonValueKind.False:
                metrics.Add(new(prefix, element.GetBoolean() ? 1 : 0));
                break;
            case JsonValueKind.Null:
                break;
            default:
                throw TaskRefused.Because(
                    FailureClass.Validation,
                    $"the metrics file must hold an object of numbers; {(prefix.Length == 0 ? "it" : $"`{prefix}`")} is {Describe(element.ValueKind)}",
                    "metrics file"
                );
        }
    }

    private static string Describe(JsonValueKind kind) => kind == JsonValueKind.Array ? "a list" : "text";

    private static byte[]? ReadIfThere(string file, string what, int most)
    {
        var info = new FileInfo(file);
        if (!info.Exists)
        {
            return null;
        }

        RefuseSpecial(file, what);
        return info.Length == 0 ? null
            : info.Length <= most ? File.ReadAllBytes(file)
            : throw TaskRefused.Because(
                FailureClass.Validation,
                $"the {what} file has {info.Length} bytes; at most {most} are kept: write an output instead and hand down its path",
                $"{what} file"
            );
    }

    private static void RefuseSpecial(string file, string what)
    {
        if (FileKinds.Special(file) is { } kind)
        {
            throw TaskRefused.Because(FailureClass.Validation, $"the {what} file is {kind}; write a file", $"{what} file");
        }
    }

    private static JsonDocument CheckJson(byte[] bytes, string what)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException error)
        {
            throw TaskRefused.Because(FailureClass.Validation, $"the {what} file is not JSON: {error.Message}", $"{what} file");
        }
    }
}
