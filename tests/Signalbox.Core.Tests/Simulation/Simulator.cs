using Signalbox.Core.Definitions;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using Signalbox.Core.Tests.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>
/// One run from a seed: a random pipeline, a world with faults, people who interfere, a server that dies between a commit and
/// its commands. After every step the promises are checked; at the end the faults stop and the run must come to an end.
/// </summary>
internal sealed class Simulator
{
    private const int Slots = 5;
    private readonly Dice _dice;
    private readonly Story _story;
    private readonly ISet<string> _transitions;
    private readonly Ledger _ledger;
    private readonly World _world;
    private readonly List<RunCommand> _commands = [];
    private readonly Pipeline _pipeline;
    private RunSnapshot _run;
    private Admission _admission;

    private Simulator(ulong seed, Story story, ISet<string> transitions)
    {
        _dice = new Dice(seed);
        _story = story;
        _transitions = transitions;
        _pipeline = RandomPipeline.Make(_dice);
        var run = Lab.NewRun(_pipeline);
        if (_dice.Chance(5))
        {
            run = run with { OnlyTasks = [.. _pipeline.Tasks.Where(_ => _dice.Chance(60)).Select(task => task.Name)] };
        }

        _ledger = new Ledger(_pipeline, run);
        _world = new World(_dice, _ledger.Tasks);
        _ledger.Write(RunDecider.Create(_pipeline, run), null, transitions);
        _run = _ledger.Load();
        _admission = new Admission(Slots, RandomPipeline.Pools, RandomPipeline.Devices);
        foreach (var task in story.IsTold ? _pipeline.Tasks : [])
        {
            story.Tell(
                $"{task.Name} needs [{string.Join(' ', task.Needs)}] {Names.Of(task.TriggerRule)}{(task.Kind.Waits ? " waits" : "")}"
                    + $"{(task.ForEach is null ? "" : " mapped")}{(task.When is null ? "" : " when")} retries {task.Retry.Retries}"
            );
        }
    }

    /// <summary>Plays one seed; throws <see cref="BrokenPromiseException"/>.</summary>
    /// <returns>The number of decisions taken.</returns>
    public static int Play(ulong seed, Story story, ISet<string> transitions) => new Simulator(seed, story, transitions).Play();

    private int Play()
    {
        var steps = 0;
        var wild = _dice.Between(10, 40 + (_pipeline.Tasks.Length * 12));
        for (; steps < wild; steps++)
        {
            Step();
        }

        _world.Faults = false;
        if (_dice.Chance(30))
        {
            Crash();
        }

        for (; !_run.Run.State.IsEnd() || _world.MailCount + _commands.Count > 0; steps++)
        {
            Check.That(steps < wild + 5000, $"the run does not end: {_run.Run.State}, {_run.OpenCount} tasks are open");
            Step();
        }

        Invariants.AtRest(_run, _ledger, _world);
        Check.That(_admission.InUse == 0, $"{_admission.InUse} slots are in use after the end");
        Check.That(_admission.Waiting == 0, $"{_admission.Waiting} tasks want slots after the end");
        return steps;
    }

    private void Step()
    {
        if (_world.Faults && _dice.Chance(14))
        {
            Interfere();
        }
        else if (_run.Run.State == RunState.Queued && _dice.Chance(50))
        {
            // Without a die of its own: the stories of known seeds stay as they are, but for few.
            On(
                _world.Faults && _world.Now.Second == 49
                    ? new RunEvent.RunRefused(_world.Now, "a secret is missing")
                    : new RunEvent.RunAdmitted(_world.Now)
            );
        }
        else if (_commands.Count > 0 && (!_world.Faults || _dice.Chance(60)))
        {
            var command = _world.Faults ? _dice.Of(_commands) : _commands[0];
            if (!_world.Faults || !_dice.Chance(5))
            {
                _commands.Remove(command);
            }

            _world.Do(command);
        }
        else if (_admission.Waiting > 0 && _dice.Chance(_world.Faults ? 50 : 90))
        {
            Dispatch();
        }
        else if (_world.Take() is { } e)
        {
            On(e);
            _world.Witness(e);
        }
        else
        {
            PassTime();
        }
    }

    private void PassTime()
    {
        var timer = RunDecider.NextTimer(_run);
        var mail = _world.NextMail;
        var next = timer is null || mail < timer ? mail : timer;
        if (next > _world.Now)
        {
            _world.Now = next.Value;
        }

        if (timer <= _world.Now)
        {
            On(new RunEvent.TimerFired(_world.Now));
            Check.That(RunDecider.NextTimer(_run) is not { } again || again > _world.Now, $"a timer stays due");
        }
    }

    private void Dispatch()
    {
        foreach (var seat in _admission.Take(_dice.Between(1, 4)))
        {
            On(new RunEvent.SlotGranted(_world.Now, seat.Task) { Gpus = _admission.DevicesOf(seat) });
            _admission.Update(_run, _run.Find(seat.Task)!);
        }
    }

    private void Interfere()
    {
        switch (_dice.Below(100))
        {
            case < 30:
                Crash();
                break;
            case < 50:
                SendStale();
                break;
            case < 60:
                On(new RunEvent.TimerFired(_world.Now));
                break;
            case < 63:
                On(new RunEvent.CancelRequested(_world.Now, "cancelled by hand"));
                break;
            case < 78:
                Rerun();
                break;
            case < 82:
                var asked = AnyTask();
                On(new RunEvent.Answered(_world.Now, asked, _run.Find(asked)!.Token));
                break;
            case < 92:
                var state = _dice.Of<TaskState>([TaskState.Success, TaskState.Failed, TaskState.Skipped]);
                On(new RunEvent.Marked(_world.Now, AnyTask(), state, "marked by hand"));
                break;
            default:
                if (AnyTask() is var key && _run.Find(key)!.State != TaskState.Scheduled)
                {
                    On(new RunEvent.SlotGranted(_world.Now, key));
                }

                break;
        }
    }

    private TaskKey AnyTask() => _dice.Of<TaskKey>([.. _ledger.Tasks.Keys]);

    private void Rerun()
    {
        var keys = _dice.Below(4) switch
        {
            0 => RerunPlan.FromFailed(_run),
            1 => RerunPlan.From(_run, AnyTask().Task),
            2 => RerunPlan.Only(_run, AnyTask()),
            _ => [AnyTask(), AnyTask()],
        };
        var before = _ledger.Tasks.Values.ToDictionary(task => task.Key);
        On(new RunEvent.Cleared(_world.Now, keys, "run again"));
        Invariants.OnlyNamedChanged(_pipeline, before, _ledger.Tasks, keys);
    }

    private void SendStale()
    {
        var key = AnyTask();
        var token = _run.LiveAttempts.TryGetValue(key, out var live) ? live.Token - 1 : _run.Find(key)!.Token - 1;
        RunEvent e = _dice.Below(5) switch
        {
            0 => new RunEvent.AttemptStarted(_world.Now, key, token, new ProcessFacts("2")),
            1 => new RunEvent.AttemptExited(_world.Now, key, token, 0, null),
            2 => new RunEvent.NotYet(_world.Now, key, token, "not there", _world.Now),
            3 => new RunEvent.Answered(_world.Now, key, token),
            _ => new RunEvent.AttemptEnded(_world.Now, key, token, new Outcome.Succeeded("stale"), 0, null),
        };
        var decision = On(e);
        Check.That(
            decision.Commands.IsEmpty && decision.Changes.All(change => change is Change.HistoryAdded),
            $"a message of a stale attempt changed something"
        );
        Check.That(RunDecider.Decide(_run, e).Changes.IsEmpty, $"a stale message that is repeated is written down again");
    }

    /// <summary>The server dies: commands not yet carried out and messages under way are lost; then it starts again from the rows.</summary>
    private void Crash()
    {
        _story.Tell("    the server dies and starts again");
        _commands.Clear();
        _world.LoseMail();
        _run = _ledger.Load();
        _admission = new Admission(Slots, RandomPipeline.Pools, RandomPipeline.Devices);
        _admission.Load(_run);
        var decision = RunDecider.Resume(_run);
        Check.That(decision.Changes.IsEmpty, $"resuming changes rows");
        _commands.AddRange(decision.Commands);
        _world.Observe(_ledger.Live);
    }

    private Decision On(RunEvent e)
    {
        var wasRunning = _run.Run;
        var decision = RunDecider.Decide(_run, e);
        _story.Tell(_world.Now, e, decision);
        var rowsBefore = decision.Changes.IsEmpty ? null : Invariants.RowsOf(decision, _ledger.Tasks);
        _ledger.Write(decision, e, _transitions);
        _run.Apply(decision);
        foreach (var change in decision.Changes)
        {
            if (change is Change.TaskChanged { After: var task })
            {
                _admission.Update(_run, task);
            }
        }

        if (wasRunning.State != _run.Run.State)
        {
            _admission.Load(_run);
        }

        _commands.AddRange(decision.Commands);
        Invariants.AfterStep(_run, _ledger, _admission, Slots, decision, rowsBefore, e);
        if (rowsBefore is not null)
        {
            Owners.Check(_run, _ledger);
        }

        if (_dice.Chance(4))
        {
            Invariants.SameAsLoaded(_run, _ledger.Load());
            Check.That(
                e is RunEvent.TimerFired or RunEvent.Marked or RunEvent.Cleared || !Invariants.ChangesRows(RunDecider.Decide(_run, e)),
                $"{Story.NameOf(e)} told twice changes rows twice"
            );
        }

        return decision;
    }
}
