using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.TaskKinds;

namespace Signalbox.Engine.Tests.Http;

/// <summary><c>http:</c> tasks against a server of this machine.</summary>
public sealed class HttpTaskTests
{
    [Fact]
    [Trait("Requirement", "S209")]
    public async Task What_is_sent_has_typed_values_and_one_key_for_all_tries_and_the_answer_is_the_result()
    {
        var tries = 0;
        using var server = new TalkingServer(_ =>
            Interlocked.Increment(ref tries) == 1
                ? new Said(503, "later")
                : new Said(201, """{"id": 7}""", ("Content-Type", "application/json"))
        );
        await using var house = new House();
        Secret(house, "token", "s3cret-t0ken");
        var name = house.Pipeline(
            $$$"""
            pipeline: asks
            tasks:
              send:
                http:
                  url: "http://127.0.0.1:{{{server.Port}}}/days/{{ ds }}"
                  json: { day: "{{ ds }}", rows: "{{ 40 + 2 }}", note: "all of {{ ds }}", plain: 1.5 }
                  headers: { Authorization: "secret:token", X-Day: "{{ ds }}" }
                  expect: [200, 201]
                retries: 1
                retry_delay: 0s
            """
        );
        var run = await house.StartAsync(name);
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        var heard = server.Heard.ToList();
        Assert.Equal(2, heard.Count);
        Assert.All(heard, one => Assert.Equal(("POST", "/days/2024-03-01"), (one.Method, one.Path)));
        Assert.Equal("""{"day":"2024-03-01","rows":42,"note":"all of 2024-03-01","plain":1.5}""", heard[0].Body);
        Assert.Equal("s3cret-t0ken", heard[0].Headers["Authorization"]);
        Assert.Equal("2024-03-01", heard[0].Headers["X-Day"]);
        Assert.Equal("application/json", heard[0].Headers["Content-Type"]);
        Assert.Equal(heard[0].Headers["Idempotency-Key"], heard[1].Headers["Idempotency-Key"]);

        var first = house.Attempts(run)[0];
        Assert.Equal((FailureClass.ResourceUnavailable, "HTTP 503"), (first.Failure!.Class, first.Failure.Rule));
        Assert.Contains("answers 503 Service Unavailable, not 200 or 201: later", first.Failure.Message, StringComparison.Ordinal);
        using var result = JsonDocument.Parse(house.Task(run, "send").Result!);
        Assert.Equal(7, result.RootElement.GetProperty("json").GetProperty("id").GetInt32());
        Assert.Equal(201, result.RootElement.GetProperty("status").GetInt32());
        Assert.DoesNotContain("s3cret", house.Read($"{house.AttemptFolder(run, "send")}/http-request.json"), StringComparison.Ordinal);

        // A person who runs it again means another request.
        Assert.True((await house.AskAsync(new Request.ClearTasks(run.Value, ["send"], "again"))).Done);
        await house.UntilAsync(() => server.Heard.Count == 3, "the request of the rerun");
        Assert.NotEqual(heard[0].Headers["Idempotency-Key"], server.Heard.Last().Headers["Idempotency-Key"]);
        await house.EndAsync(run);
    }

    [Fact]
    [Trait("Requirement", "S209")]
    public async Task The_body_goes_to_the_output_and_another_host_gets_no_header()
    {
        using var other = new TalkingServer(_ => new Said(200, "day,n\n2024-03-01,3\n"));
        using var server = new TalkingServer(_ => new Said(302, "", ("Location", $"http://127.0.0.1:{other.Port}/file")));
        await using var house = new House();
        Secret(house, "token", "s3cret-t0ken");
        var name = house.Pipeline(
            $$$"""
            pipeline: asks
            tasks:
              fetch:
                http: { url: "http://127.0.0.1:{{{server.Port}}}/{{ ds }}", headers: { Authorization: "secret:token", X-Other: x } }
                outputs: { rows: "data/{{ ds }}.csv" }
            """
        );
        Assert.Equal(RunState.Success, (await house.RunAsync(name)).State);
        Assert.Equal("day,n\n2024-03-01,3\n", house.Read("data/2024-03-01.csv"));
        Assert.Equal("s3cret-t0ken", Assert.Single(server.Heard).Headers["Authorization"]);
        var heard = Assert.Single(other.Heard);
        Assert.DoesNotContain("Authorization", heard.Headers.Keys);
        Assert.DoesNotContain("X-Other", heard.Headers.Keys);
    }

    [Fact]
    [Trait("Requirement", "S157")]
    [Trait("Requirement", "S159")]
    [Trait("Requirement", "S163")]
    public async Task A_429_waits_as_told_in_seconds_or_as_a_date_and_a_401_is_not_asked_again()
    {
        var asked = new System.Collections.Concurrent.ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        using var server = new TalkingServer(heard =>
        {
            var isFirst = asked.AddOrUpdate(heard.Path, 1, (_, n) => n + 1) == 1;
            return heard.Path switch
            {
                "/seconds" when isFirst => new Said(429, "", ("Retry-After", "1")),
                "/date" when isFirst => new Said(429, "", ("Retry-After", DateTimeOffset.UtcNow.AddSeconds(2).ToString("r"))),
                "/closed" => new Said(401, "who are you"),
                _ => new Said(200),
            };
        });
        await using var house = new House();
        var name = house.Pipeline(
            $$"""
            pipeline: asks
            defaults: { retries: 3, retry_delay: 0s }
            tasks:
              seconds: { http: "http://127.0.0.1:{{server.Port}}/seconds" }
              date: { http: "http://127.0.0.1:{{server.Port}}/date" }
              closed: { http: "http://127.0.0.1:{{server.Port}}/closed" }
            """
        );
        var run = await house.StartAsync(name);
        Assert.Equal(RunState.Failed, (await house.EndAsync(run)).State);
        var attempts = house.Attempts(run).ToLookup(attempt => attempt.Key.Task.Value, StringComparer.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1), attempts["seconds"].First().NextDelay);
        Assert.InRange(attempts["date"].First().NextDelay!.Value.TotalSeconds, 0, 2);
        Assert.All((string[])["seconds", "date"], task => Assert.Equal(FailureClass.RateLimited, attempts[task].First().Failure!.Class));
        var closed = Assert.Single(attempts["closed"]);
        Assert.Equal(FailureClass.Auth, closed.Failure!.Class);
        Assert.Contains("401 Unauthorized, not 200 to 299: who are you", closed.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_not_be_asked_is_refused_before_anything_is_sent()
    {
        using var own = new TalkingServer(_ => new Said(200));
        using var server = new TalkingServer(heard =>
            heard.Path == "/metadata" ? new Said(302, "", ("Location", "http://169.254.169.254/latest"))
            : heard.Path == "/self" ? new Said(307, "", ("Location", $"http://127.0.0.1:{own.Port}/api"))
            : new Said(200)
        );
        await using var house = new House();
        house.Session.ListensAt(own.Port);
        var name = house.Pipeline(
            $$$"""
            pipeline: asks
            params: { host: { type: string, default: "127.0.0.1:{{{server.Port}}}" } }
            tasks:
              metadata: { http: "http://127.0.0.1:{{{server.Port}}}/metadata" }
              self: { http: "http://127.0.0.1:{{{server.Port}}}/self" }
              mapped: { http: "http://[::ffff:169.254.169.254]/latest" }
              chosen: { http: { url: "http://{{ params.host }}/", allow_hosts: ["*.example.com"] } }
              allowed: { http: { url: "http://{{ params.host }}/", allow_hosts: [127.0.0.1] } }
            """
        );
        var run = await house.StartAsync(name);
        await house.EndAsync(run);
        Assert.Equal(TaskState.Success, house.Task(run, "allowed").State);
        Said("metadata", "guarded address", "169.254.169.254 is link-local");
        Said("self", "guarded address", "is this server itself");
        Said("mapped", "guarded address", "is link-local");
        Said("chosen", "allow_hosts", "the host `127.0.0.1` is not in allow_hosts (*.example.com)");
        Assert.Empty(own.Heard);
        Assert.Single(server.Heard, heard => heard.Path == "/");

        void Said(string task, string rule, string words)
        {
            var failure = Assert.Single(house.Attempts(run), attempt => attempt.Key.Task.Value == task).Failure!;
            Assert.Equal((FailureClass.Permanent, $"{rule}"), (failure.Class, failure.Rule));
            Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Requirement", "S156")]
    public async Task Who_does_not_answer_and_who_is_not_there_may_be_there_next_time_and_too_much_is_too_much()
    {
        using var server = new TalkingServer(heard =>
            heard.Path == "/large" ? new Said(200, new string('x', (32 << 20) + 1)) : new Said(0)
        );
        await using var house = new House();
        var name = house.Pipeline(
            $$"""
            pipeline: asks
            defaults: { retries: 1, retry_delay: 0s }
            tasks:
              silent: { http: { url: "http://127.0.0.1:{{server.Port}}/silent", timeout: 200ms } }
              away: { http: "http://127.0.0.1:{{AnsweringServer.FreePort()}}/" }
              large: { http: "http://127.0.0.1:{{server.Port}}/large" }
            """
        );
        var run = await house.StartAsync(name);
        await house.EndAsync(run);
        var attempts = house.Attempts(run).ToLookup(attempt => attempt.Key.Task.Value, StringComparer.Ordinal);
        Assert.Equal(2, attempts["silent"].Count());
        Assert.Equal("request timeout", attempts["silent"].First().Failure!.Rule);
        Assert.Equal(2, attempts["away"].Count());
        Assert.Equal("connection", attempts["away"].First().Failure!.Rule);
        Assert.Contains("larger than 32 MiB", Assert.Single(attempts["large"]).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S158")]
    [Trait("Requirement", "S185")]
    public async Task An_unsaid_retries_is_the_table_for_a_request_and_none_for_a_command()
    {
        await using var house = new House();
        house.Pipeline(
            "pipeline: asks\ntasks:\n  ask: { http: \"http://127.0.0.1/\" }\n  own: { http: \"http://127.0.0.1/\", retries: 0 }\n  run: { run: \"true\" }\n"
        );
        var tasks = Assert.Single(house.Session.Project.OpenPipelines().Load().Pipelines).Pipeline.Tasks;
        Assert.Equal(RetryPolicy.Table, tasks[0].Retry);
        Assert.Equal(0, tasks[1].Retry.Retries);
        Assert.Equal(0, tasks[2].Retry.Retries);
    }

    private static void Secret(House house, string name, string value) =>
        File.SetUnixFileMode(house.Write($".signalbox/secrets/{name}", value), UnixFileMode.UserRead | UnixFileMode.UserWrite);
}
