using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>wait_for: {http}</c>: a GET is answered with a wanted status and with JSON that has the wanted values. Another answer is "not yet"; no
/// answer is a look that failed.
/// </summary>
internal static class WaitForHttpTask
{
    private const int MostBytes = 1 << 20;
    private const string SecretPrefix = "secret:";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // One for the program: its connections are shared, and names are looked up anew now and then.
    private static readonly HttpClient Client = new(
        new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            UseCookies = false,
        }
    )
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = MostBytes,
    };

    public static async Task<Sighting> LookAsync(TaskKind.WaitForHttp kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var text = context.Render(kind.Url, "wait_for.http");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw Refused(context, "wait_for.http", $"`{text}` is no address; write e.g. https://host/path", "address");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in kind.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, Header(name, value, context)))
            {
                throw Refused(context, $"wait_for.headers.{name}", "a GET does not take this header", "header");
            }
        }

        // A password in the address is not for the log.
        var shown = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        var status = (int)response.StatusCode;
        var next = context.Parts.Time.GetUtcNow() + kind.Every;
        if (kind.Status.IsDefaultOrEmpty ? !response.IsSuccessStatusCode : !kind.Status.Contains(status))
        {
            var wanted = kind.Status.IsDefaultOrEmpty ? "200 to 299" : string.Join(" or ", kind.Status);
            return new Sighting.NotYet($"{shown} answers {status}; waiting for {wanted}", next);
        }

        if (kind.Values.IsEmpty)
        {
            return new Sighting.Satisfied(new JsonObject { ["status"] = status }.ToJsonString());
        }

        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return new Sighting.NotYet($"{shown} answers {status}, but not with JSON", next);
        }

        using (json)
        {
            foreach (var (path, template) in kind.Values)
            {
                var wanted = context.Render(template, $"wait_for.json.{path}");
                var found = Find(json.RootElement, path);
                if (found != wanted)
                {
                    return new Sighting.NotYet(
                        $"{shown}: `{path}` is {(found is null ? "not there" : $"`{Short(found)}`")}; waiting for `{wanted}`",
                        next
                    );
                }
            }

            return new Sighting.Satisfied(
                new JsonObject { ["status"] = status, ["json"] = JsonNode.Parse(json.RootElement.GetRawText()) }.ToJsonString()
            );
        }
    }

    /// <summary>The value at a path as text; null where there is none. Numbers and truth values are as they are written.</summary>
    internal static string? Find(JsonElement json, string path)
    {
        foreach (var part in path.Split('.'))
        {
            if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty(part, out var property))
            {
                json = property;
            }
            else if (
                json.ValueKind == JsonValueKind.Array
                && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && index < json.GetArrayLength()
            )
            {
                json = json[index];
            }
            else
            {
                return null;
            }
        }

        return json.ValueKind == JsonValueKind.String ? json.GetString() : json.GetRawText();
    }

    private static string Header(string name, string text, AttemptContext context)
    {
        if (!text.StartsWith(SecretPrefix, StringComparison.Ordinal))
        {
            return context.Render(text, $"wait_for.headers.{name}");
        }

        var secret = context.Parts.Project.Secrets.Resolve(text[SecretPrefix.Length..]);
        return secret.Value ?? throw TaskRefused.Because(FailureClass.Auth, secret.Problem!, "secret");
    }

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private static TaskRefused Refused(AttemptContext context, string field, string message, string rule) =>
        TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.{field}: {message}", rule);
}
