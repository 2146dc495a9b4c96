using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>
/// What an engine and the machine under it would do: processes that start once per attempt, end as chance has it, and go on
/// when the server is gone; a publisher that compares tokens; evaluations and polls. It answers commands with events.
/// </summary>
internal sealed class World(Dice dice, IReadOnlyDictionary<TaskKey, TaskRun> rows)
{
    private readonly Dictionary<(TaskKey, int), Process> _processes = [];
    private readonly List<(DateTimeOffset Due, RunEvent Event)> _mail = [];

    /// <summary>Once off, everything that is asked for works at the first try, and nothing is repeated.</summary>
    public bool Faults { get; set; } = true;

    public DateTimeOffset Now { get; set; } = Runs.Lab.Start;

    public int MailCount => _mail.Count;

    public DateTimeOffset? NextMail => _mail.Count == 0 ? null : _mail.Min(mail => mail.Due);

    /// <summary>Attempts whose outputs became visible.</summary>
    public HashSet<(TaskKey Task, int Number)> Published { get; } = [];

    /// <summary>One of the messages that are due, out of order when faults are on.</summary>
    public RunEvent? Take()
    {
        var due = _mail.FindAll(mail => mail.Due <= Now);
        if (due.Count == 0)
        {
            return null;
        }

        var chosen = Faults ? dice.Of(due) : due[0];
        if (!Faults || !dice.Chance(12))
        {
            _mail.Remove(chosen);
        }

        return At(chosen.Event, Now);
    }

    /// <summary>The server dies: messages under way are gone, processes are not.</summary>
    public void LoseMail() => _mail.Clear();

    /// <summary>After a restart: the executor looks at the processes of the attempts that are thought to live.</summary>
    public void Observe(IEnumerable<Attempt> live)
    {
        foreach (var attempt in live)
        {
            if (_processes.TryGetValue((attempt.Key, attempt.Number), out var process) && attempt.State != AttemptState.Publishing)
            {
                Report(process);
            }
        }
    }

    public void Do(RunCommand command)
    {
        switch (command)
        {
            case RunCommand.StartAttempt start:
                Start(start);
                break;
            case RunCommand.StopAttempt stop:
                Stop(stop);
                break;
            case RunCommand.Publish publish:
                Publish(publish);
                break;
            case RunCommand.Poll poll:
                Poll(poll);
                break;
            case RunCommand.Listen listen:
                // What hangs is silent, all else writes without end.
                var isSilent = _processes.TryGetValue((listen.Task, listen.Number), out var heard) && heard.End == Hangs;
                Post(new RunEvent.Heard(Now, listen.Task, listen.Token, isSilent ? null : Now));
                break;
            case RunCommand.Evaluate evaluate:
                Evaluate(evaluate.Task);
                break;
        }
    }

    private static RunEvent At(RunEvent e, DateTimeOffset at) => e with { At = at };

    private void Post(RunEvent e, int seconds = 3) => _mail.Add((Now + dice.Seconds(seconds), e));

    private void Start(RunCommand.StartAttempt start)
    {
        var key = (start.Task, start.Number);
        if (!_processes.TryGetValue(key, out var process))
        {
            foreach (var other in _processes.Values)
            {
                Check.That(
                    other.Task != start.Task || other.State is Life.Over or Life.Stopped,
                    $"{start.Task}: attempt {start.Number} starts beside attempt {other.Number}"
                );
            }

            process = new Process(start.Task, start.Number, start.Token, Now + dice.Seconds(60), EndOf());
            _processes.Add(key, process);
        }

        Report(process);
    }

    private Outcome? EndOf()
    {
        var roll = Faults ? dice.Below(100) : 0;
        return roll switch
        {
            < 60 => null,
            < 68 => new Outcome.Succeeded("1"),
            < 84 => new Outcome.Failed(new Failure(RandomClass(), "boom")),
            < 89 => new Outcome.Skipped("asked to be skipped"),
            < 94 => new Outcome.Lost("not found"),
            _ => Hangs,
        };
    }

    /// <summary>The end of a process that has none: it is there until somebody stops it.</summary>
    private static readonly Outcome Hangs = new Outcome.Skipped("never");

    private FailureClass RandomClass() =>
        dice.Of<FailureClass>([FailureClass.Transient, FailureClass.Transient, FailureClass.Auth, FailureClass.RateLimited]);

    /// <summary>Says what can be seen of a process; may be said any number of times.</summary>
    private void Report(Process process)
    {
        if (process.State == Life.Alive)
        {
            if (!Faults || process.End == Hangs || dice.Chance(80))
            {
                Post(new RunEvent.AttemptStarted(Now, process.Task, process.Token, new ProcessFacts("1")));
            }

            if (process.End == Hangs)
            {
                return;
            }

            var due = process.EndsAt < Now ? Now : process.EndsAt;
            _mail.Add((due, EndEvent(process)));
            return;
        }

        _mail.Add((Now, EndEvent(process)));
    }

    private RunEvent EndEvent(Process process) =>
        process.State is Life.Stopped or Life.Dying
            ? Ended(process, dice.Chance(70) ? new Outcome.Stopped() : new Outcome.Failed(new Failure(FailureClass.Transient, "signal 9")))
        : process.End is null ? new RunEvent.AttemptExited(Now, process.Task, process.Token, 0, null)
        : Ended(process, process.End);

    private RunEvent Ended(Process process, Outcome outcome) =>
        new RunEvent.AttemptEnded(Now, process.Task, process.Token, outcome, null, null);

    /// <summary>Told when a message of a process is handled: by then it is gone.</summary>
    public void Witness(RunEvent e)
    {
        var (task, token) = e switch
        {
            RunEvent.AttemptExited x => (x.Task, x.Token),
            RunEvent.AttemptEnded x => (x.Task, x.Token),
            _ => (default, -1),
        };
        foreach (var process in _processes.Values)
        {
            if (process.Task == task && process.Token == token && process.State is Life.Alive or Life.Dying)
            {
                process.State = process.State == Life.Dying && e is RunEvent.AttemptEnded ? Life.Stopped : Life.Over;
            }
        }
    }

    private void Stop(RunCommand.StopAttempt stop)
    {
        var key = (stop.Task, stop.Number);
        if (!_processes.TryGetValue(key, out var process))
        {
            process = new Process(stop.Task, stop.Number, stop.Token, Now, null) { State = Life.Stopped };
            _processes.Add(key, process);
        }

        if (process.State == Life.Over && Published.Contains(key))
        {
            Post(Ended(process, new Outcome.Succeeded("1")));
            return;
        }

        if (process.State is Life.Alive or Life.Dying)
        {
            // It may ignore the polite signal until the last one comes.
            process.State = Life.Dying;
            _mail.Add((Now + dice.Seconds(12), EndEvent(process)));
            return;
        }

        process.State = Life.Stopped;
        Post(EndEvent(process));
    }

    private void Publish(RunCommand.Publish publish)
    {
        var key = (publish.Task, publish.Number);
        var process = _processes[key];
        if (Published.Contains(key))
        {
            Post(Ended(process, new Outcome.Succeeded("1")));
            return;
        }

        if (process.State is Life.Stopped or Life.Dying || rows[publish.Task].Token != publish.Token)
        {
            process.State = Life.Stopped;
            Post(Ended(process, new Outcome.Stopped()));
            return;
        }

        process.Audit ??=
            !Faults || dice.Chance(85) ? null
            : dice.Chance(50) ? new Outcome.Failed(new Failure(FailureClass.Validation, "4 rows are null", "check", CheckFailed: true))
            : new Outcome.Failed(new Failure(FailureClass.DiskFull, "No space left on device"));
        if (process.Audit is null)
        {
            Published.Add(key);
        }

        Post(Ended(process, process.Audit ?? new Outcome.Succeeded("1")));
    }

    private void Poll(RunCommand.Poll poll)
    {
        var roll = Faults ? dice.Below(100) : 0;
        Post(
            roll switch
            {
                < 50 => new RunEvent.AttemptEnded(Now, poll.Task, poll.Token, new Outcome.Succeeded(null), null, null),
                < 95 => new RunEvent.NotYet(Now, poll.Task, poll.Token, "not there", Now + TimeSpan.FromSeconds(dice.Between(1, 60))),
                < 98 => new RunEvent.AttemptEnded(
                    Now,
                    poll.Task,
                    poll.Token,
                    new Outcome.Failed(new Failure(FailureClass.Transient, "no such database")),
                    null,
                    null
                ),
                _ => new RunEvent.AttemptEnded(Now, poll.Task, poll.Token, new Outcome.Skipped("asked to be skipped"), null, null),
            }
        );
    }

    private void Evaluate(TaskName task)
    {
        if (Faults && dice.Chance(4))
        {
            Post(new RunEvent.EvaluationFailed(Now, task, new Failure(FailureClass.Permanent, "unknown name")));
            return;
        }

        var runs = !Faults || dice.Chance(80);
        Post(new RunEvent.ConditionKnown(Now, task, runs, "x is 1"), 1);
        if (runs)
        {
            var count = dice.Chance(20) ? 0 : dice.Between(1, 5);
            var items = Enumerable.Range(0, count).Select(i => new MapItem(i.ToString(), null));
            Post(new RunEvent.ItemsKnown(Now, task, [.. items]), 1);
        }
    }

    private enum Life
    {
        Alive,

        /// <summary>It was told to stop and is still there.</summary>
        Dying,

        /// <summary>It ended by itself, and its end has been told.</summary>
        Over,

        /// <summary>It was stopped, or will never start.</summary>
        Stopped,
    }

    private sealed class Process(TaskKey task, int number, long token, DateTimeOffset endsAt, Outcome? end)
    {
        public TaskKey Task => task;

        public int Number => number;

        public long Token => token;

        public DateTimeOffset EndsAt => endsAt;

        /// <summary>Null exits well and is published.</summary>
        public Outcome? End => end;

        public Outcome? Audit { get; set; }

        public Life State { get; set; }
    }
}
