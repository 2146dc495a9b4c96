using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Calendars;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.Projects;

/// <summary>Reads <c>signalbox.yaml</c>.</summary>
internal static class ProjectFile
{
    private static readonly MappingShape<Draft> Mapping = new(
        "project",
        "a project",
        () => new Draft(),
        new Field<Draft, string>(
            "database",
            Scalars.Text,
            (d, v) => d.Database = v,
            "Where the state is kept: sqlite (a file in .signalbox/), a path, or postgresql://user:password@host:port/database. secret:NAME takes it from a secret."
        )
        {
            Default = "\"sqlite\"",
            Examples = ["\"postgresql://signalbox@localhost:5432/signalbox\""],
        },
        new Field<Draft, Named<PoolSlots>[]>(
            "pools",
            PoolShapes.All,
            (d, v) => d.Pools = v,
            "Slots by the name of the pool; tasks take them by `pool` and `slots`. Tasks that name none use the pool `default`, which has 128. "
                + "A list of devices instead of a number: they are the slots, and a task whose `resources` ask for `gpu` is told which are its own. "
                + "The slots of the pool `gpu` are the devices 0, 1, 2 ... where it has a number."
        )
        {
            Examples = ["{\"gpu\": 1, \"warehouse\": 4}", "{\"gpu\": [0, 2, 3]}"],
        },
        new Field<Draft, Named<ConnectionShapes.Connecting>[]>(
            "connections",
            ConnectionShapes.All,
            (d, v) => d.Connections = v,
            "Places outside the project that outputs go to, by name: S3, PostgreSQL, SQLite, DuckDB, Redis; or an MLflow registry that is told of models."
        )
        {
            Examples =
            [
                "{\"lake\": {\"s3\": {\"endpoint\": \"http://127.0.0.1:9000\", \"access_key\": \"secret:lake_access\", \"secret_key\": \"secret:lake_secret\"}}, \"warehouse\": {\"postgres\": \"secret:warehouse\"}}",
            ],
        },
        new Field<Draft, Named<string[]>[]>(
            "groups",
            new NamesShape<string[]>(
                new ListShape<string>(Scalars.Text, "a list of people", minItems: 1),
                "a mapping from names of groups to their people",
                Scalars.SlugPattern,
                Core.Slug.Problem
            ),
            (d, v) => d.Groups = v,
            "People by the name of the group, for `who` of approvals."
        )
        {
            Examples = ["{\"ml-leads\": [\"alice\", \"bob\"]}"],
        },
        new Field<Draft, Named<CalendarSource>[]>(
            "calendars",
            CalendarShapes.All,
            (d, v) => d.Calendars = v,
            "Calendars by name, which schedules use: a file of dates, one a line, or an iCalendar file; or weekdays without the dates of a file."
        )
        {
            Examples =
            [
                "{\"holidays\": \"calendars/holidays.ics\", \"business_days\": {\"weekdays\": [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"], \"without\": \"calendars/holidays.ics\"}}",
            ],
        },
        new Field<Draft, int>(
            "max_active_tasks",
            Scalars.Whole(1, 10_000),
            (d, v) => d.MaxActiveTasks = v,
            "Task attempts of all pipelines that may run at one time."
        )
        {
            Default = "16",
        },
        new Field<Draft, Named<TargetSpec>[]>(
            "targets",
            BreakerShapes.Targets,
            (d, v) => d.Targets = v,
            "What outside tasks depend on, by name, and what it bears: when attempts on it are held, and how many retries it is asked to take. Tasks name it by `target`."
        )
        {
            Examples =
            [
                "{\"partner_api\": {\"circuit_breaker\": {\"failures\": 5, \"cool_down\": \"5m\"}, \"retry_budget\": {\"retries\": 10, \"per\": \"1m\"}}}",
            ],
        },
        new Field<Draft, TimeSpan>(
            "staging_ttl",
            Durations.Positive,
            (d, v) => d.StagingTtl = v,
            "How long what an attempt staged may stay after the attempt is over, when its end was not seen: on this machine, in object stores and in databases."
        )
        {
            Default = "\"60s\"",
        },
        new Field<Draft, AlertSettings>(
            "alerts",
            AlertShapes.All,
            (d, v) => d.Alerts = v,
            "Who is told when something goes wrong, and how."
        ),
        new Field<Draft, RetentionSettings>(
            "retention",
            RetentionSettingsShape.Mapping,
            (d, v) => d.Retention = v,
            "How long what has ended is kept."
        )
        {
            Examples = ["{\"age\": \"180d\", \"audit\": \"730d\"}"],
        },
        new Field<Draft, InboxSettings>(
            "inbox",
            InboxShape.Mapping,
            (d, v) => d.Inbox = v,
            "How long messages that started a run, were ignored or dropped stay in the inbox."
        )
        {
            Examples = ["{\"keep\": \"7d\"}"],
        },
        new Field<Draft, LogSettings>("logs", LogsShape.Mapping, (d, v) => d.Logs = v, "How much is kept of what attempts write.")
        {
            Examples = ["{\"max_size\": \"500MB\"}"],
        },
        new Field<Draft, BackfillLimits>(
            "backfills",
            BackfillLimitsShape.Mapping,
            (d, v) => d.Backfills = v,
            "From what size on a backfill is warned of before it starts, and what an hour of work costs."
        )
        {
            Examples = ["{\"warn_runs\": 100, \"warn_duration\": \"6h\"}"],
        },
        new Field<Draft, TaskDefaults>(
            "defaults",
            TaskDefaults.Shape,
            (d, v) => d.Defaults = v,
            "Settings of every task of every pipeline that does not say otherwise."
        )
    );

    public static JsonObject Schema(SchemaDefinitions definitions) => Mapping.Schema(definitions);

    /// <summary>The project of a folder that says nothing.</summary>
    public static Project Empty(string folder) => new() { Folder = folder, Database = DatabaseAddress.Parse("sqlite", folder, out _)! };

    public static OpenedProject Parse(string name, byte[] content, string folder)
    {
        var source = SourceText.Decode(content, out var refusal);
        var reading = new Reading(name, source);
        if (refusal is not null)
        {
            reading.Report(refusal.Position, Severity.Error, refusal.Code, refusal.Message);
            return new OpenedProject(null, [.. reading.Problems]);
        }

        var root = YamlTree.Parse(source, out var mistakes);
        if (root is null && mistakes is [{ Code: "empty-file" }])
        {
            return new OpenedProject(Empty(folder), []);
        }

        foreach (var mistake in mistakes)
        {
            reading.Report(mistake.Position, Severity.Error, mistake.Code, mistake.Message);
        }

        if (root is YamlScalar { IsNull: true })
        {
            return new OpenedProject(Empty(folder), []);
        }

        if (root is not null && Mapping.TryRead(root, reading, out var draft))
        {
            var project = Finish(draft, folder, (YamlMapping)root, reading);
            return new OpenedProject(reading.HasErrors ? null : project, [.. reading.Problems]);
        }

        return new OpenedProject(null, [.. reading.Problems]);
    }

    private static Project Finish(Draft draft, string folder, YamlMapping root, Reading reading)
    {
        var project = Empty(folder) with
        {
            MaxActiveTasks = draft.MaxActiveTasks,
            Defaults = draft.Defaults,
            StagingTtl = draft.StagingTtl,
            Alerts = draft.Alerts,
            Backfills = draft.Backfills,
            Inbox = draft.Inbox,
            Logs = draft.Logs,
            Retention = draft.Retention,
        };
        project = project with
        {
            Pools = project.Pools.SetItems(draft.Pools.Select(pool => KeyValuePair.Create(pool.Name, pool.Value.Slots))),
            Devices = PoolShapes.DevicesOf(draft.Pools, reading),
        };
        project = project with
        {
            Groups = project.Groups.SetItems(draft.Groups.Select(group => KeyValuePair.Create(group.Name, group.Value.ToImmutableArray()))),
        };
        project = project with
        {
            Calendars = project.Calendars.SetItems(draft.Calendars.Select(calendar => KeyValuePair.Create(calendar.Name, calendar.Value))),
        };
        project = project with
        {
            Targets = project.Targets.SetItems(draft.Targets.Select(target => KeyValuePair.Create(target.Name, target.Value))),
        };
        foreach (var connection in draft.Connections)
        {
            var made = connection.Value.Make(connection.Name, folder);
            project = project with { Connections = project.Connections.SetItem(made.Name, made) };
        }

        if (draft.Database is not { } written)
        {
            return project;
        }

        string? problem;
        if (Secrets.NameIn(written) is { } secret)
        {
            var found = project.Secrets.Resolve(secret);
            problem = found.Problem;
            written = found.Value ?? "sqlite";
        }
        else
        {
            problem = null;
        }

        var address = problem is null ? DatabaseAddress.Parse(written, folder, out problem) : null;
        if (problem is not null)
        {
            reading.Error(root.Find("database")!.Value, "database", problem);
        }

        return address is null ? project : project with { Database = address };
    }

    private sealed class Draft
    {
        public string? Database { get; set; }

        public Named<PoolSlots>[] Pools { get; set; } = [];

        public Named<ConnectionShapes.Connecting>[] Connections { get; set; } = [];

        public Named<string[]>[] Groups { get; set; } = [];

        public Named<CalendarSource>[] Calendars { get; set; } = [];

        public int MaxActiveTasks { get; set; } = 16;

        public Named<TargetSpec>[] Targets { get; set; } = [];

        public TimeSpan StagingTtl { get; set; } = TimeSpan.FromSeconds(60);

        public AlertSettings Alerts { get; set; } = AlertSettings.None;

        public BackfillLimits Backfills { get; set; } = BackfillLimits.None;

        public InboxSettings Inbox { get; set; } = InboxSettings.Default;

        public LogSettings Logs { get; set; } = LogSettings.Default;

        public RetentionSettings Retention { get; set; } = RetentionSettings.Default;

        public TaskDefaults Defaults { get; set; } = TaskDefaults.None;
    }
}
