using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Users and tokens, for admins.</summary>
internal static class AccessEndpoints
{
    private const string Tag = "access";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/users", Users)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Who signs in, and what they may do");
        routes
            .MapPost("/api/users", AddUserAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Add a user")
            .Produces<UserLineDocument>(StatusCodes.Status201Created);
        routes
            .MapPut("/api/users/{name}/password", ChangePasswordAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Give a user a new password, and end their sessions");
        routes
            .MapDelete("/api/users/{name}", RemoveUserAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Remove a user");
        routes
            .MapGet("/api/tokens", Tokens)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Tokens of programs, without their secrets");
        routes
            .MapPost("/api/tokens", MakeTokenAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Make a token; its secret is in this answer and nowhere else")
            .Produces<TokenMadeDocument>(StatusCodes.Status201Created);
        routes
            .MapDelete("/api/tokens/{name}", RevokeTokenAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("End a token for ever");
    }

    private static UserLineDocument[] Users(Store store) => store.Read(session => session.Users().Select(UserLineDocument.Of).ToArray());

    private static async Task<IResult> AddUserAsync(AddUserRequest body, Store store, TimeProvider time, HttpContext caller)
    {
        var role = Names.RoleOf(body.Role) ?? throw ApiException.Invalid($"role: `{body.Role}` is none of viewer, admin");
        if (Slug.Problem(body.Name) is { } wrong)
        {
            throw ApiException.Invalid($"name: {wrong}");
        }

        if (Passwords.Problem(body.Password) is { } weak)
        {
            throw ApiException.Invalid($"password: {weak}");
        }

        var hash = Passwords.Hash(body.Password);
        await WriteAsync(
            store,
            time,
            caller,
            (session, now) => session.AddUser(body.Name, role, hash, now),
            $"user {body.Name} added as {body.Role}",
            () => ApiException.Conflict($"there is a user `{body.Name}` already")
        );
        return Results.Created($"/api/users/{body.Name}", UserLineDocument.Of(store.Read(session => session.User(body.Name)!)));
    }

    private static async Task<IResult> ChangePasswordAsync(
        string name,
        PasswordRequest body,
        Store store,
        TimeProvider time,
        HttpContext caller
    )
    {
        if (Passwords.Problem(body.Password) is { } weak)
        {
            throw ApiException.Invalid($"password: {weak}");
        }

        var hash = Passwords.Hash(body.Password);
        await WriteAsync(
            store,
            time,
            caller,
            (session, now) => session.ChangePassword(name, hash, now),
            $"password of user {name} changed",
            () => ApiException.NotFound($"there is no user `{name}`")
        );
        return Results.NoContent();
    }

    private static async Task<IResult> RemoveUserAsync(string name, Store store, TimeProvider time, HttpContext caller)
    {
        await WriteAsync(
            store,
            time,
            caller,
            (session, _) => session.RemoveUser(name),
            $"user {name} removed",
            () => ApiException.NotFound($"there is no user `{name}`")
        );
        return Results.NoContent();
    }

    private static TokenDocument[] Tokens(Store store, TimeProvider time) =>
        store
            .Read(session => session.AccessTokens(AccessTokenKind.Api))
            .Select(token => TokenDocument.Of(token, time.GetUtcNow()))
            .ToArray();

    private static async Task<IResult> MakeTokenAsync(MakeTokenRequest body, Store store, TimeProvider time, HttpContext caller)
    {
        var made = NewToken.Make(store, body.Name, body.Role, body.Expires ?? "90d", body.User, time.GetUtcNow());
        if (made is not { Token: { } token, Secret: { } secret })
        {
            throw ApiException.Invalid(made.Problem!);
        }

        await WriteAsync(
            store,
            time,
            caller,
            (session, _) => session.AddAccessToken(token),
            $"token {body.Name} created as {body.Role}",
            () => ApiException.Conflict(NewToken.Taken(body.Name))
        );
        return Results.Created(
            $"/api/tokens/{body.Name}",
            new TokenMadeDocument(body.Name, secret, Names.Of(token.Role), InstantText.Fine(token.ExpiresAt))
        );
    }

    private static async Task<IResult> RevokeTokenAsync(string name, Store store, TimeProvider time, HttpContext caller)
    {
        await WriteAsync(
            store,
            time,
            caller,
            (session, now) => session.RevokeAccessToken(name, now),
            $"token {name} revoked",
            () => ApiException.NotFound($"there is no token `{name}` that counts")
        );
        return Results.NoContent();
    }

    private static async Task WriteAsync(
        Store store,
        TimeProvider time,
        HttpContext caller,
        Func<WriteSession, DateTimeOffset, bool> work,
        string what,
        Func<ApiException> otherwise
    )
    {
        var (now, who) = (time.GetUtcNow(), caller.Who());
        var isDone = await store.WriteAsync(
            session =>
            {
                if (!work(session, now))
                {
                    return false;
                }

                session.AddAudit(new AuditLine(now, who, what, Reason: null));
                return true;
            },
            caller.RequestAborted
        );
        if (!isDone)
        {
            throw otherwise();
        }
    }
}

/// <param name="Role"><c>viewer</c> or <c>admin</c>.</param>
internal sealed record AddUserRequest(string Name, string Role, string Password);

internal sealed record PasswordRequest(string Password);

/// <param name="Role"><c>viewer</c> or <c>admin</c>.</param>
/// <param name="Expires">How long it counts, e.g. <c>30d</c>; 90 days when nothing is said, a year at most.</param>
/// <param name="User">Whose it is: it never allows more than that user may.</param>
internal sealed record MakeTokenRequest(string Name, string Role, string? Expires = null, string? User = null);
