using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.TaskKinds;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Http;

/// <summary>
/// The seven rows of the table of failures, each by a command, by a request to a server of this machine, and by a load into a real PostgreSQL server: what
/// class it is, which evidence says so, and whether it is tried again.
/// </summary>
public sealed class FailureTableTests(PostgresServer postgres)
{
    private static readonly (string Row, FailureClass Class, int Retries)[] Rows =
    [
        ("network", FailureClass.Transient, 5),
        ("limited", FailureClass.RateLimited, 5),
        ("unavailable", FailureClass.ResourceUnavailable, 3),
        ("auth", FailureClass.Auth, 0),
        ("schema", FailureClass.Schema, 0),
        ("validation", FailureClass.Validation, 0),
        ("full", FailureClass.DiskFull, 0),
    ];

    [Fact]
    [Trait("Requirement", "S156")]
    [Trait("Requirement", "S157")]
    [Trait("Requirement", "S158")]
    [Trait("Requirement", "S159")]
    [Trait("Requirement", "S160")]
    [Trait("Requirement", "S161")]
    [Trait("Requirement", "S162")]
    [Trait("Requirement", "S149")]
    [Trait("Requirement", "S152")]
    [Trait("Requirement", "S60")]
    [Trait("Requirement", "S209")]
    public async Task Each_row_by_a_command_a_request_and_a_load()
    {
        using var server = new TalkingServer(heard =>
            heard.Path switch
            {
                "/network" => new Said(0),
                "/limited" => new Said(429, "", ("Retry-After", "7")),
                "/unavailable" => new Said(503),
                "/auth" => new Said(401),
                "/full" => new Said(507),
                _ => new Said(422, $"{heard.Path[1..]} refused"),
            }
        );
        await MakeTablesAsync();
        await using var house = new House($"connections: {{ warehouse: {{ postgres: \"{postgres.Address("failing")}\" }} }}");
        house.Write("rows.csv", "id\n1\n");
        var name = house.Pipeline(
            $$"""
            pipeline: failing
            defaults: { retries: auto }
            tasks:
              run_network: { run: "echo 'requests.exceptions.ReadTimeout: HTTPSConnectionPool: Read timed out.' >&2; exit 1" }
              run_limited: { run: "echo 'HTTP Error 429: Too Many Requests' >&2; echo 'Retry-After: 7' >&2; exit 1" }
              run_unavailable: { run: "echo 'sh: fork: Resource temporarily unavailable' >&2; exit 1" }
              run_auth: { run: "echo 'HTTP Error 401: Unauthorized' >&2; exit 1" }
              run_schema: { run: "echo 'ERROR:  42703: column \"x\" does not exist' >&2; exit 1" }
              run_validation: { run: "echo 'psycopg.errors.NotNullViolation: null value' >&2; exit 1" }
              run_full: { run: "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1" }
              http_network: { http: { url: "http://127.0.0.1:{{server.Port}}/network", timeout: 200ms } }
              http_limited: { http: "http://127.0.0.1:{{server.Port}}/limited" }
              http_unavailable: { http: "http://127.0.0.1:{{server.Port}}/unavailable" }
              http_auth: { http: "http://127.0.0.1:{{server.Port}}/auth" }
              http_schema: { http: "http://127.0.0.1:{{server.Port}}/schema", failure_rules: [{ lines: "schema refused", class: schema }] }
              http_validation: { http: "http://127.0.0.1:{{server.Port}}/validation", failure_rules: [{ lines: "validation refused", class: validation }] }
              http_full: { http: "http://127.0.0.1:{{server.Port}}/full" }
              sql_network: { load: { from: rows.csv, into: warehouse.failing.network, mode: replace_table } }
              sql_unavailable: { load: { from: rows.csv, into: warehouse.failing.unavailable, mode: replace_table } }
              sql_auth: { load: { from: rows.csv, into: warehouse.failing.auth, mode: replace_table } }
              sql_schema: { load: { from: rows.csv, into: warehouse.failing.schema, mode: replace_table } }
              sql_validation: { load: { from: rows.csv, into: warehouse.failing.validation, mode: replace_table } }
              sql_full: { load: { from: rows.csv, into: warehouse.failing.full, mode: replace_table } }
            """
        );
        var run = await house.StartAsync(name);
        await house.UntilAsync(
            () => house.Tasks(run).All(task => task.State is TaskState.Failed or TaskState.UpForRetry || task.TryNumber > 1),
            "the first end of each"
        );
        Told(house, run);
        Assert.True((await house.AskAsync(new Request.CancelRun(run.Value, "seen"))).Done);
        await house.EndAsync(run);
        foreach (var (row, kind, retries) in Rows)
        {
            foreach (var way in (string[])["run", "http", "sql"])
            {
                if (
                    house.Attempts(run).FirstOrDefault(attempt => attempt.Key.Task.Value == $"{way}_{row}" && attempt.Number == 1)
                    is not { } attempt
                )
                {
                    Assert.Equal("sql_limited", $"{way}_{row}");
                    continue;
                }

                Assert.True(kind == attempt.Failure!.Class, $"{way}_{row} is {attempt.Failure}");
                Assert.Equal(retries, RetryPolicy.Table.RetriesFor(kind));
                Assert.Equal(retries > 0, attempt.NextDelay is not null);
                Assert.Equal(kind == FailureClass.RateLimited ? TimeSpan.FromSeconds(7) : null, attempt.Failure.RetryAfter);
            }
        }
    }

    /// <summary>What is not tried again is told at once, with what to do; what is tried again is told to nobody yet.</summary>
    private static void Told(House house, RunNumber run)
    {
        var told = house
            .Store.Read(session => session.Alerts(100))
            .Select(stored => stored.Alert)
            .Where(alert => alert.Run == run && alert.Task is not null)
            .ToDictionary(alert => alert.Task!.Value.Value);
        foreach (var (row, _, retries) in Rows)
        {
            foreach (var way in (string[])["run", "http", "sql"])
            {
                if (retries > 0)
                {
                    // On a slow machine one may have come to its end meanwhile.
                    if (told.TryGetValue($"{way}_{row}", out var last))
                    {
                        Assert.Contains($"failed after {retries + 1} attempts", last.Message, StringComparison.Ordinal);
                    }

                    continue;
                }

                var alert = told[$"{way}_{row}"];
                Assert.Equal(row == "full" ? AlertSeverity.Critical : AlertSeverity.Error, alert.Severity);
                Assert.Contains(
                    row switch
                    {
                        "auth" => "check API credentials",
                        "schema" => "check what the source changed",
                        "full" => "make room on the disk",
                        _ => "failed: ",
                    },
                    alert.Message,
                    StringComparison.Ordinal
                );
            }
        }
    }

    /// <summary>On a clock that runs fast, to the end: how often each row is tried, how far apart, and that the last failure is told.</summary>
    [Fact]
    [Trait("Requirement", "S149")]
    [Trait("Requirement", "S150")]
    [Trait("Requirement", "S156")]
    [Trait("Requirement", "S157")]
    [Trait("Requirement", "S158")]
    public async Task Each_row_is_tried_as_often_and_as_far_apart_as_the_table_says_and_then_told()
    {
        await using var house = new House { Time = new FastTime(60) };
        var name = house.Pipeline(
            """
            pipeline: giving_up
            defaults: { retries: auto }
            tasks:
              network: { run: "echo 'requests.exceptions.ReadTimeout: Read timed out.' >&2; exit 1" }
              limited: { run: "echo 'HTTP Error 429: Too Many Requests' >&2; echo 'Retry-After: 7' >&2; exit 1" }
              unsaid: { run: "echo 'HTTP Error 429: Too Many Requests' >&2; exit 1", retries: 1, retry_delay: 1s }
              unavailable: { run: "echo 'HTTP Error 503: Service Unavailable' >&2; exit 1" }
              auth: { run: "echo 'HTTP Error 403: Forbidden' >&2; exit 1" }
              schema: { run: "echo 'ERROR:  42703: column \"x\" does not exist' >&2; exit 1" }
              validation: { run: "echo 'psycopg.errors.NotNullViolation: null value' >&2; exit 1" }
              full: { run: "echo 'OSError: [Errno 28] No space left on device' >&2; exit 1" }
            """
        );
        var run = await house.RunAsync(name);
        Assert.Equal(RunState.Failed, run.State);
        (double Least, double Most)[] exponential = [(1, 2), (2, 3), (4, 5), (8, 9), (16, 17)];
        Delays("network", exponential);
        Delays("limited", [(7, 7), (7, 7), (7, 7), .. exponential[3..]]);
        Delays("unsaid", [(60, 60)]);
        Delays("unavailable", [(5, 5), (5, 5), (5, 5)]);
        foreach (var once in (string[])["auth", "schema", "validation", "full"])
        {
            Delays(once, []);
        }

        var told = house
            .Store.Read(session => session.Alerts(100))
            .Select(stored => stored.Alert)
            .Where(alert => alert.Run == run.Number)
            .ToDictionary(alert => alert.Task!.Value.Value, alert => alert.Message);
        Assert.Equal(8, told.Count);
        Assert.Contains("failed after 6 attempts", told["network"], StringComparison.Ordinal);
        Assert.Contains("failed after 4 attempts", told["unavailable"], StringComparison.Ordinal);

        void Delays(string task, (double Least, double Most)[] wanted)
        {
            var attempts = house
                .Attempts(run.Number)
                .Where(attempt => attempt.Key.Task.Value == task)
                .OrderBy(attempt => attempt.Number)
                .ToList();
            Assert.Equal(wanted.Length + 1, attempts.Count);
            Assert.Null(attempts[^1].NextDelay);
            for (var i = 0; i < wanted.Length; i++)
            {
                Assert.InRange(attempts[i].NextDelay!.Value.TotalSeconds, wanted[i].Least, wanted[i].Most);
            }
        }
    }

    /// <summary>Tables into which nothing can be inserted: each for another reason, in the server's own words.</summary>
    private async Task MakeTablesAsync()
    {
        await using var connection = new NpgsqlConnection(postgres.Connection);
        await connection.OpenAsync(House.Cancel);
        var text = "create schema failing; ";
        foreach (
            var (row, state) in new[]
            {
                ("network", "40001"),
                ("unavailable", "53300"),
                ("auth", "42501"),
                ("schema", "42703"),
                ("validation", "23502"),
                ("full", "53100"),
            }
        )
        {
            text +=
                $"create table failing.{row} (id bigint); "
                + $"create function failing.refuse_{row}() returns trigger language plpgsql as $$begin raise exception 'no {row}' using errcode = '{state}'; end$$; "
                + $"create trigger refuse before insert on failing.{row} for each statement execute function failing.refuse_{row}(); ";
        }

        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync(House.Cancel);
    }
}
