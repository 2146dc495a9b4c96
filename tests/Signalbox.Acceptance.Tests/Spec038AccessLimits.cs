using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/038-access.md: TLS, the ends of sessions, and what is too much.</summary>
public sealed class Spec038AccessLimits
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task Beyond_this_machine_it_speaks_TLS_and_binds_browsers_and_the_command_line_to_it()
    {
        using var project = new TestProject().Pipeline("any", "tasks:\n  only: { run: \"true\" }\n");
        await Spec038Access.AddUserAsync(project, "ann", "admin");
        var authority = MakeCertificates(project);
        await using var server = await TestServer.StartAsync(
            project,
            "--listen",
            "0.0.0.0",
            "--tls-cert",
            "server.pem",
            "--tls-key",
            "server.key"
        );
        Assert.Equal("https", server.Address.Scheme);
        var address = new Uri($"https://localhost:{server.Address.Port}");
        using var handler = new SocketsHttpHandler { UseCookies = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        using var http = new HttpClient(handler) { BaseAddress = address };
        using var body = new StringContent(
            $$"""{"name":"ann","password":"{{Spec038Access.Password}}"}""",
            Encoding.UTF8,
            "application/json"
        );
        using var signedIn = await http.PostAsync("/api/sign-in", body, Ct);
        Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
        var cookie = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("max-age=", Assert.Single(signedIn.Headers.GetValues("Strict-Transport-Security")), StringComparison.Ordinal);
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        asked.Headers.Add("Cookie", cookie.Split(';')[0]);
        using var runs = await http.SendAsync(asked, Ct);
        Assert.Equal(HttpStatusCode.OK, runs.StatusCode);

        // Nothing in clear answers there.
        using var plain = new HttpClient { BaseAddress = new Uri($"http://localhost:{server.Address.Port}") };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => plain.GetAsync("/healthz", Ct));

        // The command line trusts whom it is told to trust, and nobody else.
        var environment = new Dictionary<string, string>
        {
            ["SIGNALBOX_SERVER"] = address.ToString(),
            ["SIGNALBOX_TOKEN"] = await ApiClient.TokenAsync(project, "viewer"),
        };
        var away = Path.GetTempPath();
        var strange = (await BuiltProgram.CallAsync(away, environment, deadline: null, "pipelines")).Expect(2);
        Assert.Contains("SSL_CERT_FILE", strange.Error, StringComparison.Ordinal);
        environment["SSL_CERT_FILE"] = project.PathOf("authority.pem");
        Assert.Contains(
            "any",
            (await BuiltProgram.CallAsync(away, environment, deadline: null, "pipelines")).Expect(0).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task A_session_ends_when_nobody_used_it_for_eight_hours_and_after_seven_days()
    {
        using var project = new TestProject();
        await Spec038Access.AddUserAsync(project, "ann", "admin");
        await using var server = await TestServer.StartAsync(project);
        using var client = ApiClient.Nobody(server);
        Assert.Equal(HttpStatusCode.OK, await WithSessionAsync(project, client, "used_ms = used_ms - 7 * 3600000"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(project, client, "used_ms = used_ms - 8 * 3600000"));
        Assert.Equal(HttpStatusCode.OK, await WithSessionAsync(project, client, "expires_ms = expires_ms - 167 * 3600000"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithSessionAsync(project, client, "expires_ms = expires_ms - 168 * 3600000"));
    }

    [Fact]
    [Trait("Requirement", "G34")]
    public async Task What_is_too_large_too_deep_or_compressed_is_refused_and_a_log_is_never_a_page()
    {
        using var project = new TestProject().Pipeline("any", "tasks:\n  only: { run: \"echo '<script>'\" }\n");
        await using var server = await TestServer.StartAsync(project);
        using var admin = await ApiClient.WithRoleAsync(project, server, "admin");
        const string Runs = "/api/pipelines/any/runs";
        var large = $$"""{"reason":"{{new string('x', 1024 * 1024)}}"}""";
        await admin.ProblemAsync(HttpMethod.Post, Runs, HttpStatusCode.RequestEntityTooLarge, large);
        var deep = "{\"params\":{\"a\":" + new string('[', 40) + new string(']', 40) + "}}";
        await admin.ProblemAsync(HttpMethod.Post, Runs, HttpStatusCode.BadRequest, deep);
        using var packed = new HttpRequestMessage(HttpMethod.Post, Runs)
        {
            Content = new StringContent("{}", Encoding.UTF8, "application/json"),
        };
        packed.Content.Headers.ContentEncoding.Add("gzip");
        using var refused = await admin.Http.SendAsync(packed, Ct);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);

        var run = (await admin.PostAsync(Runs, "{}", HttpStatusCode.Created)).GetProperty("number").GetInt64();
        await admin.EndedAsync(run);
        using var log = await admin.SendAsync(HttpMethod.Get, $"/api/runs/{run}/tasks/only/attempts/1/log?download=true");
        Assert.Equal("text/plain", log.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(log.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("attachment", log.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal($"run-{run}-only-1.stdout.log", log.Content.Headers.ContentDisposition?.FileName);
        Assert.Equal("<script>\n", await log.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>Begins a session, lets its row be older, and says what a call by it is answered with.</summary>
    private static async Task<HttpStatusCode> WithSessionAsync(TestProject project, ApiClient client, string change)
    {
        using var signedIn = await client.SendAsync(
            HttpMethod.Post,
            "/api/sign-in",
            JsonSerializer.Serialize(new { name = "ann", password = Spec038Access.Password })
        );
        var cookie = Assert.Single(signedIn.Headers.GetValues("Set-Cookie")).Split(';')[0];
        // The first call notes that it was used.
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, cookie));
        var script =
            $"import sqlite3, glob; c = sqlite3.connect(glob.glob('.signalbox/*.db')[0], timeout=30); c.execute(\"update access_tokens set {change} where kind = 'session'\"); c.commit()";
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", script]) { WorkingDirectory = project.Folder })!;
        await python.WaitForExitAsync(Ct);
        Assert.Equal(0, python.ExitCode);
        return await StatusAsync(client, cookie);
    }

    private static async Task<HttpStatusCode> StatusAsync(ApiClient client, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.Add("Cookie", cookie);
        using var response = await client.Http.SendAsync(request, Ct);
        return response.StatusCode;
    }

    /// <summary>An authority of one's own, and what it certifies of this machine.</summary>
    private static X509Certificate2 MakeCertificates(TestProject project)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=authority of a test", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        authorityRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, false));
        using var authority = authorityRequest.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, from, to.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        project.Write("authority.pem", authority.ExportCertificatePem() + "\n");
        project.Write("server.pem", certificate.ExportCertificatePem() + "\n");
        project.Write("server.key", key.ExportPkcs8PrivateKeyPem() + "\n");
        return X509CertificateLoader.LoadCertificate(authority.RawData);
    }
}
