using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Engine.Logs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What Airflow's calls ask for, the same in both versions of its interface.</summary>
internal sealed class AirflowCalls(EngineSession engine, Project project, LogPlaces places, TimeProvider time)
{
    private const string AnyDag = "~";
    private const int MostItems = 1000;

    private const int LongestNote = 1000;

    private static readonly string[] OfEveryList = ["limit", "offset", "order_by"];

    public Project Project => project;

    public LogPlaces Places => places;

    public Store Store => engine.Store;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The part of a list that a call asks for.</summary>
    public static (int Limit, int Offset) PageOf(HttpContext call, AirflowDialect dialect)
    {
        var limit = Math.Min(Whole(call, "limit", dialect.DefaultLimit), MostItems);
        return (limit == 0 ? dialect.DefaultLimit : limit, Whole(call, "offset", 0));
    }

    /// <summary>Pipelines that fit, by name, and how many there are.</summary>
    public (List<(StoredPipeline Row, Pipeline Pipeline)> Page, int Total) Dags(HttpContext call, AirflowDialect dialect)
    {
        RequireFilters(call, dialect.DagFilters);
        var (limit, offset) = PageOf(call, dialect);
        var tags = call.Request.Query["tags"].OfType<string>().ToList();
        var owners = call.Request.Query["owners"].OfType<string>().ToList();
        var needsAllTags = call.Request.Query["tags_match_mode"] == "all";
        var paused = Truth(call, "paused");
        var pattern = call.Request.Query["dag_id_pattern"].ToString().Trim('%');
        var all = Store.Read(session =>
            session
                .Pipelines()
                .Where(row => row.Version is not null && (paused is null || row.Paused == paused))
                .Where(row => row.Name.Value.Contains(pattern, StringComparison.OrdinalIgnoreCase))
                .Select(row => (row, session.Definition(row.Name, row.Version!.Value)!.Pipeline))
                .Where(row =>
                    tags.Count == 0
                    || (
                        needsAllTags
                            ? tags.TrueForAll(tag => row.Pipeline.Tags.Contains(tag, StringComparer.Ordinal))
                            : tags.Exists(tag => row.Pipeline.Tags.Contains(tag, StringComparer.Ordinal))
                    )
                )
                .Where(row => owners.Count == 0 || owners.Contains(row.Pipeline.Owner ?? "", StringComparer.Ordinal))
                .OrderBy(row => row.row.Name.Value, StringComparer.Ordinal)
                .ToList()
        );
        switch (call.Request.Query["order_by"].ToString())
        {
            case "" or "dag_id":
                break;
            case "-dag_id":
                all.Reverse();
                break;
            case var order:
                throw ApiException.Invalid($"order_by: `{order}` is none of dag_id, -dag_id");
        }

        return ([.. all.Skip(offset).Take(limit)], all.Count);
    }

    /// <exception cref="ApiException">There is none.</exception>
    public (StoredPipeline Row, Pipeline Pipeline) Dag(string dag) =>
        Store.Read(session =>
            session.Pipeline(new PipelineName(dag)) is { Version: { } version } row
                ? (row, session.Definition(row.Name, version)!.Pipeline)
                : throw ApiException.NotFound(
                    $"The DAG with dag_id: `{dag}` was not found{Suggestion.DidYouMean(dag, session.Pipelines().Select(each => each.Name.Value))}"
                )
        );

    /// <summary>Pauses, or lets go on.</summary>
    public async Task PatchDagAsync(string dag, JsonElement body, HttpContext call, AirflowDialect dialect)
    {
        Dag(dag);
        RequireFields(body, ["is_paused"], dialect);
        var mask = call.Request.Query["update_mask"].SelectMany(each => (each ?? "").Split(',')).Where(each => each.Length > 0).ToList();
        if (mask.Exists(field => field != "is_paused"))
        {
            throw Malformed(dialect, "Only `is_paused` field can be updated through the REST API");
        }

        if (!body.TryGetProperty("is_paused", out var value) || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw Malformed(dialect, "is_paused: it must be given, as true or false");
        }

        await engine.AskAsync(
            call,
            value.GetBoolean()
                ? new Request.PausePipeline(dag, $"paused by {call.Who()}")
                : new Request.UnpausePipeline(dag, $"unpaused by {call.Who()}")
        );
    }

    /// <summary>Runs that fit, and how many there are.</summary>
    /// <param name="dag"><c>~</c> for all.</param>
    public (List<Run> Page, long Total) Runs(string dag, HttpContext call, AirflowDialect dialect)
    {
        RequireFilters(call, dialect.RunFilters);
        var (limit, offset) = PageOf(call, dialect);
        var pipeline = dag == AnyDag ? (PipelineName?)null : Dag(dag).Row.Name;
        var query = call.Request.Query;
        var states = query["state"].OfType<string>().SelectMany(AirflowShapes.StatesOf).Distinct().ToHashSet();
        var (from, to) = (
            Date(query["logical_date_gte"], dialect) ?? Date(query["execution_date_gte"], dialect),
            Date(query["logical_date_lte"], dialect) ?? Date(query["execution_date_lte"], dialect)
        );
        // Runs are numbered in the order in which they were made, which is that of Airflow's list.
        var filter = new RunPageFilter(pipeline, states, from, to, query["order_by"].ToString().StartsWith('-'), limit, offset);
        return Store.Read(session => (session.RunsPage(filter).ToList(), session.CountRuns(filter)));
    }

    /// <exception cref="ApiException">There is none.</exception>
    public Run Run(string dag, string run) =>
        Store.Read(session => session.Run(new PipelineName(dag), new RunId(run)))
        ?? throw ApiException.NotFound($"DAGRun with DAG ID: '{dag}' and DagRun ID: '{run}' not found");

    /// <summary>Starts a run.</summary>
    public async Task<Run> TriggerAsync(string dag, JsonElement body, HttpContext call, AirflowDialect dialect)
    {
        var (_, pipeline) = Dag(dag);
        RequireFields(body, dialect.TriggerFields, dialect);
        if (dialect.NamesTheDate && !body.TryGetProperty("logical_date", out _))
        {
            throw Malformed(dialect, "logical_date: it must be given; null takes the latest");
        }

        if (DateOf(body, "run_after", dialect) > Now)
        {
            throw Malformed(dialect, "run_after: a run begins as soon as it may; send null");
        }

        var note = NoteOf(body, dialect);
        var logical = DateOf(body, "logical_date", dialect) ?? DateOf(body, "execution_date", dialect);
        if (DateOf(body, "execution_date", dialect) is { } old && old != logical)
        {
            throw ApiException.Invalid("logical_date conflicts with execution_date; send one of them");
        }

        var date = logical is { } told ? InstantOf(told) : RunVerb.DefaultDate(pipeline, Now);
        RequireInterval(pipeline, body, date, dialect);
        var conf = ConfOf(body, dialect);
        RunWriteEndpoints.RequireSecrets(project, pipeline);
        var number = await RunWriteEndpoints.AskForRunAsync(
            engine,
            call,
            new Request.StartRun(dag, Version: null, date, Declared(pipeline, conf), TextOf(body, "dag_run_id", dialect), Reason: null)
            {
                Conf = conf.GetRawText(),
                OneForTheDate = logical is not null,
            },
            body.GetRawText()
        );
        if (note is not null)
        {
            await Store.WriteAsync(session => session.SaveNote(number, note), call.RequestAborted);
        }

        return Store.Read(session => session.Run(number)!);
    }

    /// <summary>Changes a run: its state, its note.</summary>
    public async Task<Run> PatchRunAsync(string dag, string id, JsonElement body, HttpContext call, AirflowDialect dialect)
    {
        var run = Run(dag, id);
        RequireFields(body, dialect.PatchRunFields, dialect);
        var note = NoteOf(body, dialect);
        if (TextOf(body, "state", dialect) is { } state)
        {
            await SetStateAsync(run, state, call, dialect);
        }
        else if (dialect.PatchRunFields is ["state"])
        {
            throw Malformed(dialect, "state: it must be given");
        }

        if (body.TryGetProperty("note", out _))
        {
            await Store.WriteAsync(session => session.SaveNote(run.Number, note), call.RequestAborted);
        }

        return Store.Read(session => session.Run(run.Number)!);
    }

    /// <summary>Wipes a run that nothing leads back to.</summary>
    public async Task DeleteRunAsync(string dag, string id, HttpContext call)
    {
        var run = Run(dag, id);
        var (now, who) = (Now, call.Who());
        var refusal = await Store.WriteAsync(
            session =>
            {
                if (session.DeleteRun(run.Number) is { } why)
                {
                    return why;
                }

                session.AddAudit(new AuditLine(now, who, $"run {run.Number} of {dag} ({id}) deleted", Reason: null));
                return null;
            },
            call.RequestAborted
        );
        if (refusal is not null)
        {
            throw ApiException.Conflict($"run {run.Number} of {dag} stays: {refusal}");
        }
    }

    /// <summary>Which task instances a call to clear is about; they are cleared unless it is a dry run, which it is unless it says otherwise.</summary>
    public async Task<List<(RunPicture Picture, TaskRun Task)>> ClearAsync(
        string dag,
        JsonElement body,
        HttpContext call,
        AirflowDialect dialect
    )
    {
        var (row, _) = Dag(dag);
        RequireFields(body, dialect.ClearFields, dialect);
        var wanted = ClearRequest.Read(body, dialect);
        var chosen = Store.Read(session =>
            wanted
                .Runs(session, row.Name, id => Run(dag, id))
                .SelectMany(run =>
                {
                    var picture = RunFollower.Read(session, run.Number, pipeline: null)!;
                    return wanted.Tasks(picture).Select(task => (picture, task));
                })
                .ToList()
        );
        if (!wanted.IsDryRun)
        {
            foreach (var group in chosen.GroupBy(each => each.picture.Run.Number))
            {
                await engine.AskAsync(
                    call,
                    new Request.ClearTasks(group.Key.Value, [.. group.Select(each => each.task.Key.ToString())], $"cleared by {call.Who()}")
                );
            }
        }

        return chosen;
    }

    public static ApiException Malformed(AirflowDialect dialect, string detail) => new(dialect.Malformed, "invalid", detail);

    public static void RequireFields(JsonElement body, string[] known, AirflowDialect dialect)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(dialect, "the body must be a JSON object");
        }

        foreach (var field in body.EnumerateObject().Where(field => !known.Contains(field.Name, StringComparer.Ordinal)))
        {
            throw Malformed(dialect, $"{field.Name}: unknown field; there are {string.Join(", ", known)}");
        }
    }

    /// <summary>What a list cannot be filtered by is refused: who asks for less must not be given all.</summary>
    public static void RequireFilters(HttpContext call, string[] known)
    {
        foreach (var name in call.Request.Query.Keys.Where(name => !known.Contains(name) && !OfEveryList.Contains(name)))
        {
            throw ApiException.Invalid($"{name}: this list has no such filter; there are {string.Join(", ", known)}");
        }
    }

    private static string? NoteOf(JsonElement body, AirflowDialect dialect) =>
        TextOf(body, "note", dialect) is not { } note ? null
        : note.Length <= LongestNote ? note
        : throw Malformed(dialect, $"note: it has at most {LongestNote} characters");

    public static string? TextOf(JsonElement body, string name, AirflowDialect dialect) =>
        !body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Malformed(dialect, $"{name}: it must be text");

    public static DateTimeOffset? DateOf(JsonElement body, string name, AirflowDialect dialect) =>
        TextOf(body, name, dialect) is { } text ? Date(text, dialect) : null;

    private static DateTimeOffset? Date(string? text, AirflowDialect dialect) =>
        string.IsNullOrEmpty(text) ? null
        : DateTimeOffset.TryParse(
            // A plus sign that was not escaped in an address arrives as a blank.
            Regex.Replace(text, @" (?<offset>\d\d:\d\d)$", "+${offset}", RegexOptions.None, TimeSpan.FromSeconds(1)),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var instant
        )
            ? instant
        : throw Malformed(dialect, $"`{text}` is no instant; write e.g. 2001-01-05T00:00:00Z");

    private static string InstantOf(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>What the caller says of the interval must be what the schedule says.</summary>
    private static void RequireInterval(Pipeline pipeline, JsonElement body, string date, AirflowDialect dialect)
    {
        var (start, end) = (DateOf(body, "data_interval_start", dialect), DateOf(body, "data_interval_end", dialect));
        if (start is null && end is null)
        {
            return;
        }

        var slice = pipeline.CalendarOf().Find(date).Slice;
        if (slice is not null && (start != slice.Start || end != slice.End))
        {
            throw ApiException.Invalid(
                $"the data interval follows from the schedule of {pipeline.Name}: for that date it is {AirflowShapes.Instant(slice.Start)} to {AirflowShapes.Instant(slice.End)}"
            );
        }
    }

    private static JsonElement ConfOf(JsonElement body, AirflowDialect dialect) =>
        !body.TryGetProperty("conf", out var conf) || conf.ValueKind == JsonValueKind.Null ? ApprovalDocument.Parse("{}")
        : conf.ValueKind == JsonValueKind.Object ? conf
        : throw Malformed(dialect, "conf: it must be a JSON object");

    /// <summary>Those of the keys that the pipeline declares as parameters: they are checked as such.</summary>
    private static string Declared(Pipeline pipeline, JsonElement conf)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var entry in conf.EnumerateObject().Where(entry => pipeline.Params.Any(spec => spec.Name == entry.Name)))
            {
                entry.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private async Task SetStateAsync(Run run, string state, HttpContext call, AirflowDialect dialect)
    {
        var reason = $"set to {state} by {call.Who()}";
        switch (state)
        {
            case "failed":
                if (!run.State.IsEnd())
                {
                    await engine.AskAsync(call, new Request.CancelRun(run.Number.Value, reason));
                }
                else if (run.State == RunState.Success)
                {
                    throw ApiException.Conflict($"run {run.Number} has succeeded already; clear a task of it to run it again");
                }

                return;
            case "success":
                var open = Store
                    .Read(session => session.Tasks(run.Number))
                    .Where(task => task.State is not (TaskState.Success or TaskState.Skipped or TaskState.Removed) && !task.IsExpanded)
                    .ToList();
                foreach (var task in open)
                {
                    await engine.AskAsync(
                        call,
                        new Request.MarkTask(run.Number.Value, task.Key.Task.Value, task.Key.MapIndex, Names.Of(TaskState.Success), reason)
                    );
                }

                return;
            case "queued":
                if (run.State is RunState.Failed or RunState.Cancelled)
                {
                    await engine.AskAsync(call, new Request.Rerun(run.Number.Value, RerunMode.FromFailed, Task: null, reason));
                }

                return;
            default:
                throw Malformed(dialect, $"state: `{state}` is none of success, failed, queued");
        }
    }

    private static int Whole(HttpContext call, string name, int otherwise) =>
        call.Request.Query[name].ToString() is not { Length: > 0 } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw ApiException.Invalid($"{name}: `{text}` is no whole number");

    private static bool? Truth(HttpContext call, string name) =>
        call.Request.Query[name].ToString().ToLowerInvariant() switch
        {
            "" => null,
            "true" or "1" => true,
            "false" or "0" => false,
            var text => throw ApiException.Invalid($"{name}: `{text}` is neither true nor false"),
        };
}
