using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Signalbox.App.Serve;
using Signalbox.Engine.Triggers;

namespace Signalbox.App.Api;

/// <summary>
/// What holds for every call before anybody asks who makes it: the host it names is ours (no other name leads a browser here), no page of another
/// site makes it, and what browsers may do with the answer.
/// </summary>
internal sealed class DoorRules(RequestDelegate next, ServerOptions options)
{
    /// <summary>The bytes of the longest body that is taken. What programs send along is small; what is large is named by where it lies.</summary>
    public const long MostBody = WebhookDesk.MostBytes;

    private const string ContentSecurity =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
        + "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurity;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        if (context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }

        if (context.Request.Path.StartsWithSegments("/api"))
        {
            headers.CacheControl = "no-store";
        }

        if (!IsOurs(context))
        {
            return ApiProblem.WriteAsync(
                context,
                StatusCodes.Status421MisdirectedRequest,
                "wrong_host",
                $"this server does not answer to the name `{context.Request.Host.Host}`; `signalbox serve --host NAME` adds one"
            );
        }

        if (context.Request.Headers.Origin is [{ Length: > 0 } origin] && !IsSame(origin, context.Request.Host))
        {
            return ApiProblem.WriteAsync(
                context,
                StatusCodes.Status403Forbidden,
                "wrong_origin",
                $"pages of {origin} may not call this server"
            );
        }

        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            // What is small on its way could be anything here.
            return ApiProblem.WriteAsync(
                context,
                StatusCodes.Status415UnsupportedMediaType,
                "unsupported_media_type",
                "Content-Encoding: bodies are taken as they are, not compressed"
            );
        }

        if (context.Request.ContentLength > MostBody)
        {
            return ApiProblem.WriteAsync(
                context,
                StatusCodes.Status413PayloadTooLarge,
                "too_large",
                $"a body has at most {MostBody} bytes; send where the data lies, not the data"
            );
        }

        // Of a body whose length is not said the reader finds out.
        if (context.Request.ContentLength is null && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MostBody;
        }

        return next(context);
    }

    private bool IsOurs(HttpContext context)
    {
        var host = context.Request.Host.Host;
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
        {
            return IPAddress.IsLoopback(address) || !IPAddress.IsLoopback(options.Address.Address);
        }

        return string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsSame(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && string.Equals(from.Authority, host.Value, StringComparison.OrdinalIgnoreCase);
}
