using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Runs;

/// <summary>A run on a bench: events go in by hand, the commands and the history come out.</summary>
internal sealed class Lab
{
    public static readonly DateTimeOffset Start = new(2001, 1, 6, 2, 15, 0, TimeSpan.Zero);

    private static readonly DateTimeOffset Day = new(2001, 1, 6, 0, 0, 0, TimeSpan.Zero);

    private readonly Action<RunSnapshot, Decision>? _decided;

    public Lab(Pipeline pipeline, params string[] only)
    {
        Snapshot = RunSnapshot.Create(pipeline, NewRun(pipeline) with { OnlyTasks = [.. only.Select(name => new TaskName(name))] });
    }

    /// <param name="decided">Told of each decision after it is applied.</param>
    public Lab(Pipeline pipeline, Action<RunSnapshot, Decision> decided)
        : this(pipeline)
    {
        _decided = decided;
    }

    /// <param name="isBackfill">Of a backfill, else scheduled.</param>
    public Lab(Pipeline pipeline, long number, bool isBackfill)
    {
        Snapshot = RunSnapshot.Create(
            pipeline,
            NewRun(pipeline) with
            {
                Number = new RunNumber(number),
                Trigger = isBackfill ? RunTrigger.Backfill : RunTrigger.Scheduled,
                Backfill = isBackfill ? 1 : null,
            }
        );
    }

    public RunSnapshot Snapshot { get; private set; }

    public DateTimeOffset Now { get; private set; } = Start;

    public List<RunCommand> Commands { get; } = [];

    public List<HistoryEntry> History { get; } = [];

    public List<Attempt> Attempts { get; } = [];

    public RunState RunState => Snapshot.Run.State;

    public TaskRun this[string task, int map = -1] => Snapshot.Find(new TaskKey(new TaskName(task), map))!;

    public static Pipeline Pipeline(params TaskNode[] tasks) => new() { Name = new PipelineName("p"), Tasks = [.. tasks] };

    public static TaskNode Task(string name, params string[] needs) =>
        new()
        {
            Name = new TaskName(name),
            Kind = new TaskKind.Noop(),
            Needs = [.. needs.Select(need => new TaskName(need))],
        };

    public static Run NewRun(Pipeline pipeline) =>
        new()
        {
            Number = new RunNumber(1),
            Id = new RunId("manual__1"),
            Pipeline = pipeline.Name,
            Version = new VersionHash("000000000000"),
            LogicalDate = Day,
            IntervalStart = Day,
            IntervalEnd = Day.AddDays(1),
            Partition = "2001-01-06",
            Trigger = RunTrigger.Manual,
            State = RunState.Queued,
            CreatedAt = Start,
        };

    public static TaskKey Key(string task, int map = -1) => new(new TaskName(task), map);

    public Lab Admit() => On(new RunEvent.RunAdmitted(Now));

    public Lab On(RunEvent e)
    {
        var implied = Implied();
        var decision = RunDecider.Decide(Snapshot, e);
        Shape.Check(decision);
        Snapshot.Apply(decision);
        // What a restart would do because of it is done at once.
        Assert.Empty(Implied().Except(implied).Except(decision.Commands.Select(Order)));
        _decided?.Invoke(Snapshot, decision);
        Commands.Clear();
        Commands.AddRange(decision.Commands);
        foreach (var change in decision.Changes)
        {
            if (change is Change.HistoryAdded history)
            {
                History.Add(history.Entry);
            }
            else if (change is Change.AttemptChanged attempt)
            {
                Attempts.RemoveAll(a => a.Key == attempt.After.Key && a.Number == attempt.After.Number);
                Attempts.Add(attempt.After);
            }
        }

        return this;
    }

    private IEnumerable<RunCommand> Implied() => RunDecider.Resume(Snapshot).Commands.Select(Order).ToList();

    /// <summary>A command as it is carried out: what is told to stop once need not be told another reason.</summary>
    private static RunCommand Order(RunCommand command) =>
        command switch
        {
            RunCommand.StopAttempt stop => stop with { Why = default },
            _ => command,
        };

    public Lab Advance(TimeSpan by)
    {
        Now += by;
        return On(new RunEvent.TimerFired(Now));
    }

    public Lab Grant(string task, int map = -1) => On(new RunEvent.SlotGranted(Now, Key(task, map)));

    public Lab Started(string task, int map = -1) =>
        On(new RunEvent.AttemptStarted(Now, Key(task, map), Token(task, map), new ProcessFacts("1")));

    public Lab Exited(string task, int map = -1) => On(new RunEvent.AttemptExited(Now, Key(task, map), Token(task, map), 0, null));

    public Lab Ended(string task, Outcome outcome, int map = -1, long? token = null) =>
        On(new RunEvent.AttemptEnded(Now, Key(task, map), token ?? Token(task, map), outcome, null, null));

    public Lab Begin(string task, int map = -1) => Grant(task, map).Started(task, map);

    public Lab Succeed(string task, int map = -1) => Begin(task, map).Exited(task, map).Ended(task, new Outcome.Succeeded(null), map);

    public Lab Fail(string task, int map = -1, FailureClass failure = FailureClass.Transient, bool check = false) =>
        Begin(task, map).Ended(task, new Outcome.Failed(new Failure(failure, "boom", CheckFailed: check)), map);

    public Lab Items(string task, int count) =>
        On(new RunEvent.ItemsKnown(Now, new TaskName(task), [.. Enumerable.Range(0, count).Select(i => new MapItem(i.ToString(), null))]));

    public Lab Clear(params TaskKey[] tasks) => On(new RunEvent.Cleared(Now, [.. tasks], "run again"));

    public Lab Mark(string task, TaskState state, int map = -1) => On(new RunEvent.Marked(Now, Key(task, map), state, "marked by hand"));

    public long Token(string task, int map = -1) =>
        Snapshot.LiveAttempts.TryGetValue(Key(task, map), out var live) ? live.Token : this[task, map].Token;
}
