using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Circuit breakers: what is held, and closing one by hand.</summary>
internal static class BreakerEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/breakers", All)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("breakers")
            .WithSummary("Circuit breakers of pipelines and targets that have counted failures");
        routes
            .MapPost("/api/breakers/reset", ResetAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags("breakers")
            .WithSummary("Close a circuit breaker: what was held begins");
    }

    private static BreakerDocument[] All(Store store, TimeProvider time) =>
        store.Read(session => BreakerDocument.All(session, time.GetUtcNow()));

    private static async Task<AnswerDocument> ResetAsync(ResetBreakerRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.ResetBreaker(body.Kind, body.Name, ApiReason.Required(body.Reason)));
        return new AnswerDocument(answer.Done, answer.Message);
    }
}

/// <param name="Kind">pipeline or target.</param>
internal sealed record ResetBreakerRequest(string Kind, string Name, string Reason);
