namespace Signalbox.Storage;

/// <summary>Something to tell the world, written in the transaction of what it tells, and delivered at least once.</summary>
/// <param name="Payload">JSON; opaque here.</param>
/// <param name="Attempts">Deliveries that failed.</param>
/// <param name="DueAt">When it is tried next.</param>
public sealed record OutboxMessage(
    long Id,
    string Kind,
    string Payload,
    DateTimeOffset CreatedAt,
    int Attempts,
    DateTimeOffset DueAt,
    DateTimeOffset? DeliveredAt,
    string? Error
);

public partial class ReadSession
{
    private static readonly Sql OutboxDue = new(
        """
        select id, kind, payload, created_ms, attempts, due_ms, delivered_ms, error from outbox
        where delivered_ms is null and due_ms <= @now order by due_ms, id limit @limit
        """
    );

    private static readonly Sql OutboxWaiting = new(
        """
        select id, kind, payload, created_ms, attempts, due_ms, delivered_ms, error from outbox
        where delivered_ms is null and kind = @kind order by id limit @limit
        """
    );

    /// <summary>The messages of a kind that are not delivered, in the order in which they were written, due or not.</summary>
    public IReadOnlyList<OutboxMessage> WaitingMessages(string kind, int limit) =>
        Use(OutboxWaiting).Set("@kind", kind).Set("@limit", limit).All(MessageOf);

    /// <summary>The messages to deliver now, the longest due first.</summary>
    public IReadOnlyList<OutboxMessage> DueMessages(DateTimeOffset now, int limit) =>
        Use(OutboxDue).Set("@now", now).Set("@limit", limit).All(MessageOf);

    private static OutboxMessage MessageOf(Statement row) =>
        new(row.Long(), row.Text(), row.Text(), row.Time(), row.Int(), row.Time(), row.TimeOrNull(), row.TextOrNull());
}

public sealed partial class WriteSession
{
    private static readonly Sql AddOutbox = new(
        """
        insert into outbox (kind, payload, created_ms, attempts, due_ms) values (@kind, @payload, @created_ms, 0, @due_ms) returning id
        """
    );
    private static readonly Sql OutboxDelivered = new("update outbox set delivered_ms = @at where id = @id and delivered_ms is null");
    private static readonly Sql OutboxFailed = new(
        "update outbox set attempts = attempts + 1, due_ms = @due_ms, error = @error where id = @id and delivered_ms is null"
    );

    /// <summary>Adds a message; it is due at once. Its number.</summary>
    public long AddMessage(string kind, string payload, DateTimeOffset at) =>
        Use(AddOutbox).Set("@kind", kind).Set("@payload", payload).Set("@created_ms", at).Set("@due_ms", at).Scalar()!.Value;

    /// <summary>Notes that a message was delivered. False: that was noted before.</summary>
    public bool MessageDelivered(long id, DateTimeOffset at) => Use(OutboxDelivered).Set("@at", at).Set("@id", id).Execute() == 1;

    /// <summary>Notes that a delivery failed, and when the next is due.</summary>
    public void MessageFailed(long id, string error, DateTimeOffset dueAt) =>
        Use(OutboxFailed).Set("@due_ms", dueAt).Set("@error", error).Set("@id", id).Execute();
}
