using System.Text.Json.Serialization;
using Signalbox.Core.Definitions;

namespace Signalbox.Core.Triggers;

/// <summary>
/// Something outside that starts runs of a pipeline, one for each message: a webhook, files that arrive, a queue, a table, the end of another
/// pipeline's runs.
/// </summary>
/// <remarks>
/// A message is first a durable row of the inbox, under a key that makes it one however often it is delivered. What comes of it is decided by
/// <see cref="MessageDecider"/>, and its run is created in the transaction that marks the row.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "of")]
[JsonDerivedType(typeof(Webhook), "webhook")]
[JsonDerivedType(typeof(File), "file")]
[JsonDerivedType(typeof(Kafka), "kafka")]
[JsonDerivedType(typeof(Redis), "redis")]
[JsonDerivedType(typeof(Postgres), "postgres")]
[JsonDerivedType(typeof(PipelineEnd), "pipeline")]
public abstract record MessageTrigger
{
    private MessageTrigger(string kind) => Kind = kind;

    /// <summary>The word for what it listens to, e.g. <c>webhook</c>; its key in a pipeline file.</summary>
    public string Kind { get; }

    /// <summary>Its name, unique among the triggers of its pipeline; a name by <c>Slug</c>. Default: the word of its kind.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Parameters of the run by name, each a template over the names of the message (<see cref="Roots"/>). Null: each parameter of the
    /// pipeline is taken from the message's value of that name.
    /// </summary>
    public ImmutableSortedDictionary<string, string>? Params { get; init; }

    /// <summary>
    /// A template that gives the logical date of the run: a date, an instant or a partition. Default: the instant at which the message came; of
    /// <see cref="PipelineEnd"/> the logical date of the run that ended.
    /// </summary>
    public string? Date { get; init; }

    /// <summary>
    /// A template that gives the key under which the message is known: a second message with it starts no run. Default: what the source itself
    /// tells messages apart by.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// A template that gives the name of a message that tasks wait for (<see cref="TaskKind.WaitForMessage"/>): it is sent to the run of
    /// <see cref="Date"/>, there already or not, with the value at <see cref="Source"/>, and no run is started. Null: it starts a run.
    /// </summary>
    public string? Signal { get; init; }

    /// <summary>The names that templates may use, e.g. <c>body</c>.</summary>
    public abstract ImmutableArray<string> Roots { get; }

    /// <summary>Where, from the message, values are looked up for parameters when <see cref="Params"/> is null: names joined by dots.</summary>
    public abstract string Source { get; }

    /// <summary>What it waits for, in words that follow "on", e.g. <c>files landing/*.parquet</c>.</summary>
    public abstract string Sentence { get; }

    /// <summary>An HTTP POST to <c>/hooks/PIPELINE/NAME</c>. Exactly one of the two secrets is given.</summary>
    public sealed record Webhook() : MessageTrigger("webhook")
    {
        /// <summary>The default of <see cref="MaxPerMinute"/>.</summary>
        public const int DefaultMaxPerMinute = 6000;

        /// <summary>The text behind <c>Authorization: Bearer</c>, as <c>secret:NAME</c>.</summary>
        public string? Bearer { get; init; }

        /// <summary>The key of the HMAC-SHA-256 over time and body, as <c>secret:NAME</c>.</summary>
        public string? HmacSecret { get; init; }

        /// <summary>Messages a minute; more are answered with 429. Default 6000.</summary>
        public int MaxPerMinute { get; init; } = DefaultMaxPerMinute;

        public override ImmutableArray<string> Roots => [MessageNames.Body, MessageNames.Headers, MessageNames.Query];

        public override string Source => MessageNames.Body;

        public override string Sentence => $"webhook {Name}";
    }

    /// <summary>Files that arrive at a path of this machine, or objects at <c>s3://</c>; each once by path, size and time (or ETag).</summary>
    /// <param name="Path">A path, absolute or from the project folder, or <c>s3://bucket/key</c>; <c>*</c>, <c>?</c> and <c>**</c> stand for parts of it.</param>
    public sealed record File(string Path) : MessageTrigger("file")
    {
        /// <summary>How long size and time must not have changed before a local file counts. Default 10 s.</summary>
        public TimeSpan StableFor { get; init; } = TimeSpan.FromSeconds(10);

        /// <summary>The least size, in bytes. Default 0.</summary>
        public long MinSize { get; init; }

        /// <summary>How often it is looked. Default: every 5 s, at <c>s3://</c> every minute.</summary>
        public TimeSpan? Every { get; init; }

        /// <summary><see cref="Every"/>, or what it is by default.</summary>
        public TimeSpan Pause =>
            Every ?? (Path.StartsWith("s3://", StringComparison.Ordinal) ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(5));

        public override ImmutableArray<string> Roots => [MessageNames.File];

        public override string Source => MessageNames.File;

        public override string Sentence => $"files {Path}";
    }

    /// <summary>Messages of a Kafka topic, as a member of a consumer group.</summary>
    /// <param name="Connection">A Kafka connection of the project.</param>
    /// <param name="Topic">The name of the topic.</param>
    public sealed record Kafka(string Connection, string Topic) : MessageTrigger("kafka")
    {
        /// <summary>The consumer group. Default: the installation's own, <c>signalbox</c>.</summary>
        public string Group { get; init; } = MessageNames.DefaultGroup;

        /// <summary>Where a group that is new begins. Default: at the oldest message that is kept.</summary>
        public QueueStart From { get; init; }

        public override ImmutableArray<string> Roots => [MessageNames.Body, MessageNames.Message];

        public override string Source => MessageNames.Body;

        public override string Sentence => $"messages of the topic {Topic}";
    }

    /// <summary>Entries of a Redis stream, as a consumer of a group.</summary>
    /// <param name="Connection">A Redis connection of the project.</param>
    /// <param name="Stream">The key of the stream.</param>
    public sealed record Redis(string Connection, string Stream) : MessageTrigger("redis")
    {
        /// <summary>The consumer group. Default <c>signalbox</c>.</summary>
        public string Group { get; init; } = MessageNames.DefaultGroup;

        /// <summary>Where a group that is new begins. Default: at the oldest entry that is kept.</summary>
        public QueueStart From { get; init; }

        public override ImmutableArray<string> Roots => [MessageNames.Body, MessageNames.Message];

        public override string Source => MessageNames.Body;

        public override string Sentence => $"entries of the stream {Stream}";
    }

    /// <summary>Rows of a PostgreSQL table: what is written to it from now on.</summary>
    /// <param name="Connection">A PostgreSQL connection of the project.</param>
    /// <param name="Table"><c>table</c> or <c>schema.table</c>.</param>
    public sealed record Postgres(string Connection, string Table) : MessageTrigger("postgres")
    {
        /// <summary>
        /// A column that only rises, by which new rows are found by asking. Null: rows are had by logical replication, which also tells of
        /// updates and deletes.
        /// </summary>
        public string? Cursor { get; init; }

        /// <summary>With <see cref="Cursor"/>: how often it is asked. Default 5 s.</summary>
        public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);

        /// <summary>
        /// With <see cref="Cursor"/>: how long rows behind the newest are asked for again, for those whose transaction took longer to commit.
        /// Default 30 s.
        /// </summary>
        public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(30);

        /// <summary>Which changes are messages, by logical replication: <c>insert</c>, <c>update</c>, <c>delete</c>. Default: inserts.</summary>
        public ImmutableArray<string> Operations { get; init; } = [MessageNames.Insert];

        public override ImmutableArray<string> Roots => [MessageNames.Body, MessageNames.Message];

        public override string Source => MessageNames.Body;

        public override string Sentence => $"rows of {Table}";
    }

    /// <summary>Live runs of another pipeline that end.</summary>
    /// <param name="Upstream">The other pipeline.</param>
    public sealed record PipelineEnd(PipelineName Upstream) : MessageTrigger("pipeline")
    {
        /// <summary>Which ends count. Default: success.</summary>
        public EndKind On { get; init; }

        public override ImmutableArray<string> Roots => [MessageNames.Run];

        public override string Source => $"{MessageNames.Run}.params";

        public override string Sentence => $"the end of {Upstream}";
    }
}

/// <summary>Where a consumer group that a queue does not know yet begins.</summary>
public enum QueueStart
{
    /// <summary>With the oldest message that the queue keeps.</summary>
    Earliest,

    /// <summary>With what comes from then on.</summary>
    Latest,
}

/// <summary>Which ends of runs count.</summary>
public enum EndKind
{
    Success,

    /// <summary>Failed, not cancelled.</summary>
    Failure,

    /// <summary>Success, failed or cancelled.</summary>
    Any,
}

/// <summary>The names by which templates of triggers see a message.</summary>
public static class MessageNames
{
    /// <summary>The message itself: JSON as it is, anything else as text.</summary>
    public const string Body = "body";

    /// <summary>The headers of a webhook, names in small letters.</summary>
    public const string Headers = "headers";

    /// <summary>The query of a webhook's address.</summary>
    public const string Query = "query";

    /// <summary>What a queue or a table says about a message.</summary>
    public const string Message = "message";

    /// <summary>A file: <c>path</c>, <c>name</c>, <c>size</c>, <c>etag</c>, <c>mtime</c>.</summary>
    public const string File = "file";

    /// <summary>The run that ended.</summary>
    public const string Run = "run";

    /// <summary>Stands for a message that was too large to be kept: its length.</summary>
    public const string TooLarge = "too_large";

    public const string Insert = "insert";
    public const string Update = "update";
    public const string Delete = "delete";

    /// <summary>The consumer group of triggers that name none.</summary>
    public const string DefaultGroup = "signalbox";
}
