namespace Signalbox.Storage;

/// <summary>A command from another process (run, cancel, clear, mark, pause ...), kept until the engine has answered it.</summary>
/// <param name="Payload">JSON; opaque here.</param>
/// <param name="Sender">Who asks, for people.</param>
/// <param name="Answer">JSON; null until answered, and when it was refused.</param>
/// <param name="Error">Why it was refused.</param>
public sealed record StoredRequest(
    long Id,
    string Kind,
    string Payload,
    string Sender,
    DateTimeOffset CreatedAt,
    DateTimeOffset? TakenAt,
    DateTimeOffset? AnsweredAt,
    string? Answer,
    string? Error
);

public partial class ReadSession
{
    private protected const string RequestColumns = "id, kind, payload, sender, created_ms, taken_ms, answered_ms, answer, error";
    private static readonly Sql AnyRequestWaits = new("select 1 from requests where answered_ms is null limit 1");
    private static readonly Sql RequestNumbered = new($"select {RequestColumns} from requests where id = @id");

    /// <summary>A request with its answer, once there is one; null when there is no such request.</summary>
    public StoredRequest? Request(long id) => Use(RequestNumbered).Set("@id", id).First(RequestOf);

    /// <summary>Whether a request waits for its answer.</summary>
    public bool RequestsWait() => Use(AnyRequestWaits).Scalar() is not null;

    private protected static StoredRequest RequestOf(Statement row) =>
        new(
            row.Long(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Time(),
            row.TimeOrNull(),
            row.TimeOrNull(),
            row.TextOrNull(),
            row.TextOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddOneRequest = new(
        """
        insert into requests (kind, payload, sender, created_ms) values (@kind, @payload, @sender, @created_ms) returning id
        """
    );
    private static readonly Sql RequestsWaiting = new(
        $"""
        select {RequestColumns} from requests where answered_ms is null and (taken_ms is null or @again = 1)
        order by id limit @limit {"{skip locked}"}
        """
    );
    private static readonly Sql TakeOneRequest = new("update requests set taken_ms = @taken_ms where id = @id");
    private static readonly Sql AnswerOneRequest = new(
        """
        update requests set answered_ms = @answered_ms, answer = @answer, error = @error, taken_ms = coalesce(taken_ms, @answered_ms)
        where id = @id and answered_ms is null
        """
    );

    /// <summary>Asks the engine for something; any process may. The number of the request.</summary>
    public long AddRequest(string kind, string payload, string sender, DateTimeOffset at) =>
        Use(AddOneRequest).Set("@kind", kind).Set("@payload", payload).Set("@sender", sender).Set("@created_ms", at).Scalar()!.Value;

    /// <summary>Takes the oldest requests that wait; nobody else gets them.</summary>
    /// <param name="again">Also those that an engine took and did not answer before it died: for the start of the engine.</param>
    public IReadOnlyList<StoredRequest> TakeRequests(int limit, DateTimeOffset at, bool again = false)
    {
        var taken = Use(RequestsWaiting).Set("@again", again).Set("@limit", limit).All(RequestOf);
        for (var i = 0; i < taken.Count; i++)
        {
            Use(TakeOneRequest).Set("@taken_ms", at).Set("@id", taken[i].Id).Post();
            taken[i] = taken[i] with { TakenAt = at };
        }

        return taken;
    }

    /// <summary>Answers a request, best in the transaction that does what it asks for.</summary>
    /// <param name="answer">JSON; null when it is refused.</param>
    /// <param name="error">Why it is refused; null when it is done.</param>
    /// <exception cref="StoreConflict">It has been answered already.</exception>
    public void AnswerRequest(long id, string? answer, string? error, DateTimeOffset at) =>
        Use(AnswerOneRequest)
            .Set("@answered_ms", at)
            .Set("@answer", answer)
            .Set("@error", error)
            .Set("@id", id)
            .Post(() => new StoreConflict($"request {id} is not there, or has been answered already"));
}
