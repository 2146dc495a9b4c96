using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.Simulation.Tests;

/// <summary>People at other terminals: they write requests as rows, as every other process does, and remember what they were promised.</summary>
internal sealed class People
{
    private readonly Stage _stage;
    private readonly World _world;
    private readonly Life _life;
    private readonly Store _store;
    private readonly Dictionary<long, Request> _asked = [];
    private readonly List<(long Request, Answer Answer)> _promised = [];

    public People(Stage stage, World world, FaultyDatabase database)
    {
        _stage = stage;
        _world = world;
        _life = new Life(stage, "people");
        _store = Store.Open(database, turn => turn());
    }

    private IReadOnlyList<string> Scheduled => [.. _world.Names.Where(name => name != Pipelines.Reader)];

    public Store Store => _store;

    public int Waiting => _asked.Count;

    public IReadOnlyList<(long Request, Answer Answer)> Promised => _promised;

    public void Ask(Request request)
    {
        var id = _store
            .WriteAsync(session => session.AddRequest(request.Kind, request.ToJson(), "people", _stage.Now), CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        _asked[id] = request;
        _stage.Tell($"people ask {id}: {request.ToJson()}");
    }

    /// <summary>Reads the answers that have come.</summary>
    public void Listen()
    {
        foreach (var id in _asked.Keys.ToList())
        {
            if (_store.Read(session => session.Request(id)) is { AnsweredAt: not null } row)
            {
                var answer = Answer.FromJson(row.Answer!);
                _asked.Remove(id);
                _promised.Add((id, answer));
                _stage.Tell($"people are answered {id}: {answer.Message}");
            }
        }
    }

    /// <summary>Does what one of the incidents says that people do.</summary>
    public void Do(What what, Dice dice)
    {
        var pipeline = dice.Of(_world.Names);
        switch (what)
        {
            case What.StartRun:
                Ask(new Request.StartRun(pipeline, null, Date(dice), "{}", null, "by hand"));
                break;
            case What.CancelRun when RunOf(dice) is { } run:
                Ask(new Request.CancelRun(run.Number.Value, "no more"));
                break;
            case What.Rerun when RunOf(dice) is { } run:
                var mode = dice.Of<RerunMode>([RerunMode.FromFailed, RerunMode.From, RerunMode.Only]);
                Ask(
                    new Request.Rerun(
                        run.Number.Value,
                        mode,
                        mode == RerunMode.FromFailed ? null : TaskOf(run, dice).Task.Value,
                        "again",
                        dice.Chance(30)
                    )
                );
                break;
            case What.Clear when RunOf(dice) is { } run:
                Ask(new Request.ClearTasks(run.Number.Value, [TaskOf(run, dice).ToString()], "again"));
                break;
            case What.Mark when RunOf(dice) is { } run:
                var task = TaskOf(run, dice);
                Ask(
                    new Request.MarkTask(
                        run.Number.Value,
                        task.Task.Value,
                        task.MapIndex,
                        dice.Of<string>(["success", "failed", "skipped"]),
                        "known"
                    )
                );
                break;
            case What.Pause:
                Ask(new Request.PausePipeline(pipeline, "wait"));
                break;
            case What.Unpause:
                Ask(new Request.UnpausePipeline(pipeline, "go"));
                break;
            case What.Drain:
                Ask(new Request.Drain(dice.Chance(50) ? pipeline : null, "work on it"));
                break;
            case What.EndDrain:
                EndDrains();
                break;
            case What.Backfill:
                var first = Day(dice);
                Ask(
                    new Request.StartBackfill(
                        dice.Of(Scheduled),
                        [.. Enumerable.Range(0, dice.Between(1, 3)).Select(day => first + TimeSpan.FromDays(day))],
                        dice.Between(1, 2),
                        "{}",
                        [],
                        "history",
                        Selective: false,
                        Watermark: dice.Chance(30)
                    )
                    {
                        Replace = dice.Chance(50),
                        Downstream = dice.Chance(50),
                    }
                );
                break;
            case What.CancelBackfill when Backfill(dice) is { } id:
                Ask(new Request.CancelBackfill(id, "no more"));
                break;
            case What.PauseBackfill when Backfill(dice) is { } id:
                Ask(new Request.PauseBackfill(id, "wait"));
                break;
            case What.ResumeBackfill when Backfill(dice) is { } id:
                Ask(new Request.ResumeBackfill(id, "go"));
                break;
            case What.Pin when RunOf(dice) is { } run:
                Ask(new Request.PinRun(run.Number.Value, Pinned: true, "it is needed"));
                break;
            case What.ResetBreaker:
                Ask(
                    dice.Chance(50)
                        ? new Request.ResetBreaker("target", "partner", "mended")
                        : new Request.ResetBreaker("pipeline", pipeline, "mended")
                );
                break;
            case What.RollBack:
                Ask(new Request.RollBackDataset("daily/out", dice.Chance(50) ? null : Date(dice), To: null, "it was wrong"));
                break;
            case What.UpdateDataset:
                Ask(new Request.UpdateDataset("daily/out", Date(dice), null, dice.Chance(50) ? "key" : null));
                break;
        }
    }

    /// <summary>Lets everything go on that was held back.</summary>
    public void Release()
    {
        foreach (var name in _world.Names)
        {
            Ask(new Request.UnpausePipeline(name, "the end"));
        }

        EndDrains();
        foreach (var backfill in _store.Read(session => session.Backfills(activeOnly: true, 100)))
        {
            if (backfill.State == BackfillState.Paused)
            {
                Ask(new Request.ResumeBackfill(backfill.Id, "the end"));
            }
        }
    }

    /// <summary>Has no more ticks become runs; what datasets start goes on.</summary>
    public void PauseSchedules()
    {
        foreach (var name in Scheduled)
        {
            Ask(new Request.PausePipeline(name, "the end"));
        }
    }

    public void Leave() => _stage.End(_life);

    private void EndDrains()
    {
        foreach (var drain in _store.Read(session => session.Drains()))
        {
            Ask(new Request.EndDrain(drain.Pipeline?.Value));
        }
    }

    private long? Backfill(Dice dice) =>
        _store.Read(session => session.Backfills(activeOnly: false, 5)) is { Count: > 0 } known ? dice.Of(known).Id : null;

    private Run? RunOf(Dice dice)
    {
        var active = _store.Read(session => session.ActiveRuns());
        if (active.Count > 0 && dice.Chance(70))
        {
            return dice.Of(active);
        }

        var last = _store.Read(session => session.LastRun());
        return last == 0 ? null : _store.Read(session => session.Run(new RunNumber(dice.Between(1, (int)last))));
    }

    private TaskKey TaskOf(Run run, Dice dice) => dice.Of(_store.Read(session => session.Tasks(run.Number))).Key;

    private string Date(Dice dice) => Day(dice).UtcDateTime.ToString("yyyy-MM-dd");

    private DateTimeOffset Day(Dice dice) => new(_stage.Now.UtcDateTime.Date.AddDays(-dice.Between(1, 20)), TimeSpan.Zero);
}

/// <summary>What only the simulation asks of the store.</summary>
internal static class MoreReads
{
    private static readonly Sql Last = new("select coalesce(max(number), 0) from runs");

    public static long LastRun(this ReadSession session) => session.Link.Use(Last).Scalar()!.Value;
}
