using System.Text;
using System.Text.Json;
using Signalbox.Core;

namespace Signalbox.Engine.Http;

/// <summary>
/// The child process of an <c>http:</c> task: it asks, keeps the answer, and says why there is none. As a process it is in the same custody as any command:
/// it is adopted, timed out and stopped as one.
/// </summary>
public static class HttpWork
{
    /// <summary>The first argument after <c>work</c>.</summary>
    public const string Name = "http";

    /// <summary>The largest answer that is a result; a larger one wants an output.</summary>
    private const int MostResult = 1 << 20;

    private const int Done = 0;
    private const int Failed = 1;

    /// <param name="requestFile">What to ask.</param>
    /// <param name="errorFile">Where a failure's class, rule and message go as JSON; null for nowhere.</param>
    /// <param name="resultFile">Where the answer goes as JSON, for tasks downstream; null for nowhere.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string requestFile, string? errorFile, string? resultFile)
    {
        try
        {
            var ask = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(requestFile), HttpJson.Default.HttpAsk)!;
            var secrets = Environment.GetEnvironmentVariable(TaskEnvironment.HttpSecrets) is { } text
                ? JsonSerializer.Deserialize(text, HttpJson.Default.DictionaryStringString)!
                : [];
            var answer = await new HttpExchange(ask, secrets, TimeProvider.System).RunAsync(CancellationToken.None);
            Console.Out.WriteLine($"{ask.Method}: {answer.Status}, {answer.Body.Length:N0} bytes");
            Keep(ask, answer, resultFile);
            return Done;
        }
        catch (HttpFailure failure)
        {
            return Report(errorFile, failure);
        }
    }

    /// <exception cref="HttpFailure">It is too large for a result.</exception>
    private static void Keep(HttpAsk ask, HttpAnswer answer, string? resultFile)
    {
        if (ask.Output is { } output)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(output)!);
            File.WriteAllBytes(output, answer.Body);
        }
        else if (answer.Body.Length > MostResult)
        {
            throw new HttpFailure(
                Core.Retry.FailureClass.Permanent,
                $"the answer has {answer.Body.Length:N0} bytes, too many for a result; give the task an output, which it is written to",
                "size"
            );
        }

        if (resultFile is null)
        {
            return;
        }

        using var stream = File.Create(resultFile);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteNumber("status", answer.Status);
        json.WriteNumber("bytes", answer.Body.Length);
        if (answer.ContentType is { } type)
        {
            json.WriteString("content_type", type);
        }

        if (ask.Output is null && answer.Body.Length > 0)
        {
            if (Parsed(answer.Body) is { } document)
            {
                using (document)
                {
                    json.WritePropertyName("json");
                    document.RootElement.WriteTo(json);
                }
            }
            else
            {
                json.WriteString("text", Encoding.UTF8.GetString(answer.Body));
            }
        }

        json.WriteEndObject();
    }

    private static JsonDocument? Parsed(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static int Report(string? errorFile, HttpFailure failure)
    {
        Console.Error.WriteLine(failure.Message);
        if (errorFile is not null)
        {
            using var stream = File.Create(errorFile);
            using var json = new Utf8JsonWriter(stream);
            json.WriteStartObject();
            json.WriteString("class", Names.Of(failure.Class));
            json.WriteString("message", failure.Message);
            json.WriteString("rule", failure.Rule);
            if (failure.RetryAfter is { } wait)
            {
                json.WriteNumber("retry_after", wait.TotalSeconds);
            }

            json.WriteEndObject();
        }

        return Failed;
    }
}
