namespace Signalbox.Storage;

/// <summary>What became of asking under a key.</summary>
/// <param name="Request">The number of the request that the key stands for.</param>
/// <param name="IsNew">Whether it was added now.</param>
/// <param name="IsSame">Whether the same thing was asked as the first time.</param>
public sealed record KeyedRequest(long Request, bool IsNew, bool IsSame);

public sealed partial class WriteSession
{
    private static readonly Sql ForgetOldKeys = new("delete from idempotency_keys where created_ms <= @before_ms");
    private static readonly Sql KeyedBefore = new(
        "select request, body_hash from idempotency_keys where sender = @sender and idempotency_key = @key"
    );
    private static readonly Sql AddOneKey = new(
        """
        insert into idempotency_keys (sender, idempotency_key, body_hash, request, created_ms)
        values (@sender, @key, @body_hash, @request, @created_ms)
        """
    );
    private static readonly Sql ForgetOneKey = new(
        "delete from idempotency_keys where sender = @sender and idempotency_key = @key and request = @request"
    );

    /// <summary>Asks the engine for something once for each key of a sender: again under the same key is the same request.</summary>
    /// <param name="bodyHash">Of what is asked, to see whether it is the same.</param>
    /// <param name="keep">How long a key counts.</param>
    public KeyedRequest AddRequestOnce(
        string key,
        string bodyHash,
        string kind,
        string payload,
        string sender,
        DateTimeOffset at,
        TimeSpan keep
    )
    {
        Use(ForgetOldKeys).Set("@before_ms", at - keep).Execute();
        if (
            Use(KeyedBefore)
                .Set("@sender", sender)
                .Set("@key", key)
                .First(row => new KeyedRequest(row.Long(), false, row.Text() == bodyHash)) is
            { } known
        )
        {
            return known;
        }

        var request = AddRequest(kind, payload, sender, at);
        Use(AddOneKey)
            .Set("@sender", sender)
            .Set("@key", key)
            .Set("@body_hash", bodyHash)
            .Set("@request", request)
            .Set("@created_ms", at)
            .Execute();
        return new KeyedRequest(request, IsNew: true, IsSame: true);
    }

    /// <summary>Lets a key be used anew, when what it stands for was refused.</summary>
    public void ForgetKey(string key, string sender, long request) =>
        Use(ForgetOneKey).Set("@sender", sender).Set("@key", key).Set("@request", request).Execute();
}
