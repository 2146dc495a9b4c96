using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/037-airflow-api.md: called as programs that are written for Airflow call it.</summary>
public sealed class Spec037AirflowApi : IAsyncLifetime
{
    private const string Password = "correct horse battery";

    // What the function of an event of a bucket sends.
    private const string Lambda = """
        {"conf": {"source_bucket": "landing", "source_key": "raw/2001/01/events one.json", "triggered_by": "lambda"}}
        """;

    private readonly TestProject _project = new();
    private TestServer _server = null!;
    private HttpClient _http = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _project
            .Pipeline(
                "feature_engineering",
                """
                title: Features
                tags: [ml, features]
                owner: ann
                params: { source_key: { type: string, default: "none" } }
                overlap: reject
                tasks:
                  take:
                    run: |
                      printf '%s|' {{ dag_run.conf["source_key"] }} {{ params.source_key }} {{ dag_run.conf["source_bucket"] }} > seen.txt
                      until [ -e go ]; do sleep 0.05; done
                """
            )
            .Pipeline("other", "tags: [plain]\ntasks:\n  bad: { run: \"echo oh; exit 3\" }\n  after: { needs: [bad], run: \"true\" }\n");
        using (var add = BuiltProgram.Start(_project.Folder, _project.Environment, "users", "add", "airflow", "--role", "admin"))
        {
            await add.StandardInput.WriteLineAsync(Password);
            add.StandardInput.Close();
            await add.WaitForExitAsync(Ct);
            Assert.Equal(0, add.ExitCode);
        }

        _server = await TestServer.StartAsync(_project);
        _http = new HttpClient { BaseAddress = _server.Address, Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"airflow:{Password}"))
        );
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        _project.Dispose();
    }

    [Fact]
    [Trait("Requirement", "S123")]
    [Trait("Requirement", "S125")]
    [Trait("Requirement", "S126")]
    [Trait("Requirement", "S127")]
    [Trait("Requirement", "S22")]
    public async Task The_function_of_a_bucket_starts_a_run_and_is_told_when_it_conflicts()
    {
        const string Runs = "/api/v1/dags/feature_engineering/dagRuns";
        var run = await SendAsync(HttpMethod.Post, Runs, Lambda);
        Assert.Equal("feature_engineering", run.GetProperty("dag_id").GetString());
        Assert.StartsWith("manual__", run.GetProperty("dag_run_id").GetString(), StringComparison.Ordinal);
        Assert.Equal("manual", run.GetProperty("run_type").GetString());
        Assert.True(run.GetProperty("external_trigger").GetBoolean());
        Assert.Contains(run.GetProperty("state").GetString(), new[] { "queued", "running" });
        Assert.Equal(run.GetProperty("execution_date").GetString(), run.GetProperty("logical_date").GetString());
        Assert.Equal("lambda", run.GetProperty("conf").GetProperty("triggered_by").GetString());
        await Eventually.TrueAsync(() => File.Exists(_project.PathOf("seen.txt")), TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(
            () => _project.Read("seen.txt") == "raw/2001/01/events one.json|raw/2001/01/events one.json|landing|",
            TimeSpan.FromSeconds(60),
            () => _project.Read("seen.txt")
        );

        var running = await SendAsync(HttpMethod.Post, Runs, Lambda, HttpStatusCode.Conflict);
        Assert.Contains("has not ended", running.GetProperty("detail").GetString(), StringComparison.Ordinal);

        _project.Write("go", "");
        var id = run.GetProperty("dag_run_id").GetString()!;
        Assert.Equal("success", (await EndedAsync(Runs, id)).GetProperty("state").GetString());
        var refused = await SendAsync(HttpMethod.Post, Runs, $$"""{"dag_run_id": "{{id}}"}""", HttpStatusCode.Conflict);
        Assert.Equal(409, refused.GetProperty("status").GetInt32());
        Assert.Contains(id, refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(refused.GetProperty("title").GetString()!);
        const string Dated =
            """{"logical_date": "2001-02-03T00:00:00+00:00", "dag_run_id": "mine", "note": "by hand", "conf": {"source_key": "k", "source_bucket": "b"}}""";
        var dated = await SendAsync(HttpMethod.Post, Runs, Dated);
        Assert.Equal(("mine", "by hand"), (dated.GetProperty("dag_run_id").GetString(), dated.GetProperty("note").GetString()));
        await EndedAsync(Runs, "mine");
        await SendAsync(HttpMethod.Post, Runs, Dated.Replace("mine", "yours", StringComparison.Ordinal), HttpStatusCode.Conflict);
        var malformed = await SendAsync(HttpMethod.Post, Runs, """{"conf": [1]}""", HttpStatusCode.BadRequest);
        Assert.StartsWith("conf: ", malformed.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await SendAsync(HttpMethod.Post, "/api/v1/dags/none/dagRuns", "{}", HttpStatusCode.NotFound);
        var all = await SendAsync(HttpMethod.Get, $"{Runs}?limit=1&order_by=-execution_date&state=success");
        Assert.Equal(2, all.GetProperty("total_entries").GetInt32());
        Assert.Equal("mine", Assert.Single(all.GetProperty("dag_runs").EnumerateArray()).GetProperty("dag_run_id").GetString());
        await SendAsync(HttpMethod.Delete, $"{Runs}/mine", body: null, HttpStatusCode.NoContent);
        await SendAsync(HttpMethod.Get, $"{Runs}/mine", body: null, HttpStatusCode.NotFound);
    }

    [Fact]
    [Trait("Requirement", "S192")]
    public async Task Version_2_lists_pauses_reads_logs_clears_and_patches()
    {
        var health = await SendAsync(HttpMethod.Get, "/api/v1/health");
        Assert.Equal("healthy", health.GetProperty("metadatabase").GetProperty("status").GetString());
        AirflowFields.CheckHealth(health);
        var version = await SendAsync(HttpMethod.Get, "/api/v1/version");
        AirflowFields.Check(AirflowFields.Version, version);
        Assert.StartsWith("2.10", version.GetProperty("version").GetString(), StringComparison.Ordinal);
        var dags = await SendAsync(HttpMethod.Get, "/api/v1/dags?tags=ml");
        Assert.Equal(1, dags.GetProperty("total_entries").GetInt32());
        var dag = dags.GetProperty("dags")[0];
        Assert.Equal("Features", dag.GetProperty("dag_display_name").GetString());
        Assert.Equal("ann", dag.GetProperty("owners")[0].GetString());
        AirflowFields.Check(AirflowFields.DagV1, dag);
        var some = await SendAsync(HttpMethod.Get, "/api/v1/dags?fields=dag_id&fields=tags&order_by=-dag_id");
        Assert.Equal(
            ["other", "feature_engineering"],
            some.GetProperty("dags").EnumerateArray().Select(each => each.GetProperty("dag_id").GetString())
        );
        Assert.Equal(["dag_id", "tags"], some.GetProperty("dags")[0].EnumerateObject().Select(field => field.Name));
        var unknown = await SendAsync(
            HttpMethod.Get,
            "/api/v1/dags/other/dagRuns?start_date_gte=2001-01-01",
            null,
            HttpStatusCode.BadRequest
        );
        Assert.StartsWith("start_date_gte: ", unknown.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, dag.GetProperty("schedule_interval").ValueKind);
        Assert.True(
            (await SendAsync(HttpMethod.Patch, "/api/v1/dags/other", """{"is_paused": true}""")).GetProperty("is_paused").GetBoolean()
        );
        Assert.True((await SendAsync(HttpMethod.Get, "/api/v1/dags/other")).GetProperty("is_paused").GetBoolean());
        await SendAsync(HttpMethod.Patch, "/api/v1/dags/other", """{"owner": "bob"}""", HttpStatusCode.BadRequest);
        await SendAsync(HttpMethod.Patch, "/api/v1/dags/other?update_mask=is_paused", """{"is_paused": false}""");

        const string Runs = "/api/v1/dags/other/dagRuns";
        await SendAsync(HttpMethod.Post, Runs, """{"dag_run_id": "one"}""");
        Assert.Equal("failed", (await EndedAsync(Runs, "one")).GetProperty("state").GetString());
        AirflowFields.Check(AirflowFields.RunV1, await SendAsync(HttpMethod.Get, $"{Runs}/one"));
        var tasks = await SendAsync(HttpMethod.Get, $"{Runs}/one/taskInstances");
        AirflowFields.Check(AirflowFields.TaskV1, tasks.GetProperty("task_instances")[0]);
        Assert.Equal(2, tasks.GetProperty("total_entries").GetInt32());
        Assert.Equal(
            ["bad failed", "after upstream_failed"],
            tasks
                .GetProperty("task_instances")
                .EnumerateArray()
                .Select(task => $"{task.GetProperty("task_id").GetString()} {task.GetProperty("state").GetString()}")
        );
        var bad = await SendAsync(HttpMethod.Get, $"{Runs}/one/taskInstances/bad");
        Assert.Equal((1, -1), (bad.GetProperty("try_number").GetInt32(), bad.GetProperty("map_index").GetInt32()));
        const string Log = $"{Runs}/one/taskInstances/bad/logs/1";
        foreach (var accept in new[] { "text/plain", "*/*", "application/json, text/plain", "application/json;q=0.5, text/plain" })
        {
            Assert.Equal(("text/plain", "oh\n"), await TextAsync(Log, accept));
        }

        Assert.Equal("application/json", (await TextAsync(Log, accept: null)).Type);
        var log = await SendAsync(HttpMethod.Get, $"{Log}?full_content=true");
        AirflowFields.Check("content string, continuation_token string", log);
        Assert.Equal("oh\n", log.GetProperty("content").GetString());
        var rest = await SendAsync(HttpMethod.Get, $"{Log}?token={log.GetProperty("continuation_token").GetString()}");
        Assert.Equal("", rest.GetProperty("content").GetString());

        const string Clear = "/api/v1/dags/other/clearTaskInstances";
        var planned = await SendAsync(HttpMethod.Post, Clear, """{"dag_run_id": "one"}""");
        Assert.Equal(
            ["bad", "after"],
            planned.GetProperty("task_instances").EnumerateArray().Select(task => task.GetProperty("task_id").GetString())
        );
        Assert.Equal(1, (await SendAsync(HttpMethod.Get, $"{Runs}/one/taskInstances/bad")).GetProperty("try_number").GetInt32());
        await SendAsync(
            HttpMethod.Post,
            Clear,
            """{"dag_run_id": "one", "dry_run": false, "task_ids": ["bad"], "include_downstream": true, "include_subdags": false}"""
        );
        await Eventually.TrueAsync(
            () =>
                SendAsync(HttpMethod.Get, $"{Runs}/one/taskInstances/bad").GetAwaiter().GetResult().GetProperty("try_number").GetInt32()
                == 2,
            TimeSpan.FromSeconds(60)
        );
        await EndedAsync(Runs, "one");
        await SendAsync(HttpMethod.Patch, $"{Runs}/one", """{"state": "success"}""");
        Assert.Equal("success", (await EndedAsync(Runs, "one", "success")).GetProperty("state").GetString());
        await SendAsync(HttpMethod.Patch, $"{Runs}/one", """{"state": "happy"}""", HttpStatusCode.BadRequest);
    }

    [Fact]
    [Trait("Requirement", "S192")]
    public async Task Version_3_gives_a_token_and_takes_it()
    {
        using var anonymous = new HttpClient { BaseAddress = _server.Address };
        using var wrong = await anonymous.PostAsync("/auth/token", Json("""{"username":"airflow","password":"wrong wrong"}"""), Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        using var made = await anonymous.PostAsync("/auth/token", Json($$"""{"username":"airflow","password":"{{Password}}"}"""), Ct);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var token = JsonDocument.Parse(await made.Content.ReadAsStringAsync(Ct));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            token.RootElement.GetProperty("access_token").GetString()
        );
        var health = await SendAsync(HttpMethod.Get, "/api/v2/monitor/health");
        Assert.Equal("healthy", health.GetProperty("scheduler").GetProperty("status").GetString());
        AirflowFields.CheckHealth(health);
        var version = await SendAsync(HttpMethod.Get, "/api/v2/version");
        AirflowFields.Check(AirflowFields.Version, version);
        Assert.StartsWith("3.", version.GetProperty("version").GetString(), StringComparison.Ordinal);

        const string Runs = "/api/v2/dags/other/dagRuns";
        var missing = await SendAsync(HttpMethod.Post, Runs, "{}", HttpStatusCode.UnprocessableEntity);
        var place = Assert.Single(missing.GetProperty("detail").EnumerateArray());
        Assert.Equal(["body", "logical_date"], place.GetProperty("loc").EnumerateArray().Select(part => part.GetString()));
        await SendAsync(HttpMethod.Post, Runs, """{"logical_date": null, "state": "queued"}""", HttpStatusCode.UnprocessableEntity);
        var run = await SendAsync(HttpMethod.Post, Runs, """{"logical_date": null, "dag_run_id": "two", "conf": {"a": 1}}""");
        Assert.Equal(1, run.GetProperty("conf").GetProperty("a").GetInt32());
        Assert.Equal("airflow", run.GetProperty("triggering_user_name").GetString());
        Assert.Equal("failed", (await EndedAsync(Runs, "two")).GetProperty("state").GetString());
        Assert.Equal(1, (await SendAsync(HttpMethod.Get, Runs)).GetProperty("total_entries").GetInt32());
        AirflowFields.Check(AirflowFields.RunV2, run);
        AirflowFields.Check(AirflowFields.DagV2, (await SendAsync(HttpMethod.Get, "/api/v2/dags?owners=ann")).GetProperty("dags")[0]);
        AirflowFields.Check(AirflowFields.TaskV2, await SendAsync(HttpMethod.Get, $"{Runs}/two/taskInstances/bad"));
        Assert.Equal("noted", (await SendAsync(HttpMethod.Patch, $"{Runs}/two", """{"note": "noted"}""")).GetProperty("note").GetString());
        var log = await SendAsync(HttpMethod.Get, $"{Runs}/two/taskInstances/bad/logs/1");
        Assert.Equal("""{"content":[{"event":"oh"}],"continuation_token":null}""", JsonSerializer.Serialize(log));
        Assert.Equal(
            ("application/x-ndjson", "{\"event\":\"oh\"}\n"),
            await TextAsync($"{Runs}/two/taskInstances/bad/logs/1", "application/x-ndjson")
        );
        var planned = await SendAsync(HttpMethod.Post, "/api/v2/dags/other/clearTaskInstances", """{"dag_run_id": "two"}""");
        Assert.Equal(2, planned.GetProperty("total_entries").GetInt32());
        var one = await SendAsync(
            HttpMethod.Post,
            "/api/v2/dags/other/clearTaskInstances",
            """{"dag_run_id": "two", "task_ids": [["bad", -1]], "run_on_latest_version": false}"""
        );
        Assert.Equal(1, one.GetProperty("total_entries").GetInt32());
        Assert.Equal("bad", (await SendAsync(HttpMethod.Get, $"{Runs}/two/taskInstances/bad")).GetProperty("task_id").GetString());
        Assert.Equal("other", (await SendAsync(HttpMethod.Get, "/api/v2/dags/other")).GetProperty("dag_id").GetString());
        await SendAsync(HttpMethod.Delete, $"{Runs}/two", body: null, HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Without_a_password_only_the_health_is_told()
    {
        using var anonymous = new HttpClient { BaseAddress = _server.Address };
        using var refused = await anonymous.GetAsync("/api/v1/dags", Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.StartsWith("Basic", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        using var health = await anonymous.GetAsync("/api/v1/health", Ct);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        // Name and password are for Airflow's programs; elsewhere they are not taken.
        using var native = await _http.GetAsync("/api/runs", Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, native.StatusCode);
    }

    private async Task<JsonElement> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : Json(body) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await _http.SendAsync(request, Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(
            response.StatusCode == expected,
            $"{method} {path} is answered with {(int)response.StatusCode}, not {(int)expected}: {text}"
        );
        using var document = JsonDocument.Parse(text.Length == 0 ? "null" : text);
        return document.RootElement.Clone();
    }

    private async Task<(string? Type, string Text)> TextAsync(string path, string? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await _http.SendAsync(request, Ct);
        return (response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(Ct));
    }

    private async Task<JsonElement> EndedAsync(string runs, string id, params string[] ends)
    {
        JsonElement run = default;
        await Eventually.TrueAsync(
            () =>
            {
                run = SendAsync(HttpMethod.Get, $"{runs}/{id}").GetAwaiter().GetResult();
                var state = run.GetProperty("state").GetString()!;
                return ends.Length > 0 ? ends.Contains(state) : state is "success" or "failed";
            },
            TimeSpan.FromSeconds(90),
            () => run.ToString()
        );
        return run;
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
