namespace Signalbox.App.Cli;

/// <summary>
/// Every verb with the call of the API that it is, or the reason why it belongs to the machine where it is typed: the one place that says what the
/// command line can do from afar.
/// </summary>
internal static class RemoteVerbs
{
    private const string OfFiles = "it is about files, which lie here";
    private const string OfTrials = "it runs tasks apart from the live outputs, in this terminal, beside their sources";
    private const string OfThisMachine = "it looks at this machine and the project's own database";

    private static readonly string[] Detach = ["--detach"];
    private static readonly RemoteField[] Reason = ["reason"];
    private static readonly RemoteField Dataset = new("name", "DATASET");
    private static readonly RemoteField Model = new("name", "NAME");
    private static readonly RemoteField Params = new("params", "--param") { Form = FieldForm.Params };
    private static readonly RemoteField OnlyTasks = new("only_tasks", "--only") { Form = FieldForm.List };

    public static readonly RemoteVerb[] All =
    [
        Here("demo", "it makes a project here and runs it"),
        Here("init", "it makes a project here"),
        new RemoteVerb.Call("run", "POST /api/pipelines/{PIPELINE}/runs")
        {
            Body = ["date", Params, "reason", "run_id", "variant"],
            Key = RemoteField.From(
                "key",
                arguments => arguments.Text("--run-id") is { } id ? $"run-id/{arguments.Text("PIPELINE")}/{id}" : null
            ),
            Aside = Detach,
            Then = RemoteRuns.FollowAsync,
        },
        Here("serve", "it is the server"),
        Here("validate", OfFiles),
        Here("lint", OfFiles),
        new RemoteVerb.Call("pipelines", "GET /api/pipelines") { Query = ["tag"] },
        new RemoteVerb.Call("pipelines show", "GET /api/pipelines/{PIPELINE}"),
        Here("verify idempotency", OfTrials),
        new RemoteVerb.Call("verify list", "GET /api/proofs"),
        new RemoteVerb.Call("runs", "GET /api/runs")
        {
            Query = ["pipeline", "state", "limit"],
            Columns = ["number", "pipeline", "logical_date", "state", "started_at", "duration_seconds", "trigger", "run_id", "reason"],
        },
        new RemoteVerb.Call("runs show", "GET /api/runs/{RUN}") { Aside = ["--history"] },
        new RemoteVerb.Call("logs", "GET /api/runs/{RUN}/tasks/{TASK}")
        {
            Aside = ["--attempt", "--stream", "--follow"],
            Then = RemoteLogs.PrintAsync,
        },
        new RemoteVerb.Call("why", "GET /api/runs/{RUN}/tasks/{TASK}/why") { When = (typed, _) => Task.FromResult(typed.Has("TASK")) },
        new RemoteVerb.Call("why", "GET /api/pipelines/{RUN:name}/why")
        {
            When = (typed, server) => server.HasPipelineAsync(typed.Required("RUN")),
        },
        new RemoteVerb.Call("why", "GET /api/runs/{RUN}/why"),
        new RemoteVerb.Call("plan", "GET /api/plan") { Query = ["from", "to", "pipeline"] },
        new RemoteVerb.Call("plan arrivals", "GET /api/arrivals") { Query = ["pipeline"] },
        new RemoteVerb.Call("sla report", "GET /api/sla") { Query = ["days", "pipeline"] },
        Here("classify", OfFiles),
        new RemoteVerb.Call("rerun", "GET /api/runs/{RUN}/rerun")
        {
            When = (typed, _) => Task.FromResult(typed.Has("--dry-run")),
            Query = [RemoteField.From("mode", Mode), RemoteField.From("task", TaskOf), new RemoteField("version", "--with-version")],
            Aside = [.. Detach, "--param"],
        },
        new RemoteVerb.Call("rerun", "POST /api/runs/{RUN}/rerun")
        {
            Body =
            [
                RemoteField.From("mode", Mode),
                RemoteField.From("task", TaskOf),
                "downstream",
                "reason",
                new RemoteField("version", "--with-version"),
                Params,
            ],
            Before = "/api/runs/{RUN}/history",
            Aside = Detach,
            Then = RemoteRuns.FollowAsync,
        },
        new RemoteVerb.Call("cancel", "POST /api/runs/{RUN}/cancel") { Body = Reason },
        new RemoteVerb.Call("pin", "POST /api/runs/{RUN}/pin") { Body = Reason },
        new RemoteVerb.Call("unpin", "POST /api/runs/{RUN}/unpin") { Body = Reason },
        new RemoteVerb.Call("mark", "POST /api/runs/{RUN}/tasks/{TASK}/mark") { Body = [new RemoteField("state", "STATE"), "reason"] },
        new RemoteVerb.Call("rejected list", "GET /api/rejected") { Query = [new RemoteField("pipeline", "PIPELINE"), "all", "limit"] },
        new RemoteVerb.Call("rejected show", "GET /api/rejected/{ID}") { Query = ["limit"] },
        new RemoteVerb.Call("rejected replay", "POST /api/rejected/{ID}/replay")
        {
            When = (typed, _) =>
                Task.FromResult(typed.Has("--run") ? true : throw new UserMistakeException("--run: a server hands the rows to a run")),
            Body = Reason,
            Aside = Detach,
            Then = RemoteRuns.FollowAsync,
        },
        new RemoteVerb.Call("pause", "POST /api/pipelines/{PIPELINE}/pause") { Body = Reason },
        new RemoteVerb.Call("unpause", "GET /api/pipelines/{PIPELINE}/unpause")
        {
            When = (typed, _) => Task.FromResult(typed.Has("--dry-run")),
        },
        new RemoteVerb.Call("unpause", "POST /api/pipelines/{PIPELINE}/unpause") { Body = Reason },
        new RemoteVerb.Call("drain", "POST /api/drains/end")
        {
            When = (typed, _) => Task.FromResult(typed.Has("--undo")),
            Body = [new RemoteField("pipeline", "PIPELINE")],
        },
        new RemoteVerb.Call("drain", "POST /api/drains")
        {
            Body = [new RemoteField("pipeline", "PIPELINE"), new RemoteField("reason", "--reason") { Otherwise = _ => "drained by hand" }],
        },
        new RemoteVerb.Call("breakers", "GET /api/breakers"),
        new RemoteVerb.Call("breakers reset", "POST /api/breakers/reset")
        {
            Body =
            [
                new RemoteField("kind", "KIND"),
                new RemoteField("name", "NAME"),
                new RemoteField("reason", "--reason") { Otherwise = _ => "closed by hand" },
            ],
        },
        Backfill("backfill", "POST /api/pipelines/{PIPELINE}/backfills"),
        Backfill("backfill create", "POST /api/pipelines/{PIPELINE}/backfills"),
        new RemoteVerb.Call("backfill list", "GET /api/backfills") { Query = ["limit"] },
        new RemoteVerb.Call("backfill show", "GET /api/backfills/{ID}"),
        new RemoteVerb.Call("backfill pause", "POST /api/backfills/{ID}/pause") { Body = Reason },
        new RemoteVerb.Call("backfill resume", "POST /api/backfills/{ID}/resume") { Body = Reason },
        new RemoteVerb.Call("backfill cancel", "POST /api/backfills/{ID}/cancel") { Body = Reason },
        Here("backfill impact", OfFiles),
        Here("backfill compare", OfTrials),
        new RemoteVerb.Call("watermark show", "GET /api/pipelines/{PIPELINE}/watermark"),
        new RemoteVerb.Call("watermark set", "PUT /api/pipelines/{PIPELINE}/watermark")
        {
            Body = [new RemoteField("date", "DATE"), new RemoteField("reason", "--reason") { Otherwise = _ => "set by hand" }],
        },
        new RemoteVerb.Call("inbox list", "GET /api/inbox")
        {
            Query = ["state", "pipeline", "limit", new RemoteField("after", "--before")],
        },
        new RemoteVerb.Call("inbox show", "GET /api/inbox/{ID}"),
        new RemoteVerb.Call("inbox replay", "POST /api/inbox/{ID}/replay"),
        new RemoteVerb.Call("inbox drop", "POST /api/inbox/{ID}/drop") { Body = Reason },
        Here("test", OfTrials),
        new RemoteVerb.Call("signal", "POST /api/pipelines/{RUN|PIPELINE}/signals/{NAME}")
        {
            When = (typed, _) => Task.FromResult(typed.Has("--date")),
            Body = ["date", new RemoteField("data", "--data") { Form = FieldForm.Json }],
        },
        new RemoteVerb.Call("signal", "POST /api/runs/{RUN|PIPELINE}/signals/{NAME}")
        {
            Body = [new RemoteField("data", "--data") { Form = FieldForm.Json }],
        },
        Here("import airflow-cli", "it stands for other verbs, which it calls here"),
        new RemoteVerb.Call("approvals list", "GET /api/approvals") { Query = ["all"] },
        new RemoteVerb.Call("approvals approve", "POST /api/runs/{RUN}/tasks/{TASK}/answer")
        {
            Body =
            [
                RemoteField.From("decision", _ => "approved"),
                "reason",
                new RemoteField("form", "--field") { Form = FieldForm.Values },
            ],
        },
        new RemoteVerb.Call("approvals reject", "POST /api/runs/{RUN}/tasks/{TASK}/answer")
        {
            Body = [RemoteField.From("decision", _ => "rejected"), "reason"],
        },
        new RemoteVerb.Call("alerts list", "GET /api/alerts")
        {
            Query = ["pipeline", "limit"],
            Columns = ["id", "at", "severity", "kind", "pipeline", "run", "message"],
        },
        new RemoteVerb.Call("alerts test", "POST /api/alerts/test")
        {
            Body = [new RemoteField("channel", "CHANNEL")],
            Then = answer =>
            {
                answer.Print();
                return Task.FromResult(answer.Document!.Value.GetProperty("delivered").GetBoolean() ? ExitCode.Done : ExitCode.WorkFailed);
            },
        },
        new RemoteVerb.Call("alerts routes", "GET /api/pipelines/{PIPELINE}/alerts"),
        new RemoteVerb.Call("models list", "GET /api/models"),
        new RemoteVerb.Call("models show", "GET /api/models/versions") { Query = [Model] },
        new RemoteVerb.Call("models compare", "GET /api/models/comparison")
        {
            Query = [Model, new RemoteField("first", "V1"), new RemoteField("second", "V2")],
        },
        new RemoteVerb.Call("models promote", "POST /api/models/promote")
        {
            Body = [Model, "alias", new RemoteField("version", "VERSION"), "reason"],
        },
        new RemoteVerb.Call("models rollback", "POST /api/models/rollback") { Body = [Model, "alias", "to", "reason"] },
        Here("shadow", OfTrials),
        new RemoteVerb.Call("deploy", "POST /api/variants")
        {
            Body =
            [
                new RemoteField("variant", "--as"),
                new RemoteField("file", "FILE"),
                new RemoteField("source", "FILE") { Form = FieldForm.File },
                "reason",
            ],
        },
        new RemoteVerb.Call("promote", "POST /api/pipelines/{PIPELINE}/variants/promote") { Body = ["variant", "force", "reason"] },
        new RemoteVerb.Call("rollback", "POST /api/pipelines/{PIPELINE}/variants/rollback") { Body = Reason },
        new RemoteVerb.Call("variants", "GET /api/pipelines/{PIPELINE}/variants")
        {
            When = (typed, _) => Task.FromResult(typed.Has("PIPELINE")),
        },
        new RemoteVerb.Call("variants", "GET /api/variants"),
        new RemoteVerb.Call("undeploy", "POST /api/pipelines/{PIPELINE}/variants/undeploy") { Body = ["variant", "reason"] },
        Datasets("datasets", "GET /api/datasets"),
        Datasets("datasets list", "GET /api/datasets"),
        new RemoteVerb.Call("datasets show", "GET /api/datasets/versions") { Query = [Dataset, "partition", "namespace", "limit"] },
        new RemoteVerb.Call("datasets rollback", "POST /api/datasets/rollback") { Body = [Dataset, "partition", "to", "reason"] },
        new RemoteVerb.Call("datasets update", "POST /api/datasets/updates")
        {
            Body = [Dataset, "partition", "version"],
            Key = new RemoteField("key", "--key"),
        },
        new RemoteVerb.Call("datasets updates", "GET /api/datasets/updates") { Query = [Dataset, "partition", "limit", "before"] },
        new RemoteVerb.Call("datasets partitions", "GET /api/datasets/updated")
        {
            Query = [Dataset, "from", "to", "missing", "week_starts", "page"],
        },
        new RemoteVerb.Call("datasets lineage", "GET /api/datasets/lineage") { Query = [Dataset] },
        new RemoteVerb.Call("datasets freshness", "GET /api/datasets/freshness") { Query = [Dataset] },
        new RemoteVerb.Call("datasets resolve", "GET /api/datasets/places") { Query = [Dataset, "partition", "namespace"] },
        new RemoteVerb.Call("users add", "POST /api/users")
        {
            Body = [Model, "role", RemoteField.From("password", typed => UsersVerb.AskPassword(typed.Required("NAME")))],
        },
        new RemoteVerb.Call("users list", "GET /api/users"),
        new RemoteVerb.Call("users password", "PUT /api/users/{NAME}/password")
        {
            Body = [RemoteField.From("password", typed => UsersVerb.AskPassword(typed.Required("NAME")))],
            Done = typed => $"{typed.Text("NAME")} has a new password, and has to sign in anew",
        },
        new RemoteVerb.Call("users remove", "DELETE /api/users/{NAME}") { Done = typed => $"{typed.Text("NAME")} is removed" },
        new RemoteVerb.Call("tokens create", "POST /api/tokens") { Body = [Model, "role", "expires", "user"] },
        new RemoteVerb.Call("tokens list", "GET /api/tokens"),
        new RemoteVerb.Call("tokens revoke", "DELETE /api/tokens/{NAME}") { Done = typed => $"token {typed.Text("NAME")} is revoked" },
        new RemoteVerb.Call("secrets set", "PUT /api/secrets/{NAME}")
        {
            Body = [RemoteField.From("value", typed => SecretsVerb.AskValue(typed.Required("NAME")))],
            Done = typed => $"{typed.Text("NAME")} is kept, encrypted",
        },
        new RemoteVerb.Call("secrets list", "GET /api/secrets"),
        new RemoteVerb.Call("secrets remove", "DELETE /api/secrets/{NAME}") { Done = typed => $"{typed.Text("NAME")} is forgotten" },
        Here("cron explain", "it needs no project"),
        Here("cron next", "it needs no project"),
        new RemoteVerb.Call("graph", "GET /api/pipelines/{PIPELINE}/graph"),
        Here("doctor", OfThisMachine),
        Here("db migrate", OfThisMachine),
        Here("db check", OfThisMachine),
        Here("db backup", OfThisMachine),
        Here("db restore", OfThisMachine),
        Here("db retention", "a server does it by itself, once an hour"),
        Here("completion", "it is about the shell here"),
    ];

    private static RemoteVerb.Here Here(string verb, string reason) => new(verb, reason);

    private static RemoteVerb.Call Datasets(string verb, string address) => new(verb, address) { Query = ["namespace"] };

    private static RemoteVerb.Call Backfill(string verb, string address) =>
        new(verb, address)
        {
            Body =
            [
                "from",
                "to",
                new RemoteField("dates", "--dates") { Form = FieldForm.Commas },
                new RemoteField("partitions", "--partitions") { Form = FieldForm.Commas },
                "last",
                "since_watermark",
                RemoteField.From("which", Which),
                "reverse",
                "max_active",
                "every",
                Params,
                OnlyTasks,
                "variant",
                new RemoteField("reason", "--reason") { Otherwise = _ => "asked for by hand" },
                "replace",
                "downstream",
                "dry_run",
            ],
            Aside = Detach,
            Then = RemoteRuns.FollowBackfillAsync,
        };

    private static string? Which(RemoteArguments typed)
    {
        string[] words = [.. new[] { "missing", "stale", "failed", "all" }.Where(word => typed.Has($"--{word}"))];
        return words switch
        {
            [] => null,
            [var word] => word,
            _ => throw new UserMistakeException($"--{words[0]} and --{words[1]} exclude each other"),
        };
    }

    private static string Mode(RemoteArguments typed) =>
        (typed.Has("--from-failed"), typed.Has("--from"), typed.Has("--only")) switch
        {
            (true, false, false) => "from_failed",
            (false, true, false) => "from",
            (false, false, true) => "only",
            _ => throw new UserMistakeException("rerun: say which tasks, with one of --from-failed, --from TASK and --only TASK"),
        };

    private static string? TaskOf(RemoteArguments typed) => typed.Text("--from") ?? typed.Text("--only");
}
