using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>Calls a server as a program does, with a token or without.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;

    private ApiClient(Uri address, string? token)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public HttpClient Http => _http;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A client without a token.</summary>
    public static ApiClient Nobody(TestServer server) => new(server.Address, token: null);

    /// <summary>A client with a token of its own.</summary>
    public static async Task<ApiClient> WithRoleAsync(TestProject project, TestServer server, string role) =>
        new(server.Address, await TokenAsync(project, role));

    public static async Task<string> TokenAsync(TestProject project, string role, string? name = null) =>
        (await project.CallAsync("tokens", "create", name ?? $"{role}-{Guid.NewGuid():N}", "--role", role, "--json"))
            .Expect(0)
            .Json.GetProperty("token")
            .GetString()!;

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await _http.GetAsync(path, Ct);
        return await DocumentAsync(response, HttpStatusCode.OK, path);
    }

    public async Task<JsonElement> PostAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK, string? key = null)
    {
        using var response = await SendAsync(HttpMethod.Post, path, body, key);
        return await DocumentAsync(response, expected, path);
    }

    /// <summary>The answer, whatever it is.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    /// <summary>The problem that a call is answered with.</summary>
    public async Task<JsonElement> ProblemAsync(HttpMethod method, string path, HttpStatusCode expected, string? body = null)
    {
        using var response = await SendAsync(method, path, body);
        var problem = await DocumentAsync(response, expected, path);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }

    /// <summary>Waits until a run has ended.</summary>
    public async Task<JsonElement> EndedAsync(long run)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var seen = (await GetAsync($"/api/runs/{run}")).GetProperty("run");
            if (seen.GetProperty("state").GetString() is "success" or "failed" or "cancelled")
            {
                return seen;
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"run {run} is still {seen}");
            await Task.Delay(50, Ct);
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonElement> DocumentAsync(HttpResponseMessage response, HttpStatusCode expected, string path)
    {
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.StatusCode == expected, $"{path} is answered with {(int)response.StatusCode}, not {(int)expected}: {text}");
        using var document = JsonDocument.Parse(text.Length == 0 ? "null" : text);
        return document.RootElement.Clone();
    }
}
