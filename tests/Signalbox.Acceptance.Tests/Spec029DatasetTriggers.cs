using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Signalbox.Storage.Tests;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/029-dataset-triggers.md</summary>
public sealed class Spec029DatasetTriggers(PostgresServer postgres)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    [Trait("Requirement", "S118")]
    [Trait("Requirement", "S119")]
    [Trait("Requirement", "S120")]
    [Trait("Requirement", "S121")]
    [Trait("Requirement", "S190")]
    public async Task The_example_starts_each_pipeline_when_its_data_is_there_and_says_what_started_it()
    {
        using var project = ExampleFiles.Copy("dataset_trigger");
        // Yesterday, which the schedule would have the server do, is not what this is about.
        (await project.CallAsync("validate")).Expect(0);
        (await project.CallAsync("pause", "raw_orders")).Expect(0);
        await using var server = await TestServer.StartAsync(project);
        var made = (await project.RunAsync("raw_orders", 0, "--date", "2024-01-01")).Number;
        Assert.Contains(
            "1 update waits for 2024-01-01: no update of shop/rates for 2024-01-01 yet",
            await UntilAsync(project, "waits for", "why", "daily_revenue"),
            StringComparison.Ordinal
        );
        var post = new[] { "datasets", "update", "shop/rates", "--partition", "2024-01-01", "--version", "7f3a", "--key", "rates-1" };
        Assert.Contains(
            "update 2 of shop/rates, partition 2024-01-01, is recorded",
            (await project.CallAsync(post)).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Equal(2, (await project.CallAsync([.. post, "--json"])).Expect(0).Json.GetProperty("update").GetInt64());

        var number = Assert.Single(await RunsAsync(project, "daily_revenue", 1)).GetProperty("number").GetInt64();
        var run = await project.EndedAsync(number, Deadline);
        Assert.Equal("success", run.State);
        Assert.Equal(("dataset", "2024-01-01"), (Text(run.Json, "trigger"), Text(run.Json, "partition")));
        Assert.Equal("2024-01-01T00:00:00Z", Text(run.Json, "logical_date"));
        var by = run.Json.GetProperty("triggered_by");
        Assert.Equal("dataset", Text(by, "kind"));
        var updates = by.GetProperty("updates").EnumerateArray().ToList();
        Assert.Equal(
            [("shop/orders", "included"), ("shop/rates", "triggered_by")],
            updates.Select(update => (Text(update, "dataset"), Text(update, "label")))
        );
        Assert.Equal("7f3a", Text(updates[1], "version"));
        var shown = (await project.CallAsync("runs", "show", $"{number}")).Expect(0).Output;
        Assert.Contains("triggered by   update 2 of shop/rates, partition 2024-01-01, and 1 more", shown, StringComparison.Ordinal);
        Assert.Contains($"included     update 1 of shop/orders 2024-01-01 by run {made}", shown, StringComparison.Ordinal);
        Assert.Contains(
            "it was started by update 2 of shop/rates",
            (await project.CallAsync("why", $"{number}")).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Contains("missing 2024-01-02", await UntilAsync(project, "missing", "why", "weekly_report"), StringComparison.Ordinal);
        // By the API as by the command line.
        using var api = await ApiClient.WithRoleAsync(project, server, "admin");
        var listed = await api.GetAsync("/api/datasets/updates?name=shop/rates");
        Assert.Equal((2, "rates-1"), (listed[0].GetProperty("update").GetInt64(), Text(listed[0], "key")));
        var lineage = await api.GetAsync("/api/datasets/lineage?name=shop/revenue");
        Assert.True(
            JsonElement.DeepEquals((await project.CallAsync("datasets", "lineage", "shop/revenue", "--json")).Expect(0).Json, lineage)
        );
        await api.PostAsync(
            "/api/datasets/updates",
            """{"name":"shop/rates","partition":"2024-01-01"}""",
            HttpStatusCode.Created,
            "rates-1"
        );
        Assert.Single((await api.GetAsync("/api/datasets/updates?name=shop/rates")).EnumerateArray());
        await api.ProblemAsync(HttpMethod.Get, "/api/datasets/lineage?name=shop/order", HttpStatusCode.NotFound);
        await api.ProblemAsync(HttpMethod.Post, "/api/datasets/updates", HttpStatusCode.BadRequest, """{"name":"a b"}""");

        var manual = (await project.CallAsync("runs", "show", $"{made}", "--json"))
            .Expect(0)
            .Json.GetProperty("run")
            .GetProperty("triggered_by");
        Assert.Equal("manual", Text(manual, "kind"));
        Assert.NotEmpty(Text(manual, "who"));
    }

    [Fact]
    [Trait("Requirement", "S120")]
    public async Task Declared_outputs_appear_in_a_graph_with_who_makes_and_who_uses_them()
    {
        using var project = ExampleFiles.Copy("dataset_trigger");
        var text = (await project.CallAsync("datasets", "lineage", "shop/revenue")).Expect(0).Output;
        Assert.Equal(
            """
            shop/orders
              made by       raw_orders.extract
              starts        daily_revenue
              read by       daily_revenue.revenue
            shop/rates
              starts        daily_revenue
            shop/revenue
              made by       daily_revenue.revenue
              starts        weekly_report
              waited for by evening_check.revenue_there
              read by       evening_check.compare
            shop/report
              made by       weekly_report.report

            """,
            text
        );
        var edges = (await project.CallAsync("datasets", "lineage", "shop/orders", "--json")).Expect(0).Json.GetProperty("edges");
        Assert.Contains(
            edges.EnumerateArray(),
            edge => (Text(edge, "dataset"), Text(edge, "pipeline"), Text(edge, "role")) == ("shop/report", "weekly_report", "produces")
        );
        var mermaid = (await project.CallAsync("datasets", "lineage", "--mermaid")).Expect(0).Output;
        Assert.StartsWith("graph LR\n", mermaid, StringComparison.Ordinal);
        Assert.Contains("[(\"shop/orders\")]", mermaid, StringComparison.Ordinal);
        Assert.Contains("==>|starts|", mermaid, StringComparison.Ordinal);
        Assert.Contains(
            "did you mean `shop/orders`?",
            (await project.CallAsync("datasets", "lineage", "shop/order")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S12")]
    [Trait("Requirement", "S139")]
    public async Task A_rerun_or_a_backfill_with_downstream_runs_each_partition_of_the_consumers_again_once()
    {
        using var project = new TestProject()
            .Pipeline(
                "producer",
                "tasks:\n  make: { run: \"echo {{ ds }} > {{ outputs.o }}\", outputs: { o: { path: \"{{ ds }}.txt\", dataset: a } } }\n"
            )
            .Pipeline(
                "weekly",
                "partition: week\ntriggers: [{ datasets: a }]\ntasks:\n  use: { run: \"echo {{ ds }} > {{ outputs.o }}\", outputs: { o: { path: \"{{ partition }}.txt\", dataset: w } } }\n"
            )
            .Pipeline("report", "partition: week\ntriggers: [{ datasets: { all: [w, outside] } }]\ntasks:\n  use: { noop: }\n");
        await using var server = await TestServer.StartAsync(project);
        string[] range = ["backfill", "producer", "--from", "2001-01-01", "--to", "2001-01-14"];
        (await project.CallAsync([.. range])).Expect(0);
        Assert.Contains(
            "without --downstream",
            (await project.CallAsync("datasets", "updates", "a")).Expect(0).Output,
            StringComparison.Ordinal
        );
        (await project.CallAsync("datasets", "update", "outside", "--partition", "2001-W01")).Expect(0);

        var plan = (await project.CallAsync([.. range, "--downstream", "--dry-run", "--json"])).Expect(0).Json.GetProperty("downstream");
        Assert.Equal(
            [("weekly", "2001-W01 2001-W02"), ("report", "2001-W01 2001-W02")],
            plan.EnumerateArray()
                .Select(each =>
                    (
                        Text(each, "pipeline"),
                        string.Join(' ', each.GetProperty("partitions").EnumerateArray().Select(key => key.GetString()))
                    )
                )
        );
        Assert.Contains(
            "downstream: weekly by a, 2 runs: 2001-W01 to 2001-W02",
            (await project.CallAsync([.. range, "--downstream", "--dry-run"])).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Empty(await RunsAsync(project, "weekly", 0));
        (await project.CallAsync([.. range, "--downstream", "--max-active", "2"])).Expect(0);
        var weekly = await RunsAsync(project, "weekly", 2);
        Assert.Equal(["2001-W01", "2001-W02"], weekly.Select(run => Text(run, "partition")).Order());
        Assert.Equal(["2001-W01"], (await RunsAsync(project, "report", 1)).Select(run => Text(run, "partition")));
        await Task.WhenAll(weekly.Select(run => project.EndedAsync(run.GetProperty("number").GetInt64(), Deadline)));

        // One day made again: its week once, though nothing else of the week is, and the report with what stands of the other.
        await project.RerunAsync(1, 0, "--from", "make", "--downstream");
        var again = await RunsAsync(project, "weekly", 3);
        Assert.Equal(3, again.Count);
        Assert.Contains(
            "--downstream: what a variant publishes",
            (await project.CallAsync([.. range, "--downstream", "--variant", "green"])).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S48")]
    [Trait("Requirement", "S96")]
    public async Task What_is_late_and_what_was_made_from_what_was_renewed_since_is_seen_in_the_list()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            """
            tasks:
              raw:
                run: cp source.txt {{ outputs.o }}
                outputs: { o: { path: "raw-{{ ds }}.txt", dataset: raw, freshness: { cron: "* * * * *" } } }
              sum:
                needs: [raw]
                run: cat {{ inputs.raw }} > {{ outputs.o }}
                inputs: { raw: "raw-{{ ds }}.txt" }
                outputs: { o: { path: "sum-{{ ds }}.txt", dataset: sum, freshness: 26h } }

            """
        );
        project.Write("source.txt", "1");
        var made = await project.RunAsync("daily", 0, "--date", "2001-01-05");
        var first = (await project.CallAsync("datasets", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.All(first, one => Assert.Equal(0, one.GetProperty("stale").GetInt32()));
        project.Write("source.txt", "2");
        await project.RerunAsync(made.Number, 0, "--only", "raw");
        var sum = (await project.CallAsync("datasets", "--json"))
            .Expect(0)
            .Json.EnumerateArray()
            .Single(one => Text(one, "dataset") == "sum");
        Assert.Equal(1, sum.GetProperty("stale").GetInt32());
        Assert.Contains("1 stale", (await project.CallAsync("datasets")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains(
            "is stale: its input raw was version 1 and is 3 by now",
            (await project.CallAsync("datasets", "show", "sum")).Expect(0).Output,
            StringComparison.Ordinal
        );
        var fresh = (await project.CallAsync("datasets", "freshness", "--json")).Expect(0).Json.GetProperty("datasets");
        Assert.Equal(["raw", "sum"], fresh.EnumerateArray().Select(one => Text(one, "dataset")));
        Assert.Equal(("within 1d2h", ""), (Text(fresh[1], "rule"), Text(fresh[1], "late_since")));
        Assert.Contains(
            "no pipeline states how often `row` must be updated; did you mean `raw`?",
            (await project.CallAsync("datasets", "freshness", "row")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Of_two_servers_on_one_PostgreSQL_one_is_killed_and_each_update_is_consumed_once()
    {
        const int Count = 60;
        // A database of its own: the lock of an engine is that of its database.
        await using (var connection = new Npgsql.NpgsqlConnection(postgres.Connection))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var create = new Npgsql.NpgsqlCommand("create database datasets", connection);
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var address = postgres.Address("public").Replace("/postgres?", "/datasets?", StringComparison.Ordinal);
        using var project = new TestProject()
            .Write("signalbox.yaml", $"database: {address}\n")
            .Pipeline("each", "triggers: [{ datasets: a }]\nmax_active_runs: 1\ntasks:\n  use: { noop: }\n")
            .Pipeline("days", "triggers: [{ datasets: { any: [a], consume: latest } }]\ntasks:\n  use: { noop: }\n");
        project.Write(
            "updates.jsonl",
            string.Concat(Enumerable.Range(0, Count).Select(i => $"{{\"partition\": \"2001-01-{(i % 28) + 1:00}\", \"key\": \"{i}\"}}\n"))
        );
        await using var first = await TestServer.StartAsync(project);
        await using var second = await TestServer.StandByAsync(project);
        Assert.Contains(
            "no update of a waits: it has had none yet",
            (await project.CallAsync("why", "each")).Expect(0).Output,
            StringComparison.Ordinal
        );
        var sending = project.CallAsync("datasets", "update", "a", "--file", "updates.jsonl");
        await first.SaysAsync(line =>
            line.Contains("each: run 10 for update", StringComparison.Ordinal) || line.Contains(" for update 9 ", StringComparison.Ordinal)
        );
        await first.KillAsync();
        await second.SaysAsync(line => line.Contains("serving ", StringComparison.Ordinal));
        Assert.Equal(Count, (await sending).Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        // One that is not sure sends all of it again.
        (await project.CallAsync("datasets", "update", "a", "--file", "updates.jsonl")).Expect(0);

        List<JsonElement> updates = [];
        await Eventually.TrueAsync(
            async () =>
            {
                updates = await UpdatesAsync(project);
                return updates.TrueForAll(update =>
                    Consumers(update).Count == 2 && Consumers(update).TrueForAll(consumer => Text(consumer, "state") == "consumed")
                );
            },
            Deadline
        );
        Assert.Equal(Count, updates.Count);
        Assert.Equal(Count, updates.Select(update => RunOf(update, "each")).Distinct().Count());
        await RunsAsync(project, "each", Count);
        Assert.Contains(
            "no update of a waits: the last was",
            (await project.CallAsync("why", "days")).Expect(0).Output,
            StringComparison.Ordinal
        );
    }

    /// <summary>The sender's own ledger says what was acknowledged; by hand SIGNALBOX_STORM=5000.</summary>
    [Fact]
    [Trait("Requirement", "S118")]
    public async Task A_storm_of_updates_while_the_server_is_killed_and_started_is_consumed_once_by_each_subscriber()
    {
        var storm = int.Parse(Environment.GetEnvironmentVariable("SIGNALBOX_STORM") ?? "300", CultureInfo.InvariantCulture);
        var deadline = TimeSpan.FromSeconds(120 + (storm / 10));
        using var project = new TestProject()
            .Pipeline("each", "triggers: [{ datasets: a }]\nmax_active_runs: 8\ntasks:\n  use: { noop: }\n")
            .Pipeline("batch", "triggers: [{ datasets: { any: [a], consume: batch } }]\ntasks:\n  use: { noop: }\n");
        var server = await TestServer.StartAsync(project);
        try
        {
            var token = await ApiClient.TokenAsync(project, "admin");
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
            http.DefaultRequestHeaders.Authorization = new("Bearer", token);
            var waiting = new ConcurrentQueue<int>(Enumerable.Range(0, storm));
            var told = new ConcurrentDictionary<int, long>();
            var watch = Stopwatch.StartNew();
            var senders = Enumerable.Range(0, 8).Select(_ => Task.Run(SendAsync)).ToArray();
            for (var kill = 1; kill <= 3; kill++)
            {
                await Eventually.TrueAsync(() => told.Count >= storm * kill / 4, deadline);
                await server.KillAsync();
                await server.DisposeAsync();
                server = await TestServer.StartAsync(project);
            }

            await Task.WhenAll(senders);
            var sent = watch.Elapsed;
            List<JsonElement> updates = [];
            await Eventually.TrueAsync(
                async () =>
                {
                    updates = await UpdatesAsync(project);
                    return updates.TrueForAll(update =>
                        Consumers(update).Count == 2 && Consumers(update).TrueForAll(consumer => Text(consumer, "state") == "consumed")
                    );
                },
                deadline
            );
            TestContext.Current.TestOutputHelper?.WriteLine($"{storm} updates in {sent}, consumed by both after {watch.Elapsed}");

            // What was acknowledged is there under its number, once, and nothing else is.
            Assert.Equal(
                told.Select(one => ($"d-{one.Key}", one.Value)).Order(),
                updates.Select(update => (Text(update, "key"), update.GetProperty("update").GetInt64())).Order()
            );
            var each = updates.Select(update => RunOf(update, "each")).ToList();
            Assert.Equal(storm, each.Distinct().Count());
            Assert.Equal(storm, (await RunsAsync(project, "each", storm)).Count);
            var batches = updates.Select(update => RunOf(update, "batch")).Distinct().Count();
            Assert.Equal(batches, (await RunsAsync(project, "batch", batches)).Count);

            async Task SendAsync()
            {
                while (waiting.TryDequeue(out var n))
                {
                    while (!told.ContainsKey(n))
                    {
                        try
                        {
                            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/api/datasets/updates"))
                            {
                                Content = new StringContent(
                                    $$"""{"name":"a","partition":"2001-01-{{(n % 28) + 1:00}}"}""",
                                    Encoding.UTF8,
                                    "application/json"
                                ),
                            };
                            request.Headers.Add("Idempotency-Key", $"d-{n}");
                            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
                            if (answer.StatusCode == HttpStatusCode.Created)
                            {
                                using var posted = JsonDocument.Parse(
                                    await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
                                );
                                told[n] = posted.RootElement.GetProperty("update").GetInt64();
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

    private static async Task<List<JsonElement>> UpdatesAsync(TestProject project) =>
        [.. (await project.CallAsync("datasets", "updates", "a", "--limit", "100000", "--json")).Expect(0).Json.EnumerateArray()];

    private static long RunOf(JsonElement update, string pipeline) =>
        Consumers(update).Single(one => Text(one, "pipeline") == pipeline).GetProperty("run").GetInt64();

    [Fact]
    public async Task A_bad_line_of_a_file_is_told_with_its_place_and_what_stood_before_it_is_posted()
    {
        using var project = new TestProject();
        project.Write("updates.jsonl", "{\"partition\": \"2001-01-05\"}\n{\"partition\": 5}\n");
        var bad = (await project.CallAsync("datasets", "update", "a", "--file", "updates.jsonl")).Expect(2);
        Assert.Contains("updates.jsonl:2: ", bad.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await project.CallAsync("datasets", "update", "a", "--partition", "x")).Expect(0).Error.Length);
        Assert.Contains(
            "--file",
            (await project.CallAsync("datasets", "update", "a", "--partition", "x", "--file", "y")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    private static List<JsonElement> Consumers(JsonElement update) => [.. update.GetProperty("consumers").EnumerateArray()];

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";

    private static async Task<List<JsonElement>> RunsAsync(TestProject project, string pipeline, int number)
    {
        List<JsonElement> runs = [];
        await Eventually.TrueAsync(
            () =>
            {
                runs =
                [
                    .. project
                        .CallAsync("runs", "--pipeline", pipeline, "--limit", "100000", "--json")
                        .Result.Expect(0)
                        .Json.EnumerateArray(),
                ];
                return runs.Count >= number;
            },
            Deadline
        );
        Assert.Equal(number, runs.Count);
        return runs;
    }

    private static async Task<string> UntilAsync(TestProject project, string words, params string[] call)
    {
        var output = "";
        await Eventually.TrueAsync(
            () => (output = project.CallAsync(call).Result.Output).Contains(words, StringComparison.Ordinal),
            Deadline,
            () => output
        );
        return output;
    }
}
