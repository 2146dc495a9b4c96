namespace Signalbox.Acceptance.Tests;

/// <summary>A project of several pipelines, its server, and clients with both roles: made once for all tests of a class.</summary>
public sealed class ApiBench : IAsyncLifetime
{
    private const string Wait = "until [ -e \"{0}\" ]; do sleep 0.05; done";

    internal TestProject Project { get; } = new();

    internal TestServer Server { get; private set; } = null!;

    internal ApiClient Admin { get; private set; } = null!;

    internal ApiClient Viewer { get; private set; } = null!;

    internal ApiClient Nobody { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Project
            .Pipeline("hello", "tags: [example, first]\ntasks:\n  greet: { run: \"echo hello {{ ds }}\" }\n")
            .Pipeline(
                "chain",
                "tags: [second]\nparams: { mood: { type: string, default: calm } }\ntasks:\n"
                    + "  first: { run: \"echo {{ params.mood }}; exit ${FAIL:-0}\" }\n  second: { needs: [first], run: \"true\" }\n"
                    + "  third: { needs: [second], run: \"true\" }\n"
            )
            .Pipeline("broken", "tasks:\n  bad: { run: \"exit 3\" }\n  after: { needs: [bad], run: \"true\" }\n")
            .Pipeline(
                "slow",
                $"tasks:\n  long: {{ run: '{string.Format(null, Wait, "go")}' }}\n  after: {{ needs: [long], run: \"true\" }}\n"
            )
            .Pipeline(
                "landing",
                "triggers: [{ webhook: { bearer: secret:hook } }]\nparams: { n: { type: integer } }\ntasks:\n"
                    + "  labels: { wait_for: { message: labels_ready }, every: 10h, timeout: 20h }\n"
                    + "  read: { needs: [labels], run: \"echo {{ tasks.labels.result.data.rows }}\" }\n"
            )
            .Secret("hook", "s3cret")
            .Pipeline(
                "asks",
                "tasks:\n  ask: { approve: { message: \"go on?\" }, timeout: 1h }\n  after: { needs: [ask], run: \"true\" }\n"
            )
            .Pipeline(
                "dated",
                "schedule: { cron: \"30 2 * * *\", timezone: Europe/Berlin }\nstart: 2001-01-01\nend: 2001-02-01\ncatchup: none\ntasks:\n  only: { run: \"true\" }\n"
            );
        Server = await TestServer.StartAsync(Project);
        Admin = await ApiClient.WithRoleAsync(Project, Server, "admin");
        Viewer = await ApiClient.WithRoleAsync(Project, Server, "viewer");
        Nobody = ApiClient.Nobody(Server);
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        Viewer.Dispose();
        Nobody.Dispose();
        await Server.DisposeAsync();
        Project.Dispose();
    }

    /// <summary>Starts a run and waits for its end.</summary>
    internal async Task<long> RunAsync(string pipeline, string body = "{}")
    {
        var run = await StartAsync(pipeline, body);
        await Admin.EndedAsync(run);
        return run;
    }

    internal async Task<long> StartAsync(string pipeline, string body = "{}") =>
        (await Admin.PostAsync($"/api/pipelines/{pipeline}/runs", body, System.Net.HttpStatusCode.Created))
            .GetProperty("number")
            .GetInt64();
}
