using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.Core;
using Signalbox.Core.Access;

namespace Signalbox.App.Api;

/// <summary>Signing in and out, and the way in of the first user.</summary>
internal static class SessionEndpoints
{
    // Nothing runs in this page; the browser goes on by itself, with a call that comes from our own site.
    private const string SignedIn = """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>Signalbox</title>
        <p>Signed in. <a href="/">Go on to Signalbox</a>.</p></html>
        """;

    private const string LinkSpent = """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Signalbox</title>
        <p>This link has been used, or is older than fifteen minutes. <a href="/">Sign in with your password</a>, or start the server anew for
        another link.</p></html>
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/session", Session)
            .AllowAnonymous()
            .WithTags("access")
            .WithSummary("Who is signed in, and the antiforgery token of the session");
        routes
            .MapPost("/api/sign-in", SignInAsync)
            .AllowAnonymous()
            .WithTags("access")
            .WithSummary("Begin a session with name and password; answers with a cookie");
        routes
            .MapPost("/api/sign-out", SignOutAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("access")
            .WithSummary("End the session");
        routes
            .MapPost("/api/setup", SetUpAsync)
            .AllowAnonymous()
            .WithTags("access")
            .WithSummary("Make the first admin, with the token that the server printed");
        routes.MapGet("/sign-in", ByLinkAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static SessionDocument Session(HttpContext context, Doorkeeper doorkeeper, SetUp setUp) =>
        SessionDocument.Of(
            context.User.Identity is { IsAuthenticated: true, Name: { } name }
                ? new UserDocument(name, Names.Of(context.User.IsAdmin() ? Role.Admin : Role.Viewer))
                : null,
            context.Request.Cookies[doorkeeper.CookieName],
            setUp
        );

    private static async Task<SessionDocument> SignInAsync(SignInRequest body, HttpContext context, Doorkeeper doorkeeper, SetUp setUp)
    {
        var caller =
            doorkeeper.ByPassword(body.Name, body.Password, AccessHandler.Address(context))
            ?? throw new ApiException(
                StatusCodes.Status401Unauthorized,
                "wrong_password",
                "there is no user of that name with that password"
            );
        return await BeginAsync(caller, context, doorkeeper, setUp);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, Doorkeeper doorkeeper)
    {
        if (context.Request.Cookies[doorkeeper.CookieName] is { } session)
        {
            await doorkeeper.EndSessionAsync(session, context.RequestAborted);
            context.Response.Cookies.Delete(doorkeeper.CookieName, CookieOf(context));
        }

        return Results.NoContent();
    }

    private static async Task<SessionDocument> SetUpAsync(
        SetUpRequest body,
        HttpContext context,
        Doorkeeper doorkeeper,
        SetUp setUp,
        TimeProvider time
    )
    {
        if (Slug.Problem(body.Name) is { } wrong)
        {
            throw ApiException.Invalid($"name: {wrong}");
        }

        if (Passwords.Problem(body.Password) is { } weak)
        {
            throw ApiException.Invalid($"password: {weak}");
        }

        if (!await setUp.EndAsync(body.Token, body.Name, body.Password, time.GetUtcNow(), context.RequestAborted))
        {
            throw ApiException.Conflict("there is a user already; sign in, or ask an admin for an account");
        }

        return await BeginAsync(new Caller(body.Name, body.Name, Role.Admin), context, doorkeeper, setUp);
    }

    private static async Task<IResult> ByLinkAsync(string token, HttpContext context, Doorkeeper doorkeeper)
    {
        if (await doorkeeper.BeginByLinkAsync(token, context.RequestAborted) is not { } session)
        {
            return Results.Content(LinkSpent, "text/html; charset=utf-8", statusCode: StatusCodes.Status410Gone);
        }

        context.Response.Cookies.Append(doorkeeper.CookieName, session, CookieOf(context));
        context.Response.Headers.CacheControl = "no-store";
        return Results.Content(SignedIn, "text/html; charset=utf-8");
    }

    private static async Task<SessionDocument> BeginAsync(Caller caller, HttpContext context, Doorkeeper doorkeeper, SetUp setUp)
    {
        var session = await doorkeeper.BeginSessionAsync(caller, context.RequestAborted);
        context.Response.Cookies.Append(doorkeeper.CookieName, session, CookieOf(context));
        return SessionDocument.Of(new UserDocument(caller.Name, Names.Of(caller.Role)), session, setUp);
    }

    private static CookieOptions CookieOf(HttpContext context) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/",
            MaxAge = Doorkeeper.SessionLife,
            IsEssential = true,
        };
}

/// <summary>Who is signed in.</summary>
/// <param name="User">Null: nobody.</param>
/// <param name="Antiforgery">What each change by this session sends as <c>X-Signalbox-Antiforgery</c>; null without a session.</param>
/// <param name="NeedsSetUp">Whether there is no user yet, so that the first one can be made.</param>
internal sealed record SessionDocument(UserDocument? User, string? Antiforgery, bool NeedsSetUp, string Version)
{
    public static SessionDocument Of(UserDocument? user, string? session, SetUp setUp) =>
        new(user, user is null || session is null ? null : SecretToken.AntiforgeryOf(session), setUp.IsNeeded, Cli.AppVersion.Number);
}

/// <param name="Role"><c>viewer</c> or <c>admin</c>.</param>
internal sealed record UserDocument(string Name, string Role);

internal sealed record SignInRequest(string Name, string Password);

internal sealed record SetUpRequest(string Token, string Name, string Password);
