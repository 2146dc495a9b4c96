using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The one place where what goes wrong becomes an answer.</summary>
internal sealed partial class ProblemAnswers(RequestDelegate next, Action<string> say)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            return;
        }
        catch (Exception problem) when (!context.Response.HasStarted)
        {
            var (status, code, detail) = Of(problem);
            if (status == StatusCodes.Status500InternalServerError)
            {
                say(
                    $"{context.Request.Method} {context.Request.Path} ({context.TraceIdentifier}): this is a fault of signalbox: {problem}"
                );
            }

            context.Response.Headers.Remove("ETag");
            if (problem is ApiException { RetryAfter: { } wait })
            {
                context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            await ApiProblem.WriteAsync(context, status, code, detail);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
        {
            var (code, detail) = Bare(context);
            await ApiProblem.WriteAsync(context, context.Response.StatusCode, code, detail);
        }
    }

    private static (int Status, string Code, string Detail) Of(Exception problem) =>
        problem switch
        {
            ApiException known => (known.Status, known.Code, known.Message),
            UserMistakeException mistake => (StatusCodes.Status400BadRequest, "invalid", mistake.Message),
            BadHttpRequestException { InnerException: JsonException json } bad => (bad.StatusCode, "invalid", Sentence(json)),
            BadHttpRequestException bad => (bad.StatusCode, "invalid", Sentence(bad.Message)),
            JsonException json => (StatusCodes.Status400BadRequest, "invalid", Sentence(json)),
            StoreUnavailable { IsFull: true } full => (StatusCodes.Status507InsufficientStorage, "disk_full", full.Message),
            StoreUnavailable gone => (StatusCodes.Status503ServiceUnavailable, "store_unavailable", gone.Message),
            // What went wrong inside is told to who runs the server, not to who calls it.
            _ => (
                StatusCodes.Status500InternalServerError,
                "fault",
                "this is a fault of signalbox; the server's output says what happened"
            ),
        };

    private static (string Code, string Detail) Bare(HttpContext context) =>
        context.Response.StatusCode switch
        {
            StatusCodes.Status400BadRequest => (
                "invalid",
                WrongValue.In(context)
                    ?? "a value in the address is missing, or is not of the right form; /api/openapi.json says which there are"
            ),
            StatusCodes.Status404NotFound => (
                "not_found",
                $"there is nothing at {context.Request.Path}; /api/openapi.json lists what there is"
            ),
            StatusCodes.Status405MethodNotAllowed => (
                "method_not_allowed",
                $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}"
            ),
            StatusCodes.Status415UnsupportedMediaType => (
                "unsupported_media_type",
                "the body must be JSON: Content-Type: application/json"
            ),
            var status => ("refused", $"the call was refused with status {status}"),
        };

    private static string Sentence(JsonException json)
    {
        var place = json.Path is { Length: > 1 } path ? path.TrimStart('$', '.') : "the body";
        return json.Message.Contains("could not be mapped", StringComparison.Ordinal) ? $"{place}: there is no such field"
            : MissingFields().Match(json.Message) is { Success: true } missing
                ? $"{missing.Groups["names"].Value.Replace("'", "", StringComparison.Ordinal)}: it must be given"
            : json.Message.Contains("doesn't allow null values", StringComparison.Ordinal) ? $"{place}: it cannot be null"
            : $"{place}: it is not the JSON that is expected here (line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1})";
    }

    private static string Sentence(string message) =>
        Binding().Match(message) is { Success: true } found
            ? $"{found.Groups["name"].Value}: `{found.Groups["value"].Value}` is not what is expected here"
        : Required().Match(message) is { Success: true } missing ? $"{missing.Groups["name"].Value}: it must be given"
        : message.TrimEnd('.');

    [GeneratedRegex("^Failed to bind parameter \"(?:.+ )?(?<name>\\w+)\" from \"(?<value>.*)\"", RegexOptions.Singleline, 1000)]
    private static partial Regex Binding();

    [GeneratedRegex("missing required properties including: (?<names>.+?)\\.", RegexOptions.Singleline, 1000)]
    private static partial Regex MissingFields();

    [GeneratedRegex("^Required parameter \"(?:.+ )?(?<name>\\w+)\" was not provided", RegexOptions.Singleline, 1000)]
    private static partial Regex Required();
}

/// <summary>Asks the engine on behalf of who calls.</summary>
internal static class ApiAsking
{
    /// <exception cref="ApiException">It was refused.</exception>
    public static async Task<Answer> AskAsync(this EngineSession engine, HttpContext caller, Request request)
    {
        var answer = await engine.AskAsync(request, caller.RequestAborted, caller.Who());
        return answer.Done ? answer : throw Refused(answer);
    }

    public static ApiException Refused(Answer answer) =>
        answer.Refusal switch
        {
            null => new ApiException(StatusCodes.Status422UnprocessableEntity, "refused", answer.Message),
            "not_found" => ApiException.NotFound(answer.Message),
            var word => new ApiException(StatusCodes.Status409Conflict, word, answer.Message),
        };
}
