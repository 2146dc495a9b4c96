using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.Simulation.Tests;

/// <summary>
/// What must be true after every commit, told from the rows, from the processes and from what readers see, and never from what the engine
/// counts. The names are those of the invariants that docs/decisions/0015-engine-simulation.md lists.
/// </summary>
internal sealed class Ledger(Link rows, TransitionTable legal, ISet<string> seen)
{
    private static readonly Sql NewHistory = new(
        "select id, run_number, task, map_index, from_state, event, to_state from history where id > @id order by id"
    );
    private static readonly Sql RunRow = new("select state, version, revision, epoch, pipeline, ended_ms from runs where number = @run");
    private static readonly Sql TaskRows = new(
        "select task, map_index, state, token, revision, attempt, try_number from tasks where run_number = @run"
    );
    private static readonly Sql LiveAttempts = new(
        "select task, map_index, count(*), max(token) from attempts where run_number = @run and ended_ms is null group by task, map_index"
    );
    private static readonly Sql ActiveRuns = new(
        "select count(*) from runs where pipeline = @pipeline and state = 'running' and namespace is null"
    );
    private static readonly Sql IsRunning = new(
        "select 1 from attempts where run_number = @run and task = @task and map_index = @item and number = @number and state = 'running'"
    );
    private static readonly Sql CountRuns = new("select count(*) from runs");
    private static readonly Sql AllRuns = new("select number from runs");
    private static readonly Sql Pinned = new("select run_number from pins");
    private static readonly Sql LaterEnded = new(
        "select count(*) from runs where pipeline = @pipeline and ended_ms is not null and number > @run"
    );
    private static readonly Sql LaterSuccess = new(
        "select count(*) from runs where pipeline = @pipeline and state = 'success' and namespace is null and number > @run"
    );
    private static readonly Sql IsPrepared = new("select 1 from publications where id = @id and state = 'prepared'");

    private readonly Dictionary<(long Run, string Task, long Item), (string State, long Token, long Revision)> _tasks = [];
    private readonly Dictionary<long, KnownRun> _runs = [];
    private readonly HashSet<long> _removed = [];
    private HashSet<long> _pinned = [];
    private readonly Dictionary<(long Run, string Task, long Item), string> _told = [];
    private long _history;

    /// <summary>How many processes may run at one time, and in the pool <c>gpu</c>.</summary>
    public required int MostAttempts { get; init; }

    public required int MostInGpu { get; init; }

    /// <summary>What the project keeps of runs that have ended: for how long, and how many of a pipeline; null when nothing is removed.</summary>
    public required (TimeSpan Age, int Runs)? Keeps { get; init; }

    /// <summary>What the clock on the wall shows.</summary>
    public required Func<DateTimeOffset> Now { get; init; }

    public int Commits { get; private set; }

    public int Events { get; private set; }

    /// <summary>By pipeline; 0 when there is no limit that could be checked, for it has been edited.</summary>
    public Dictionary<string, int> MostRuns { get; } = [];

    /// <summary>After a commit.</summary>
    public void Committed()
    {
        Commits++;
        var touched = new SortedSet<long>();
        using (var found = rows.Use(NewHistory).Set("@id", _history))
        {
            while (found.Read())
            {
                _history = found.Long();
                Events++;
                var (run, task, item) = (found.Long(), found.TextOrNull(), found.Long());
                touched.Add(run);
                Told(run, task, item, found.Text(), found.Text(), found.Text());
            }
        }

        foreach (var run in touched)
        {
            Look(run);
        }

        if (rows.Use(CountRuns).Scalar() != _runs.Count)
        {
            var there = rows.Use(AllRuns).All(row => row.Long()).ToHashSet();
            foreach (var gone in _runs.Keys.Where(run => !there.Contains(run)).ToList())
            {
                Removed(gone);
            }
        }

        _pinned = [.. rows.Use(Pinned).All(row => row.Long())];
    }

    /// <summary>Whether a run was there, and was removed because it was old.</summary>
    public bool WasRemoved(long run) => _removed.Contains(run);

    /// <summary>I10: a run goes when it has ended long ago, others came after it, and nobody needs it.</summary>
    private void Removed(long number)
    {
        _runs.Remove(number, out var run);
        _removed.Add(number);
        var what = $"I10: run {number} of {run!.Pipeline} is removed";
        Check.That(Keeps is not null, $"{what}, and nothing may be");
        Check.That(run.EndedAt is not null, $"{what} and had not ended: it was {run.State}");
        Check.That(!_pinned.Contains(number), $"{what} and was pinned");
        Check.That(run.EndedAt < Now() - Keeps!.Value.Age, $"{what}: it ended {Now() - run.EndedAt} ago, {Keeps.Value.Age} are kept");
        Check.That(After(LaterEnded) >= Keeps.Value.Runs, $"{what}: {After(LaterEnded)} ended after it, {Keeps.Value.Runs} are kept");
        Check.That(run.State != "success" || After(LaterSuccess) > 0, $"{what}: it was the last that succeeded");

        long? After(Sql those) => rows.Use(those).Set("@pipeline", run.Pipeline).Set("@run", number).Scalar();
    }

    /// <summary>I1, from the side of the machine: one process of a task at one time, and no more than the limits.</summary>
    public void Started(Process started, IEnumerable<Process> running)
    {
        var (all, inGpu) = (0, 0);
        var devices = new HashSet<string>(StringComparer.Ordinal);
        var task = TaskOf(started.Spec.Key.Value);
        foreach (var process in running)
        {
            all++;
            var isInGpu = process.Task.EndsWith("gpu", StringComparison.Ordinal);
            inGpu += isInGpu ? 1 : 0;
            if (isInGpu && process.Task != Pipelines.TakesNoDevice)
            {
                var device = process.Spec.Environment[TaskEnvironment.Gpus];
                Check.That(devices.Add(device), $"I6: {started.Spec.Key} starts while two processes have the device {device}");
            }

            Check.That(
                process == started || TaskOf(process.Spec.Key.Value) != task,
                $"I1: {started.Spec.Key} starts while {process.Spec.Key} runs"
            );
        }

        Check.That(all <= MostAttempts, $"I6: {all} processes run, {MostAttempts} may");
        Check.That(inGpu <= MostInGpu, $"I6: {inGpu} processes run in the pool gpu, {MostInGpu} may");
    }

    /// <summary>I12, from the side of the machine: what ended long ago does not run in the rows.</summary>
    public void Ended(Process process)
    {
        // instance-run-task[-item]-aNUMBER
        var key = process.Spec.Key.Value.Split('-');
        Check.That(
            rows.Use(IsRunning)
                .Set("@run", long.Parse(key[1]))
                .Set("@task", process.Task)
                .Set("@item", key.Length == 5 ? long.Parse(key[3]) : -1)
                .Set("@number", long.Parse(key[^1][1..]))
                .Scalar()
                is null,
            $"I12: {process.Spec.Key} ended long ago, and runs in its row: nobody saw it"
        );
    }

    /// <summary>I4: what becomes visible is decided in a row, and whole, and of one attempt.</summary>
    /// <param name="isItself">Whether what readers see is what was to be published, or does not claim to be.</param>
    public void Published(Publication intent, string content, bool isItself)
    {
        Check.That(isItself, $"I4: {intent.Path}: version {intent.Id} is said to be current, and readers see {content}");
        Check.That(
            rows.Use(IsPrepared).Set("@id", intent.Id).Scalar() is not null,
            $"I4: {intent.Path}: version {intent.Id} becomes visible, and no row says so"
        );
        Check.That(content != "torn", $"I4: {intent.Path}: version {intent.Id} is of two attempts, or half of one");
    }

    private static string TaskOf(string key) => key[..key.LastIndexOf("-a", StringComparison.Ordinal)];

    private void Told(long run, string? task, long item, string from, string what, string to)
    {
        if (what is "stale_rejected" or "sla_missed")
        {
            return;
        }

        var line = $"{(task is null ? "run" : "task")}: {from} --{what}--> {to}";
        seen.Add(line);
        Check.That(legal.Has(line), $"I2: run {run} {task}: {line} is no transition of docs/run-states.md");
        var key = (run, task ?? "", item);
        if (_told.TryGetValue(key, out var was))
        {
            Check.That(was == from, $"I12: run {run} {task}[{item}]: {line}, but it was {was}");
        }

        _told[key] = to;
    }

    private void Look(long number)
    {
        string pipeline;
        using (var row = rows.Use(RunRow).Set("@run", number))
        {
            Check.That(row.Read(), $"I7: run {number} is gone");
            var now = new KnownRun(row.Text(), row.Text(), row.Long(), row.Long(), row.Text(), row.TimeOrNull());
            pipeline = now.Pipeline;
            Check.That(
                _told[(number, "", -1)] == now.State,
                $"I12: run {number} is {now.State}, its history says {_told[(number, "", -1)]}"
            );
            if (_runs.TryGetValue(number, out var was))
            {
                Check.That(was.Version == now.Version, $"I9: run {number} was of version {was.Version} and is of {now.Version}");
                Check.That(was.Revision <= now.Revision && was.Epoch <= now.Epoch, $"I3: run {number}: {now} after {was}");
            }

            _runs[number] = now;
        }

        if (MostRuns.GetValueOrDefault(pipeline) is > 0 and var most)
        {
            var active = rows.Use(ActiveRuns).Set("@pipeline", pipeline).Scalar();
            Check.That(active <= most, $"I6: {active} runs of {pipeline} are running, {most} may");
        }

        var live = new Dictionary<(string, long), (long Count, long Token)>();
        using (var found = rows.Use(LiveAttempts).Set("@run", number))
        {
            while (found.Read())
            {
                var (task, item, count, token) = (found.Text(), found.Long(), found.Long(), found.Long());
                Check.That(count == 1, $"I1: run {number} {task}[{item}] has {count} live attempts");
                live[(task, item)] = (count, token);
            }
        }

        using var tasks = rows.Use(TaskRows).Set("@run", number);
        while (tasks.Read())
        {
            var (task, item, state, token, revision, attempt) = (
                tasks.Text(),
                tasks.Long(),
                tasks.Text(),
                tasks.Long(),
                tasks.Long(),
                tasks.TextOrNull()
            );
            var key = (number, task, item);
            if (_tasks.TryGetValue(key, out var was))
            {
                Check.That(
                    token >= was.Token && revision >= was.Revision,
                    $"I3: run {number} {task}[{item}]: token {token} after {was.Token}"
                );
            }

            if (_told.TryGetValue(key, out var told))
            {
                Check.That(told == state, $"I12: run {number} {task}[{item}] is {state}, its history says {told}");
            }

            Check.That(
                attempt is null || live.TryGetValue((task, item), out var lives),
                $"I12: run {number} {task}[{item}] says its attempt is {attempt}, and none is live"
            );
            _tasks[key] = (state, token, revision);
        }
    }
}

/// <summary>The row of a run as it was after the last commit that changed it.</summary>
internal sealed record KnownRun(string State, string Version, long Revision, long Epoch, string Pipeline, DateTimeOffset? EndedAt);

/// <summary>The transitions that <c>docs/run-states.md</c> lists.</summary>
internal sealed class TransitionTable
{
    private readonly HashSet<string> _lines = new(StringComparer.Ordinal);

    public TransitionTable(string page)
    {
        var kind = "";
        foreach (var line in File.ReadLines(page))
        {
            if (line.StartsWith("## Transitions of a", StringComparison.Ordinal))
            {
                kind = line[(line.LastIndexOf(' ') + 1)..];
            }
            else if (line.Contains(" --", StringComparison.Ordinal) && kind.Length > 0)
            {
                _lines.Add($"{kind}: {line}");
            }
        }
    }

    public bool Has(string line) => _lines.Contains(line);
}
