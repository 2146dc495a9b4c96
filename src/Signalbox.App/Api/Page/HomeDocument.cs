using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What a person wants to know who has just come in.</summary>
internal sealed record HomeDocument(
    string At,
    NeedDocument[] Needs,
    MovingRunDocument[] Running,
    DepartureDocument[] Next,
    QuietScheduleDocument[] Quiet,
    ActivityDocument[] Recent,
    PipelineRecordDocument[] Pipelines,
    ServerHealthDocument Health
)
{
    private const int MostRunning = 20;
    private const int MostNext = 8;
    private const int MostNextOfOne = 2;
    private static readonly TimeSpan NextWithin = TimeSpan.FromDays(30);

    public static HomeDocument Read(ReadSession session, Project project, DateTimeOffset now)
    {
        var rows = session.Pipelines().OrderBy(row => row.Name.Value, StringComparer.Ordinal).ToList();
        var records = rows.Select(row => PipelineRecordDocument.Of(session, row)).ToList();
        var active = session.ActiveRuns();
        var forecasts =
            active.Count == 0
                ? new Dictionary<RunNumber, RunForecast>()
                : Forecaster.Active(session, project, now).ToDictionary(each => each.Planned.Run!.Number);
        return new HomeDocument(
            InstantText.Fine(now),
            [.. NeedDocument.All(session, rows, records, forecasts.Values, now)],
            [
                .. active
                    .OrderBy(run => run.State == RunState.Running ? 0 : 1)
                    .ThenByDescending(run => run.Number.Value)
                    .Take(MostRunning)
                    .Select(run => MovingRunDocument.Of(session, run, forecasts.GetValueOrDefault(run.Number))),
            ],
            DepartureDocument.Between(session, now, now + NextWithin, now, MostNext, MostNextOfOne),
            QuietScheduleDocument.All(session, rows, now, now + NextWithin),
            ActivityDocument.Latest(session),
            [.. records],
            ServerHealthDocument.Of(session, project, active.Count(run => run.State == RunState.Queued))
        );
    }
}

/// <summary>A run that has not ended.</summary>
/// <param name="ExpectedEnd">Null when a task on the way has no history.</param>
internal sealed record MovingRunDocument(
    long Number,
    string Pipeline,
    string Partition,
    string State,
    string Trigger,
    string? Reason,
    string CreatedAt,
    string? StartedAt,
    string? ExpectedEnd,
    StationDocument[] Tasks
)
{
    public static MovingRunDocument Of(ReadSession session, Run run, RunForecast? forecast)
    {
        var picture = RunFollower.Read(session, run.Number, pipeline: null)!;
        return new(
            run.Number.Value,
            run.Pipeline.Value,
            run.Partition,
            Names.Of(run.State),
            Names.Of(run.Trigger),
            run.Reason,
            InstantText.Fine(run.CreatedAt),
            InstantText.Fine(run.StartedAt),
            forecast is { IsComplete: true } ? InstantText.Fine(forecast.Span.End) : null,
            [
                .. picture
                    .Tasks.Where(task => !task.Key.IsInstance)
                    .Select(task => new StationDocument(task.Key.Task.Value, Names.Of(task.State))),
            ]
        );
    }
}

/// <summary>A task of a run; a mapped one sums up its instances.</summary>
internal sealed record StationDocument(string Name, string State);

/// <summary>The latest runs of a pipeline, the oldest first.</summary>
/// <param name="Version">Null when its file never loaded.</param>
internal sealed record PipelineRecordDocument(string Pipeline, string? Title, string? Version, bool Paused, OutcomeDocument[] Outcomes)
{
    private const int MostOutcomes = 30;

    public static PipelineRecordDocument Of(ReadSession session, StoredPipeline row)
    {
        var title = row.Version is { } version ? session.Definition(row.Name, version)!.Pipeline.Title : null;
        return new(
            row.Name.Value,
            title,
            row.Version?.Value,
            row.Paused,
            [
                .. session
                    .Runs(new RunFilter(row.Name, Limit: MostOutcomes))
                    .Where(run => run.Namespace is null)
                    .Reverse()
                    .Select(run => new OutcomeDocument(
                        run.Number.Value,
                        Names.Of(run.State),
                        run.Partition,
                        InstantText.Fine(run.EndedAt),
                        run.EndedAt - run.StartedAt is { } span ? span.TotalSeconds : null
                    )),
            ]
        );
    }
}

/// <summary>How a run ended, or how far it is.</summary>
internal sealed record OutcomeDocument(long Number, string State, string Partition, string? EndedAt, double? Seconds);

/// <summary>The state of the server and of what it stands on.</summary>
/// <param name="Engine">Who runs the engine; null when nobody does.</param>
/// <param name="DiskFreeBytes">On the disk of the state folder; null when that cannot be seen.</param>
/// <param name="Queued">Runs that wait for their turn.</param>
/// <param name="Running">Tasks that hold a slot.</param>
/// <param name="Waiting">Tasks that are ready and want one.</param>
/// <param name="Slots">How many tasks may run at one time.</param>
internal sealed record ServerHealthDocument(
    string? Engine,
    string Database,
    long? DiskFreeBytes,
    int Queued,
    int Running,
    int Waiting,
    int Slots
)
{
    public static ServerHealthDocument Of(ReadSession session, Project project, int queued)
    {
        var states = session.ActiveTaskStates();
        return new(
            EngineHolder.IsAlive(project) ? "this server" : null,
            project.Database.IsPostgres ? "PostgreSQL" : "SQLite",
            FreeBytes(project.StateFolder),
            queued,
            states.Where(state => state.Key.HoldsSlot()).Sum(state => state.Value),
            states.GetValueOrDefault(TaskState.Scheduled),
            project.MaxActiveTasks
        );
    }

    private static long? FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (IOException)
        {
            // A disk that does not answer is no reason to show nothing of all the rest.
            return null;
        }
    }
}
