using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Http;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>http:</c>: one request, made by the program itself in a process of its own, in the same custody as any command.</summary>
internal static class HttpTask
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static Work Prepare(TaskKind.Http kind, AttemptContext context)
    {
        var url = context.Render(kind.Url, "http.url");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw Refused(context, "http.url", $"`{url}` is no address; write e.g. https://host/path", "address");
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var secrets = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!kind.IsSafe)
        {
            // The same for every try of this request, so that the other side can tell a repetition; another after a rerun by hand.
            headers[IdempotencyKey] = $"{context.Parts.Instance}/{context.Run.Number}/{context.Task.Key}/{context.Task.TriesBefore}";
        }

        foreach (var (name, text) in kind.Headers)
        {
            if (Secrets.NameIn(text) is { } secret)
            {
                var found = context.Parts.Project.Secrets.Resolve(secret);
                secrets[name] = found.Value ?? throw TaskRefused.Because(FailureClass.Auth, found.Problem!, "secret");
            }
            else
            {
                headers[name] = context.Render(text, $"http.headers.{name}");
            }
        }

        var ask = new HttpAsk
        {
            Method = kind.Method,
            Url = url,
            Headers = headers,
            Body =
                kind.Json is { } json ? JsonOf(json, context)
                : kind.Body is { } body ? context.Render(body, "http.body")
                : null,
            ContentType =
                headers.Remove("Content-Type", out var type) ? type
                : kind.Json is not null ? "application/json"
                : kind.Body is not null ? "text/plain; charset=utf-8"
                : null,
            Expect = [.. kind.Expect],
            AllowHosts = kind.AllowHosts.IsDefaultOrEmpty ? null : [.. kind.AllowHosts],
            OwnPorts = [.. context.Parts.OwnPorts.Keys],
            Timeout = kind.Timeout,
            Output = context.Outputs is [var output] ? output.Path : null,
        };
        var file = context.ReportFile("http-request.json");
        File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(ask, HttpJson.Default.HttpAsk));
        return new Work.Command(
            new CommandSpec.Arguments([.. context.Parts.WorkerCommand, HttpWork.Name, file]),
            secrets.Count == 0
                ? ImmutableDictionary<string, string>.Empty
                : ImmutableDictionary<string, string>.Empty.Add(
                    TaskEnvironment.HttpSecrets,
                    JsonSerializer.Serialize(secrets, HttpJson.Default.DictionaryStringString)
                )
        );
    }

    /// <summary>The JSON with its templates rendered: a text that is one expression becomes the value itself, of whatever type.</summary>
    private static string JsonOf(string json, AttemptContext context) =>
        Rendered(JsonNode.Parse(json), "http.json", context)?.ToJsonString() ?? "null";

    private static JsonNode? Rendered(JsonNode? node, string field, AttemptContext context)
    {
        switch (node)
        {
            case JsonObject map:
                var entries = new JsonObject();
                foreach (var (name, value) in map)
                {
                    entries[name] = Rendered(value, $"{field}.{name}", context);
                }

                return entries;
            case JsonArray list:
                return new JsonArray([.. list.Select((item, i) => Rendered(item, $"{field}[{i}]", context))]);
            case JsonValue leaf when leaf.GetValueKind() == JsonValueKind.String:
                var text = leaf.GetValue<string>();
                var place = $"tasks.{context.Node.Name}.{field}";
                return text.Contains("{{", StringComparison.Ordinal) && Templates.Of(text, place).IsSingleExpression
                    ? JsonNode.Parse(Templates.Evaluate(text, context.Scope, place).ToJson())
                    : JsonValue.Create(Templates.Render(text, context.Scope, place));
            default:
                return node?.DeepClone();
        }
    }

    private static TaskRefused Refused(AttemptContext context, string field, string message, string rule) =>
        TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.{field}: {message}", rule);
}
