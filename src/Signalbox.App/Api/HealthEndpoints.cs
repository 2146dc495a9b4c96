using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Serve;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Whether the server runs, and whether it can do its work.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Routes.Health, () => "ok").AllowAnonymous().ExcludeFromDescription();
        routes.MapGet(Routes.Ready, ReadyAsync).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet(Routes.Metrics, Metrics).RequireAuthorization(Policies.Viewer).ExcludeFromDescription();
    }

    private static IResult Metrics(EngineSession engine) => Results.Text(engine.Metrics(), EngineSession.MetricsContentType);

    private static async Task<IResult> ReadyAsync(Store store, EngineSession engine, CancellationToken cancellationToken)
    {
        try
        {
            await store.ReadAsync(session => session.SchemaVersion, cancellationToken);
            return engine.IsDraining ? Results.Text("the server is draining", statusCode: StatusCodes.Status503ServiceUnavailable)
                : engine.SchedulerHangs ? Results.Text("the scheduler hangs", statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text("ready");
        }
        catch (StoreUnavailable)
        {
            // Why stands in the server's output; here it would tell strangers about the database.
            return Results.Text("the store is away", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
