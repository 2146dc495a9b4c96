using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Runs and their tasks, to be looked at.</summary>
internal static class RunEndpoints
{
    public const string Tag = "runs";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/runs", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Runs, the newest first, without their tasks");
        routes
            .MapGet("/api/grid", Grid)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Runs, the newest first, each with the state of every task: what a grid of runs and tasks shows");
        routes
            .MapGet("/api/runs/find", ByName)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The run that people name: by its number, its run id, `PIPELINE/RUN_ID`, or `last`");
        routes
            .MapGet("/api/runs/{run:long}", Show)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("One run with its tasks, attempts, checks, outputs, history and refusals");
        routes
            .MapGet("/api/runs/{run:long}/tasks", Tasks)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The tasks of a run with their attempts and checks");
        routes
            .MapGet("/api/runs/{run:long}/tasks/{task}", TaskOf)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("One task of a run, or one instance of a mapped task: `train[3]`");
        routes
            .MapGet("/api/runs/{run:long}/tasks/{task}/why", WhyTask)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Why a task is in its state");
        routes
            .MapGet("/api/runs/{run:long}/tasks/{task}/result", Result)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What a task handed down, as JSON");
        routes
            .MapGet("/api/runs/{run:long}/history", History)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Every change of state with its reason, in order");
        routes
            .MapGet("/api/runs/{run:long}/why", Why)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Why a run is in its state");
        routes
            .MapGet("/api/runs/{run:long}/checks", Checks)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What the checks of a run saw");
        routes
            .MapGet("/api/runs/{run:long}/outputs", Outputs)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What a run published");
    }

    /// <exception cref="ApiException">There is none of that number.</exception>
    public static Run Find(ReadSession session, long run) =>
        session.Run(new RunNumber(run)) ?? throw ApiException.NotFound($"there is no run {run}");

    /// <summary>A run with its tasks in the order of its file.</summary>
    /// <exception cref="ApiException">There is none of that number.</exception>
    public static RunPicture Picture(ReadSession session, long run) =>
        RunFollower.Read(session, new RunNumber(run), pipeline: null) ?? throw ApiException.NotFound($"there is no run {run}");

    /// <exception cref="ApiException">The run has no such task.</exception>
    public static TaskKey Key(RunPicture picture, string task)
    {
        var key = TaskKey.Parse(task);
        return picture.Tasks.Any(each => each.Key == key)
            ? key
            : throw ApiException.NotFound(
                $"run {picture.Run.Number} has no task `{task}`{Suggestion.DidYouMean(key.Task.Value, picture.Tasks.Select(each => each.Key.Task.Value).Distinct())}"
            );
    }

    /// <summary>Runs that fit, the newest first, one more than a page to see whether there is a next one.</summary>
    private static List<Run> Matching(ReadSession session, RunQuery query)
    {
        var filter = query.ToFilter() with { Limit = Paging.Limit(query.Limit) + 1 };
        if (query.Tag is not { } tag)
        {
            return [.. session.Runs(filter)];
        }

        // The newest of each pipeline with the tag, then the newest of those.
        return
        [
            .. session
                .Pipelines()
                .Where(row =>
                    row.Version is { } version
                    && (filter.Pipeline is null || filter.Pipeline == row.Name)
                    && session.Definition(row.Name, version)!.Pipeline.Tags.Contains(tag, StringComparer.Ordinal)
                )
                .SelectMany(row => session.Runs(filter with { Pipeline = row.Name }))
                .OrderByDescending(run => run.Number.Value)
                .Take(filter.Limit),
        ];
    }

    private static Page<RunDocument> List([AsParameters] RunQuery query, Store store) =>
        store.Read(session =>
            Page<RunDocument>.Of(
                Matching(session, query),
                Paging.Limit(query.Limit),
                run => Paging.Text(run.Number.Value),
                run => RunDocument.Of(run, tasks: null)
            )
        );

    private static Page<GridRunDocument> Grid([AsParameters] RunQuery query, Store store) =>
        store.Read(session =>
            Page<GridRunDocument>.Of(
                Matching(session, query),
                Paging.Limit(query.Limit),
                run => Paging.Text(run.Number.Value),
                run =>
                    GridRunDocument.Of(
                        run,
                        RunFollower.InOrder(session.Definition(run.Pipeline, run.Version)!.Pipeline, session.Tasks(run.Number))
                    )
            )
        );

    private static RunDocument ByName(string name, Store store)
    {
        try
        {
            return store.Read(session => RunDocument.Of(RunReference.Find(session, name), tasks: null));
        }
        catch (UserMistakeException unknown)
        {
            throw ApiException.NotFound(unknown.Message);
        }
    }

    private static RunDetailDocument Show(long run, Store store, Project project) =>
        store.Read(session =>
        {
            var number = Find(session, run).Number;
            return new RunDetailDocument(
                RunsVerb.Whole(session, project, number),
                [.. session.History(number).Select(HistoryDocument.Of)],
                [.. session.Refusals(number).Select(RefusalDocument.Of)]
            );
        });

    private static TaskDocument[] Tasks(long run, Store store) =>
        store.Read(session => RunDocument.Read(session, Find(session, run).Number).Tasks!);

    private static TaskDocument TaskOf(long run, string task, Store store) =>
        store.Read(session =>
        {
            var picture = Picture(session, run);
            var key = Key(picture, task);
            return TaskDocument.Of(
                picture.Pipeline.Tasks.First(node => node.Name == key.Task),
                picture.Tasks.First(each => each.Key == key),
                session.Attempts(picture.Run.Number, key),
                session.CheckResults(picture.Run.Number).Where(check => check.Task == key)
            );
        });

    private static HistoryDocument[] History(long run, string? task, Store store) =>
        store.Read(session =>
        {
            var picture = Picture(session, run);
            TaskKey? key = task is null ? null : Key(picture, task);
            return session.History(picture.Run.Number, key).Select(HistoryDocument.Of).ToArray();
        });

    private static WhyDocument Why(long run, Store store, Project project, TimeProvider time) =>
        store.Read(session => new Reasons(session, project, time.GetUtcNow()).OfRun(Picture(session, run)));

    private static WhyDocument WhyTask(long run, string task, Store store, Project project, TimeProvider time) =>
        store.Read(session =>
        {
            var picture = Picture(session, run);
            return new Reasons(session, project, time.GetUtcNow()).OfTask(picture, Key(picture, task));
        });

    private static CheckDocument[] Checks(long run, Store store) =>
        store.Read(session => session.CheckResults(Find(session, run).Number).Select(CheckDocument.Of).ToArray());

    private static PublishedDocument[] Outputs(long run, Store store) =>
        store.Read(session => PublishedDocument.Read(session, Find(session, run).Number));

    private static ResultDocument Result(long run, string task, Store store, Project project)
    {
        var found = store.Read(session =>
        {
            var picture = Picture(session, run);
            var key = Key(picture, task);
            return (picture.Run.Number, picture.Tasks.First(each => each.Key == key));
        });
        return ResultDocument.Of(found.Number, found.Item2, project);
    }
}

/// <summary>Which runs are wanted.</summary>
internal sealed record RunQuery
{
    [FromQuery(Name = "pipeline")]
    public string? Pipeline { get; set; }

    /// <summary>A word of a run's state.</summary>
    [FromQuery(Name = "state")]
    public string? State { get; set; }

    [FromQuery(Name = "trigger")]
    public string? Trigger { get; set; }

    /// <summary>Of the pipelines with this tag.</summary>
    [FromQuery(Name = "tag")]
    public string? Tag { get; set; }

    [FromQuery(Name = "backfill")]
    public long? Backfill { get; set; }

    [FromQuery(Name = "limit")]
    public int? Limit { get; set; }

    [FromQuery(Name = "after")]
    public string? After { get; set; }

    /// <exception cref="ApiException">A value is none.</exception>
    public RunFilter ToFilter() =>
        new(
            Pipeline is null ? null : new PipelineName(Pipeline),
            State is null ? null : Word("state", State, Names.RunStateOf, Enum.GetValues<RunState>().Select(Names.Of)),
            Trigger is null ? null : Word("trigger", Trigger, Names.RunTriggerOf, Enum.GetValues<RunTrigger>().Select(Names.Of)),
            Backfill,
            Paging.Number(After) is { } before ? new RunNumber(before) : null
        );

    private static T Word<T>(string parameter, string word, Func<string, T?> read, IEnumerable<string> words)
        where T : struct => read(word) ?? throw ApiException.Invalid($"{parameter}: `{word}` is none of {string.Join(", ", words)}");
}
