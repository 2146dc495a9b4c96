using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Access;

namespace Signalbox.Storage;

/// <summary>What a token is for.</summary>
public enum AccessTokenKind
{
    /// <summary>A program's.</summary>
    Api,

    /// <summary>A browser's, from sign-in to sign-out.</summary>
    Session,

    /// <summary>A link that signs in once.</summary>
    Link,
}

/// <summary>Something secret that lets its bearer in. Only its hash is kept.</summary>
/// <param name="Name">For people; of those of programs that are not revoked each has one of its own.</param>
/// <param name="Hash">Hex of the SHA-256 of the secret, which is long and random.</param>
/// <param name="Role">The most its bearer may do; a user's role bounds it too.</param>
/// <param name="User">Whose it is; null: made by whoever may write the store.</param>
/// <param name="UsedAt">The last time, to the minute.</param>
public sealed record AccessToken(
    long Id,
    AccessTokenKind Kind,
    string Name,
    string Hash,
    Role Role,
    string? User,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? UsedAt = null,
    DateTimeOffset? RevokedAt = null
);

public partial class ReadSession
{
    private const string TokenColumns = """
        id, kind, name, hash, role, user_name, created_ms, expires_ms, used_ms, revoked_ms from access_tokens
        """;
    private static readonly Sql TokenHashed = new($"select {TokenColumns} where hash = @hash");
    private static readonly Sql TokensOfKind = new($"select {TokenColumns} where kind = @kind order by id");

    /// <summary>The token of a hash, also when it has expired or is revoked; null when there is none.</summary>
    public AccessToken? AccessToken(string hash) => Use(TokenHashed).Set("@hash", hash).First(TokenOf);

    /// <summary>All tokens of a kind, the oldest first.</summary>
    public IReadOnlyList<AccessToken> AccessTokens(AccessTokenKind kind) => Use(TokensOfKind).Set("@kind", WordOf(kind)).All(TokenOf);

    private protected static string WordOf(AccessTokenKind kind) =>
        kind switch
        {
            AccessTokenKind.Api => "api",
            AccessTokenKind.Session => "session",
            AccessTokenKind.Link => "link",
            _ => throw new UnreachableException(),
        };

    private static AccessTokenKind? AccessTokenKindOf(string word) =>
        word switch
        {
            "api" => AccessTokenKind.Api,
            "session" => AccessTokenKind.Session,
            "link" => AccessTokenKind.Link,
            _ => null,
        };

    private static AccessToken TokenOf(Statement row) =>
        new(
            row.Long(),
            row.Word(AccessTokenKindOf),
            row.Text(),
            row.Text(),
            row.Word(Names.RoleOf),
            row.TextOrNull(),
            row.Time(),
            row.Time(),
            row.TimeOrNull(),
            row.TimeOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddOneToken = new(
        """
        insert into access_tokens (kind, name, hash, role, user_name, created_ms, expires_ms)
        values (@kind, @name, @hash, @role, @user_name, @created_ms, @expires_ms) on conflict do nothing
        """
    );
    private static readonly Sql RevokeNamed = new(
        "update access_tokens set revoked_ms = @at_ms where kind = 'api' and name = @name and revoked_ms is null"
    );
    private static readonly Sql ForgetHashed = new("delete from access_tokens where hash = @hash and kind = @kind and expires_ms > @at_ms");
    private static readonly Sql ForgetExpired = new("delete from access_tokens where kind <> 'api' and expires_ms <= @at_ms");
    private static readonly Sql NoteTokenUse = new("update access_tokens set used_ms = @at_ms where id = @id");

    /// <summary>Keeps a token, and drops sessions and links that have expired. False: a program's token of that name is there already.</summary>
    public bool AddAccessToken(AccessToken token)
    {
        Use(ForgetExpired).Set("@at_ms", token.CreatedAt).Execute();
        return Use(AddOneToken)
                .Set("@kind", WordOf(token.Kind))
                .Set("@name", token.Name)
                .Set("@hash", token.Hash)
                .Set("@role", Names.Of(token.Role))
                .Set("@user_name", token.User)
                .Set("@created_ms", token.CreatedAt)
                .Set("@expires_ms", token.ExpiresAt)
                .Execute() == 1;
    }

    /// <summary>Ends a program's token for ever; its name may be given anew. False: there is none of that name.</summary>
    public bool RevokeAccessToken(string name, DateTimeOffset at) => Use(RevokeNamed).Set("@at_ms", at).Set("@name", name).Execute() == 1;

    /// <summary>Takes a session or a link away, so that it counts no more. False: there is none that has not expired: somebody was faster.</summary>
    public bool SpendAccessToken(string hash, AccessTokenKind kind, DateTimeOffset at) =>
        Use(ForgetHashed).Set("@hash", hash).Set("@kind", WordOf(kind)).Set("@at_ms", at).Execute() == 1;

    /// <summary>Notes that a token was used.</summary>
    public void NoteUse(AccessToken token, DateTimeOffset at) => Use(NoteTokenUse).Set("@at_ms", at).Set("@id", token.Id).Execute();
}
