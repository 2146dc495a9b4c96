using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Signalbox.Engine.Control;

/// <summary>
/// The JSON of requests and answers. Written by hand: every verb needs one of each, and what a serializer has to compile for them at the
/// start of a process costs more than all the rest of asking.
/// </summary>
internal static class RequestJson
{
    public static string KindOf(Request request) =>
        request switch
        {
            Request.StartRun => "run",
            Request.CancelRun => "cancel",
            Request.Rerun => "rerun",
            Request.ClearTasks => "clear",
            Request.MarkTask => "mark",
            Request.PausePipeline => "pause",
            Request.UnpausePipeline => "unpause",
            Request.Drain => "drain",
            Request.EndDrain => "end_drain",
            Request.ResetBreaker => "reset_breaker",
            Request.StartBackfill => "backfill",
            Request.CancelBackfill => "cancel_backfill",
            Request.PauseBackfill => "pause_backfill",
            Request.ResumeBackfill => "resume_backfill",
            Request.SendSignal => "signal",
            Request.AnswerApproval => "answer_approval",
            Request.MoveAlias => "move_alias",
            Request.Deploy => "deploy",
            Request.Undeploy => "undeploy",
            Request.PromoteVariant => "promote_variant",
            Request.RollbackVariant => "rollback_variant",
            Request.RollBackDataset => "rollback_dataset",
            Request.ReplayRejected => "replay_rejected",
            Request.ReplayMessage => "replay_message",
            Request.DropMessage => "drop_message",
            Request.PinRun => "pin",
            Request.ApplyRetention => "retention",
            Request.UpdateDataset => "update_dataset",
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    public static string Write(Request request) =>
        Object(json =>
        {
            json.WriteString("request", KindOf(request));
            switch (request)
            {
                case Request.StartRun run:
                    json.WriteString("pipeline", run.Pipeline);
                    Optional(json, "version", run.Version);
                    json.WriteString("logical_date", run.LogicalDate);
                    json.WriteString("params", run.Params);
                    Optional(json, "run_id", run.RunId);
                    Optional(json, "reason", run.Reason);
                    Optional(json, "namespace", run.Namespace);
                    Optional(json, "conditions", run.Conditions);
                    Optional(json, "conf", run.Conf);
                    if (run.OneForTheDate)
                    {
                        json.WriteBoolean("one_for_the_date", true);
                    }

                    if (!run.OnlyTasks.IsDefaultOrEmpty)
                    {
                        Texts(json, "only_tasks", run.OnlyTasks);
                    }

                    break;
                case Request.CancelRun cancel:
                    json.WriteNumber("run", cancel.Run);
                    json.WriteString("reason", cancel.Reason);
                    break;
                case Request.Rerun rerun:
                    json.WriteNumber("run", rerun.Run);
                    json.WriteString("mode", WordOf(rerun.Mode));
                    Optional(json, "task", rerun.Task);
                    json.WriteString("reason", rerun.Reason);
                    if (rerun.Downstream)
                    {
                        json.WriteBoolean("downstream", value: true);
                    }

                    break;
                case Request.ClearTasks clear:
                    json.WriteNumber("run", clear.Run);
                    Texts(json, "tasks", clear.Tasks);
                    json.WriteString("reason", clear.Reason);
                    break;
                case Request.MarkTask mark:
                    json.WriteNumber("run", mark.Run);
                    json.WriteString("task", mark.Task);
                    json.WriteNumber("map_index", mark.MapIndex);
                    json.WriteString("state", mark.State);
                    json.WriteString("reason", mark.Reason);
                    break;
                case Request.PausePipeline pause:
                    json.WriteString("pipeline", pause.Pipeline);
                    json.WriteString("reason", pause.Reason);
                    break;
                case Request.UnpausePipeline unpause:
                    json.WriteString("pipeline", unpause.Pipeline);
                    json.WriteString("reason", unpause.Reason);
                    break;
                case Request.Drain drain:
                    Optional(json, "pipeline", drain.Pipeline);
                    json.WriteString("reason", drain.Reason);
                    break;
                case Request.ResetBreaker reset:
                    json.WriteString("of", reset.Of);
                    json.WriteString("name", reset.Name);
                    json.WriteString("reason", reset.Reason);
                    break;
                case Request.EndDrain undo:
                    Optional(json, "pipeline", undo.Pipeline);
                    break;
                case Request.StartBackfill backfill:
                    Write(json, backfill);
                    break;
                case Request.ReplayRejected replay:
                    json.WriteNumber("rejected", replay.Rejected);
                    json.WriteString("path", replay.Path);
                    json.WriteString("reason", replay.Reason);
                    break;
                case Request.ReplayMessage replay:
                    json.WriteNumber("message", replay.Message);
                    break;
                case Request.PinRun pin:
                    json.WriteNumber("run", pin.Run);
                    json.WriteBoolean("pinned", pin.Pinned);
                    json.WriteString("reason", pin.Reason);
                    break;
                case Request.ApplyRetention:
                    break;
                case Request.DropMessage drop:
                    json.WriteNumber("message", drop.Message);
                    json.WriteString("reason", drop.Reason);
                    break;
                case Request.UpdateDataset update:
                    json.WriteString("dataset", update.Dataset);
                    json.WriteString("partition", update.Partition);
                    Optional(json, "version", update.Version);
                    Optional(json, "key", update.Key);
                    break;
                case Request.CancelBackfill cancel:
                    json.WriteNumber("backfill", cancel.Backfill);
                    json.WriteString("reason", cancel.Reason);
                    break;
                case Request.PauseBackfill pause:
                    json.WriteNumber("backfill", pause.Backfill);
                    json.WriteString("reason", pause.Reason);
                    break;
                case Request.ResumeBackfill resume:
                    json.WriteNumber("backfill", resume.Backfill);
                    json.WriteString("reason", resume.Reason);
                    break;
                case Request.SendSignal signal:
                    if (signal.Run is { } to)
                    {
                        json.WriteNumber("run", to);
                    }

                    Optional(json, "pipeline", signal.Pipeline);
                    Optional(json, "date", signal.Date);
                    json.WriteString("name", signal.Name);
                    Optional(json, "data", signal.Data);
                    break;
                case Request.AnswerApproval answer:
                    json.WriteNumber("run", answer.Run);
                    json.WriteString("task", answer.Task);
                    json.WriteNumber("map_index", answer.MapIndex);
                    json.WriteBoolean("approves", answer.Approves);
                    Optional(json, "reason", answer.Reason);
                    json.WriteString("form", answer.Form);
                    break;
                case Request.MoveAlias move:
                    json.WriteString("model", move.Model);
                    json.WriteString("alias", move.Alias);
                    if (move.Version is { } version)
                    {
                        json.WriteNumber("version", version);
                    }

                    json.WriteBoolean("back", move.Back);
                    json.WriteString("reason", move.Reason);
                    break;
                case Request.Deploy deploy:
                    json.WriteString("pipeline", deploy.Pipeline);
                    json.WriteString("variant", deploy.Variant);
                    json.WriteString("version", deploy.Version);
                    json.WriteString("source_file", deploy.SourceFile);
                    Optional(json, "reason", deploy.Reason);
                    break;
                case Request.Undeploy undeploy:
                    json.WriteString("pipeline", undeploy.Pipeline);
                    json.WriteString("variant", undeploy.Variant);
                    Optional(json, "reason", undeploy.Reason);
                    break;
                case Request.PromoteVariant promote:
                    json.WriteString("pipeline", promote.Pipeline);
                    Optional(json, "variant", promote.Variant);
                    json.WriteString("reason", promote.Reason);
                    json.WriteBoolean("force", promote.Force);
                    break;
                case Request.RollbackVariant rollback:
                    json.WriteString("pipeline", rollback.Pipeline);
                    json.WriteString("reason", rollback.Reason);
                    break;
                case Request.RollBackDataset back:
                    json.WriteString("dataset", back.Dataset);
                    Optional(json, "partition", back.Partition);
                    if (back.To is { } wanted)
                    {
                        json.WriteNumber("to", wanted);
                    }

                    json.WriteString("reason", back.Reason);
                    break;
            }
        });

    public static Request ReadRequest(string text)
    {
        using var document = JsonDocument.Parse(text);
        var json = document.RootElement;
        return String(json, "request") switch
        {
            "run" => new Request.StartRun(
                String(json, "pipeline"),
                StringOrNull(json, "version"),
                String(json, "logical_date"),
                String(json, "params"),
                StringOrNull(json, "run_id"),
                StringOrNull(json, "reason"),
                StringOrNull(json, "namespace"),
                Texts(json, "only_tasks"),
                StringOrNull(json, "conditions")
            )
            {
                Conf = StringOrNull(json, "conf"),
                OneForTheDate = json.TryGetProperty("one_for_the_date", out var one) && one.GetBoolean(),
            },
            "replay_message" => new Request.ReplayMessage(Number(json, "message")),
            "pin" => new Request.PinRun(Number(json, "run"), json.GetProperty("pinned").GetBoolean(), String(json, "reason")),
            "retention" => new Request.ApplyRetention(),
            "drop_message" => new Request.DropMessage(Number(json, "message"), String(json, "reason")),
            "cancel" => new Request.CancelRun(Number(json, "run"), String(json, "reason")),
            "rerun" => new Request.Rerun(
                Number(json, "run"),
                ModeOf(String(json, "mode")),
                StringOrNull(json, "task"),
                String(json, "reason"),
                json.TryGetProperty("downstream", out var downstream) && downstream.GetBoolean()
            ),
            "update_dataset" => new Request.UpdateDataset(
                String(json, "dataset"),
                String(json, "partition"),
                StringOrNull(json, "version"),
                StringOrNull(json, "key")
            ),
            "clear" => new Request.ClearTasks(Number(json, "run"), Texts(json, "tasks"), String(json, "reason")),
            "mark" => new Request.MarkTask(
                Number(json, "run"),
                String(json, "task"),
                (int)Number(json, "map_index"),
                String(json, "state"),
                String(json, "reason")
            ),
            "pause" => new Request.PausePipeline(String(json, "pipeline"), String(json, "reason")),
            "unpause" => new Request.UnpausePipeline(String(json, "pipeline"), String(json, "reason")),
            "drain" => new Request.Drain(StringOrNull(json, "pipeline"), String(json, "reason")),
            "reset_breaker" => new Request.ResetBreaker(String(json, "of"), String(json, "name"), String(json, "reason")),
            "end_drain" => new Request.EndDrain(StringOrNull(json, "pipeline")),
            "backfill" => ReadBackfill(json),
            "replay_rejected" => new Request.ReplayRejected(Number(json, "rejected"), String(json, "path"), String(json, "reason")),
            "cancel_backfill" => new Request.CancelBackfill(Number(json, "backfill"), String(json, "reason")),
            "pause_backfill" => new Request.PauseBackfill(Number(json, "backfill"), String(json, "reason")),
            "resume_backfill" => new Request.ResumeBackfill(Number(json, "backfill"), String(json, "reason")),
            "signal" => new Request.SendSignal(
                json.TryGetProperty("run", out var to) ? to.GetInt64() : null,
                StringOrNull(json, "pipeline"),
                StringOrNull(json, "date"),
                String(json, "name"),
                StringOrNull(json, "data")
            ),
            "answer_approval" => new Request.AnswerApproval(
                Number(json, "run"),
                String(json, "task"),
                (int)Number(json, "map_index"),
                json.GetProperty("approves").GetBoolean(),
                StringOrNull(json, "reason"),
                String(json, "form")
            ),
            "move_alias" => new Request.MoveAlias(
                String(json, "model"),
                String(json, "alias"),
                json.TryGetProperty("version", out var version) ? version.GetInt32() : null,
                json.GetProperty("back").GetBoolean(),
                String(json, "reason")
            ),
            "deploy" => new Request.Deploy(
                String(json, "pipeline"),
                String(json, "variant"),
                String(json, "version"),
                String(json, "source_file"),
                StringOrNull(json, "reason")
            ),
            "undeploy" => new Request.Undeploy(String(json, "pipeline"), String(json, "variant"), StringOrNull(json, "reason")),
            "promote_variant" => new Request.PromoteVariant(
                String(json, "pipeline"),
                StringOrNull(json, "variant"),
                String(json, "reason"),
                json.GetProperty("force").GetBoolean()
            ),
            "rollback_variant" => new Request.RollbackVariant(String(json, "pipeline"), String(json, "reason")),
            "rollback_dataset" => new Request.RollBackDataset(
                String(json, "dataset"),
                StringOrNull(json, "partition"),
                json.TryGetProperty("to", out var wanted) ? wanted.GetInt64() : null,
                String(json, "reason")
            ),
            var other => throw new JsonException($"`{other}` is no request that this program knows"),
        };
    }

    public static string Write(Answer answer) =>
        Object(json =>
        {
            json.WriteBoolean("done", answer.Done);
            if (answer.Number is { } number)
            {
                json.WriteNumber("number", number);
            }

            json.WriteString("message", answer.Message);
            Optional(json, "details", answer.Details);
            Optional(json, "refusal", answer.Refusal);
        });

    public static Answer ReadAnswer(string text)
    {
        using var document = JsonDocument.Parse(text);
        var json = document.RootElement;
        return new Answer(
            json.GetProperty("done").GetBoolean(),
            json.TryGetProperty("number", out var number) ? number.GetInt64() : null,
            String(json, "message")
        )
        {
            Details = StringOrNull(json, "details"),
            Refusal = StringOrNull(json, "refusal"),
        };
    }

    private static void Write(Utf8JsonWriter json, Request.StartBackfill backfill)
    {
        json.WriteString("pipeline", backfill.Pipeline);
        json.WriteStartArray("dates");
        foreach (var date in backfill.Dates)
        {
            json.WriteStringValue(date);
        }

        json.WriteEndArray();
        json.WriteNumber("max_active", backfill.MaxActive);
        json.WriteString("params", backfill.Params);
        Texts(json, "only_tasks", backfill.OnlyTasks);
        json.WriteString("reason", backfill.Reason);
        json.WriteBoolean("selective", backfill.Selective);
        json.WriteBoolean("watermark", backfill.Watermark);
        Optional(json, "version", backfill.Version);
        Optional(json, "author", backfill.Author);
        Optional(json, "variant", backfill.Variant);
        if (backfill.Every is { } every)
        {
            json.WriteNumber("every_ms", (long)every.TotalMilliseconds);
        }

        if (backfill.Replace)
        {
            json.WriteBoolean("replace", true);
        }

        if (backfill.Downstream)
        {
            json.WriteBoolean("downstream", true);
        }
    }

    private static Request.StartBackfill ReadBackfill(JsonElement json)
    {
        var dates = ImmutableArray.CreateBuilder<DateTimeOffset>();
        foreach (var date in json.GetProperty("dates").EnumerateArray())
        {
            dates.Add(date.GetDateTimeOffset());
        }

        return new Request.StartBackfill(
            String(json, "pipeline"),
            dates.ToImmutable(),
            (int)Number(json, "max_active"),
            String(json, "params"),
            Texts(json, "only_tasks"),
            String(json, "reason"),
            json.GetProperty("selective").GetBoolean(),
            json.GetProperty("watermark").GetBoolean(),
            StringOrNull(json, "version")
        )
        {
            Author = StringOrNull(json, "author"),
            Variant = StringOrNull(json, "variant"),
            Every = json.TryGetProperty("every_ms", out var every) ? TimeSpan.FromMilliseconds(every.GetInt64()) : null,
            Replace = json.TryGetProperty("replace", out var replace) && replace.GetBoolean(),
            Downstream = json.TryGetProperty("downstream", out var downstream) && downstream.GetBoolean(),
        };
    }

    private static void Texts(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    /// <summary>A list of texts; empty when it is missing.</summary>
    private static ImmutableArray<string> Texts(JsonElement json, string name)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        if (json.TryGetProperty(name, out var list))
        {
            foreach (var text in list.EnumerateArray())
            {
                texts.Add(text.GetString()!);
            }
        }

        return texts.ToImmutable();
    }

    private static string Object(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static string String(JsonElement json, string name) =>
        StringOrNull(json, name) ?? throw new JsonException($"`{name}` is missing");

    private static string? StringOrNull(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetInt64() : throw new JsonException($"`{name}` is missing");

    private static string WordOf(RerunMode mode) =>
        mode switch
        {
            RerunMode.FromFailed => "from_failed",
            RerunMode.From => "from",
            RerunMode.Only => "only",
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    private static RerunMode ModeOf(string word) =>
        word switch
        {
            "from_failed" => RerunMode.FromFailed,
            "from" => RerunMode.From,
            "only" => RerunMode.Only,
            _ => throw new JsonException($"`{word}` is no mode of a re-run"),
        };
}
