using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Signalbox.Core.Runs;
using Signalbox.Engine.Approvals;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Models;

/// <summary>
/// The registry of models of an MLflow server, by its REST API 2.0 ("REST API", MLflow documentation). Everything may be done twice: a version
/// is found again by its tag.
/// </summary>
/// <remarks>
/// Names of models have no slash in MLflow's addresses, so <c>churn/power</c> is <c>churn.power</c> there. The source of a version is where it is
/// published when that is in S3, else <c>signalbox://models/NAME/VERSION</c>, with the path on this machine in a tag: a path would mean one
/// of the MLflow server's own machine.
/// </remarks>
internal sealed class MlFlowRegistry : IDisposable
{
    private const string Api = "api/2.0/mlflow";
    private const string VersionTag = "signalbox.version";
    private const string Exists = "RESOURCE_ALREADY_EXISTS";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;

    private MlFlowRegistry(HttpClient http) => _http = http;

    /// <exception cref="IOException">Its address is a secret that cannot be had, or none.</exception>
    public static MlFlowRegistry Open(Connection.MlFlow connection, Secrets secrets)
    {
        var address = connection.Address.Resolve(secrets);
        if ((address.Problem ?? ConnectionShapes.MlFlowProblem(address.Value!)) is { } problem)
        {
            throw new IOException($"connections.{connection.Name}: {problem}");
        }

        var uri = new Uri(address.Value!.EndsWith('/') ? address.Value : $"{address.Value}/");
        var http = new HttpClient { BaseAddress = new UriBuilder(uri) { UserName = "", Password = "" }.Uri, Timeout = Patience };
        if (uri.UserInfo.Length > 0)
        {
            var user = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)));
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", user);
        }

        return new MlFlowRegistry(http);
    }

    /// <summary>Makes the model and its version where they are not there.</summary>
    /// <returns>The registry's own number of the version.</returns>
    public async Task<string> RegisterAsync(ModelVersion version, Run run, CancellationToken cancellationToken)
    {
        var name = NameOf(version.Model);
        await AskAsync(
            HttpMethod.Post,
            "registered-models/create",
            json => json.WriteString("name", name),
            cancellationToken,
            accepted: Exists
        );
        return await FindAsync(name, version.Version, cancellationToken) ?? await CreateAsync(name, version, run, cancellationToken);
    }

    public async Task SetAliasAsync(string model, string alias, string version, CancellationToken cancellationToken) =>
        await AskAsync(
            HttpMethod.Post,
            "registered-models/alias",
            json =>
            {
                json.WriteString("name", NameOf(model));
                json.WriteString("alias", alias);
                json.WriteString("version", version);
            },
            cancellationToken
        );

    public void Dispose() => _http.Dispose();

    private static string NameOf(string model) => model.Replace('/', '.');

    private async Task<string> CreateAsync(string name, ModelVersion version, Run run, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            HttpMethod.Post,
            "model-versions/create",
            json =>
            {
                json.WriteString("name", name);
                json.WriteString("source", SourceOf(version));
                json.WriteString("description", $"{version.Model} {version.Version}, made by run {run.Number} of {run.Pipeline}");
                json.WriteStartArray("tags");
                foreach (var (key, value) in TagsOf(version, run))
                {
                    json.WriteStartObject();
                    json.WriteString("key", key);
                    json.WriteString("value", value);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            },
            cancellationToken
        );
        return answer.TryGetProperty("model_version", out var made) && made.TryGetProperty("version", out var number)
            ? number.ToString()
            : throw new IOException($"what answers at {_http.BaseAddress} did not say which version it made");
    }

    private static string SourceOf(ModelVersion version) =>
        version.PublishedPath.StartsWith("s3://", StringComparison.Ordinal)
            ? version.PublishedPath
            : $"signalbox://models/{version.Model}/{version.Version}";

    private static List<(string Key, string Value)> TagsOf(ModelVersion version, Run run)
    {
        using var metrics = JsonDocument.Parse(version.Metrics);
        return
        [
            (VersionTag, version.Version.ToString(CultureInfo.InvariantCulture)),
            ("signalbox.model", version.Model),
            ("signalbox.sha256", version.Sha256),
            ("signalbox.path", version.Path),
            ("signalbox.pipeline", run.Pipeline.Value),
            ("signalbox.run", run.Number.ToString()),
            ("signalbox.definition", version.Definition.Value),
            .. metrics.RootElement.EnumerateObject().Select(metric => ($"signalbox.metric.{metric.Name}", metric.Value.GetRawText())),
        ];
    }

    /// <summary>The registry's number of a version that was told before, perhaps by an engine that died before it could note that.</summary>
    private async Task<string?> FindAsync(string name, int version, CancellationToken cancellationToken)
    {
        var wanted = version.ToString(CultureInfo.InvariantCulture);
        var search = $"model-versions/search?max_results=1000&filter={Uri.EscapeDataString($"name='{name}'")}";
        string? page = null;
        do
        {
            var path = page is null ? search : $"{search}&page_token={Uri.EscapeDataString(page)}";
            var answer = await AskAsync(HttpMethod.Get, path, body: null, cancellationToken);
            if (answer.TryGetProperty("model_versions", out var versions))
            {
                foreach (var known in versions.EnumerateArray())
                {
                    if (OurNumber(known) == wanted)
                    {
                        return known.GetProperty("version").ToString();
                    }
                }
            }

            page = answer.TryGetProperty("next_page_token", out var token) ? token.GetString() : null;
        } while (!string.IsNullOrEmpty(page));

        return null;
    }

    private static string? OurNumber(JsonElement version) =>
        version.TryGetProperty("tags", out var tags)
            ? tags.EnumerateArray()
                .Where(tag => tag.GetProperty("key").GetString() == VersionTag)
                .Select(tag => tag.GetProperty("value").GetString())
                .FirstOrDefault()
            : null;

    /// <param name="accepted">The word of an error that is as good as done.</param>
    private async Task<JsonElement> AskAsync(
        HttpMethod method,
        string path,
        Action<Utf8JsonWriter>? body,
        CancellationToken cancellationToken,
        string? accepted = null
    )
    {
        using var request = new HttpRequestMessage(method, $"{Api}/{path}");
        if (body is not null)
        {
            request.Content = new StringContent(QuestionJson.Object(body), Encoding.UTF8, "application/json");
        }

        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode || (accepted is not null && ErrorOf(text) == accepted))
            {
                using var document = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
                return document.RootElement.Clone();
            }

            var said = text.Length <= 200 ? text : text[..200];
            throw new IOException($"MLflow answered {(int)response.StatusCode} to {path.Split('?')[0]}: {said}");
        }
        catch (HttpRequestException problem)
        {
            throw new IOException($"MLflow cannot be reached at {_http.BaseAddress}: {problem.Message}", problem);
        }
        catch (TaskCanceledException problem) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"MLflow at {_http.BaseAddress} did not answer within {Patience.TotalSeconds} seconds", problem);
        }
        catch (JsonException problem)
        {
            throw new IOException($"what answers at {_http.BaseAddress} is no MLflow server: {problem.Message}", problem);
        }
    }

    /// <summary>The word of an error, as MLflow names it.</summary>
    private static string? ErrorOf(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.TryGetProperty("error_code", out var code) ? code.GetString() : null;
        }
        catch (JsonException)
        {
            // A proxy in between answers in its own way.
            return null;
        }
    }
}
