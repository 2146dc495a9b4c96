using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Signalbox.Core.Definitions;

/// <summary>The parameters of a run, or all that is wrong with them.</summary>
/// <param name="Json">One JSON object with every parameter, in the order of the definition; null exactly when there are problems.</param>
/// <param name="Problems">Every mistake at once; the path is <c>params.NAME</c>.</param>
public sealed record ParamResult(string? Json, ImmutableArray<Diagnostic> Problems);

/// <summary>Checks the values a run is given against the parameters its pipeline declares, and adds the defaults.</summary>
public static class ParamChecker
{
    // A pattern that needs backtracking is the author's own; this is what a value may cost at most.
    private static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(100);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The parameters of a run.</summary>
    /// <param name="pipeline">Declares them.</param>
    /// <param name="givenJson">A JSON object of the values given; empty text counts as an empty object.</param>
    public static ParamResult Check(Pipeline pipeline, string givenJson) =>
        Check(pipeline.Params, givenJson, new Wording("params", "parameter", "the pipeline has no parameters"));

    /// <summary>The values of a form: what an approval states. The paths of problems begin with <c>form</c>.</summary>
    /// <param name="fields">Declare them.</param>
    /// <param name="givenJson">A JSON object of the values given; empty text counts as an empty object.</param>
    public static ParamResult CheckForm(ImmutableArray<ParamSpec> fields, string givenJson) =>
        Check(fields, givenJson, new Wording("form", "field", "the form has no fields"));

    private static ParamResult Check(ImmutableArray<ParamSpec> specs, string givenJson, Wording words)
    {
        using var given = Parse(string.IsNullOrWhiteSpace(givenJson) ? "{}" : givenJson, out var mistake);
        if (given is null || given.RootElement.ValueKind != JsonValueKind.Object)
        {
            var why = mistake ?? $"they are {Kind(given!.RootElement)}";
            return new ParamResult(null, [Error("params-not-an-object", words.Path, $"{words.One}s are a JSON object; {why}")]);
        }

        var problems = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var entry in given.RootElement.EnumerateObject())
        {
            if (Find(specs, entry.Name) is null)
            {
                problems.Add(Error("unknown-param", $"{words.Path}.{entry.Name}", Unknown(specs, entry.Name, words)));
            }
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            Write(specs, given.RootElement, json, problems, words);
            json.WriteEndObject();
        }

        return problems.Count > 0
            ? new ParamResult(null, problems.ToImmutable())
            : new ParamResult(Encoding.UTF8.GetString(buffer.WrittenSpan), []);
    }

    /// <summary>JSON of the parameter's type from a text as it is written on a command line.</summary>
    /// <param name="spec">The parameter. One of type any takes JSON where the text is JSON, else the text itself.</param>
    /// <param name="text">What stands behind <c>name=</c>.</param>
    /// <param name="problem">Why there is none; null when there is.</param>
    /// <param name="called">What the messages call it.</param>
    public static string? FromText(ParamSpec spec, string text, out string? problem, string called = "parameter")
    {
        problem = null;
        if (spec.Type == ParamType.String)
        {
            return Quoted(text, spec, out problem);
        }

        if (spec.Type == ParamType.Boolean)
        {
            switch (text.Trim().ToLowerInvariant())
            {
                case "true" or "yes" or "on":
                    return "true";
                case "false" or "no" or "off":
                    return "false";
            }
        }

        using var value = Parse(text, out _);
        if (value is null)
        {
            if (spec.Type == ParamType.Any)
            {
                return Quoted(text, spec, out problem);
            }
        }
        else if (Fits(spec.Type, value.RootElement))
        {
            return text.Trim();
        }

        problem = $"the {called} `{spec.Name}` is {Described(spec.Type)}; `{Short(text)}` is none";
        return null;
    }

    /// <summary>What is wrong with a value of a parameter; null when nothing is.</summary>
    internal static (string Code, string Message)? Problem(ParamSpec spec, JsonElement value)
    {
        if (!Fits(spec.Type, value))
        {
            return ("wrong-param-type", $"`{spec.Name}` is {Described(spec.Type)}; {Short(value.GetRawText())} is {Kind(value)}");
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number))
        {
            if (spec.Minimum is { } minimum && number < minimum)
            {
                return ("param-out-of-range", $"`{spec.Name}` is at least {Print(minimum)}; {Short(value.GetRawText())} is less");
            }

            if (spec.Maximum is { } maximum && number > maximum)
            {
                return ("param-out-of-range", $"`{spec.Name}` is at most {Print(maximum)}; {Short(value.GetRawText())} is more");
            }
        }

        if (!spec.Enum.IsDefaultOrEmpty && !IsListed(spec, value))
        {
            var near = value.ValueKind == JsonValueKind.String ? Suggestion.DidYouMean(Text(value), spec.Enum.Select(Unquoted)) : "";
            return (
                "param-not-listed",
                $"`{spec.Name}` is one of {string.Join(", ", spec.Enum)}; {Short(value.GetRawText())} is not{near}"
            );
        }

        return value.ValueKind == JsonValueKind.String && spec.Pattern is { } pattern ? PatternProblem(spec, pattern, Text(value)) : null;
    }

    /// <summary>The regular expression of a parameter; without backtracking where its syntax allows that, else with a time limit.</summary>
    internal static Regex? Pattern(string pattern, out string? problem)
    {
        problem = null;
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternLimit);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, PatternLimit);
        }
        catch (RegexParseException e)
        {
            problem = $"the pattern is not a regular expression: {Reason(e)} at character {e.Offset + 1}";
            return null;
        }
    }

    /// <summary>Reads JSON in which no object has a key twice.</summary>
    internal static JsonDocument? Parse(string json, out string? problem)
    {
        try
        {
            problem = null;
            return JsonDocument.Parse(json, Strict);
        }
        catch (JsonException e)
        {
            const string Duplicate = "Duplicate property '";
            var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            var quote = e.Message.LastIndexOf("' encountered", StringComparison.Ordinal);
            problem =
                e.Message.StartsWith(Duplicate, StringComparison.Ordinal) && quote > 0
                    ? $"`{e.Message[Duplicate.Length..quote]}` stands in it twice"
                    : $"this is not JSON: {(end < 0 ? e.Message : e.Message[..end]).TrimEnd('.')}";
            return null;
        }
        catch (ArgumentException)
        {
            problem = "this is not JSON: it holds half of a surrogate pair";
            return null;
        }
    }

    private static void Write(
        ImmutableArray<ParamSpec> specs,
        JsonElement given,
        Utf8JsonWriter json,
        ImmutableArray<Diagnostic>.Builder problems,
        Wording words
    )
    {
        List<string>? missing = null;
        foreach (var spec in specs)
        {
            if (!given.TryGetProperty(spec.Name, out var value))
            {
                if (spec.Default is null)
                {
                    (missing ??= []).Add($"`{spec.Name}`");
                    continue;
                }

                json.WritePropertyName(spec.Name);
                json.WriteRawValue(spec.Default);
                continue;
            }

            if (Problem(spec, value) is { } problem)
            {
                problems.Add(Error(problem.Code, $"{words.Path}.{spec.Name}", problem.Message));
                continue;
            }

            if (!IsUnicode(value))
            {
                problems.Add(
                    Error(
                        "wrong-param-type",
                        $"{words.Path}.{spec.Name}",
                        $"`{spec.Name}` holds half of a surrogate pair, which is no text"
                    )
                );
                continue;
            }

            json.WritePropertyName(spec.Name);
            value.WriteTo(json);
        }

        if (missing is not null)
        {
            var message =
                missing.Count == 1
                    ? $"the {words.One} {missing[0]} has no default: give a value"
                    : $"the {words.One}s {string.Join(", ", missing[..^1])} and {missing[^1]} have no default: give each a value";
            problems.Add(Error("missing-param", words.Path, message));
        }
    }

    private static string Unknown(ImmutableArray<ParamSpec> specs, string name, Wording words)
    {
        var near = Suggestion.DidYouMean(name, specs.Select(spec => spec.Name));
        var known =
            near.Length > 0 ? near
            : specs.IsDefaultOrEmpty ? $"; {words.None}"
            : $"; known are {string.Join(", ", specs.Select(spec => $"`{spec.Name}`"))}";
        return $"unknown {words.One} `{Short(name)}`{known}";
    }

    private static ParamSpec? Find(ImmutableArray<ParamSpec> specs, string name)
    {
        foreach (var spec in specs)
        {
            if (spec.Name == name)
            {
                return spec;
            }
        }

        return null;
    }

    private static bool Fits(ParamType type, JsonElement value) =>
        type switch
        {
            ParamType.Any => true,
            ParamType.String => value.ValueKind == JsonValueKind.String,
            ParamType.Integer => value.ValueKind == JsonValueKind.Number && IsWhole(value),
            ParamType.Number => value.ValueKind == JsonValueKind.Number,
            ParamType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            ParamType.Array => value.ValueKind == JsonValueKind.Array,
            ParamType.Object => value.ValueKind == JsonValueKind.Object,
            _ => false,
        };

    /// <summary>As JSON Schema has it: 5.0 is an integer too.</summary>
    private static bool IsWhole(JsonElement number) =>
        number.TryGetInt64(out _) || (number.TryGetDouble(out var real) && double.IsInteger(real));

    private static bool IsListed(ParamSpec spec, JsonElement value)
    {
        foreach (var allowed in spec.Enum)
        {
            using var parsed = Parse(allowed, out _);
            if (parsed is not null && JsonElement.DeepEquals(parsed.RootElement, value))
            {
                return true;
            }
        }

        return false;
    }

    private static (string, string)? PatternProblem(ParamSpec spec, string pattern, string text)
    {
        var regex = Pattern(pattern, out var problem);
        if (regex is null)
        {
            return ("bad-pattern", problem!);
        }

        try
        {
            return regex.IsMatch(text)
                ? null
                : ("param-pattern", $"`{spec.Name}` must match the pattern `{pattern}`; `{Short(text)}` does not");
        }
        catch (RegexMatchTimeoutException)
        {
            return (
                "param-pattern",
                $"the pattern `{pattern}` of `{spec.Name}` takes too long for this value; write one without nested repetition"
            );
        }
    }

    private static string? Quoted(string text, ParamSpec spec, out string? problem)
    {
        problem = null;
        try
        {
            return $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
        }
        catch (ArgumentException)
        {
            problem = $"the value of the parameter `{spec.Name}` is not Unicode text";
            return null;
        }
    }

    /// <summary>Whether all texts in a value are texts: JSON may escape one half of a surrogate pair without the other.</summary>
    private static bool IsUnicode(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(IsUnicode),
                JsonValueKind.Object => value.EnumerateObject().All(entry => entry.Name is not null && IsUnicode(entry.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped: what it looks like is all there is to it.
            return value.GetRawText();
        }
    }

    private static string Unquoted(string json) => json.Length > 1 && json[0] == '"' ? json[1..^1] : json;

    private static string Reason(RegexParseException e)
    {
        // "Invalid pattern '…' at offset 3. Not enough )'s.": the last sentence is the reason.
        var at = e.Message.IndexOf(" at offset ", StringComparison.Ordinal);
        var dot = at < 0 ? -1 : e.Message.IndexOf(". ", at, StringComparison.Ordinal);
        return (dot < 0 ? e.Message : e.Message[(dot + 2)..]).TrimEnd('.');
    }

    private static string Described(ParamType type) =>
        type switch
        {
            ParamType.String => "a string",
            ParamType.Integer => "an integer",
            ParamType.Number => "a number",
            ParamType.Boolean => "a boolean (true or false)",
            ParamType.Array => "a JSON array",
            ParamType.Object => "a JSON object",
            _ => "any JSON value",
        };

    private static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "a boolean",
            JsonValueKind.Array => "an array",
            JsonValueKind.Object => "an object",
            _ => "null",
        };

    private static string Print(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static string Short(string text) => text.Length <= 80 ? text : text[..(char.IsHighSurrogate(text[78]) ? 78 : 79)] + "…";

    private static Diagnostic Error(string code, string path, string message) => new(code, Severity.Error, path, message);

    /// <summary>How the values are called: those of a run, or those of a form.</summary>
    private sealed record Wording(string Path, string One, string None);
}
