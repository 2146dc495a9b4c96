using System.Diagnostics;
using System.Text.Json;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static readonly TaskNode DefaultTask = new() { Name = default, Kind = new TaskKind.Noop() };

    private static void WriteTask(Utf8JsonWriter json, TaskNode task)
    {
        json.WriteStartObject();
        json.WriteString("name", task.Name.Value);
        WriteKind(json, task.Kind);
        Put(json, "needs", Plain(task.Needs));
        Put(json, "trigger_rule", Names.Of(task.TriggerRule), Names.Of(DefaultTask.TriggerRule));
        Put(json, "when", task.When);
        Put(json, "for_each", task.ForEach);
        Put(json, "label", task.Label);
        Put(json, "max_parallel", task.MaxParallel);
        WriteRetry(json, "retry", task.Retry);
        WriteFailureRules(json, task.FailureRules);
        Put(json, "timeout", task.Timeout);
        Put(json, "start_timeout", task.StartTimeout);
        Put(json, "silence_timeout", task.SilenceTimeout);
        Put(json, "grace", task.Grace, DefaultTask.Grace);
        WriteSla(json, task.Sla);
        Put(json, "pool", task.Pool == DefaultTask.Pool ? null : task.Pool);
        Put(json, "target", task.Target);
        Put(json, "slots", task.Slots, DefaultTask.Slots);
        WriteResources(json, task.Resources);
        Put(json, "priority", task.Priority, DefaultTask.Priority);
        Put(json, "idempotent", task.Idempotent, DefaultTask.Idempotent);
        Put(json, "env", task.Env);
        Put(json, "inputs", task.Inputs);
        WriteInputChecks(json, task);
        Put(json, "fetch", [.. task.Fetch]);
        if (!task.Outputs.IsDefaultOrEmpty && task.Kind is not TaskKind.Load)
        {
            json.WriteStartArray("outputs");
            foreach (var output in task.Outputs)
            {
                WriteOutput(json, output);
            }

            json.WriteEndArray();
        }

        Put(json, "metrics", task.Metrics, DefaultTask.Metrics);
        Put(json, "reuse", task.Reuse, DefaultTask.Reuse);
        Put(json, "on_failure", task.OnFailure);
        Put(json, "on_retry", task.OnRetry);
        Put(json, "doc", task.Doc);
        json.WriteEndObject();
    }

    private static TaskNode ReadTask(JsonElement json) =>
        new()
        {
            Name = new(Required(json, "name")),
            Kind = ReadKind(json),
            Needs = TaskNames(json, "needs"),
            TriggerRule = Word(json, "trigger_rule", Names.TriggerRuleOf, DefaultTask.TriggerRule),
            When = Text(json, "when"),
            ForEach = Text(json, "for_each"),
            Label = Text(json, "label"),
            MaxParallel = json.TryGetProperty("max_parallel", out var most) ? most.GetInt32() : null,
            Retry = ReadRetry(json, "retry"),
            FailureRules = All(json, "failure_rules", ReadFailureRule),
            Timeout = Span(json, "timeout"),
            StartTimeout = Span(json, "start_timeout"),
            SilenceTimeout = Span(json, "silence_timeout"),
            Grace = Span(json, "grace") ?? DefaultTask.Grace,
            Sla = ReadSla(json),
            Pool = Text(json, "pool") ?? DefaultTask.Pool,
            Target = Text(json, "target"),
            Slots = Number(json, "slots", DefaultTask.Slots),
            Resources = json.TryGetProperty("resources", out var resources) ? ReadResources(resources) : null,
            Priority = Number(json, "priority", DefaultTask.Priority),
            Idempotent = Truth(json, "idempotent", DefaultTask.Idempotent),
            Env = Map(json, "env"),
            Inputs = Map(json, "inputs"),
            InputChecks = ReadInputChecks(json),
            Fetch = TaskNode.NoFetch.Union(Texts(json, "fetch")),
            Outputs = All(json, "outputs", ReadOutput),
            Metrics = Truth(json, "metrics", DefaultTask.Metrics),
            Reuse = Truth(json, "reuse", DefaultTask.Reuse),
            OnFailure = Texts(json, "on_failure"),
            OnRetry = Texts(json, "on_retry"),
            Doc = Text(json, "doc"),
        };

    private static void WriteResources(Utf8JsonWriter json, ResourceSpec? resources)
    {
        if (resources is null)
        {
            return;
        }

        json.WriteStartObject("resources");
        if (resources.Memory is { } memory)
        {
            json.WriteNumber("memory", memory);
        }

        Put(json, "cpu", resources.Cpu);
        Put(json, "gpu", resources.Gpu, 0);
        json.WriteEndObject();
    }

    private static ResourceSpec ReadResources(JsonElement json) =>
        new(
            json.TryGetProperty("memory", out var memory) ? memory.GetInt64() : null,
            json.TryGetProperty("cpu", out var cpu) ? cpu.GetDouble() : null,
            Number(json, "gpu", 0)
        );

    private static void WriteKind(Utf8JsonWriter json, TaskKind kind)
    {
        switch (kind)
        {
            case TaskKind.Shell shell:
                json.WriteString("kind", "shell");
                json.WriteString("command", shell.Command);
                break;
            case TaskKind.Argv argv:
                json.WriteString("kind", "argv");
                Put(json, "arguments", argv.Arguments);
                break;
            case TaskKind.Script script:
                json.WriteString("kind", "script");
                json.WriteString("interpreter", script.Interpreter);
                json.WriteString("text", script.Text);
                break;
            case TaskKind.Sql sql:
                json.WriteString("kind", "sql");
                Put(json, "text", sql.Text);
                Put(json, "file", sql.File);
                break;
            case TaskKind.WaitForFile file:
                json.WriteString("kind", "wait_for_file");
                json.WriteString("path", file.Path);
                Put(json, "stable_for", file.StableFor);
                json.WriteNumber("min_size", file.MinSize);
                Put(json, "every", file.Every);
                break;
            case TaskKind.WaitForTime time:
                json.WriteString("kind", "wait_for_time");
                json.WriteString("time", time.Time);
                break;
            case TaskKind.WaitForTask task:
                json.WriteString("kind", "wait_for_task");
                json.WriteString("pipeline", task.Pipeline.Value);
                Put(json, "task", task.Task?.Value);
                Put(json, "match", Names.Of(task.Match), Names.Of(TaskMatch.Containing));
                Put(json, "offset", task.Offset, TimeSpan.Zero);
                Put(json, "partitions", task.Partitions, normal: false);
                Put(json, "every", task.Every);
                break;
            case TaskKind.WaitForS3 s3:
                json.WriteString("kind", "wait_for_s3");
                json.WriteString("address", s3.Address);
                Put(json, "stable_for", s3.StableFor, TimeSpan.Zero);
                json.WriteNumber("min_size", s3.MinSize);
                Put(json, "every", s3.Every);
                break;
            case TaskKind.WaitForSql query:
                json.WriteString("kind", "wait_for_sql");
                json.WriteString("query", query.Query);
                Put(json, "connection", query.Connection);
                Put(json, "every", query.Every);
                break;
            case TaskKind.WaitForHttp http:
                json.WriteString("kind", "wait_for_http");
                json.WriteString("url", http.Url);
                PutNumbers(json, "status", http.Status);
                Put(json, "values", http.Values);
                Put(json, "headers", http.Headers);
                Put(json, "every", http.Every);
                break;
            case TaskKind.WaitForMessage message:
                json.WriteString("kind", "wait_for_message");
                json.WriteString("message", message.Name);
                Put(json, "every", message.Every);
                break;
            case TaskKind.WaitForDataset wait:
                json.WriteString("kind", "wait_for_dataset");
                json.WriteString("dataset", wait.Dataset);
                Put(json, "from", wait.From);
                Put(json, "to", wait.To);
                Put(json, "every", wait.Every);
                break;
            case TaskKind.Promote promote:
                json.WriteString("kind", "promote");
                json.WriteString("model", promote.Model);
                json.WriteString("alias", promote.Alias);
                Put(json, "in_backfill", Names.Of(promote.InBackfill), Names.Of(BackfillPromotion.Skip));
                WriteApproval(json, "approval", promote.Approval);
                WriteApproval(json, "backfill_approval", promote.BackfillApproval);
                Put(json, promote.Better is { IsLower: true } ? "lower" : "higher", promote.Better?.Metric);
                break;
            case TaskKind.Approve approve:
                json.WriteString("kind", "approve");
                WriteApproval(json, "approval", approve.Spec);
                break;
            case TaskKind.Load load:
                json.WriteString("kind", "load");
                Put(json, "from", load.From);
                Put(json, "query", load.Query);
                json.WriteString("into", load.Into);
                json.WriteString("mode", Names.Of(load.Mode));
                Put(json, "partition", load.Partition);
                Put(json, "keys", load.Keys);
                Put(json, "allow_duplicates", load.AllowDuplicates, normal: false);
                Put(json, "keep", load.Keep, normal: 0);
                break;
            case TaskKind.Http request:
                WriteHttp(json, request);
                break;
            case TaskKind.Noop:
                json.WriteString("kind", "noop");
                break;
            case TaskKind.Group:
                json.WriteString("kind", "group");
                break;
            default:
                throw new UnreachableException($"unknown kind {kind.GetType().Name}");
        }
    }

    private static TaskKind ReadKind(JsonElement json) =>
        Required(json, "kind") switch
        {
            "shell" => new TaskKind.Shell(Required(json, "command")),
            "argv" => new TaskKind.Argv(Texts(json, "arguments")),
            "script" => new TaskKind.Script(Required(json, "interpreter"), Required(json, "text")),
            "sql" => new TaskKind.Sql(Text(json, "text"), Text(json, "file")),
            "wait_for_file" => new TaskKind.WaitForFile(
                Required(json, "path"),
                RequiredSpan(json, "stable_for"),
                json.GetProperty("min_size").GetInt64(),
                RequiredSpan(json, "every")
            ),
            "wait_for_time" => new TaskKind.WaitForTime(Required(json, "time")),
            "wait_for_task" => new TaskKind.WaitForTask(
                new(Required(json, "pipeline")),
                Text(json, "task") is { } task ? new TaskName(task) : null,
                Word(json, "match", Names.TaskMatchOf, TaskMatch.Containing),
                Span(json, "offset") ?? TimeSpan.Zero,
                Truth(json, "partitions", normal: false),
                RequiredSpan(json, "every")
            ),
            "wait_for_s3" => new TaskKind.WaitForS3(
                Required(json, "address"),
                Span(json, "stable_for") ?? TimeSpan.Zero,
                json.GetProperty("min_size").GetInt64(),
                RequiredSpan(json, "every")
            ),
            "wait_for_sql" => new TaskKind.WaitForSql(Required(json, "query"), Text(json, "connection"), RequiredSpan(json, "every")),
            "wait_for_http" => new TaskKind.WaitForHttp(
                Required(json, "url"),
                json.TryGetProperty("status", out var statuses) ? [.. statuses.EnumerateArray().Select(status => status.GetInt32())] : [],
                Map(json, "values"),
                Map(json, "headers"),
                RequiredSpan(json, "every")
            ),
            "wait_for_message" => new TaskKind.WaitForMessage(Required(json, "message"), RequiredSpan(json, "every")),
            "wait_for_dataset" => new TaskKind.WaitForDataset(
                Required(json, "dataset"),
                Text(json, "from"),
                Text(json, "to"),
                RequiredSpan(json, "every")
            ),
            "promote" => new TaskKind.Promote(
                Required(json, "model"),
                Required(json, "alias"),
                Word(json, "in_backfill", Names.BackfillPromotionOf, BackfillPromotion.Skip),
                json.TryGetProperty("approval", out var approval) ? ReadApproval(approval) : null,
                json.TryGetProperty("backfill_approval", out var backfill) ? ReadApproval(backfill) : null,
                Text(json, "higher") is { } higher ? new MetricRule(higher, IsLower: false)
                    : Text(json, "lower") is { } lower ? new MetricRule(lower, IsLower: true)
                    : null
            ),
            "approve" => new TaskKind.Approve(ReadApproval(json.GetProperty("approval"))),
            "load" => new TaskKind.Load(
                Text(json, "from"),
                Text(json, "query"),
                Required(json, "into"),
                Word(json.GetProperty("mode"), Names.LoadModeOf),
                Text(json, "partition"),
                Texts(json, "keys"),
                Truth(json, "allow_duplicates", normal: false),
                Number(json, "keep", normal: 0)
            ),
            "http" => ReadHttp(json),
            "noop" => new TaskKind.Noop(),
            "group" => new TaskKind.Group(),
            var other => throw new FormatException($"unknown kind of task `{other}`"),
        };
}
