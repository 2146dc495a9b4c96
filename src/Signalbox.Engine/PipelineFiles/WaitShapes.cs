using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>wait_for:</c>: what a task waits for, one key for each.</summary>
internal static class WaitShapes
{
    /// <summary>Time between two looks of a task that waits, unless it says otherwise.</summary>
    public static readonly TimeSpan DefaultEvery = TimeSpan.FromMinutes(1);

    private static readonly string[] Kinds = ["file", "s3", "time", "task", "sql", "http", "message", "dataset"];
    private static readonly string[] OfFiles = ["file", "s3"];
    private static readonly string[] OfHttp = ["status", "json", "headers"];

    public static readonly Shape<TaskKind> Mapping = new MappingShape<WaitDraft>(
        "wait_for",
        "`wait_for`",
        () => new WaitDraft(),
        new Field<WaitDraft, string>(
            "file",
            Scalars.Text,
            (d, v) => d.File = v,
            "Until this path exists; a text that may have {{ }} in it."
        )
        {
            Examples = ["\"landing/{{ ds }}.parquet\""],
        },
        new Field<WaitDraft, string>(
            "s3",
            Scalars.Text,
            (d, v) => d.S3 = v,
            "Until this object exists; of an address that ends with `/`, until there is an object below it."
        )
        {
            Examples = ["\"s3://landing/orders/{{ ds }}.parquet\""],
        },
        new Field<WaitDraft, TimeSpan>(
            "stable_for",
            Durations.Any,
            (d, v) => d.StableFor = v,
            "With `file` or `s3`: unchanged for this long."
        )
        {
            Default = "\"0s\"",
        },
        new Field<WaitDraft, long>("min_size", Durations.Size, (d, v) => d.MinSize = v, "With `file` or `s3`: at least this large.")
        {
            Default = "0",
        },
        new Field<WaitDraft, string>(
            "time",
            Scalars.Text.To(Time),
            (d, v) => d.Time = v,
            "Until HH:MM[:SS] in the schedule's zone on the day on which the data interval ends, or until an instant."
        )
        {
            Examples = ["\"06:00\""],
        },
        new Field<WaitDraft, TaskKind.WaitForTask>(
            "task",
            new EitherShape<TaskKind.WaitForTask>(single: Scalars.Text.To(OtherTask), mapping: OtherRun),
            (d, v) => d.Task = v,
            "Until a task of another pipeline has succeeded in the matching run: `pipeline.task`, or a mapping."
        )
        {
            Examples = ["\"landing.publish\""],
        },
        new Field<WaitDraft, string>(
            "sql",
            Scalars.Text,
            (d, v) => d.Sql = v,
            "Until the first column of the first row of this query is neither null, false, 0 nor empty; asked of `connection`, else of DuckDB."
        )
        {
            Examples = ["\"select count(*) from loads where day = '{{ ds }}'\""],
        },
        new Field<WaitDraft, string>(
            "connection",
            Scalars.Slug,
            (d, v) => d.Connection = v,
            "With `sql`: the database that is asked, one of the project's connections."
        )
        {
            Examples = ["\"warehouse\""],
        },
        new Field<WaitDraft, string>("http", Scalars.Text, (d, v) => d.Http = v, "Until a GET of this address is answered as wanted.")
        {
            Examples = ["\"https://partner.example/exports/{{ ds }}\""],
        },
        new Field<WaitDraft, int[]>(
            "status",
            new ListShape<int>(Scalars.Whole(100, 599), "a status such as 200, or a list of them", orSingle: true, minItems: 1),
            (d, v) => d.Status = v,
            "With `http`: the statuses that will do. Unstated: 200 to 299."
        )
        {
            Examples = ["200"],
        },
        new Field<WaitDraft, Named<string>[]>(
            "json",
            new NamesShape<string>(
                Scalars.AnyText,
                "a mapping from paths in the answer to the values that are wanted there",
                pattern: ".",
                nameProblem: name => name.Length == 0 ? "a path cannot be empty" : null,
                minItems: 1
            ),
            (d, v) => d.Values = v,
            "With `http`: values that the JSON of the answer must have, by their paths: names and positions joined by dots."
        )
        {
            Examples = ["{\"state\": \"ready\", \"files.0.rows\": \"100\"}"],
        },
        new Field<WaitDraft, Named<string>[]>(
            "headers",
            HttpShape.Headers,
            (d, v) => d.Headers = v,
            "With `http`: headers of the request: a text, which may have {{ }} in it, or `secret:NAME`."
        )
        {
            Examples = ["{\"Authorization\": \"secret:partner_token\"}"],
        },
        new Field<WaitDraft, string>(
            "message",
            Scalars.Text,
            (d, v) => d.Message = v,
            "Until somebody sends this run, or its pipeline for its date, a message of this name: `signalbox signal`."
        )
        {
            Examples = ["\"labels_ready\""],
        },
        new Field<WaitDraft, string>(
            "dataset",
            Scalars.Text,
            (d, v) => d.Dataset = v,
            "Until partitions of this dataset have been updated: those that the run's own partition is made of, or a range from `from` to `to`."
        )
        {
            Examples = ["\"flights/raw\""],
        },
        new Field<WaitDraft, string>(
            "from",
            Scalars.Text,
            (d, v) => d.From = v,
            "With `dataset`: the first partition of a range, or a coarser one that begins with it; a text that may have {{ }} in it."
        )
        {
            Examples = ["\"{{ macros.ds_add(ds, -6) }}\""],
        },
        new Field<WaitDraft, string>(
            "to",
            Scalars.Text,
            (d, v) => d.To = v,
            "With `dataset`: the last partition of a range, or a coarser one that ends with it."
        )
        {
            Examples = ["\"{{ ds }}\""],
        }
    )
    {
        Rules = schema =>
        {
            schema["oneOf"] = new JsonArray([.. Kinds.Select(Alone)]);
            var together = new JsonObject { ["connection"] = new JsonArray("sql") };
            foreach (var key in OfHttp)
            {
                together[key] = new JsonArray("http");
            }

            together["from"] = new JsonArray("dataset", "to");
            together["to"] = new JsonArray("dataset", "from");
            schema["dependentRequired"] = together;
        },
    }.To(Wait);

    /// <summary>One kind of wait, without what goes with others.</summary>
    private static JsonNode Alone(string kind)
    {
        var alone = new JsonObject { ["required"] = new JsonArray(kind) };
        if (!OfFiles.Contains(kind))
        {
            alone["not"] = new JsonObject { ["anyOf"] = TaskKindShapes.OneRequired("stable_for", "min_size") };
        }

        return alone;
    }

    private static Shape<TaskKind.WaitForTask> OtherRun =>
        new MappingShape<OtherDraft>(
            "other_run",
            "`task`",
            () => new OtherDraft(),
            new Field<OtherDraft, string>("pipeline", Scalars.Slug, (d, v) => d.Pipeline = v, "The other pipeline.") { Required = true },
            new Field<OtherDraft, string>("task", Scalars.Slug, (d, v) => d.Task = v, "Its task; unstated: the whole run."),
            new Field<OtherDraft, string>(
                "match",
                Scalars.Choice(typeof(TaskMatch), i => Names.Of((TaskMatch)i)),
                (d, v) => d.Match = Names.TaskMatchOf(v)!.Value,
                "How its run is found: the data interval contains this run's or is contained in it, the same logical date, or that date plus `offset`."
            )
            {
                Default = "\"containing\"",
            },
            new Field<OtherDraft, TimeSpan>(
                "offset",
                Durations.Signed,
                (d, v) => d.Offset = v,
                "With `match: offset`: added to this run's logical date."
            )
            {
                Examples = ["\"-1d\""],
            },
            new Field<OtherDraft, bool>(
                "partitions",
                Scalars.Boolean,
                (d, v) => d.Partitions = v,
                "All partitions of this run's interval must be there, such as the seven days of a week."
            )
            {
                Default = "false",
            }
        )
        {
            Rules = schema => schema["dependentRequired"] = new JsonObject { ["offset"] = new JsonArray("match") },
        }.To(
            (draft, node, reading) =>
            {
                if ((draft.Match == TaskMatch.Offset) != draft.Offset.HasValue)
                {
                    reading.Error(node, "offset", "`match: offset` and `offset` go together: give both or none");
                    return null;
                }

                return new TaskKind.WaitForTask(
                    new PipelineName(draft.Pipeline),
                    draft.Task is { } task ? new TaskName(task) : null,
                    draft.Match,
                    draft.Offset ?? TimeSpan.Zero,
                    draft.Partitions,
                    DefaultEvery
                );
            }
        );

    /// <summary>The kind with another time between two looks.</summary>
    public static TaskKind WithEvery(TaskKind kind, TimeSpan every) =>
        kind switch
        {
            TaskKind.WaitForFile file => file with { Every = every },
            TaskKind.WaitForTask task => task with { Every = every },
            TaskKind.WaitForS3 s3 => s3 with { Every = every },
            TaskKind.WaitForSql sql => sql with { Every = every },
            TaskKind.WaitForHttp http => http with { Every = every },
            TaskKind.WaitForMessage message => message with { Every = every },
            TaskKind.WaitForDataset dataset => dataset with { Every = every },
            _ => kind,
        };

    private static TaskKind? Wait(WaitDraft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        if (!TaskKindShapes.ExactlyOne(node, reading, "wait_for", Kinds))
        {
            return null;
        }

        Only(mapping, reading, ["stable_for", "min_size"], OfFiles);
        Only(mapping, reading, ["connection"], ["sql"]);
        Only(mapping, reading, OfHttp, ["http"]);
        Only(mapping, reading, ["from", "to"], ["dataset"]);
        if ((draft.From is null) != (draft.To is null))
        {
            var alone = mapping.Find(draft.From is null ? "to" : "from")!;
            reading.Error(
                alone.Key,
                "wrong-key",
                $"`{alone.Key.Text}` goes with `{(draft.From is null ? "from" : "to")}`: a range has two ends"
            );
            return null;
        }

        return draft switch
        {
            { File: { } file } => new TaskKind.WaitForFile(file, draft.StableFor, draft.MinSize, DefaultEvery),
            { S3: { } address } => new TaskKind.WaitForS3(address, draft.StableFor, draft.MinSize, DefaultEvery),
            { Time: { } time } => new TaskKind.WaitForTime(time),
            { Sql: { } query } => new TaskKind.WaitForSql(query, draft.Connection, DefaultEvery),
            { Http: { } url } => new TaskKind.WaitForHttp(
                url,
                [.. draft.Status],
                NameMaps.Sorted(draft.Values),
                NameMaps.Sorted(draft.Headers),
                DefaultEvery
            ),
            { Message: { } message } => new TaskKind.WaitForMessage(message, DefaultEvery),
            { Dataset: { } dataset } => new TaskKind.WaitForDataset(dataset, draft.From, draft.To, DefaultEvery),
            _ => draft.Task,
        };
    }

    private static void Only(YamlMapping mapping, Reading reading, string[] keys, string[] with)
    {
        if (with.All(key => mapping.Find(key) is null))
        {
            foreach (var key in keys)
            {
                if (mapping.Find(key) is { } entry)
                {
                    reading.Error(entry.Key, "wrong-key", $"`{key}` goes with {string.Join(" or ", with.Select(word => $"`{word}`"))}");
                }
            }
        }
    }

    private static string? Time(string text, YamlNode node, Reading reading)
    {
        if (
            text.Contains("{{", StringComparison.Ordinal)
            || TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            || Instants.HasZone(text)
        )
        {
            return text;
        }

        reading.Wrong(node, "a time such as 06:00, an instant such as 2001-01-05T06:00:00Z, or a text with {{ }} that gives one");
        return null;
    }

    private static TaskKind.WaitForTask? OtherTask(string text, YamlNode node, Reading reading)
    {
        var parts = text.Split('.');
        if (parts.Length != 2)
        {
            reading.Wrong(
                node,
                parts.Length > 2
                    ? "`pipeline.task`; where a name has a dot, write {pipeline: …, task: …}"
                    : "`pipeline.task`; for a whole run write {pipeline: …}"
            );
            return null;
        }

        return Scalars.SlugOrReport(parts[0], node, reading) is { } pipeline && Scalars.SlugOrReport(parts[1], node, reading) is { } task
            ? new TaskKind.WaitForTask(
                new PipelineName(pipeline),
                new TaskName(task),
                TaskMatch.Containing,
                TimeSpan.Zero,
                Partitions: false,
                DefaultEvery
            )
            : null;
    }

    private sealed class WaitDraft
    {
        public string? File { get; set; }

        public TimeSpan StableFor { get; set; }

        public long MinSize { get; set; }

        public string? S3 { get; set; }

        public string? Time { get; set; }

        public string? Sql { get; set; }

        public string? Connection { get; set; }

        public string? Http { get; set; }

        public int[] Status { get; set; } = [];

        public Named<string>[] Values { get; set; } = [];

        public Named<string>[] Headers { get; set; } = [];

        public string? Message { get; set; }

        public string? Dataset { get; set; }

        public string? From { get; set; }

        public string? To { get; set; }

        public TaskKind.WaitForTask? Task { get; set; }
    }

    private sealed class OtherDraft
    {
        public string Pipeline { get; set; } = "";

        public string? Task { get; set; }

        public TaskMatch Match { get; set; }

        public TimeSpan? Offset { get; set; }

        public bool Partitions { get; set; }
    }
}
