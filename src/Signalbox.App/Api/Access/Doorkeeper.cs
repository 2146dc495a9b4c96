using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Signalbox.App.Serve;
using Signalbox.Core.Access;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Somebody who was let in.</summary>
/// <param name="Name">For the audit.</param>
/// <param name="User">The user; null for a token that nobody's account stands behind.</param>
internal sealed record Caller(string Name, string? User, Role Role);

/// <summary>Knows who may come in: by password, by token, by session, and by a link that works once.</summary>
internal sealed class Doorkeeper(Project project, Store store, TimeProvider time, SignInThrottle throttle, ServerOptions options)
{
    /// <summary>How long a session counts at most.</summary>
    public static readonly TimeSpan SessionLife = TimeSpan.FromDays(7);

    /// <summary>How long a session counts without a call.</summary>
    public static readonly TimeSpan SessionIdle = TimeSpan.FromHours(8);

    public static readonly TimeSpan LinkLife = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan UseNotedEvery = TimeSpan.FromMinutes(1);
    private const int MostRemembered = 1000;

    // A client with basic authentication sends its password with every call; deriving the key each time would take a processor for itself.
    private readonly byte[] _rememberKey = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, string> _remembered = new(StringComparer.Ordinal);

    /// <summary>
    /// Browsers share cookies between the ports of a host, so that of each project has a name of its own. Under TLS its prefix lets browsers take it
    /// from this very host only, and send it over TLS only.
    /// </summary>
    public string CookieName { get; } =
        $"{(options.Certificate is null ? "" : "__Host-")}signalbox_{SecretToken.HashOf(project.Folder)[..8]}";

    /// <summary>Who bears a token, of a program or of a session; null when it is none, has expired or is revoked.</summary>
    public async Task<Caller?> ByTokenAsync(string secret, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (token, user) = Find(secret);
        if (
            token is not { Kind: AccessTokenKind.Api or AccessTokenKind.Session, RevokedAt: null }
            || token.ExpiresAt <= now
            || (token.User is not null && user is null)
        )
        {
            return null;
        }

        if (token.Kind == AccessTokenKind.Session)
        {
            return await BySessionAsync(secret, cancellationToken);
        }

        await NoteUseAsync(token, now, cancellationToken);
        return new Caller(user is null ? $"token {token.Name}" : user.Name, user?.Name, Least(token.Role, user));
    }

    /// <summary>Whose session it is; null when it has ended, or nobody used it for long.</summary>
    public async Task<Caller?> BySessionAsync(string secret, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (token, user) = Find(secret);
        if (
            token is not { Kind: AccessTokenKind.Session, RevokedAt: null }
            || token.ExpiresAt <= now
            || (token.UsedAt ?? token.CreatedAt) + SessionIdle <= now
            || (token.User is not null && user is null)
        )
        {
            return null;
        }

        await NoteUseAsync(token, now, cancellationToken);
        return new Caller(token.Name, token.User, Least(token.Role, user));
    }

    private async Task NoteUseAsync(AccessToken token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (token.UsedAt is not { } used || used + UseNotedEvery < now)
        {
            try
            {
                await store.WriteAsync(session => session.NoteUse(token, now), cancellationToken);
            }
            catch (StoreUnavailable)
            {
                // Whoever only looks is served also while nothing can be written, as when a disk is full: the next use is noted.
            }
        }
    }

    /// <summary>Who has that name and password; null when nobody has.</summary>
    /// <exception cref="ApiException">It was tried too often.</exception>
    public Caller? ByPassword(string name, string password, string address)
    {
        var user = store.Read(session => session.User(name));
        var seal = user is null ? null : SealOf(user, password);
        if (seal is not null && _remembered.ContainsKey(seal))
        {
            return new Caller(user!.Name, user.Name, user.Role);
        }

        if (throttle.Wait(name, address) is { Ticks: > 0 } wait)
        {
            throw new ApiException(429, "too_many_tries", $"too many failed tries; wait {Math.Ceiling(wait.TotalSeconds)} s")
            {
                RetryAfter = wait,
            };
        }

        if (!Passwords.Verify(password, user?.Password))
        {
            throttle.Failed(name, address);
            return null;
        }

        throttle.Succeeded(name, address);
        if (_remembered.Count > MostRemembered)
        {
            _remembered.Clear();
        }

        _remembered[seal!] = name;
        return new Caller(user!.Name, user.Name, user.Role);
    }

    /// <summary>Begins a session.</summary>
    /// <returns>Its secret, for the cookie.</returns>
    public async Task<string> BeginSessionAsync(Caller caller, CancellationToken cancellationToken) =>
        await AddAsync(AccessTokenKind.Session, caller, SessionLife, cancellationToken);

    public Task EndSessionAsync(string secret, CancellationToken cancellationToken) =>
        store.WriteAsync(
            session => session.SpendAccessToken(SecretToken.HashOf(secret), AccessTokenKind.Session, time.GetUtcNow()),
            cancellationToken
        );

    /// <summary>Makes a link that signs in once, for who can read the output of the server.</summary>
    public async Task<string> MakeLinkAsync(CancellationToken cancellationToken) =>
        await AddAsync(AccessTokenKind.Link, new Caller(Environment.UserName, User: null, Role.Admin), LinkLife, cancellationToken);

    /// <summary>Begins a session by a link. Null: the link was used, or is too old.</summary>
    public async Task<string?> BeginByLinkAsync(string secret, CancellationToken cancellationToken)
    {
        var (token, _) = Find(secret);
        if (token is not { Kind: AccessTokenKind.Link })
        {
            return null;
        }

        var isMine = await store.WriteAsync(
            session => session.SpendAccessToken(token.Hash, AccessTokenKind.Link, time.GetUtcNow()),
            cancellationToken
        );
        return isMine ? await BeginSessionAsync(new Caller(token.Name, token.User, token.Role), cancellationToken) : null;
    }

    private async Task<string> AddAsync(AccessTokenKind kind, Caller caller, TimeSpan life, CancellationToken cancellationToken)
    {
        var secret = SecretToken.Make();
        var now = time.GetUtcNow();
        await store.WriteAsync(
            session =>
                session.AddAccessToken(
                    new AccessToken(0, kind, caller.Name, SecretToken.HashOf(secret), caller.Role, caller.User, now, now + life)
                ),
            cancellationToken
        );
        return secret;
    }

    private (AccessToken? Token, StoredUser? User) Find(string secret)
    {
        var hash = SecretToken.HashOf(secret);
        return store.Read(session =>
        {
            var token = session.AccessToken(hash);
            return (token, token?.User is { } name ? session.User(name) : null);
        });
    }

    private static Role Least(Role role, StoredUser? user) => user is { Role: var bound } && bound < role ? bound : role;

    private string SealOf(StoredUser user, string password) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_rememberKey, Encoding.UTF8.GetBytes($"{user.Name}\0{user.Password}\0{password}")));
}
