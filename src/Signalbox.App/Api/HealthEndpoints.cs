using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Serve;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Whether the server runs, and whether it can do its work.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Routes.Health, () => "ok").AllowAnonymous().ExcludeFromDescription();
        routes.MapGet(Routes.Ready, ReadyAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> ReadyAsync(Store store, CancellationToken cancellationToken)
    {
        try
        {
            await store.ReadAsync(session => session.SchemaVersion, cancellationToken);
            return Results.Text("ready");
        }
        catch (StoreUnavailable)
        {
            // Why stands in the server's output; here it would tell strangers about the database.
            return Results.Text("the store is away", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
