using System.Text.Json;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary>A file of updates: a JSON object a line, with <c>partition</c>, <c>version</c> and <c>key</c>, each of them optional.</summary>
internal static class UpdateLines
{
    private static readonly string[] Keys = ["partition", "version", "key"];

    /// <summary>The updates, read while they are posted: a mistake ends it at its line.</summary>
    /// <param name="path">A file, or <c>-</c> for stdin.</param>
    public static IEnumerable<Request.UpdateDataset> Read(string path, string dataset)
    {
        using var reader = Open(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Trim().Length > 0)
            {
                yield return One(line, dataset, $"{path}:{number}");
            }
        }
    }

    private static TextReader Open(string path)
    {
        try
        {
            return path == "-" ? Console.In : new StreamReader(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"--file: {problem.Message}");
        }
    }

    private static Request.UpdateDataset One(string line, string dataset, string place)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UserMistakeException(
                    $"{place}: it is no JSON object; write {{\"partition\": \"2001-01-05\", \"key\": \"delivery-1\"}}"
                );
            }

            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (!Keys.Contains(property.Name))
                {
                    throw new UserMistakeException($"{place}: unknown key `{property.Name}`; the keys are {string.Join(", ", Keys)}");
                }

                if (property.Value.ValueKind != JsonValueKind.String)
                {
                    throw new UserMistakeException($"{place}: `{property.Name}` must be a text, not {property.Value.GetRawText()}");
                }
            }

            var key = Text(json.RootElement, "key");
            return new Request.UpdateDataset(
                dataset,
                Text(json.RootElement, "partition") ?? "",
                Text(json.RootElement, "version"),
                key is { Length: > 0 } ? key : null
            );
        }
        catch (JsonException problem)
        {
            throw new UserMistakeException($"{place}: it is no JSON: {problem.Message}");
        }
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
