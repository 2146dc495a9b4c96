using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>Decides whether pipelines take new runs: pauses that end, drains, and overlaps of runs that are asked for.</summary>
internal sealed class ScheduleDesk(EngineParts parts, TickWriter ticks, RunDriver driver)
{
    /// <summary>Told after it is durable that a pipeline, or with null every one, may have runs again.</summary>
    public event Action<PipelineName?>? Released;

    public Deed Unpause(Request.UnpausePipeline unpause, WriteSession session)
    {
        var name = new PipelineName(unpause.Pipeline);
        if (
            session.Pipeline(name) is not { Version: { } version } row
            || session.Definition(name, version) is not { Pipeline: var pipeline }
        )
        {
            throw new RequestRefused($"there is no pipeline `{unpause.Pipeline}`");
        }

        if (!row.Paused)
        {
            return new Deed(new Answer(Done: true, null, $"{name} was not paused"));
        }

        var forecast = UnpauseForecast.Of(session, pipeline, row.Cursor, Now);
        session.Unpause(name, Now);
        ticks.EndPause(session, pipeline, row.Cursor);
        return new Deed(
            new Answer(Done: true, null, $"{name} is no longer paused: {forecast.Sentence}"),
            Then: () => Released?.Invoke(name)
        );
    }

    public Deed Drain(Request.Drain drain, string sender, WriteSession session)
    {
        var name = Known(session, drain.Pipeline);
        session.SaveDrain(new StoredDrain(name, sender, drain.Reason, Now));
        var active = session.ActiveRuns().Where(run => name is null || run.Pipeline == name).ToList();
        var running = active.Count(run => run.State == RunState.Running);
        var waiting = active.Count - running;
        return new Deed(
            new Answer(
                Done: true,
                null,
                $"{Called(name)} takes no new runs: {Count(running, "run")} {(running == 1 ? "finishes" : "finish")}, {waiting} queued {(waiting == 1 ? "waits" : "wait")}"
            ),
            Then: Tell
        );
    }

    public Deed EndDrain(Request.EndDrain undo, WriteSession session)
    {
        var name = Known(session, undo.Pipeline);
        if (!session.EndDrain(name))
        {
            throw new RequestRefused($"{Called(name)} is not drained");
        }

        return new Deed(
            new Answer(Done: true, null, $"{Called(name)} takes runs again"),
            Then: () =>
            {
                Tell();
                Released?.Invoke(name);
            }
        );
    }

    /// <summary>Says what is drained to who lets runs begin.</summary>
    public void Tell() => driver.SetDrains(parts.Store.Read(session => session.Drains()));

    /// <summary>Whether a run that somebody asks for may be made.</summary>
    /// <returns>The runs that it takes the place of: they are to be cancelled with it.</returns>
    /// <exception cref="RequestRefused">It may not: the pipeline is drained, or refuses overlaps.</exception>
    public IReadOnlyList<LiveRun> Admit(WriteSession session, Pipeline pipeline, Guid owner)
    {
        if (session.Drain(pipeline.Name) is { } drain)
        {
            throw new RequestRefused(
                $"{Called(drain.Pipeline)} takes no new runs: {drain.Reason} ({drain.Who}); `signalbox drain{(drain.Pipeline is { } one ? $" {one}" : "")} --undo` ends that",
                "drained"
            );
        }

        if (pipeline.Overlap is OverlapPolicy.Queue or OverlapPolicy.Allow)
        {
            return [];
        }

        var others = session.LiveRuns(pipeline.Name);
        return Overlaps.Decide(pipeline.Overlap, others.Count, isTick: false) switch
        {
            OverlapAction.Refuse => throw new RequestRefused(
                $"run {others[0]} of {pipeline.Name} has not ended, and the pipeline refuses runs beside it (overlap: reject); wait for it, or cancel it",
                "overlap"
            ),
            OverlapAction.CancelOthers =>
            [
                .. others.Select(number => LiveRun.Load(session, number, FenceOf(session, number, owner))).OfType<LiveRun>(),
            ],
            _ => [],
        };
    }

    private static Fence FenceOf(WriteSession session, RunNumber number, Guid owner) =>
        session.LoadRun(number)?.Fence is { } held && held.Owner == owner ? held : session.ClaimRun(number, owner);

    private DateTimeOffset Now => parts.Time.GetUtcNow();

    private static PipelineName? Known(ReadSession session, string? pipeline) =>
        pipeline is null ? null
        : session.Pipeline(new PipelineName(pipeline)) is { } row ? row.Name
        : throw new RequestRefused($"there is no pipeline `{pipeline}`");

    private static string Called(PipelineName? pipeline) => pipeline?.Value ?? "the project";

    private static string Count(int number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";
}
