using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Serve;
using Signalbox.Core;
using Signalbox.Engine.Control;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>
/// Where webhooks are called. Nobody signs in there: each call proves its sender by the secret or the signature of its own webhook, which is looked
/// at before anything is kept.
/// </summary>
internal static class HookEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Routes.Hook, ReceiveAsync).AllowAnonymous().ExcludeFromDescription();
        routes.MapPost(Routes.NamedHook, ReceiveAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task ReceiveAsync(string pipeline, string? name, EngineSession engine, HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.ContentEncoding.Count > 0)
        {
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType,
                "unsupported_media_type",
                "a message is sent as it is, without Content-Encoding"
            );
        }

        var call = new WebhookCall(
            pipeline,
            name,
            request.Headers.ToDictionary(
                header => header.Key.ToLowerInvariant(),
                header => header.Value.ToString(),
                StringComparer.Ordinal
            ),
            request.Query.ToDictionary(entry => entry.Key, entry => entry.Value.ToString(), StringComparer.Ordinal),
            await BodyAsync(request, context.RequestAborted)
        );
        switch (await engine.ReceiveAsync(call, context.RequestAborted))
        {
            case WebhookAnswer.Taken taken:
                await Results
                    .Json(HookDocument.Of(taken), ApiJson.Default.HookDocument, statusCode: StatusCodes.Status202Accepted)
                    .ExecuteAsync(context);
                break;
            case WebhookAnswer.Refused refused:
                if (refused.Kind == WebhookRefusal.Unauthorized)
                {
                    context.Response.Headers.WWWAuthenticate = "Bearer";
                }

                throw new ApiException(StatusOf(refused.Kind), CodeOf(refused.Kind), refused.Detail) { RetryAfter = refused.RetryAfter };
        }
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static int StatusOf(WebhookRefusal kind) =>
        kind switch
        {
            WebhookRefusal.NotFound => StatusCodes.Status404NotFound,
            WebhookRefusal.Unauthorized => StatusCodes.Status401Unauthorized,
            WebhookRefusal.Malformed => StatusCodes.Status400BadRequest,
            WebhookRefusal.TooMany => StatusCodes.Status429TooManyRequests,
            _ => StatusCodes.Status503ServiceUnavailable,
        };

    private static string CodeOf(WebhookRefusal kind) =>
        kind switch
        {
            WebhookRefusal.NotFound => "not_found",
            WebhookRefusal.Unauthorized => "unauthorized",
            WebhookRefusal.Malformed => "invalid",
            WebhookRefusal.TooMany => "too_many",
            _ => "misconfigured",
        };
}

/// <summary>What a webhook answers when the message is kept; more than one only for a notification of several objects.</summary>
internal sealed record HookDocument(HookMessageDocument[] Messages)
{
    public static HookDocument Of(WebhookAnswer.Taken taken) => new([.. taken.Messages.Select(HookMessageDocument.Of)]);
}

/// <summary>What has become of a message so far.</summary>
/// <param name="Message">The number that <c>inbox show</c> takes.</param>
/// <param name="State">waiting, started, signalled, ignored, dead or dropped.</param>
/// <param name="Run">The number of the run that it started; null while there is none.</param>
/// <param name="Reason">Why there will be none.</param>
internal sealed record HookMessageDocument(long Message, string State, long? Run, string? Reason)
{
    public static HookMessageDocument Of(InboxMessage message) =>
        new(message.Id, Names.Of(message.State), message.Run?.Value, message.Reason);
}
