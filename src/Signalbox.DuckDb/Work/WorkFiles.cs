using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Signalbox.DuckDb.Work;

/// <summary>Requests and responses as files, for the two sides of a child process.</summary>
public static class WorkFiles
{
    public static void WriteRequest(string file, WorkRequest request) => Write(file, request, WorkJson.Default.WorkRequest);

    public static void WriteResponse(string file, WorkResponse response) => Write(file, response, WorkJson.Default.WorkResponse);

    /// <exception cref="InvalidDataException">The file is not a request; the message says where.</exception>
    public static WorkRequest ReadRequest(string file) => Read(file, WorkJson.Default.WorkRequest);

    /// <exception cref="InvalidDataException">The file is not a response; the message says where.</exception>
    public static WorkResponse ReadResponse(string file) => Read(file, WorkJson.Default.WorkResponse);

    internal static void WriteError(string file, WorkError error) => Write(file, error, WorkJson.Default.WorkError);

    // A reader that comes too early finds no file, never half of one.
    private static void Write<T>(string file, T value, JsonTypeInfo<T> type)
    {
        string beside = $"{file}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(beside, JsonSerializer.SerializeToUtf8Bytes(value, type));
        File.Move(beside, file, overwrite: true);
    }

    private static T Read<T>(string file, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), type) ?? throw new InvalidDataException($"{file}: the JSON is null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"{file}: {e.Message}", e);
        }
    }
}
