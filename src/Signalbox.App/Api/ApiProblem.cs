using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Signalbox.App.Api;

/// <summary>What went wrong, as RFC 9457 has it: the body of every answer that is no success.</summary>
/// <param name="Type">Always <c>about:blank</c>: <paramref name="Status"/> and <paramref name="Code"/> say which kind it is.</param>
/// <param name="Title">The phrase of the status.</param>
/// <param name="Detail">A sentence for people: what is wrong and how to mend it.</param>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Trace">What the server's output calls this call by, where it says more than the caller may know.</param>
internal sealed record ApiProblem(string Type, string Title, int Status, string Detail, string Code, string Trace)
{
    public const string ContentType = "application/problem+json";

    /// <summary>Answers with a problem.</summary>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        // Whatever is wrong now may be right at the next call.
        context.Response.Headers.CacheControl = "no-store";
        if (status == StatusCodes.Status422UnprocessableEntity && context.Request.Path.StartsWithSegments(AirflowDialect.V2.Prefix))
        {
            context.Response.ContentType = "application/json";
            return JsonSerializer.SerializeAsync(
                context.Response.Body,
                InvalidBodyV2.Of(detail),
                AirflowJson.Default.InvalidBodyV2,
                context.RequestAborted
            );
        }

        var problem = new ApiProblem("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail, code, context.TraceIdentifier);
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : JsonSerializer.SerializeAsync(context.Response.Body, problem, ApiJson.Readable.ApiProblem, context.RequestAborted);
    }
}

/// <summary>Ends the handling of a call with a problem.</summary>
internal sealed class ApiException(int status, string code, string detail) : Exception(detail)
{
    public int Status => status;

    public string Code => code;

    /// <summary>When the caller may try again; null when that does not matter.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiException NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    public static ApiException Invalid(string detail) => new(StatusCodes.Status400BadRequest, "invalid", detail);

    public static ApiException Conflict(string detail) => new(StatusCodes.Status409Conflict, "conflict", detail);
}
