using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Engine.Deadlines;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What views of the page show at once, each from one state of the store: sums over what the other addresses tell one by one.</summary>
internal static class PageEndpoints
{
    private const string Tag = "views";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/home", Home)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What needs somebody, what runs, what is due next, what happened last, and the health of the server");
        routes
            .MapGet("/api/timetable", Timetable)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The runs that schedules start between two instants, at most 1000");
        routes
            .MapGet("/api/lineage", Lineage)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Which task writes which dataset, and which task reads it: what is declared, and what runs have read");
        routes
            .MapGet("/api/runs/{run:long}/outlook", Outlook)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary(
                "What is shown beside a run: its graph, when it is expected to end, what its tasks handed down, when they are tried again"
            );
        routes
            .MapGet("/api/pipelines/{pipeline}/durations", Durations)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("How long the latest runs took, the newest first");
        routes
            .MapGet("/api/sla", Sla)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("How pipelines kept their deadlines in the last `days`, 30 unless told otherwise");
    }

    private static HomeDocument Home(Store store, Project project, TimeProvider time) =>
        store.Read(session => HomeDocument.Read(session, project, time.GetUtcNow()));

    private static DepartureDocument[] Timetable(DateTimeOffset from, DateTimeOffset to, Store store, TimeProvider time)
    {
        if (to < from)
        {
            throw ApiException.Invalid($"to: {InstantText.Utc(to)} is before {InstantText.Utc(from)}");
        }

        return store.Read(session => DepartureDocument.Between(session, from, to, time.GetUtcNow(), DepartureDocument.Most));
    }

    private static LineageDocument Lineage(Store store) => store.Read(LineageDocument.Read);

    private static OutlookDocument Outlook(long run, Store store, Project project, TimeProvider time)
    {
        var (picture, expected, deadlines) = store.Read(session =>
        {
            var seen = RunEndpoints.Picture(session, run);
            return (seen, Forecaster.Of(session, project, seen.Run.Number, time.GetUtcNow()), session.DeadlinesOf(seen.Run.Number));
        });
        return OutlookDocument.Of(project, picture, expected, deadlines);
    }

    private static SlaDocument[] Sla(string? pipeline, int? days, Store store, TimeProvider time)
    {
        var count = days is null or >= 1 and <= 3660
            ? days ?? SlaReports.UsualDays
            : throw ApiException.Invalid($"days: {days} is not a number from 1 to 3660");
        PipelineName? only = pipeline is null ? null : new PipelineName(pipeline);
        return store.Read(session =>
            SlaReports.Of(session, time.GetUtcNow(), count, only).Select(report => SlaDocument.Of(report, count)).ToArray()
        );
    }

    private static DurationDocument[] Durations(string pipeline, int? limit, Store store) =>
        store.Read(session =>
        {
            var name = PipelineEndpoints.Find(session, pipeline).Row.Name;
            return session
                .Runs(new RunFilter(name, Limit: Paging.Limit(limit)))
                .Where(run => run is { StartedAt: not null, EndedAt: not null, Namespace: null })
                .Select(DurationDocument.Of)
                .ToArray();
        });
}

/// <summary>How long a run took.</summary>
internal sealed record DurationDocument(long Number, string Partition, string State, string StartedAt, double Seconds)
{
    public static DurationDocument Of(Run run) =>
        new(
            run.Number.Value,
            run.Partition,
            Names.Of(run.State),
            InstantText.Fine(run.StartedAt!.Value),
            (run.EndedAt!.Value - run.StartedAt.Value).TotalSeconds
        );
}

/// <summary>What is shown beside a run.</summary>
/// <param name="Graph">The tasks of the definition that it runs with.</param>
/// <param name="ExpectedEnd">Null when the run has ended, or a task on the way has no history.</param>
/// <param name="Expected">Empty when the run has ended.</param>
/// <param name="Results">What tasks handed down, of the first 200 that did.</param>
/// <param name="RetriesAt">When tasks that wait for their next attempt are tried again.</param>
/// <param name="Deadlines">Of the run and of its tasks, the nearest first.</param>
internal sealed record OutlookDocument(
    GraphTaskDocument[] Graph,
    string? ExpectedEnd,
    ExpectedTaskDocument[] Expected,
    ResultDocument[] Results,
    RetryDocument[] RetriesAt,
    RunDeadlineDocument[] Deadlines
)
{
    private const int MostResults = 200;

    public static OutlookDocument Of(Project project, RunPicture picture, RunForecast? forecast, IReadOnlyList<StoredDeadline> deadlines) =>
        new(
            GraphDocument.Of(picture.Pipeline, ProofBadge.Of(store: null, picture.Pipeline)).Tasks,
            forecast is { IsComplete: true } ? InstantText.Fine(forecast.Span.End) : null,
            [.. forecast?.Tasks.Select(ExpectedTaskDocument.Of) ?? []],
            [
                .. picture
                    .Tasks.Where(task => task.Result is not null && task.MapCount is null or 0)
                    .Take(MostResults)
                    .Select(task => ResultDocument.Of(picture.Run.Number, task, project))
                    .Where(result => result.Result is not null),
            ],
            [
                .. picture
                    .Tasks.Where(task => task is { State: TaskState.UpForRetry, DueAt: not null })
                    .Select(task => new RetryDocument(task.Key.Task.Value, task.Key.MapIndex, InstantText.Fine(task.DueAt!.Value))),
            ],
            [.. deadlines.Select(deadline => RunDeadlineDocument.Of(deadline, forecast))]
        );
}

/// <summary>When a task of a run is expected to begin and to end.</summary>
/// <param name="StartsAt">Null: a limit keeps it from starting.</param>
/// <param name="EndsAt">Null as <paramref name="StartsAt"/>, or when it has no history.</param>
/// <param name="Critical">Whether a delay of it delays the run.</param>
internal sealed record ExpectedTaskDocument(string Task, string? StartsAt, string? EndsAt, bool Critical)
{
    public static ExpectedTaskDocument Of(TaskForecast task) =>
        new(task.Task.Value, InstantText.Fine(task.Span.Start), task.Samples > 0 ? InstantText.Fine(task.Span.End) : null, task.IsCritical);
}

/// <summary>When a task is tried again.</summary>
internal sealed record RetryDocument(string Task, int MapIndex, string At);

/// <summary>By when a run, or a task of it, must have succeeded.</summary>
/// <param name="Task">Null: the whole run.</param>
/// <param name="Rule">The rule in words.</param>
/// <param name="State"><c>open</c>, <c>met</c> or <c>missed</c>; of an open one that is expected to be missed: <c>at_risk</c>.</param>
/// <param name="Reason">Of a missed one: how things stood then.</param>
internal sealed record RunDeadlineDocument(string? Task, string Rule, string DueAt, string State, string? Reason)
{
    public static RunDeadlineDocument Of(StoredDeadline deadline, RunForecast? forecast)
    {
        var isAtRisk =
            deadline.State == DeadlineState.Open
            && forecast is not null
            && forecast.Deadlines.Any(each =>
                each.Deadline.Task == deadline.Task
                && each.Deadline.Ordinal == deadline.Ordinal
                && each.Outlook is Core.Foresight.Outlook.Late or Core.Foresight.Outlook.AtRisk
            );
        return new(
            deadline.Task?.Value,
            deadline.Rule,
            InstantText.Fine(deadline.DueAt),
            isAtRisk ? "at_risk" : Names.Of(deadline.State),
            deadline.Reason
        );
    }
}
