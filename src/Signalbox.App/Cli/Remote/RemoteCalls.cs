using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Signalbox.App.Cli;

/// <summary>What a server answered to a verb.</summary>
/// <param name="Path">The path that was called, without the query.</param>
/// <param name="Document">Null: the answer has no body.</param>
/// <param name="Before">What was looked at before; null: nothing.</param>
internal sealed record RemoteAnswer(
    RemoteVerb.Call Call,
    RemoteArguments Arguments,
    RemoteServer Server,
    string Path,
    JsonElement? Document,
    JsonElement? Before
)
{
    /// <summary>Prints the answer, as JSON or for people.</summary>
    public int Print()
    {
        if (Document is not { } document)
        {
            Asking.Print(new(Done: true, null, Call.Done?.Invoke(Arguments) ?? "done"), Arguments.Json);
        }
        else if (Arguments.Json)
        {
            CliJson.Print(Items(document), CliJson.Default.JsonElement);
        }
        else
        {
            RemoteText.Print(Console.Out, Items(document), Call.Columns);
        }

        return ExitCode.Done;
    }

    /// <summary>A list is what a page holds: who asks the command line says with <c>--limit</c> how many.</summary>
    private static JsonElement Items(JsonElement document) =>
        document.ValueKind == JsonValueKind.Object
        && document.TryGetProperty("items", out var items)
        && document.TryGetProperty("next", out _)
            ? items
            : document;
}

/// <summary>Carries a verb out at a server: finds its call, fills it with what was typed, and does with the answer what the call says.</summary>
internal static partial class RemoteCalls
{
    /// <param name="isNamed">Whether the server was named in the call: then a verb that has no call there is a mistake.</param>
    /// <returns>The exit code; null: the verb is none for a server, and is to be carried out here.</returns>
    public static async Task<int?> RunAsync(Uri address, bool isNamed, RemoteArguments arguments)
    {
        var calls = RemoteVerbs.All.Where(verb => verb.Verb == arguments.Verb).ToList();
        if (calls is [RemoteVerb.Here here])
        {
            return isNamed ? throw new UserMistakeException($"--server: `{here.Verb}` works on this machine: {here.Reason}") : null;
        }

        if (calls.Count == 0)
        {
            throw new UserMistakeException($"{arguments.Verb}: say which of its verbs is meant; --help lists them");
        }

        using var server = new RemoteServer(address, RemoteOptions.Token());
        var call = await FirstAsync(calls.Cast<RemoteVerb.Call>(), arguments, server);
        var path = await PathAsync(call.Path, arguments, server);
        var types = await TypesAsync(call, arguments, server);
        var query = call
            .Query.Select(field => (field.Name, Value: arguments.Value(field, types)))
            .Where(field => field.Value is not null)
            .Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value!.ToString())}")
            .ToList();
        var body = call.Body is { } fields ? Object(fields, arguments, types) : null;
        var key = call.Key is { } named ? arguments.Value(named, types)?.ToString() : null;
        arguments.RequireAllTaken(call.Aside);
        JsonElement? before = call.Before is { } look ? await server.GetAsync(await PathAsync(look, arguments, server)) : null;
        var document = await server.SendAsync(call.Method, query.Count == 0 ? path : $"{path}?{string.Join('&', query)}", body, key);
        var answer = new RemoteAnswer(call, arguments, server, path, document, before);
        return call.Then is { } then ? await then(answer) : answer.Print();
    }

    private static async Task<RemoteVerb.Call> FirstAsync(
        IEnumerable<RemoteVerb.Call> calls,
        RemoteArguments arguments,
        RemoteServer server
    )
    {
        foreach (var call in calls)
        {
            if (await call.When(arguments, server))
            {
                return call;
            }
        }

        throw new InvalidOperationException($"No call of `{arguments.Verb}` says that it is meant.");
    }

    private static async Task<string> PathAsync(string template, RemoteArguments arguments, RemoteServer server)
    {
        var path = template;
        foreach (Match part in Part().Matches(template))
        {
            var source = part.Groups["source"].Value;
            var text = arguments.Required(source);
            var value =
                source == "RUN" && !part.Groups["name"].Success
                    ? (await server.RunAsync(text)).ToString(CultureInfo.InvariantCulture)
                    : text;
            path = path.Replace(part.Value, Uri.EscapeDataString(value), StringComparison.Ordinal);
        }

        return path;
    }

    private static JsonObject Object(RemoteField[] fields, RemoteArguments arguments, Func<string, string?> types)
    {
        var body = new JsonObject();
        foreach (var field in fields)
        {
            if (arguments.Value(field, types) is { } value)
            {
                body[field.Name] = value;
            }
        }

        return body;
    }

    /// <summary>The JSON types of a pipeline's parameters, where a call sends some.</summary>
    private static async Task<Func<string, string?>> TypesAsync(RemoteVerb.Call call, RemoteArguments arguments, RemoteServer server)
    {
        var field = (call.Body ?? []).FirstOrDefault(each => each.Form == FieldForm.Params);
        if (field is null || !arguments.Has(field.Source))
        {
            return _ => null;
        }

        var name = call.Path.Contains("{PIPELINE}", StringComparison.Ordinal)
            ? arguments.Required("PIPELINE")
            : (await server.GetAsync(await PathAsync("/api/runs/{RUN}", arguments, server))).GetProperty("pipeline").GetString()!;
        var pipeline = await server.GetAsync($"/api/pipelines/{Uri.EscapeDataString(name)}");
        var schema = pipeline.GetProperty("params").GetProperty("properties");
        return parameter =>
            schema.TryGetProperty(parameter, out var known) && known.TryGetProperty("type", out var type) ? type.ToString() : null;
    }

    [GeneratedRegex("\\{(?<source>[^}:]+)(?<name>:name)?\\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Part();
}
