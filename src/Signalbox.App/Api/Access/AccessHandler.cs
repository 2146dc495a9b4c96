using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Signalbox.Core;

namespace Signalbox.App.Api;

/// <summary>
/// Finds out who calls: a bearer token, else name and password where Airflow's API has them, else the cookie of a session, which a change must
/// come with its antiforgery token.
/// </summary>
internal sealed class AccessHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    Doorkeeper doorkeeper
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "signalbox";
    public const string AntiforgeryHeader = "X-Signalbox-Antiforgery";

    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    private bool _isForged;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return Let(await doorkeeper.ByTokenAsync(header[Bearer.Length..].Trim(), Context.RequestAborted));
        }

        if (header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return TakesBasic && Pair(header[Basic.Length..]) is var (name, password)
                ? Let(doorkeeper.ByPassword(name, password, Address(Context)))
                : AuthenticateResult.Fail("Basic authentication is not for this address.");
        }

        if (
            Request.Cookies[doorkeeper.CookieName] is not { Length: > 0 } session
            || await doorkeeper.BySessionAsync(session, Context.RequestAborted) is not { } caller
        )
        {
            return AuthenticateResult.NoResult();
        }

        if (
            !HttpMethods.IsGet(Request.Method)
            && !HttpMethods.IsHead(Request.Method)
            && !SecretToken.AreEqual(Request.Headers[AntiforgeryHeader].ToString(), SecretToken.AntiforgeryOf(session))
        )
        {
            _isForged = true;
            return AuthenticateResult.Fail("The antiforgery token is missing.");
        }

        return Let(caller);
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_isForged)
        {
            return ApiProblem.WriteAsync(
                Context,
                StatusCodes.Status403Forbidden,
                "antiforgery",
                $"a change by a browser's session comes with the header {AntiforgeryHeader}, which GET /api/session tells"
            );
        }

        Response.Headers.WWWAuthenticate = TakesBasic ? "Basic realm=\"signalbox\", charset=\"UTF-8\"" : "Bearer";
        return ApiProblem.WriteAsync(
            Context,
            StatusCodes.Status401Unauthorized,
            "unauthorized",
            "sign in, or send a token: `Authorization: Bearer TOKEN` (`signalbox tokens create NAME` makes one)"
        );
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        ApiProblem.WriteAsync(
            Context,
            StatusCodes.Status403Forbidden,
            "forbidden",
            $"{Context.Who()} may not do this: it needs the role {Policies.Admin}"
        );

    /// <summary>Where somebody calls from, for the throttle.</summary>
    public static string Address(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

    private bool TakesBasic => Request.Path.StartsWithSegments("/api/v1") || Request.Path.StartsWithSegments("/api/v2");

    private AuthenticateResult Let(Caller? caller)
    {
        if (caller is null)
        {
            return AuthenticateResult.Fail("Nobody is known by that.");
        }

        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, caller.Name), new Claim(ClaimTypes.Role, Names.Of(caller.Role))],
            SchemeName
        );
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    private static (string Name, string Password)? Pair(string encoded)
    {
        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded.Trim(), bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }
}
