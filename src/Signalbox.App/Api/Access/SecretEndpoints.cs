using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Secrets: names go out, values only come in.</summary>
internal static class SecretEndpoints
{
    private const string Tag = "secrets";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/secrets", List)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("The names of the secrets that are kept");
        routes
            .MapPut("/api/secrets/{name}", SetAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Keep a value, encrypted; no call gives it back");
        routes
            .MapDelete("/api/secrets/{name}", RemoveAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Forget a value");
    }

    private static string[] List(Project project) => [.. project.Secrets.Sealed.Names()];

    private static async Task<IResult> SetAsync(
        string name,
        SecretRequest body,
        Project project,
        Store store,
        TimeProvider time,
        HttpContext caller
    )
    {
        if (SecretRules.Problem(name, body.Value) is { } wrong)
        {
            throw ApiException.Invalid(wrong);
        }

        project.Secrets.Sealed.Set(name, body.Value);
        await NoteAsync(store, time, caller, $"secret {name} set");
        return Results.NoContent();
    }

    private static async Task<IResult> RemoveAsync(string name, Project project, Store store, TimeProvider time, HttpContext caller)
    {
        if (SecretRules.Problem(name, value: null) is not null || !project.Secrets.Sealed.Remove(name))
        {
            throw ApiException.NotFound($"no secret `{name}` is kept");
        }

        await NoteAsync(store, time, caller, $"secret {name} removed");
        return Results.NoContent();
    }

    private static Task NoteAsync(Store store, TimeProvider time, HttpContext caller, string what)
    {
        var line = new AuditLine(time.GetUtcNow(), caller.Who(), what, Reason: null);
        return store.WriteAsync(session => session.AddAudit(line), caller.RequestAborted);
    }
}

internal sealed record SecretRequest(string Value);
