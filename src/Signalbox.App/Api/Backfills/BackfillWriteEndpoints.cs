using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Backfills, to be planned and started.</summary>
internal static class BackfillWriteEndpoints
{
    private const int MostActive = 1000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/api/pipelines/{pipeline}/backfills", StartAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(BackfillEndpoints.Tag)
            .WithSummary("Run a pipeline for many dates; `dry_run` says which would run, which not and why, and how long it takes")
            .Produces<BackfillDocument>(StatusCodes.Status200OK)
            .Produces<BackfillDocument>(StatusCodes.Status201Created);

    private static async Task<IResult> StartAsync(
        string pipeline,
        BackfillRequest body,
        EngineSession engine,
        Project project,
        TimeProvider time,
        HttpContext caller
    )
    {
        var definition = engine.Store.Read(session => PipelineEndpoints.Find(session, pipeline).Definition);
        var known = definition.Pipeline.Tasks.Select(task => task.Name.Value).ToList();
        foreach (var unknown in (body.OnlyTasks ?? []).Where(name => !known.Contains(name)))
        {
            throw ApiException.Invalid($"only_tasks: {pipeline} has no task `{unknown}`{Suggestion.DidYouMean(unknown, known)}");
        }

        var parameters = ParamChecker.Check(definition.Pipeline, body.Params is { } given ? given.GetRawText() : "{}");
        if (parameters.Json is null)
        {
            throw ApiException.Invalid(string.Join("; ", parameters.Problems.Select(problem => $"{problem.Path}: {problem.Message}")));
        }

        var selection = Selection(body);
        var plan = BackfillPlan.Make(
            definition.Pipeline,
            selection,
            engine.Store,
            project,
            body.OnlyTasks ?? [],
            time.GetUtcNow(),
            All(selection, engine.Store)
        );
        if (body.DryRun ?? false)
        {
            return Results.Ok(BackfillDocument.Planned(plan));
        }

        if (plan.Dates.IsEmpty)
        {
            throw ApiException.Conflict(
                plan.Skipped.IsEmpty
                    ? "there is no date to run"
                    : $"there is no date to run: {string.Join(", ", plan.Skipped.Select(date => date.Reason).Distinct())}"
            );
        }

        RunWriteEndpoints.RequireSecrets(project, definition.Pipeline);
        var answer = await engine.AskAsync(
            caller,
            new Request.StartBackfill(
                pipeline,
                [.. plan.Dates.Select(slice => slice.LogicalDate)],
                selection.MaxActive,
                parameters.Json,
                [.. body.OnlyTasks ?? []],
                selection.Reason,
                selection.Kind == BackfillKind.Selective,
                selection.Kind == BackfillKind.Incremental,
                definition.Version.Value
            )
            {
                Variant = body.Variant,
                Replace = selection.Replace,
                Downstream = selection.Downstream,
            }
        );
        var id = answer.Number!.Value;
        return Results.Created($"/api/backfills/{id}", engine.Store.Read(session => BackfillDocument.Read(session, id, plan)));
    }

    /// <summary>The current definitions of all pipelines, where consumers are asked for.</summary>
    private static Pipeline[] All(BackfillSelection selection, Store store) =>
        selection.Downstream
            ? store.Read(session =>
                session
                    .Pipelines()
                    .Where(row => row.Version is not null)
                    .Select(row => session.Definition(row.Name, row.Version!.Value)!.Pipeline)
                    .ToArray()
            )
            : [];

    private static BackfillSelection Selection(BackfillRequest body)
    {
        var kinds = new[] { body.From is not null || body.To is not null, body.Dates is not null, body.SinceWatermark ?? false };
        if (kinds.Count(isSaid => isSaid) != 1)
        {
            throw ApiException.Invalid("say which dates, in one way: `from` and `to`, or `dates`, or `since_watermark`");
        }

        var maxActive = body.MaxActive ?? 1;
        if (maxActive is < 1 or > MostActive)
        {
            throw ApiException.Invalid($"max_active: it is 1 to {MostActive}, not {maxActive}");
        }

        var kind =
            body.Dates is not null ? BackfillKind.Selective
            : body.SinceWatermark ?? false ? BackfillKind.Incremental
            : BackfillKind.Full;
        return new BackfillSelection(
            kind,
            kind == BackfillKind.Full ? Day("from", body.From) : null,
            kind == BackfillKind.Full ? Day("to", body.To) : null,
            Last: null,
            LastInDays: false,
            body.Dates ?? [],
            body.Which switch
            {
                null or "all" => BackfillFilter.All,
                "missing" => BackfillFilter.Missing,
                "failed" => BackfillFilter.Failed,
                "stale" => BackfillFilter.Stale,
                var word => throw ApiException.Invalid($"which: `{word}` is none of all, missing, failed, stale"),
            },
            body.Reverse ?? false,
            maxActive,
            ApiReason.Required(body.Reason)
        )
        {
            Variant = body.Variant is { } variant ? new RunNamespace(variant) : null,
            Replace = body.Replace ?? false,
            Downstream = body.Downstream ?? false,
        };
    }

    private static DateOnly Day(string field, string? text) =>
        text is null
            ? throw ApiException.Invalid($"{field}: name the date, e.g. 2001-01-05")
            : InstantText.Date(text) ?? throw ApiException.Invalid($"{field}: `{text}` is no date; write e.g. 2001-01-05");
}

/// <summary>What a backfill is to be: one of <c>from</c> and <c>to</c>, <c>dates</c>, <c>since_watermark</c>.</summary>
/// <param name="From">The first date, included.</param>
/// <param name="To">The last date, included.</param>
/// <param name="Dates">Each date, in the order in which they run.</param>
/// <param name="Which">Of these dates: <c>all</c> (the default), <c>missing</c>, <c>failed</c> or <c>stale</c>.</param>
/// <param name="Reverse">The latest first.</param>
/// <param name="MaxActive">Runs of it that may be active at one time; 1 when nothing is said.</param>
/// <param name="OnlyTasks">The tasks to run; null: all.</param>
/// <param name="Replace">Take dates over from a backfill that is under way; otherwise such dates refuse the call.</param>
/// <param name="Downstream">The consumers of what is published run again for the same partitions, each partition once.</param>
/// <param name="DryRun">Only say what would run.</param>
internal sealed record BackfillRequest(
    string? From = null,
    string? To = null,
    string[]? Dates = null,
    bool? SinceWatermark = null,
    string? Which = null,
    bool? Reverse = null,
    int? MaxActive = null,
    JsonElement? Params = null,
    string[]? OnlyTasks = null,
    string? Variant = null,
    string? Reason = null,
    bool? Replace = null,
    bool? Downstream = null,
    bool? DryRun = null
);
