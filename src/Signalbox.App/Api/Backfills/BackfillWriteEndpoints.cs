using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Backfills, to be planned and started.</summary>
internal static class BackfillWriteEndpoints
{
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

        var selection = Wish(body).Read(definition.Pipeline, BackfillTerms.Document);
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
                Every = selection.Every,
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

    private static BackfillWish Wish(BackfillRequest body) =>
        new()
        {
            From = body.From,
            To = body.To,
            Dates = body.Dates,
            Partitions = body.Partitions,
            Last = body.Last,
            SinceWatermark = body.SinceWatermark ?? false,
            Filter = body.Which switch
            {
                null or "all" => BackfillFilter.All,
                "missing" => BackfillFilter.Missing,
                "failed" => BackfillFilter.Failed,
                "stale" => BackfillFilter.Stale,
                var word => throw ApiException.Invalid($"which: `{word}` is none of all, missing, failed, stale"),
            },
            Reverse = body.Reverse ?? false,
            MaxActive = body.MaxActive ?? BackfillWish.DefaultMaxActive,
            Every = body.Every,
            Replace = body.Replace ?? false,
            Downstream = body.Downstream ?? false,
            Variant = body.Variant,
            Only = body.OnlyTasks ?? [],
            Reason = ApiReason.Required(body.Reason),
        };
}

/// <summary>What a backfill is to be: one of <c>from</c> and <c>to</c>, <c>dates</c>, <c>partitions</c>, <c>last</c>, <c>since_watermark</c>.</summary>
/// <param name="From">The first date, included.</param>
/// <param name="To">The last date, included.</param>
/// <param name="Dates">Each date, in the order in which they run.</param>
/// <param name="Partitions">Keys of partitions; <c>A..B</c> is all from A to B.</param>
/// <param name="Last">The latest that are over: <c>7d</c> for seven days, <c>7</c> for seven dates of the schedule.</param>
/// <param name="SinceWatermark">The dates after the watermark, which moves; <c>from</c> says where to begin when there is none.</param>
/// <param name="Which">Of these dates: <c>all</c> (the default), <c>missing</c>, <c>failed</c> or <c>stale</c>.</param>
/// <param name="Reverse">The latest first.</param>
/// <param name="MaxActive">Runs of it that may be active at one time; 4 when nothing is said.</param>
/// <param name="Every">Begin a run only so long after the one before, e.g. <c>2s</c>.</param>
/// <param name="OnlyTasks">The tasks to run; null: all.</param>
/// <param name="Replace">Take dates over from a backfill that is under way; otherwise such dates refuse the call.</param>
/// <param name="Downstream">The consumers of what is published run again for the same partitions, each partition once.</param>
/// <param name="DryRun">Only say what would run.</param>
internal sealed record BackfillRequest(
    string? From = null,
    string? To = null,
    string[]? Dates = null,
    string[]? Partitions = null,
    string? Last = null,
    bool? SinceWatermark = null,
    string? Which = null,
    bool? Reverse = null,
    int? MaxActive = null,
    string? Every = null,
    JsonElement? Params = null,
    string[]? OnlyTasks = null,
    string? Variant = null,
    string? Reason = null,
    bool? Replace = null,
    bool? Downstream = null,
    bool? DryRun = null
);
