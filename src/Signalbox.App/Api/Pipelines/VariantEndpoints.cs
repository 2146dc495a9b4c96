using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Variants;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Versions of pipelines that run side by side, and pipelines that take no new runs.</summary>
internal static class VariantEndpoints
{
    private const string Tag = "variants";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/pipelines/{pipeline}/variants", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The variants of a pipeline, which one is active, and the switches between them");
        routes
            .MapGet("/api/variants", ListAllAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The variants of all pipelines that have some, or had");
        routes
            .MapPost("/api/variants", DeployAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Deploy a pipeline file as a variant of the pipeline that it names");
        routes
            .MapPost("/api/pipelines/{pipeline}/variants/undeploy", UndeployAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("End a variant: it gets no more runs");
        routes
            .MapPost("/api/pipelines/{pipeline}/variants/promote", PromoteAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Serve a variant to readers");
        routes
            .MapPost("/api/pipelines/{pipeline}/variants/rollback", RollBackAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Serve again what was served before");
        routes
            .MapGet("/api/drains", Drains)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("pipelines")
            .WithSummary("What takes no new runs, and why");
        routes
            .MapPost("/api/drains", DrainAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags("pipelines")
            .WithSummary("Let a pipeline, or all, take no new runs");
        routes
            .MapPost("/api/drains/end", EndDrainAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags("pipelines")
            .WithSummary("Let a pipeline, or all, take new runs again");
    }

    private static Task<VariantsDocument> ListAsync(string pipeline, Store store, Project project)
    {
        var row = store.Read(session => PipelineEndpoints.Find(session, pipeline).Row);
        return VariantsVerb.DocumentAsync(store, project, row);
    }

    private static async Task<VariantsDocument[]> ListAllAsync(Store store, Project project)
    {
        var documents = new List<VariantsDocument>();
        foreach (var row in store.Read(session => session.Pipelines().Where(row => row.Version is not null).ToList()))
        {
            documents.Add(await VariantsVerb.DocumentAsync(store, project, row));
        }

        return [.. documents.Where(document => document.HasHistory)];
    }

    private static async Task<AnswerDocument> DeployAsync(DeployRequest body, EngineSession engine, Project project, HttpContext caller)
    {
        if (RunNamespace.VariantProblem(body.Variant) is { } wrong)
        {
            throw ApiException.Invalid($"variant: {wrong}");
        }

        var file = PipelineSource.Sent(body.File ?? "source", body.Source, project);
        var candidate = file.Pipeline ?? throw ApiException.Invalid(string.Join("; ", file.Problems.Select(problem => problem.ToString())));
        RunWriteEndpoints.RequireSecrets(project, candidate);
        var live = engine.Store.Read(session => PipelineEndpoints.Find(session, candidate.Name.Value).Definition.Pipeline);
        if (ActiveFlag.Problem(project, live) is { } flag)
        {
            throw ApiException.Conflict($"{live.Name}: {flag}");
        }

        var version = await PipelineSource.SaveCandidateAsync(engine.Store, file);
        var answer = await engine.AskAsync(
            caller,
            new Request.Deploy(candidate.Name.Value, body.Variant, version.Value, file.File, body.Reason ?? $"deployed by {caller.Who()}")
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> UndeployAsync(string pipeline, UndeployRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.Undeploy(pipeline, body.Variant, body.Reason ?? $"ended by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> PromoteAsync(
        string pipeline,
        PromoteVariantRequest body,
        EngineSession engine,
        HttpContext caller
    )
    {
        var answer = await engine.AskAsync(
            caller,
            new Request.PromoteVariant(pipeline, body.Variant, ApiReason.Required(body.Reason), body.Force ?? false)
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> RollBackAsync(string pipeline, ReasonRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.RollbackVariant(pipeline, ApiReason.Required(body.Reason)));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static DrainEntryDocument[] Drains(Store store) =>
        store.Read(session =>
            session
                .Drains()
                .Select(drain => new DrainEntryDocument(drain.Pipeline?.Value, drain.Who, drain.Reason, InstantText.Fine(drain.At)))
                .ToArray()
        );

    private static async Task<AnswerDocument> DrainAsync(DrainRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.Drain(body.Pipeline, ApiReason.Required(body.Reason)));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> EndDrainAsync(EndDrainRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.EndDrain(body?.Pipeline));
        return new AnswerDocument(answer.Done, answer.Message);
    }
}

/// <param name="Source">The text of the pipeline file.</param>
/// <param name="File">How it is called in messages, and shown beside the variant; null: <c>source</c>.</param>
internal sealed record DeployRequest(string Variant, string Source, string? File = null, string? Reason = null);

internal sealed record UndeployRequest(string Variant, string? Reason = null);

/// <param name="Variant">Null: the only one that is deployed.</param>
/// <param name="Force">Also when the last comparison with the live version was not clean.</param>
internal sealed record PromoteVariantRequest(string Reason, string? Variant = null, bool? Force = null);

/// <summary>A pipeline that takes no new runs.</summary>
/// <param name="Pipeline">Null: all.</param>
internal sealed record DrainEntryDocument(string? Pipeline, string Who, string Reason, string At);

/// <param name="Pipeline">Null: all.</param>
internal sealed record DrainRequest(string Reason, string? Pipeline = null);

/// <param name="Pipeline">Null: all.</param>
internal sealed record EndDrainRequest(string? Pipeline = null);
