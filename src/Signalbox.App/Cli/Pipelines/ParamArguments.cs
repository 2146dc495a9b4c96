using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.App.Cli;

/// <summary>Values of parameters as people type them: <c>--param name=value</c>, several times.</summary>
internal static class ParamArguments
{
    public const string Help =
        "A parameter of the pipeline, e.g. min_rows=10; may be repeated. The value is text or JSON, as the parameter's type says";

    /// <summary>The JSON object of the values; what is missing or of the wrong type is found by who checks it against the pipeline.</summary>
    /// <exception cref="UserMistakeException">An argument has no name, or a name comes twice or is unknown.</exception>
    public static string Json(Pipeline pipeline, IReadOnlyList<string> arguments)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            var given = new HashSet<string>(StringComparer.Ordinal);
            foreach (var argument in arguments)
            {
                var equals = argument.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0)
                {
                    throw new UserMistakeException($"--param: `{argument}` is no NAME=VALUE");
                }

                var (name, value) = (argument[..equals], argument[(equals + 1)..]);
                if (!given.Add(name))
                {
                    throw new UserMistakeException($"--param: `{name}` is given twice");
                }

                var spec = pipeline.Params.FirstOrDefault(each => each.Name == name);
                if (spec is null)
                {
                    var names = pipeline.Params.Select(each => each.Name).ToList();
                    var advice = names.Count == 0 ? "; it has none" : $"; it has {string.Join(", ", names)}";
                    throw new UserMistakeException(
                        $"--param: {pipeline.Name} has no parameter `{name}`{(Suggestion.DidYouMean(name, names) is { Length: > 0 } meant ? meant : advice)}"
                    );
                }

                json.WritePropertyName(name);
                Write(json, spec.Type, value);
            }

            if (pipeline.Params.FirstOrDefault(spec => spec.Default is null && !given.Contains(spec.Name)) is { } missing)
            {
                throw new UserMistakeException(
                    $"--param: {pipeline.Name} needs a value for `{missing.Name}`, which has no default: --param {missing.Name}=VALUE"
                );
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ParamType type, string value)
    {
        if (type != ParamType.String && IsJson(value))
        {
            json.WriteRawValue(value);
        }
        else
        {
            json.WriteStringValue(value);
        }
    }

    private static bool IsJson(string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
