using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The triggers that turn messages into runs, one shape a kind.</summary>
internal static class MessageTriggerShapes
{
    private static readonly Shape<string> Secret = Scalars.Form(
        "a secret, written secret:NAME",
        "^secret:",
        text => Secrets.NameIn(text) is { } name && Slug.Problem(name) is null
    );

    private static readonly Shape<string> From = Scalars.Choice(typeof(QueueStart), i => Names.Of((QueueStart)i));

    public static readonly Shape<TriggerSpec> Webhook = Of(
        "webhook",
        draft => new MessageTrigger.Webhook
        {
            Name = "",
            Bearer = draft.Bearer,
            HmacSecret = draft.HmacSecret,
            MaxPerMinute = draft.MaxPerMinute ?? MessageTrigger.Webhook.DefaultMaxPerMinute,
        },
        new Field<Draft, string>("bearer", Secret, (d, v) => d.Bearer = v, "The text that senders give as `Authorization: Bearer`.")
        {
            Examples = ["\"secret:landing_hook\""],
        },
        new Field<Draft, string>(
            "hmac_secret",
            Secret,
            (d, v) => d.HmacSecret = v,
            "The key of the HMAC-SHA-256 over time and body that senders sign with."
        )
        {
            Examples = ["\"secret:landing_hook\""],
        },
        new Field<Draft, int>("max_per_minute", Scalars.Whole(1), (d, v) => d.MaxPerMinute = v, "Messages a minute; more get 429.")
        {
            Default = "6000",
        }
    );

    public static readonly Shape<TriggerSpec> File = Short(
        draft => new Draft { Path = draft },
        "file",
        draft =>
            draft.Path is { } path
                ? new MessageTrigger.File(path)
                {
                    Name = "",
                    StableFor = draft.StableFor ?? TimeSpan.FromSeconds(10),
                    MinSize = draft.MinSize ?? 0,
                    Every = draft.Every,
                }
                : null,
        new Field<Draft, string>(
            "path",
            Scalars.Text,
            (d, v) => d.Path = v,
            "Files from the project folder, or s3://bucket/key; * and ? stand for parts of a name, ** for folders."
        )
        {
            Required = true,
            Examples = ["\"landing/*.parquet\"", "\"s3://lake/landing/**/*.parquet\""],
        },
        new Field<Draft, TimeSpan>(
            "stable_for",
            Durations.Any,
            (d, v) => d.StableFor = v,
            "How long size and time of a local file must not have changed."
        )
        {
            Default = "\"10s\"",
        },
        new Field<Draft, long>("min_size", Durations.Size, (d, v) => d.MinSize = v, "The least size.") { Default = "0" },
        new Field<Draft, TimeSpan>(
            "every",
            Durations.Positive,
            (d, v) => d.Every = v,
            "How often it is looked. Unstated: every 5s, at s3:// every 1m."
        )
    );

    public static readonly Shape<TriggerSpec> Kafka = Of(
        "kafka",
        draft =>
            draft is { Connection: { } connection, Topic: { } topic }
                ? new MessageTrigger.Kafka(connection, topic)
                {
                    Name = "",
                    Group = draft.Group ?? MessageNames.DefaultGroup,
                    From = draft.From ?? QueueStart.Earliest,
                }
                : null,
        Connection("A Kafka connection of the project.", "\"bus\""),
        new Field<Draft, string>("topic", Scalars.Text, (d, v) => d.Topic = v, "The topic.")
        {
            Required = true,
            Examples = ["\"flights\""],
        },
        Group(),
        Start()
    );

    public static readonly Shape<TriggerSpec> Redis = Of(
        "redis",
        draft =>
            draft is { Connection: { } connection, Stream: { } stream }
                ? new MessageTrigger.Redis(connection, stream)
                {
                    Name = "",
                    Group = draft.Group ?? MessageNames.DefaultGroup,
                    From = draft.From ?? QueueStart.Earliest,
                }
                : null,
        Connection("A Redis connection of the project.", "\"flags\""),
        new Field<Draft, string>("stream", Scalars.Text, (d, v) => d.Stream = v, "The key of the stream.")
        {
            Required = true,
            Examples = ["\"events\""],
        },
        Group(),
        Start()
    );

    public static readonly Shape<TriggerSpec> Postgres = Of(
        "postgres",
        draft =>
            draft is { Connection: { } connection, Table: { } table }
                ? new MessageTrigger.Postgres(connection, table)
                {
                    Name = "",
                    Cursor = draft.Cursor,
                    Every = draft.Every ?? TimeSpan.FromSeconds(5),
                    Settle = draft.Settle ?? TimeSpan.FromSeconds(30),
                    Operations = draft.Operations.Length == 0 ? [MessageNames.Insert] : [.. draft.Operations.Distinct()],
                }
                : null,
        Connection("A PostgreSQL connection of the project.", "\"warehouse\""),
        new Field<Draft, string>("table", Scalars.Text, (d, v) => d.Table = v, "table, or schema.table.")
        {
            Required = true,
            Examples = ["\"loads\""],
        },
        new Field<Draft, string>(
            "cursor",
            Scalars.Text,
            (d, v) => d.Cursor = v,
            "A column that only rises, by which new rows are asked for. Unstated: logical replication."
        )
        {
            Examples = ["\"id\""],
        },
        new Field<Draft, TimeSpan>("every", Durations.Positive, (d, v) => d.Every = v, "With `cursor`: how often it is asked.")
        {
            Default = "\"5s\"",
        },
        new Field<Draft, TimeSpan>(
            "settle",
            Durations.Any,
            (d, v) => d.Settle = v,
            "With `cursor`: how long rows behind the newest are asked for again, for transactions that commit late."
        )
        {
            Default = "\"30s\"",
        },
        new Field<Draft, string[]>(
            "operations",
            new ListShape<string>(Scalars.Text, "insert, update or delete, or a list of them", orSingle: true),
            (d, v) => d.Operations = v,
            "Without `cursor`: which changes are messages."
        )
        {
            Default = "[\"insert\"]",
        }
    );

    public static readonly Shape<TriggerSpec> Pipeline = Short(
        upstream => new Draft { Upstream = upstream },
        "pipeline",
        draft =>
            draft.Upstream is { } upstream
                ? new MessageTrigger.PipelineEnd(new PipelineName(upstream)) { Name = "", On = draft.On ?? EndKind.Success }
                : null,
        new Field<Draft, string>("upstream", Scalars.Slug, (d, v) => d.Upstream = v, "The pipeline whose live runs end.")
        {
            Required = true,
            Examples = ["\"daily_flight_features\""],
        },
        new Field<Draft, string>(
            "on",
            Scalars.Choice(typeof(EndKind), i => Names.Of((EndKind)i)),
            (d, v) => d.On = Names.EndKindOf(v),
            "Which ends count: success, failure, or any (also cancelled)."
        )
        {
            Default = "\"success\"",
        }
    );

    private static Field<Draft> Connection(string description, string example) =>
        new Field<Draft, string>("connection", Scalars.Slug, (d, v) => d.Connection = v, description)
        {
            Required = true,
            Examples = [example],
        };

    private static Field<Draft> Group() =>
        new Field<Draft, string>("group", Scalars.Text, (d, v) => d.Group = v, "The consumer group.") { Default = "\"signalbox\"" };

    private static Field<Draft> Start() =>
        new Field<Draft, string>(
            "from",
            From,
            (d, v) => d.From = Names.QueueStartOf(v),
            "Where a group that is new begins: with the oldest message that is kept, or with what comes from then on."
        )
        {
            Default = "\"earliest\"",
        };

    /// <summary>A kind whose most important key may stand alone.</summary>
    private static Shape<TriggerSpec> Short(
        Func<string, Draft> single,
        string kind,
        Func<Draft, MessageTrigger?> make,
        params ReadOnlySpan<Field<Draft>> fields
    ) =>
        new EitherShape<Draft>(single: Scalars.Text.To(single), mapping: Mapping(kind, fields)).To(
            (draft, _, _) => Finish(kind, draft, make)
        );

    private static Shape<TriggerSpec> Of(string kind, Func<Draft, MessageTrigger?> make, params ReadOnlySpan<Field<Draft>> fields) =>
        Mapping(kind, fields).To((draft, _, _) => Finish(kind, draft, make));

    private static MappingShape<Draft> Mapping(string kind, ReadOnlySpan<Field<Draft>> fields) =>
        new(
            $"{kind}_trigger",
            $"`{kind}`",
            () => new Draft(),
            [
                .. fields,
                new Field<Draft, string>(
                    "name",
                    Scalars.Slug,
                    (d, v) => d.Name = v,
                    "A name of its own, where a pipeline has two triggers of the kind; it is part of a webhook's address."
                )
                {
                    Default = $"\"{kind}\"",
                },
                new Field<Draft, Named<string>[]>(
                    "params",
                    new NamesShape<string>(
                        Scalars.AnyText,
                        "a mapping from parameters to expressions over the message",
                        "^[A-Za-z_][A-Za-z0-9_]*$",
                        name => name.Length > 0 ? null : "it is empty"
                    ),
                    (d, v) => d.Params = v,
                    "Parameters of the run, made from the message. Unstated: each parameter from the message's value of that name."
                )
                {
                    Examples = ["{\"key\": \"{{ body.Records[0].s3.object.key }}\"}"],
                },
                new Field<Draft, string>(
                    "date",
                    Scalars.Text,
                    (d, v) => d.Date = v,
                    "The logical date of the run, made from the message. Unstated: when the message came; of `pipeline` the date of the run that ended."
                )
                {
                    Examples = ["\"{{ body.date }}\""],
                },
                new Field<Draft, string>(
                    "idempotency_key",
                    Scalars.Text,
                    (d, v) => d.IdempotencyKey = v,
                    "What makes two messages the same one. Unstated: what the source itself tells them apart by."
                )
                {
                    Examples = ["\"{{ body.order_id }}\""],
                },
                new Field<Draft, string>(
                    "signal",
                    Scalars.Text,
                    (d, v) => d.Signal = v,
                    "Send the message to the tasks that wait for one of this name (`wait_for: { message }`), in the run of `date`, and start no run."
                )
                {
                    Examples = ["\"labels_ready\""],
                },
            ]
        );

    private static TriggerSpec? Finish(string kind, Draft draft, Func<Draft, MessageTrigger?> make) =>
        make(draft) is not { } trigger
            ? null
            : new TriggerSpec.Message(
                trigger with
                {
                    Name = draft.Name ?? kind,
                    Params = draft.Params?.ToImmutableSortedDictionary(param => param.Name, param => param.Value, StringComparer.Ordinal),
                    Date = draft.Date,
                    IdempotencyKey = draft.IdempotencyKey,
                    Signal = draft.Signal,
                }
            );

    private sealed class Draft
    {
        public string? Name { get; set; }

        public Named<string>[]? Params { get; set; }

        public string? Date { get; set; }

        public string? IdempotencyKey { get; set; }

        public string? Signal { get; set; }

        public string? Bearer { get; set; }

        public string? HmacSecret { get; set; }

        public int? MaxPerMinute { get; set; }

        public string? Path { get; set; }

        public TimeSpan? StableFor { get; set; }

        public long? MinSize { get; set; }

        public TimeSpan? Every { get; set; }

        public string? Connection { get; set; }

        public string? Topic { get; set; }

        public string? Stream { get; set; }

        public string? Group { get; set; }

        public QueueStart? From { get; set; }

        public string? Table { get; set; }

        public string? Cursor { get; set; }

        public TimeSpan? Settle { get; set; }

        public string[] Operations { get; set; } = [];

        public string? Upstream { get; set; }

        public EndKind? On { get; set; }
    }
}
