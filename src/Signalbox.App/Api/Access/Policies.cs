using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.Core;
using Signalbox.Core.Access;

namespace Signalbox.App.Api;

/// <summary>Who may call an address. Every address names one of these, or says that anybody may.</summary>
internal static class Policies
{
    /// <summary>Everybody who has signed in or bears a token.</summary>
    public const string Viewer = "viewer";

    /// <summary>Who may change things.</summary>
    public const string Admin = "admin";

    public static void AddTo(AuthorizationOptions options)
    {
        options.AddPolicy(Viewer, policy => policy.RequireRole(Names.Of(Role.Viewer), Names.Of(Role.Admin)));
        options.AddPolicy(Admin, policy => policy.RequireRole(Names.Of(Role.Admin)));
        // Should an address ever come about after the check at the start, nobody may call it. What answers a wrong method or content is none.
        options.FallbackPolicy = new AuthorizationPolicyBuilder()
            .RequireAssertion(asked => asked.Resource is HttpContext call && call.GetEndpoint() is not RouteEndpoint)
            .Build();
    }

    /// <summary>Refuses to go on when an address does not say who may call it.</summary>
    /// <exception cref="InvalidOperationException">The message names each of them.</exception>
    public static void Require(IEndpointRouteBuilder routes)
    {
        var open = routes
            .DataSources.SelectMany(source => source.Endpoints)
            .Where(endpoint => !IsStated(endpoint.Metadata))
            .Select(endpoint => endpoint.DisplayName ?? endpoint.ToString()!)
            .ToList();
        if (open.Count > 0)
        {
            throw new InvalidOperationException(
                $"No policy says who may call {string.Join(", ", open)}: add RequireAuthorization(Policies.…) or AllowAnonymous()."
            );
        }
    }

    private static bool IsStated(EndpointMetadataCollection metadata) =>
        metadata.GetMetadata<IAllowAnonymous>() is not null
        || metadata.GetOrderedMetadata<IAuthorizeData>().Any(data => data.Policy is Viewer or Admin);

    /// <summary>The name of who calls, for the audit.</summary>
    public static string Who(this HttpContext context) =>
        context.User.Identity?.Name ?? throw new InvalidOperationException("Nobody has signed in, so there is no name to keep.");

    public static bool IsAdmin(this ClaimsPrincipal user) => user.IsInRole(Names.Of(Role.Admin));
}
