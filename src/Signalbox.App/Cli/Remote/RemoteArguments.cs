using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Signalbox.App.Cli;

/// <summary>What was typed, by the names that people type, and which of it went into a call: nothing is left out in silence.</summary>
internal sealed class RemoteArguments(ParseResult parsed)
{
    private static readonly string[] Ours = ["--json", .. RemoteOptions.Names];

    private readonly HashSet<string> _taken = [];

    /// <summary>The words of the verb, e.g. <c>runs show</c>.</summary>
    public string Verb { get; } = Words(parsed.CommandResult);

    public bool Json => Has("--json");

    /// <summary>Whether an argument or option was typed.</summary>
    public bool Has(string source)
    {
        _taken.Add(source);
        return ResultOf(source) switch
        {
            OptionResult { Implicit: true } or null => false,
            OptionResult { Option.ValueType: var type } option when type == typeof(bool) => option.GetValueOrDefault<bool>(),
            OptionResult => true,
            var argument => argument.Tokens.Count > 0,
        };
    }

    /// <summary>The one text of an argument or option, or its default; null when there is none.</summary>
    public string? Text(string source) => Texts(source) is [var first, ..] ? first : Default(source);

    /// <exception cref="UserMistakeException">It was not typed.</exception>
    public string Required(string source) => Text(source) ?? throw new UserMistakeException($"{source} is missing");

    /// <summary>The value of a field, as the API takes it; null when nothing is sent.</summary>
    /// <param name="types">The JSON types of the pipeline's parameters.</param>
    public JsonNode? Value(RemoteField field, Func<string, string?> types)
    {
        if (field.Source.Length > 0 && Has(field.Source) | Default(field.Source) is not null)
        {
            return Read(field, types);
        }

        return field.Otherwise?.Invoke(this);
    }

    /// <param name="aside">Options that need not be in the call.</param>
    /// <exception cref="UserMistakeException">Something was typed that no call takes.</exception>
    public void RequireAllTaken(string[] aside)
    {
        foreach (var option in parsed.CommandResult.Command.Options)
        {
            if (
                !_taken.Contains(option.Name)
                && !Ours.Contains(option.Name)
                && !aside.Contains(option.Name)
                && parsed.GetResult(option) is { Implicit: false }
            )
            {
                throw new UserMistakeException(
                    option.Name == "--project"
                        ? "--project and --server name two places; give one of them"
                        : $"{option.Name}: a server does not take it with this call; leave it out, or call the verb where the project is"
                );
            }
        }
    }

    private JsonNode? Read(RemoteField field, Func<string, string?> types)
    {
        var texts = Texts(field.Source);
        var text = Text(field.Source);
        switch (field.Form)
        {
            case FieldForm.List:
                return Items(texts);
            case FieldForm.Commas:
                return Items(text!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
            case FieldForm.Values or FieldForm.Params:
                return Values(field.Source, texts, field.Form == FieldForm.Params ? types : _ => null);
            case FieldForm.Json:
                return Parsed(text!) ?? throw new UserMistakeException($"{field.Source}: `{text}` is no JSON");
            case FieldForm.File:
                return File.Exists(text) ? File.ReadAllText(text) : throw new UserMistakeException($"{text}: there is no such file");
            default:
                var type = TypeOf(field.Source);
                return type == typeof(bool) ? JsonValue.Create(value: true)
                    : IsNumber(type) ? JsonValue.Create(long.Parse(text!, CultureInfo.InvariantCulture))
                    : JsonValue.Create(text);
        }
    }

    private static JsonArray Items(IEnumerable<string> texts) => [.. texts.Select(text => JsonValue.Create(text))];

    private static JsonObject Values(string source, IReadOnlyList<string> texts, Func<string, string?> types)
    {
        var values = new JsonObject();
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UserMistakeException($"{source}: `{text}` is no NAME=VALUE");
            }

            var (name, value) = (text[..equals], text[(equals + 1)..]);
            if (!values.TryAdd(name, types(name) == "string" ? value : Parsed(value) ?? value))
            {
                throw new UserMistakeException($"{source}: `{name}` is given twice");
            }
        }

        return values;
    }

    private static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private IReadOnlyList<string> Texts(string source)
    {
        _taken.Add(source);
        return ResultOf(source)?.Tokens.Select(token => token.Value).ToList() ?? [];
    }

    private string? Default(string source) =>
        OptionOf(source) is { HasDefaultValue: true } option && option.ValueType != typeof(bool)
            ? Convert.ToString(option.GetDefaultValue(), CultureInfo.InvariantCulture)
            : null;

    private Type TypeOf(string source) => OptionOf(source)?.ValueType ?? ArgumentOf(source)?.ValueType ?? typeof(string);

    private SymbolResult? ResultOf(string source) =>
        OptionOf(source) is { } option ? parsed.GetResult(option)
        : ArgumentOf(source) is { } argument ? parsed.GetResult(argument)
        : null;

    private Option? OptionOf(string source) => parsed.CommandResult.Command.Options.FirstOrDefault(option => option.Name == source);

    private Argument? ArgumentOf(string source) =>
        parsed.CommandResult.Command.Arguments.FirstOrDefault(argument => argument.Name == source);

    private static bool IsNumber(Type type) => type == typeof(int) || type == typeof(int?) || type == typeof(long) || type == typeof(long?);

    private static string Words(CommandResult result) =>
        result.Parent is CommandResult { Parent: CommandResult } parent ? $"{Words(parent)} {result.Command.Name}" : result.Command.Name;
}
