using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/038-access.md</summary>
public sealed partial class Spec038Access
{
    internal const string Password = "correct horse battery";
    private const string Antiforgery = "X-Signalbox-Antiforgery";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task The_first_start_prints_a_token_that_makes_the_first_admin_once()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        var line = await server.SaysAsync(each => each.Contains("set-up token", StringComparison.Ordinal));
        var token = line[(line.LastIndexOf(' ') + 1)..];
        var file = project.PathOf(".signalbox/setup-token");
        Assert.Equal(token, (await File.ReadAllTextAsync(file, Ct)).Trim());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using var client = ApiClient.Nobody(server);
        Assert.True((await client.GetAsync("/api/session")).GetProperty("needs_set_up").GetBoolean());
        await client.PostAsync("/api/setup", SetUp("wrong", "ann", Password), HttpStatusCode.Forbidden);
        await client.PostAsync("/api/setup", SetUp(token, "ann", "short"), HttpStatusCode.BadRequest);
        var made = await client.PostAsync("/api/setup", SetUp(token, "ann", Password));
        Assert.Equal("admin", made.GetProperty("user").GetProperty("role").GetString());
        Assert.False(made.GetProperty("needs_set_up").GetBoolean());
        Assert.False(File.Exists(file));
        await client.PostAsync("/api/setup", SetUp(token, "eve", Password), HttpStatusCode.Forbidden);
        var users = (await project.CallAsync("users", "list", "--json")).Expect(0);
        Assert.Equal("ann", Assert.Single(users.Json.EnumerateArray()).GetProperty("name").GetString());
        Assert.DoesNotContain(Password, users.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task A_session_is_a_strict_cookie_and_changes_with_its_antiforgery_token_alone()
    {
        using var project = new TestProject().Pipeline("any", "tasks:\n  only: { run: \"true\" }\n");
        await AddUserAsync(project, "ann", "admin");
        await AddUserAsync(project, "vic", "viewer");
        await using var server = await TestServer.StartAsync(project);
        using var client = ApiClient.Nobody(server);
        var (cookie, antiforgery) = await SignInAsync(client, "ann");
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        var mine = cookie.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, HttpMethod.Get, "/api/runs", mine));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, HttpMethod.Post, "/api/pipelines/any/pause", mine));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, HttpMethod.Post, "/api/pipelines/any/pause", mine, "wrong"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, HttpMethod.Post, "/api/pipelines/any/pause", mine, antiforgery));
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(client, HttpMethod.Post, "/api/sign-out", mine, antiforgery));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/api/runs", mine));

        var (other, theirs) = await SignInAsync(client, "vic");
        Assert.Equal(
            HttpStatusCode.Forbidden,
            await StatusAsync(client, HttpMethod.Post, "/api/pipelines/any/unpause", other.Split(';')[0], theirs)
        );
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task Other_hosts_and_other_origins_are_turned_away_and_every_answer_binds_the_browser()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        using var client = ApiClient.Nobody(server);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await WithHeaderAsync(client, "Host", $"evil.example:{server.Address.Port}"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(client, "Host", $"localhost:{server.Address.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(client, "Origin", "https://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(client, "Origin", "null"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(client, "Origin", $"http://127.0.0.1:{server.Address.Port}"));
        foreach (var path in new[] { "/api/session", "/api/runs", "/nothing", "/healthz" })
        {
            using var response = await client.Http.GetAsync(path, Ct);
            var policy = string.Join(' ', response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.False(response.Headers.Contains("Server"));
        }

        Assert.Equal("ready", await client.Http.GetStringAsync("/readyz", Ct));
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task Guessing_is_slowed_down()
    {
        using var project = new TestProject();
        await AddUserAsync(project, "ann", "admin");
        await using var server = await TestServer.StartAsync(project);
        using var client = ApiClient.Nobody(server);
        for (var i = 0; i < 5; i++)
        {
            await client.PostAsync("/api/sign-in", SignIn("ann", "wrong wrong wrong"), HttpStatusCode.Unauthorized);
        }

        using var slowed = await client.SendAsync(HttpMethod.Post, "/api/sign-in", SignIn("ann", Password));
        Assert.Equal(HttpStatusCode.TooManyRequests, slowed.StatusCode);
        Assert.InRange(slowed.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task The_link_that_serve_prints_signs_in_once()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        var line = await server.SaysAsync(each => each.Contains("/sign-in?token=", StringComparison.Ordinal));
        var link = Link().Match(line).Value;
        using var client = ApiClient.Nobody(server);
        using var first = await client.Http.GetAsync(link, Ct);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie")).Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, HttpMethod.Get, "/api/audit", cookie));
        using var second = await client.Http.GetAsync(link, Ct);
        Assert.Equal(HttpStatusCode.Gone, second.StatusCode);
        Assert.False(second.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task Beyond_this_machine_it_listens_only_with_a_user_and_with_TLS()
    {
        using var project = new TestProject();
        string[] call = ["serve", "--port", "0", "--listen", "0.0.0.0"];
        Assert.Contains("there is no user yet", (await project.CallAsync(call)).Expect(2).Error, StringComparison.Ordinal);
        await AddUserAsync(project, "ann", "admin");
        Assert.Contains("--tls-cert", (await project.CallAsync(call)).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains(
            "--tls-key",
            (await project.CallAsync([.. call, "--tls-cert", "none.pem"])).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "none.pem",
            (await project.CallAsync([.. call, "--tls-cert", "none.pem", "--tls-key", "none.key"])).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S22")]
    public async Task A_token_is_shown_once_has_a_role_and_an_end_and_is_revoked_for_ever()
    {
        using var project = new TestProject().Pipeline("any", "tasks:\n  only: { run: \"true\" }\n");
        await AddUserAsync(project, "vic", "viewer");
        var made = (await project.CallAsync("tokens", "create", "nightly", "--role", "admin", "--json")).Expect(0).Json;
        var token = made.GetProperty("token").GetString()!;
        Assert.StartsWith("sbx_", token, StringComparison.Ordinal);
        (await project.CallAsync("tokens", "create", "nightly")).Expect(2);
        (await project.CallAsync("tokens", "create", "long", "--expires", "900d")).Expect(2);
        var bound = (await project.CallAsync("tokens", "create", "bound", "--role", "admin", "--user", "vic", "--json")).Expect(0).Json;
        var brief = (await project.CallAsync("tokens", "create", "brief", "--expires", "1s", "--json")).Expect(0).Json;
        Assert.DoesNotContain(token, (await project.CallAsync("tokens", "list", "--json")).Expect(0).Output, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(project.PathOf(".signalbox"), "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(token, await File.ReadAllTextAsync(file, Encoding.Latin1, Ct), StringComparison.Ordinal);
        }

        await using var server = await TestServer.StartAsync(project);
        using var client = ApiClient.Nobody(server);
        const string Path = "/api/pipelines/any/runs";
        Assert.Equal(HttpStatusCode.Created, await BearerAsync(client, Path, token));
        Assert.Equal(HttpStatusCode.Forbidden, await BearerAsync(client, Path, bound.GetProperty("token").GetString()!));
        Assert.Equal(HttpStatusCode.Unauthorized, await BearerAsync(client, Path, brief.GetProperty("token").GetString()!));
        Assert.Equal(HttpStatusCode.Unauthorized, await BearerAsync(client, Path, token + "x"));
        (await project.CallAsync("tokens", "revoke", "nightly")).Expect(0);
        Assert.Equal(HttpStatusCode.Unauthorized, await BearerAsync(client, Path, token));
        (await project.CallAsync("users", "remove", "vic")).Expect(0);
        Assert.Equal(HttpStatusCode.Unauthorized, await BearerAsync(client, Path, bound.GetProperty("token").GetString()!));
    }

    [Fact]
    [Trait("Requirement", "G33")]
    public async Task A_secret_goes_in_and_is_found_nowhere()
    {
        const string Secret = "canary-4711-äöü-value";
        using var project = new TestProject().Pipeline(
            "uses",
            "tasks:\n  show: { run: 'echo \"it is $KEY\"; echo \"$KEY\" | rev', env: { KEY: \"secret:canary\" } }\n"
        );
        (await WithInputAsync(project, Secret, "secrets", "set", "canary")).Expect(0);
        Assert.Equal(
            ["canary"],
            (await project.CallAsync("secrets", "list", "--json")).Expect(0).Json.EnumerateArray().Select(name => name.GetString())
        );
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(project.PathOf(".signalbox/install.key")));
        await using var server = await TestServer.StartAsync(project);
        using var admin = await ApiClient.WithRoleAsync(project, server, "admin");
        var run = (await admin.PostAsync("/api/pipelines/uses/runs", "{}", HttpStatusCode.Created)).GetProperty("number").GetInt64();
        await admin.EndedAsync(run);
        var log = await admin.Http.GetStringAsync($"/api/runs/{run}/tasks/show/attempts/1/log", Ct);
        Assert.StartsWith("it is ***\n", log, StringComparison.Ordinal);
        // The command had the true one.
        Assert.Contains("eulav-", log, StringComparison.Ordinal);
        foreach (var path in new[] { $"/api/runs/{run}", "/api/pipelines/uses", "/api/secrets", "/api/audit", "/api/openapi.json" })
        {
            Assert.DoesNotContain(Secret, await admin.Http.GetStringAsync(path, Ct), StringComparison.Ordinal);
        }

        using var put = await admin.SendAsync(HttpMethod.Put, "/api/secrets/second", """{"value":"second-canary-0815"}""");
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        // There is no address to read one from.
        using var read = await admin.SendAsync(HttpMethod.Get, "/api/secrets/second");
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
        // The server holds the lock file, which has its pid in it.
        var files = Directory
            .EnumerateFiles(project.Folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal));
        foreach (var file in files)
        {
            var text = await File.ReadAllTextAsync(file, Encoding.UTF8, Ct);
            Assert.False(
                text.Contains(Secret, StringComparison.Ordinal) || text.Contains("second-canary-0815", StringComparison.Ordinal),
                $"{file} holds a secret"
            );
        }

        File.Delete(project.PathOf(".signalbox/install.key"));
        Assert.Contains("the key is gone", (await project.CallAsync("run", "uses")).Expect(2).Error, StringComparison.Ordinal);
        (await project.CallAsync("secrets", "remove", "canary")).Expect(0);
        (await project.CallAsync("secrets", "remove", "canary")).Expect(2);
    }

    internal static async Task AddUserAsync(TestProject project, string name, string role) =>
        (await WithInputAsync(project, Password + "\n", "users", "add", name, "--role", role)).Expect(0);

    private static async Task<Called> WithInputAsync(TestProject project, string input, params string[] call)
    {
        using var process = BuiltProgram.Start(project.Folder, project.Environment, call);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);
        return new Called(string.Join(' ', call), process.ExitCode, await output, await error);
    }

    private static async Task<(string Cookie, string Antiforgery)> SignInAsync(ApiClient client, string name)
    {
        using var response = await client.SendAsync(HttpMethod.Post, "/api/sign-in", SignIn(name, Password));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Ct));
        return (Assert.Single(response.Headers.GetValues("Set-Cookie")), document.RootElement.GetProperty("antiforgery").GetString()!);
    }

    private static async Task<HttpStatusCode> StatusAsync(
        ApiClient client,
        HttpMethod method,
        string path,
        string cookie,
        string? antiforgery = null
    )
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Cookie", cookie);
        if (method != HttpMethod.Get)
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        if (antiforgery is not null)
        {
            request.Headers.Add(Antiforgery, antiforgery);
        }

        using var response = await client.Http.SendAsync(request, Ct);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> BearerAsync(ApiClient client, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent("{}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", token);
        using var response = await client.Http.SendAsync(request, Ct);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> WithHeaderAsync(ApiClient client, string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/session");
        request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.Http.SendAsync(request, Ct);
        return response.StatusCode;
    }

    private static string SetUp(string token, string name, string password) =>
        JsonSerializer.Serialize(
            new
            {
                token,
                name,
                password,
            }
        );

    private static string SignIn(string name, string password) => JsonSerializer.Serialize(new { name, password });

    [GeneratedRegex(@"http://\S+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();
}
