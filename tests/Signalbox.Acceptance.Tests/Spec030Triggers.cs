using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/030-triggers.md.</summary>
public sealed class Spec030Triggers
{
    private const string Hook = """
        triggers: [{ webhook: { bearer: secret:hook, max_per_minute: 1000000 } }]
        params: { n: { type: integer } }
        max_active_runs: 8
        run: echo {{ params.n }} >> seen.txt     # signalbox: allow append, for each line is a witness
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    // By hand: SIGNALBOX_STORM=20000.
    private static readonly int Storm = int.TryParse(
        Environment.GetEnvironmentVariable("SIGNALBOX_STORM"),
        CultureInfo.InvariantCulture,
        out var many
    )
        ? many
        : 500;

    [Fact]
    [Trait("Requirement", "S17")]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S22")]
    public async Task A_call_of_a_webhook_starts_one_run_and_its_JSON_says_what_started_it()
    {
        using var project = new TestProject().Pipeline("landing", Hook).Secret("hook", "s3cret");
        await using var server = await TestServer.StartAsync(project);
        using var http = new HttpClient();
        var (status, first) = await http.PostAsync(server.Address, "/hooks/landing", """{"n":7}""", "s3cret", "d-1");
        var (_, again) = await http.PostAsync(server.Address, "/hooks/landing/webhook", """{"n":7}""", "s3cret", "d-1");
        var message = first.GetProperty("messages")[0];
        var run = await project.EndedAsync(message.GetProperty("run").GetInt64());

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("started", message.GetProperty("state").GetString());
        Assert.Equal(first.GetRawText(), again.GetRawText());
        Assert.Equal("success", run.State);
        var by = run.Json.GetProperty("triggered_by");
        Assert.Equal(
            ("event", "webhook", "webhook", "delivery d-1", message.GetProperty("message").GetInt64()),
            (
                by.GetProperty("kind").GetString(),
                by.GetProperty("source").GetString(),
                by.GetProperty("trigger").GetString(),
                by.GetProperty("key").GetString(),
                by.GetProperty("message").GetInt64()
            )
        );
        Assert.Equal(["7"], project.Lines("seen.txt"));
    }

    [Fact]
    [Trait("Requirement", "S22")]
    [Trait("Requirement", "S127")]
    public async Task What_a_webhook_does_not_keep_is_answered_with_a_problem_that_says_what_is_wrong()
    {
        using var project = new TestProject().Pipeline("landing", Hook.Replace("1000000", "1")).Secret("hook", "s3cret");
        await using var server = await TestServer.StartAsync(project);
        using var http = new HttpClient();
        (string Path, string Body, string? Secret, HttpStatusCode Status, string Detail)[] calls =
        [
            ("/hooks/other", "{}", "s3cret", HttpStatusCode.NotFound, "there is no webhook `other`"),
            ("/hooks/landing/other", "{}", "s3cret", HttpStatusCode.NotFound, "there is no webhook `landing/other`"),
            ("/hooks/landing", "{}", null, HttpStatusCode.Unauthorized, "Authorization: Bearer SECRET"),
            ("/hooks/landing", "{}", "guess", HttpStatusCode.Unauthorized, "Authorization: Bearer SECRET"),
            ("/hooks/landing", "n=1", "s3cret", HttpStatusCode.BadRequest, "the body is not JSON: line 1, byte 2"),
            (
                "/hooks/landing",
                $"\"{new string('x', 1024 * 1024)}\"",
                "s3cret",
                HttpStatusCode.RequestEntityTooLarge,
                "at most 1048576 bytes"
            ),
            ("/hooks/landing", """{"n":1}""", "s3cret", HttpStatusCode.Accepted, ""),
            ("/hooks/landing", """{"n":2}""", "s3cret", HttpStatusCode.TooManyRequests, "1 messages a minute; try again in"),
        ];
        foreach (var (path, body, secret, wanted, detail) in calls)
        {
            var (status, answer) = await http.PostAsync(server.Address, path, body, secret);
            Assert.Equal((path, wanted), (path, status));
            if (detail.Length > 0)
            {
                Assert.Contains(detail, answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
                Assert.Equal((int)wanted, answer.GetProperty("status").GetInt32());
            }
        }

        Assert.Single((await project.CallAsync("inbox", "list", "--json")).Expect(0).Json.EnumerateArray());
    }

    [Fact]
    [Trait("Requirement", "S122")]
    [Trait("Requirement", "S124")]
    [Trait("Requirement", "S125")]
    [Trait("Requirement", "S202")]
    public async Task The_function_of_the_example_forwards_a_notification_of_S3_and_the_run_has_the_decoded_key()
    {
        using var project = ExampleFiles.Copy("s3_event_webhook").Secret("landing_hook", "change me");
        await using var server = await TestServer.StartAsync(project);
        var (code, output) = await ForwardAsync(project, server, "change me");
        Assert.True(code == 0, output);
        using var answer = JsonDocument.Parse(output);
        var run = await project.EndedAsync(answer.RootElement.GetProperty("messages")[0].GetProperty("run").GetInt64());

        Assert.Equal("success", run.State);
        var parameters = run.Json.GetProperty("params");
        Assert.Equal("raw/düsseldorf 2026-03-01.csv", parameters.GetProperty("source_key").GetString());
        Assert.Equal("ml-landing", parameters.GetProperty("source_bucket").GetString());
        Assert.Equal("ObjectCreated:Put", parameters.GetProperty("triggered_by").GetString());
        Assert.Equal(
            ["raw/düsseldorf 2026-03-01.csv", "ml-landing"],
            File.ReadAllLines(Assert.Single(Directory.GetFiles(project.PathOf("out"))))
        );

        // S3 tells of an object at least once: the second time there is no second run.
        Assert.Equal(0, (await ForwardAsync(project, server, "change me")).Code);
        Assert.Single((await project.CallAsync("inbox", "list", "--json")).Expect(0).Json.EnumerateArray());
        var (refused, reason) = await ForwardAsync(project, server, "guess");
        Assert.Equal(1, refused);
        Assert.Contains("401: the signature is not that of SECONDS.BODY", reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S20")]
    [Trait("Requirement", "S122")]
    public async Task The_example_of_files_totals_each_file_that_lands_once()
    {
        using var project = ExampleFiles.Copy("file_trigger");
        project.Write("landing/monday/orders.csv", "id,amount\n1,20\n2,22\n");
        await using (var first = await TestServer.StartAsync(project))
        {
            await Eventually.TrueAsync(() => File.Exists(project.PathOf("out/orders.csv")), Deadline, () => string.Join('\n', first.Lines));
            await first.KillAsync();
        }

        await using var second = await TestServer.StartAsync(project);
        project.Write("landing/tuesday/more.csv", "id,amount\n3,30\n");
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("out/more.csv")), Deadline, () => string.Join('\n', second.Lines));

        Assert.Equal("orders,amount\n2,42\n", project.Read("out/orders.csv"));
        var messages = (await project.CallAsync("inbox", "list", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(2, messages.Count);
        var run = await project.EndedAsync(messages[1].GetProperty("run").GetInt64());
        Assert.Equal(project.PathOf("landing/monday/orders.csv"), run.Json.GetProperty("params").GetProperty("path").GetString());
        Assert.Equal(20, run.Json.GetProperty("params").GetProperty("size").GetInt64());
        Assert.NotEqual("", run.Json.GetProperty("params").GetProperty("etag").GetString());
        Assert.EndsWith("Z", run.Json.GetProperty("params").GetProperty("mtime").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S22")]
    public async Task A_storm_of_calls_while_the_server_is_killed_and_started_becomes_as_many_messages_and_as_many_runs()
    {
        using var project = new TestProject().Pipeline("landing", Hook).Secret("hook", "s3cret");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        var server = await TestServer.StartAsync(project);
        try
        {
            // The sender's own ledger: what it sent, and what it was told; it sends again until it is told.
            var waiting = new ConcurrentQueue<int>(Enumerable.Range(0, Storm));
            var told = new ConcurrentDictionary<int, long>();
            var watch = Stopwatch.StartNew();
            var senders = Enumerable.Range(0, 8).Select(_ => Task.Run(SendAsync)).ToArray();
            for (var kill = 1; kill <= 3; kill++)
            {
                await Eventually.TrueAsync(() => told.Count >= Storm * kill / 4, TimeSpan.FromSeconds(120 + (Storm / 10)));
                await server.KillAsync();
                await server.DisposeAsync();
                server = await TestServer.StartAsync(project);
            }

            await Task.WhenAll(senders);
            var sent = watch.Elapsed;
            await Eventually.TrueAsync(
                () => File.Exists(project.PathOf("seen.txt")) && File.ReadLines(project.PathOf("seen.txt")).Distinct().Count() == Storm,
                TimeSpan.FromSeconds(180 + (Storm / 10)),
                () =>
                    $"{File.ReadLines(project.PathOf("seen.txt")).Distinct().Count()} of {Storm} ran\n{string.Join('\n', server.Lines.TakeLast(5))}"
            );
            TestContext.Current.TestOutputHelper?.WriteLine($"{Storm} calls in {sent}, run in {watch.Elapsed}");

            var messages = (await project.CallAsync("inbox", "list", "--limit", "10000", "--json"))
                .Expect(0)
                .Json.EnumerateArray()
                .ToList();
            while (messages.Count % 10_000 == 0 && messages.Count < Storm)
            {
                var page = await project.CallAsync(
                    "inbox",
                    "list",
                    "--limit",
                    "10000",
                    "--before",
                    $"{messages[^1].GetProperty("id")}",
                    "--json"
                );
                messages.AddRange(page.Expect(0).Json.EnumerateArray());
            }

            Assert.Equal(Storm, messages.Count);
            Assert.All(messages, message => Assert.Equal("started", message.GetProperty("state").GetString()));
            Assert.Equal(Storm, messages.Select(message => message.GetProperty("run").GetInt64()).Distinct().Count());
            Assert.Equal(
                Enumerable.Range(0, Storm).Select(n => $"delivery d-{n}").Order(StringComparer.Ordinal),
                messages.Select(message => message.GetProperty("key").GetString()).Order(StringComparer.Ordinal)
            );
            var kept = messages.ToDictionary(
                message => message.GetProperty("key").GetString()!,
                message => message.GetProperty("id").GetInt64()
            );
            Assert.All(told, one => Assert.Equal(one.Value, kept[$"delivery d-{one.Key}"]));

            async Task SendAsync()
            {
                while (waiting.TryDequeue(out var n))
                {
                    while (!told.ContainsKey(n))
                    {
                        try
                        {
                            var (status, answer) = await http.PostAsync(
                                server.Address,
                                "/hooks/landing",
                                $$"""{"n":{{n}}}""",
                                "s3cret",
                                $"d-{n}"
                            );
                            if (status == HttpStatusCode.Accepted)
                            {
                                told[n] = answer.GetProperty("messages")[0].GetProperty("message").GetInt64();
                            }
                        }
                        catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException or JsonException)
                        {
                            await Task.Delay(20, TestContext.Current.CancellationToken);
                        }
                    }
                }
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_mistake_in_a_trigger_is_told_with_its_place()
    {
        using var project = new TestProject().Pipeline("landing", "triggers: [{ kafka: { connection: buss, topic: t } }]\nrun: echo\n");
        project.Write("signalbox.yaml", "connections: { bus: { kafka: \"localhost:9092\" } }\n");
        var called = (await project.CallAsync("validate")).Expect(2);

        Assert.Contains(
            "landing.yaml:2:35: unknown connection `buss`; did you mean `bus`?",
            called.Output + called.Error,
            StringComparison.Ordinal
        );
    }

    private static async Task<(int Code, string Output)> ForwardAsync(TestProject project, TestServer server, string secret)
    {
        var start = new ProcessStartInfo("python3", ["forward.py"])
        {
            WorkingDirectory = project.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["HOOK_URL"] = new Uri(server.Address, "/hooks/feature_engineering").ToString();
        start.Environment["HOOK_SECRET"] = secret;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(project.Read("event.json"));
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, process.ExitCode == 0 ? output : await error);
    }
}
