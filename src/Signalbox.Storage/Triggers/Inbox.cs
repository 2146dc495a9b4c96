using Signalbox.Core;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage;

/// <summary>A message from outside, kept before anything is done about it.</summary>
/// <param name="Source">The name of the pipeline's trigger that it came by.</param>
/// <param name="Kind">The kind of that trigger.</param>
/// <param name="Key">What makes it this message, however often it is delivered; unique with pipeline and source.</param>
/// <param name="Payload">A JSON object; opaque here.</param>
/// <param name="Reason">Why it is dead, ignored or dropped; to whom it was sent on.</param>
/// <param name="Run">The run that was started from it; not null exactly in the state started.</param>
/// <param name="DecidedAt">Null exactly while it waits.</param>
public sealed record InboxMessage(
    long Id,
    PipelineName Pipeline,
    string Source,
    string Kind,
    string Key,
    string Payload,
    InboxState State,
    string? Reason,
    RunNumber? Run,
    DateTimeOffset ReceivedAt,
    DateTimeOffset? DecidedAt
);

/// <summary>A message that has come.</summary>
/// <inheritdoc cref="InboxMessage"/>
public sealed record NewMessage(PipelineName Pipeline, string Source, string Kind, string Key, string Payload);

/// <summary>Which messages are wanted; what is null does not matter.</summary>
/// <param name="Before">Only messages with a smaller number: the last one of the page before.</param>
/// <param name="Limit">At most so many, the newest first.</param>
public sealed record InboxFilter(PipelineName? Pipeline = null, InboxState? State = null, long? Before = null, int Limit = 100);

public partial class ReadSession
{
    private const string InboxColumns =
        "id, pipeline, source, kind, message_key, payload, state, reason, run_number, received_ms, decided_ms";
    private static readonly Sql InboxNumbered = new($"select {InboxColumns} from inbox where id = @id");
    private static readonly Sql InboxOfRunNumber = new($"select {InboxColumns} from inbox where run_number = @run");
    private static readonly Sql InboxKeyed = new(
        $"select {InboxColumns} from inbox where pipeline = @pipeline and source = @source and message_key = @key"
    );
    private static readonly Sql InboxWhere = new(
        $"""
        select {InboxColumns} from inbox
        where id < @before and (@pipeline is null or pipeline = @pipeline) and (@state is null or state = @state)
        order by id desc limit @limit
        """
    );
    private static readonly Sql InboxPipelines = new(
        """
        select distinct i.pipeline from inbox i join pipelines p on p.name = i.pipeline
        where i.state = 'waiting' and p.paused = 0 and p.version is not null order by i.pipeline
        """
    );
    private static readonly Sql InboxNext = new(
        $"select {InboxColumns} from inbox where state = 'waiting' and pipeline = @pipeline order by id limit @limit"
    );
    private static readonly Sql InboxNextOf = new(
        $"select {InboxColumns} from inbox where state = 'waiting' and pipeline = @pipeline and source = @source order by id limit @limit"
    );
    private static readonly Sql UnfinishedRuns = new(
        "select count(*) from runs where ended_ms is null and pipeline = @pipeline and started_by = 'event'"
    );
    private static readonly Sql InboxCounts = new("select count(*) from inbox where state = @state");
    private static readonly Sql CursorOf = new("select cursor from source_cursors where pipeline = @pipeline and source = @source");

    /// <summary>A message; null when there is none of that number.</summary>
    public InboxMessage? InboxMessage(long id) => Use(InboxNumbered).Set("@id", id).First(InboxMessageOf);

    /// <summary>The message that a run was started from; null when it was not.</summary>
    public InboxMessage? InboxMessageOf(RunNumber run) => Use(InboxOfRunNumber).Set(run).First(InboxMessageOf);

    /// <summary>The message of a key; null when it has not come, or is forgotten.</summary>
    public InboxMessage? InboxMessage(PipelineName pipeline, string source, string key) =>
        Use(InboxKeyed).Set("@pipeline", pipeline.Value).Set("@source", source).Set("@key", key).First(InboxMessageOf);

    /// <summary>Messages, the newest first.</summary>
    public IReadOnlyList<InboxMessage> InboxMessages(InboxFilter filter) =>
        Use(InboxWhere)
            .Set("@before", filter.Before ?? long.MaxValue)
            .Set("@pipeline", filter.Pipeline?.Value)
            .Set("@state", filter.State is { } state ? Names.Of(state) : null)
            .Set("@limit", filter.Limit)
            .All(InboxMessageOf);

    /// <summary>How many messages are in a state.</summary>
    public long InboxCount(InboxState state) => Use(InboxCounts).Set("@state", Names.Of(state)).Scalar() ?? 0;

    /// <summary>The pipelines that have messages waiting and are not paused.</summary>
    public IReadOnlyList<PipelineName> PipelinesWithMessages() => Use(InboxPipelines).All(row => new PipelineName(row.Text()));

    /// <summary>The messages of a pipeline that wait, the oldest first.</summary>
    public IReadOnlyList<InboxMessage> WaitingInbox(PipelineName pipeline, int limit) =>
        Use(InboxNext).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(InboxMessageOf);

    /// <summary>The messages of one trigger that wait, the oldest first.</summary>
    public IReadOnlyList<InboxMessage> WaitingInbox(PipelineName pipeline, string source, int limit) =>
        Use(InboxNextOf).Set("@pipeline", pipeline.Value).Set("@source", source).Set("@limit", limit).All(InboxMessageOf);

    /// <summary>How many runs that messages started have not ended.</summary>
    public int UnfinishedEventRuns(PipelineName pipeline) => (int)(Use(UnfinishedRuns).Set("@pipeline", pipeline.Value).Scalar() ?? 0);

    /// <summary>How far a source has been read, in its own words; null when it has not been read yet.</summary>
    public string? SourceCursor(PipelineName pipeline, string source) =>
        Use(CursorOf).Set("@pipeline", pipeline.Value).Set("@source", source).First(row => row.Text());

    private static InboxMessage InboxMessageOf(Statement row) =>
        new(
            row.Long(),
            new(row.Text()),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Word(Names.InboxStateOf),
            row.TextOrNull(),
            row.LongOrNull() is { } run ? new RunNumber(run) : null,
            row.Time(),
            row.TimeOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddInbox = new(
        """
        insert into inbox (pipeline, source, kind, message_key, payload, state, received_ms)
        values (@pipeline, @source, @kind, @key, @payload, 'waiting', @received_ms)
        on conflict (pipeline, source, message_key) do nothing returning id
        """
    );
    private static readonly Sql ForgetMessageKey = new(
        """
        update inbox set message_key = message_key || '#' || received_ms
        where pipeline = @pipeline and source = @source and message_key = @key and received_ms < @before
        """
    );
    private static readonly Sql DecideOne = new(
        """
        update inbox set state = @state, reason = @reason, run_number = @run, decided_ms = @decided_ms where id = @id and state = 'waiting'
        """
    );
    private static readonly Sql ReplayOne = new(
        "update inbox set state = 'waiting', reason = null, decided_ms = null where id = @id and state in ('ignored', 'dead', 'dropped')"
    );
    private static readonly Sql DropOne = new(
        """
        update inbox set state = 'dropped', reason = @reason, decided_ms = @decided_ms where id = @id and state in ('waiting', 'ignored', 'dead')
        """
    );
    private static readonly Sql ForgetSome = new(
        """
        delete from inbox where id in (
            select id from inbox where state in ('started', 'signalled', 'ignored', 'dropped') and kind <> 'file' and decided_ms < @before
            order by decided_ms limit @limit)
        """
    );
    private static readonly Sql MoveSource = new(
        """
        insert into source_cursors (pipeline, source, cursor, moved_ms) values (@pipeline, @source, @cursor, @moved_ms)
        on conflict (pipeline, source) do update set cursor = excluded.cursor, moved_ms = excluded.moved_ms
        """
    );

    /// <summary>Keeps a message that has come. Its number, or that of the same message that came before.</summary>
    /// <param name="forget">Messages of the key that came before this instant are other messages; null: it is the same for ever.</param>
    /// <returns>The number, and whether it is new.</returns>
    public (long Id, bool IsNew) AddInboxMessage(NewMessage message, DateTimeOffset at, DateTimeOffset? forget = null)
    {
        if (Insert() is { } id)
        {
            return (id, true);
        }

        if (
            forget is { } before
            && Use(ForgetMessageKey)
                .Set("@pipeline", message.Pipeline.Value)
                .Set("@source", message.Source)
                .Set("@key", message.Key)
                .Set("@before", before)
                .Execute() == 1
            && Insert() is { } again
        )
        {
            return (again, true);
        }

        var known =
            InboxMessage(message.Pipeline, message.Source, message.Key)
            ?? throw new StoreConflict($"the message {message.Key} of {message.Pipeline} is being written by somebody else");
        return (known.Id, false);

        long? Insert() =>
            Use(AddInbox)
                .Set("@pipeline", message.Pipeline.Value)
                .Set("@source", message.Source)
                .Set("@kind", message.Kind)
                .Set("@key", message.Key)
                .Set("@payload", message.Payload)
                .Set("@received_ms", at)
                .Scalar();
    }

    /// <summary>Notes what became of a message that waits: in the transaction that creates its run, when it starts one.</summary>
    /// <exception cref="StoreConflict">It does not wait: nothing of this transaction's work is kept.</exception>
    public void DecideInboxMessage(long id, InboxState state, string? reason, RunNumber? run, DateTimeOffset at) =>
        Use(DecideOne)
            .Set("@state", Names.Of(state))
            .Set("@reason", reason)
            .Set("@run", run?.Value)
            .Set("@decided_ms", at)
            .Set("@id", id)
            .Post(() => new StoreConflict($"message {id} has been decided already"));

    /// <summary>Has a message decided anew. False: it waits already, or started a run.</summary>
    public bool ReplayInboxMessage(long id) => Use(ReplayOne).Set("@id", id).Execute() == 1;

    /// <summary>Puts a message aside. False: it started a run, or was put aside before.</summary>
    public bool DropInboxMessage(long id, string reason, DateTimeOffset at) =>
        Use(DropOne).Set("@reason", reason).Set("@decided_ms", at).Set("@id", id).Execute() == 1;

    /// <summary>
    /// Removes messages that were dealt with before an instant, the oldest first. Dead letters stay until somebody deals with them, and so do
    /// the rows of files: they are what tells that a file, which may still lie there, came before.
    /// </summary>
    /// <returns>How many were removed, at most the limit.</returns>
    public int ForgetInboxMessages(DateTimeOffset before, int limit) =>
        Use(ForgetSome).Set("@before", before).Set("@limit", limit).Execute();

    /// <summary>Notes how far a source has been read, in the transaction that keeps what was read.</summary>
    public void MoveSourceCursor(PipelineName pipeline, string source, string cursor, DateTimeOffset at) =>
        Use(MoveSource).Set("@pipeline", pipeline.Value).Set("@source", source).Set("@cursor", cursor).Set("@moved_ms", at).Post();
}
