using System.Net;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/036-api.md: the OpenAPI document, and who may call what it lists.</summary>
public sealed class Spec036ApiDocument
{
    private static readonly string[] Anonymous = ["GET /api/session", "POST /api/sign-in", "POST /api/setup"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_OpenAPI_document_is_the_one_that_is_kept()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        using var client = ApiClient.Nobody(server);
        var served = (await client.Http.GetStringAsync("/api/openapi.json", Ct)).TrimEnd() + "\n";
        var path = Path.Combine(BuiltProgram.Root, "schemas", "openapi.json");
        if (Environment.GetEnvironmentVariable("SIGNALBOX_WRITE") == "1")
        {
            await File.WriteAllTextAsync(path, served, Ct);
        }

        Assert.Equal(await File.ReadAllTextAsync(path, Ct), served);
    }

    [Fact]
    [Trait("Requirement", "S22")]
    public async Task Each_address_lets_in_who_its_policy_names_and_nobody_else()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        using var nobody = ApiClient.Nobody(server);
        using var viewer = await ApiClient.WithRoleAsync(project, server, "viewer");
        using var admin = await ApiClient.WithRoleAsync(project, server, "admin");
        var document = await nobody.GetAsync("/api/openapi.json");
        var count = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in path.Value.EnumerateObject().Where(each => each.Name is not "parameters"))
            {
                var verb = new HttpMethod(method.Name.ToUpperInvariant());
                if (Anonymous.Contains($"{verb} {path.Name}") || path.Name.Contains("/events", StringComparison.Ordinal))
                {
                    continue;
                }

                count++;
                var address = Address(path.Name);
                var body = verb == HttpMethod.Get ? null : "{}";
                Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, verb, address, body));
                var seen = await StatusAsync(viewer, verb, address, body);
                var isChange = verb != HttpMethod.Get && path.Name is not "/api/sign-out";
                Assert.True(
                    isChange || path.Name is "/api/audit" or "/api/users" or "/api/tokens" or "/api/secrets"
                        ? seen == HttpStatusCode.Forbidden
                        : seen is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden),
                    $"{verb} {path.Name} is answered with {(int)seen} for a viewer"
                );
                Assert.False(
                    await StatusAsync(admin, verb, address, body)
                        is HttpStatusCode.Unauthorized
                            or HttpStatusCode.Forbidden
                            or HttpStatusCode.InternalServerError,
                    $"{verb} {path.Name} refuses an admin"
                );
            }
        }

        Assert.InRange(count, 80, int.MaxValue);
        await RequireNamedValuesAsync(admin, document);
    }

    /// <summary>A number or a truth in the address that is none is named, wherever it may stand.</summary>
    private static async Task RequireNamedValuesAsync(ApiClient admin, JsonElement document)
    {
        var count = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(each => each.Value.TryGetProperty("get", out _)))
        {
            if (
                path.Name.Contains("/events", StringComparison.Ordinal)
                || !path.Value.GetProperty("get").TryGetProperty("parameters", out var parameters)
            )
            {
                continue;
            }

            var needed = string.Concat(
                parameters
                    .EnumerateArray()
                    .Where(each => each.GetProperty("in").GetString() == "query")
                    .Where(each => each.TryGetProperty("required", out var required) && required.GetBoolean())
                    .Select(each => $"&{each.GetProperty("name").GetString()}=1")
            );
            foreach (var parameter in parameters.EnumerateArray().Where(each => each.GetProperty("in").GetString() == "query"))
            {
                var type = parameter.GetProperty("schema").TryGetProperty("type", out var told) ? told.ToString() : "";
                if (!type.Contains("integer", StringComparison.Ordinal) && !type.Contains("boolean", StringComparison.Ordinal))
                {
                    continue;
                }

                count++;
                var name = parameter.GetProperty("name").GetString()!;
                var others = needed.Replace($"&{name}=1", "", StringComparison.Ordinal);
                var address = $"{Address(path.Name)}?{name}=wrong{others}";
                var problem = await admin.ProblemAsync(HttpMethod.Get, address, HttpStatusCode.BadRequest);
                Assert.Contains($"{name}: `wrong`", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            }
        }

        Assert.InRange(count, 10, int.MaxValue);
    }

    [Fact]
    public async Task Events_are_for_those_who_have_signed_in()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        using var nobody = ApiClient.Nobody(server);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, HttpMethod.Get, "/api/events", body: null));
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await StatusAsync(nobody, HttpMethod.Get, "/api/runs/1/tasks/a/attempts/1/log/events", body: null)
        );
    }

    private static async Task<HttpStatusCode> StatusAsync(ApiClient client, HttpMethod verb, string path, string? body)
    {
        using var response = await client.SendAsync(verb, path, body);
        return response.StatusCode;
    }

    /// <summary>An address in which every part that stands for something is 1.</summary>
    private static string Address(string path)
    {
        var parts = path.Split('/');
        return string.Join('/', parts.Select(part => part.StartsWith('{') ? "1" : part));
    }
}
