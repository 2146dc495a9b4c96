using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core;

namespace Signalbox.App.Cli;

/// <summary>A server as its clients see it: every call goes through here, and what goes wrong with one becomes a sentence and an exit code.</summary>
internal sealed class RemoteServer : IDisposable
{
    private const string Status = "status";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient _http;

    public RemoteServer(Uri address, string? token)
    {
        Address = address;
        // A redirect could carry the token elsewhere.
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                UseCookies = false,
                AllowAutoRedirect = false,
                ConnectTimeout = TimeSpan.FromSeconds(10),
            }
        )
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("signalbox", AppVersion.Number));
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public Uri Address { get; }

    /// <summary>The document of an address.</summary>
    public async Task<JsonElement> GetAsync(string path, CancellationToken stop = default) =>
        await SendAsync(HttpMethod.Get, path, body: null, key: null, stop) ?? throw Fault($"{path} has no document");

    /// <summary>Makes a call and reads its document; null when the answer has none.</summary>
    /// <exception cref="UserMistakeException">The server refused it.</exception>
    /// <exception cref="ServerAwayException">There is none.</exception>
    public async Task<JsonElement?> SendAsync(HttpMethod method, string path, JsonNode? body, string? key, CancellationToken stop = default)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await OpenAsync(request, limit.Token);
            var bytes = await response.Content.ReadAsByteArrayAsync(limit.Token);
            if (bytes.Length == 0)
            {
                return null;
            }

            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ServerAwayException($"{Address} did not answer within {Patience.TotalSeconds:0} s");
        }
        catch (JsonException)
        {
            throw new UserMistakeException($"{Address} is no server of signalbox: it answers {path} with something that is no JSON");
        }
    }

    /// <summary>An answer that is read while it comes; what is no success is thrown.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken stop)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        }
        catch (HttpRequestException untrusted) when (untrusted.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new UserMistakeException(
                $"{Address}: {(untrusted.InnerException ?? untrusted).Message.TrimEnd('.')}; SSL_CERT_FILE names a file with the authorities to trust"
            );
        }
        catch (HttpRequestException away)
        {
            throw new ServerAwayException($"there is no server at {Address}: {away.Message.TrimEnd('.')}");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw Refusal(response.StatusCode, await ProblemAsync(response, stop));
        }
    }

    /// <summary>The number of the run that people name.</summary>
    public async Task<long> RunAsync(string name) =>
        (await GetAsync($"/api/runs/find?name={Uri.EscapeDataString(name)}")).GetProperty("number").GetInt64();

    /// <summary>Whether a name is that of a pipeline.</summary>
    public async Task<bool> HasPipelineAsync(string name)
    {
        try
        {
            await GetAsync($"/api/pipelines/{Uri.EscapeDataString(name)}");
            return true;
        }
        catch (UserMistakeException refused) when (refused.Data[Status] is HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private Exception Refusal(HttpStatusCode status, string? detail)
    {
        Exception refusal = status switch
        {
            HttpStatusCode.Unauthorized => new UserMistakeException(
                $"{Address} does not know you: put a token of `signalbox tokens create NAME` (on the server's machine) into {TaskEnvironment.Token}, or "
                    + $"into {RemoteOptions.DefaultFile()} (chmod 600)"
            ),
            HttpStatusCode.Forbidden => new UserMistakeException(
                $"{Address}: {detail ?? "this token may not do that"}; `signalbox tokens create NAME --role admin` makes one that may"
            ),
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout => new ServerAwayException(
                $"{Address}: {detail ?? $"it answers with {(int)status}"}"
            ),
            >= HttpStatusCode.InternalServerError => Fault(detail ?? $"it answers with {(int)status}"),
            _ => new UserMistakeException(detail ?? $"{Address} answers with {(int)status}; is it a server of signalbox?"),
        };
        refusal.Data[Status] = status;
        return refusal;
    }

    private InvalidOperationException Fault(string what) => new($"{Address}: {what}");

    private static async Task<string?> ProblemAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (response.Content.Headers.ContentType?.MediaType != Api.ApiProblem.ContentType)
        {
            return null;
        }

        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(stop));
        return problem.RootElement.GetProperty("detail").GetString();
    }
}

/// <summary>The server that was named is not there.</summary>
internal sealed class ServerAwayException(string message) : Exception(message);
