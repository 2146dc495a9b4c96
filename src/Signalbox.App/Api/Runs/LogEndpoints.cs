using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Logs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The logs of attempts: whole, or a range of their bytes. Secrets are masked; positions are those of the masked text.</summary>
internal static class LogEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/runs/{run:long}/tasks/{task}/attempts/{attempt:int}/log", ReadAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(RunEndpoints.Tag)
            .WithSummary(
                "What an attempt wrote to `stdout` or `stderr`, as far as it has; takes `Range: bytes=`; with `download=true` it is for a file"
            )
            .Produces(StatusCodes.Status200OK, contentType: "text/plain")
            .Produces(StatusCodes.Status206PartialContent, contentType: "text/plain");

    /// <summary>An attempt and its pipeline.</summary>
    /// <exception cref="ApiException">There is no such attempt.</exception>
    public static (Pipeline Pipeline, Attempt Attempt) Find(ReadSession session, long run, string task, int attempt)
    {
        var picture = RunEndpoints.Picture(session, run);
        var key = RunEndpoints.Key(picture, task);
        return session.Attempts(picture.Run.Number, key).FirstOrDefault(each => each.Number == attempt) is { } found
            ? (picture.Pipeline, found)
            : throw ApiException.NotFound($"{key} of run {run} has no attempt {attempt}");
    }

    /// <exception cref="ApiException">It is neither of the two.</exception>
    public static LogStream Stream(string? word) =>
        word switch
        {
            null or "stdout" => LogStream.Stdout,
            "stderr" => LogStream.Stderr,
            _ => throw ApiException.Invalid($"stream: `{word}` is none of stdout, stderr"),
        };

    private static async Task ReadAsync(
        long run,
        string task,
        int attempt,
        string? stream,
        bool? download,
        Store store,
        Project project,
        LogPlaces places,
        HttpContext context
    )
    {
        var (pipeline, found) = store.Read(session => Find(session, run, task, attempt));
        var (key, isWhole) = (found.Key, found.State.IsEnd());
        var logs = new AttemptLogs(project, places);
        using var log = logs.Open(pipeline, new RunNumber(run), key, attempt, Stream(stream));
        if (log is null && logs.AreGone(new RunNumber(run), found))
        {
            throw ApiException.NotFound($"the logs of attempt {attempt} of {key} of run {run} are not there any more");
        }

        var response = context.Response;
        // It may hold anything, so it is never taken for a page.
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.AcceptRanges = "bytes";
        if (download ?? false)
        {
            var name = new ContentDispositionHeaderValue("attachment");
            name.SetHttpFileName($"run-{run}-{key}-{attempt}.{stream ?? "stdout"}.log");
            response.Headers.ContentDisposition = name.ToString();
        }

        var length = log?.Length(isWhole) ?? 0;
        var (from, count, status) = Wanted(context.Request.GetTypedHeaders().Range, length);
        response.StatusCode = status;
        if (status == StatusCodes.Status416RangeNotSatisfiable)
        {
            response.Headers.ContentRange = $"bytes */{length}";
            response.ContentLength = 0;
            return;
        }

        if (status == StatusCodes.Status206PartialContent)
        {
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{from + count - 1}/{length}");
        }

        response.ContentLength = count;
        if (log is not null && !HttpMethods.IsHead(context.Request.Method))
        {
            await log.CopyToAsync(response.Body, from, count, isWhole, context.RequestAborted);
        }
    }

    private static (long From, long Count, int Status) Wanted(RangeHeaderValue? header, long length)
    {
        if (header is not { Unit.Value: "bytes", Ranges: { Count: 1 } ranges })
        {
            return (0, length, StatusCodes.Status200OK);
        }

        var range = ranges.First();
        var from = range.From ?? Math.Max(0, length - (range.To ?? 0));
        var to = range.From is null ? length - 1 : Math.Min(range.To ?? (length - 1), length - 1);
        return from >= length || to < from
            ? (0, 0, StatusCodes.Status416RangeNotSatisfiable)
            : (from, to - from + 1, StatusCodes.Status206PartialContent);
    }
}
