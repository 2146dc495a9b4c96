using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.Engine.Executors;

namespace Signalbox.Simulation.Tests;

/// <summary>How the next commands behave.</summary>
internal enum Behaviour
{
    Ends,
    Fails,
    Hangs,
    IgnoresTerm,
    RunsOutOfMemory,
    LosesItsRecord,
    StagesNothing,
}

/// <summary>The machine that commands run on. It outlives the server; only a reboot ends what runs here.</summary>
internal sealed class Machine(Stage stage, ulong seed, Action<Process, IEnumerable<Process>> started)
{
    private readonly Dictionary<AttemptKey, Process> _processes = [];
    private readonly List<Hands> _hands = [];
    private readonly List<Process> _ended = [];
    private const int CalmEnough = 3;

    private int _pids;
    private bool _isQuick;

    /// <summary>So many of the next starts are refused.</summary>
    public int RefusedStarts { get; set; }

    /// <summary>How the next commands behave, first come first served.</summary>
    public Queue<Behaviour> Next { get; } = [];

    /// <summary>Whether hands take their time, so that a server can die between a start and its answer.</summary>
    public bool IsSlow { get; set; }

    public IEnumerable<Process> Running => _processes.Values.Where(process => process.End is null);

    private DateTimeOffset Now => stage.Now;

    public int RunningCount => _processes.Values.Count(process => process.End is null);

    /// <summary>
    /// Those that ended, and whose end somebody must have seen by now: since then time has passed several times while a server was there, and
    /// nothing was the matter.
    /// </summary>
    /// <param name="isCalm">Whether that is so now.</param>
    public List<Process> LongEnded(bool isCalm)
    {
        foreach (var process in _ended)
        {
            process.Calm = isCalm ? process.Calm + 1 : 0;
        }

        var found = _ended.FindAll(process => process.Calm > CalmEnough);
        _ended.RemoveAll(process => process.Calm > CalmEnough);
        return found;
    }

    public IExecutor HandsOf(Life life)
    {
        _hands.RemoveAll(hands => hands.Life.IsOver);
        var made = new Hands(this, life);
        _hands.Add(made);
        return made;
    }

    /// <summary>All that runs is gone, without a word.</summary>
    public void Reboot()
    {
        foreach (var process in Running.ToList())
        {
            End(process, Phase.Lost, null, "lost: the machine was restarted");
        }
    }

    /// <summary>What hangs comes to an end, and nothing takes long any more.</summary>
    public void Heal()
    {
        Next.Clear();
        (RefusedStarts, IsSlow, _isQuick) = (0, false, true);
        foreach (var process in Running.ToList())
        {
            process.Due.Set(stage.Elapsed + TimeSpan.FromSeconds(1));
        }
    }

    private void Start(AttemptSpec spec)
    {
        // A die of its own for each attempt: what one does is not changed by what else happens.
        var dice = new Dice(seed ^ StableHash.Empty.Add(spec.Key.Value).Value);
        var behaviour =
            Next.TryDequeue(out var next) ? next
            : dice.Chance(8) ? Behaviour.Fails
            : Behaviour.Ends;
        var length = _isQuick || dice.Chance(70) ? dice.Seconds(60) : dice.Seconds(3 * 3600);
        var process = new Process(spec, behaviour, ++_pids, stage.Now);
        _processes[spec.Key] = process;
        started(process, Running);
        stage.Tell($"  {spec.Key} starts ({behaviour})");
        process.Due = stage.At(null, stage.Elapsed + length, () => EndByItself(process));
        if (behaviour == Behaviour.Hangs)
        {
            process.Due.Drop();
        }
    }

    private void EndByItself(Process process)
    {
        if (process.End is not null)
        {
            return;
        }

        switch (process.Behaviour)
        {
            case Behaviour.Fails:
                process.Stage(whole: false);
                End(process, Phase.Failed, 1, "exit code 1");
                break;
            case Behaviour.RunsOutOfMemory:
                process.Stage(whole: false);
                End(process, Phase.Failed, 137, "killed for lack of memory", outOfMemory: true);
                break;
            case Behaviour.LosesItsRecord:
                process.Stage(whole: true);
                End(process, Phase.Lost, null, "lost: it left no record");
                break;
            case Behaviour.StagesNothing:
                End(process, Phase.Succeeded, 0, null);
                break;
            default:
                if (process.Stage(whole: true))
                {
                    End(process, Phase.Succeeded, 0, null);
                }
                else
                {
                    End(process, Phase.Failed, 1, "it could not write");
                }

                break;
        }
    }

    private void End(Process process, Phase phase, int? code, string? reason, bool outOfMemory = false)
    {
        process.Due.Drop();
        process.Kill?.Drop();
        process.End = process.Now with { Phase = phase, ExitCode = code, Reason = reason, OutOfMemory = outOfMemory, EndedAt = stage.Now };
        stage.Tell($"  {process.Spec.Key} ends: {phase} {code}");
        process.Gone.TrySetResult();
        _ended.Add(process);
        foreach (var hands in _hands)
        {
            hands.Tell(process);
        }
    }

    private void Ask(Process process, TimeSpan grace)
    {
        if (process.Behaviour is Behaviour.IgnoresTerm)
        {
            var due = stage.Elapsed + grace;
            if (process.Kill is null)
            {
                process.Kill = stage.At(null, due, () => End(process, Phase.Cancelled, 137, "killed"));
            }
            else if (due < process.Kill.Due)
            {
                process.Kill.Set(due);
            }
        }
        else
        {
            process.Kill ??= stage.At(
                null,
                stage.Elapsed + TimeSpan.FromMilliseconds(5),
                () => End(process, Phase.Cancelled, 143, "stopped")
            );
        }
    }

    /// <summary>The executor of one life of the server.</summary>
    private sealed class Hands(Machine machine, Life life) : IExecutor
    {
        private readonly Channel<Observation> _seen = Channel.CreateUnbounded<Observation>(new() { SingleReader = true });
        private readonly HashSet<AttemptKey> _watched = [];

        public Life Life => life;

        public string Name => "simulated";

        public ExecutorCapabilities Capabilities { get; } =
            new(SurvivesServer: true, KillsWholeTree: true, ReportsOutOfMemory: true, LimitsCpu: true, "");

        public ChannelReader<Observation> Observations => _seen.Reader;

        public async Task<SubmitResult> SubmitAsync(AttemptSpec spec, bool maybeSubmittedBefore, CancellationToken cancellationToken)
        {
            await HesitateAsync();
            if (machine.RefusedStarts > 0 && !machine._processes.ContainsKey(spec.Key))
            {
                machine.RefusedStarts--;
                return new SubmitResult.Refused("no process can be started now", Transient: true);
            }

            if (machine._processes.TryGetValue(spec.Key, out var known))
            {
                return new SubmitResult.AlreadyKnown(Watch(known));
            }

            machine.Start(spec);
            var now = Watch(machine._processes[spec.Key]);
            await HesitateAsync();
            return new SubmitResult.Started(now);
        }

        public async Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlyList<AttemptRef> attempts, CancellationToken cancellationToken)
        {
            await HesitateAsync();
            return
            [
                .. attempts.Select(attempt =>
                    machine._processes.TryGetValue(attempt.Key, out var process)
                        ? Watch(process)
                        : new Observation { Key = attempt.Key, Phase = Phase.Unknown }
                ),
            ];
        }

        public Task<DateTimeOffset?> LastWriteAsync(AttemptRef attempt, CancellationToken cancellationToken) =>
            Task.FromResult<DateTimeOffset?>(
                machine._processes.TryGetValue(attempt.Key, out var process) && process.Behaviour != Behaviour.Hangs ? machine.Now : null
            );

        public async Task CancelAsync(AttemptRef attempt, TimeSpan grace, CancellationToken cancellationToken)
        {
            await HesitateAsync();
            if (machine._processes.TryGetValue(attempt.Key, out var process) && process.End is null)
            {
                var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _ = Watch(process);
                machine.Ask(process, grace);
                await using (cancellationToken.UnsafeRegister(_ => gone.TrySetCanceled(cancellationToken), state: null))
                {
                    process.Gone.Task.GetAwaiter().OnCompleted(() => gone.TrySetResult());
                    await gone.Task;
                }
            }
        }

        public Task ForgetAsync(AttemptRef attempt, CancellationToken cancellationToken) => throw new NotSupportedException();

        public async IAsyncEnumerable<AttemptKey> ListOwnedAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            await HesitateAsync();
            foreach (var process in machine.Running.ToList())
            {
                yield return process.Spec.Key;
            }
        }

        public IAsyncEnumerable<LogChunk> ReadLogAsync(
            AttemptRef attempt,
            LogStream stream,
            long from,
            bool follow,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public void Tell(Process process)
        {
            if (!life.IsOver && _watched.Remove(process.Spec.Key))
            {
                _seen.Writer.TryWrite(process.End!);
            }
        }

        public ValueTask DisposeAsync()
        {
            _watched.Clear();
            _seen.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        private Observation Watch(Process process)
        {
            if (process.End is { } end)
            {
                return end;
            }

            _watched.Add(process.Spec.Key);
            return process.Now;
        }

        private async Task HesitateAsync()
        {
            await Task.Yield();
            if (machine.IsSlow)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), life.Time);
            }
        }
    }
}

/// <summary>One command, from its start to its end.</summary>
internal sealed class Process(AttemptSpec spec, Behaviour behaviour, int pid, DateTimeOffset startedAt)
{
    public AttemptSpec Spec => spec;

    public Behaviour Behaviour => behaviour;

    /// <summary>How it ended; null while it runs.</summary>
    public Observation? End { get; set; }

    /// <summary>How often time has passed since its end, or since something was the matter.</summary>
    public int Calm { get; set; }

    public Stage.Alarm Due { get; set; } = null!;

    public Stage.Alarm? Kill { get; set; }

    public TaskCompletionSource Gone { get; } = new();

    public string Task => spec.Environment[TaskEnvironment.Task];

    public Observation Now { get; } =
        new()
        {
            Key = spec.Key,
            Phase = Phase.Running,
            ExternalId = $"{pid}.1.boot",
            Pid = pid,
            StartTicks = 1,
            StartedAt = startedAt,
        };

    /// <summary>Writes what the command makes. A content that no other attempt makes tells whose it is.</summary>
    /// <returns>False when there is no place to write to.</returns>
    public bool Stage(bool whole)
    {
        const string prefix = TaskEnvironment.Prefix + "OUTPUT_";
        try
        {
            foreach (var (name, path) in spec.Environment)
            {
                if (!name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    continue;
                }

                if (Directory.Exists(path))
                {
                    File.WriteAllText(Path.Combine(path, "one"), spec.Key.Value);
                    if (whole)
                    {
                        File.WriteAllText(Path.Combine(path, "two"), spec.Key.Value);
                    }
                }
                else
                {
                    File.WriteAllText(path, whole ? spec.Key.Value : "half");
                }
            }

            if (whole && Task.StartsWith("list", StringComparison.Ordinal))
            {
                File.WriteAllText(spec.Environment[TaskEnvironment.Result], "[1, 2, 3]");
            }

            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
