using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.Engine.Processes;
using Signalbox.Storage;

namespace Signalbox.Engine.Executors;

/// <summary>
/// Runs attempts as processes of this machine, in the custody of a small launcher, so that they outlive the server.
/// </summary>
/// <remarks>
/// <para>An attempt is one <c>/bin/sh</c> in a session of its own which runs the command, waits, and writes the exit record (see
/// <c>docs/decisions/0003-launcher-is-sh.md</c>). Output goes from the process to the log files without passing the server. Starting is
/// claimed by making the exit record exclusively, in the kernel, in the child.</para>
/// <para>When an attempt ends by itself, what it left running in the background is killed: an attempt that has ended runs nothing.</para>
/// <para>Disposing stops the watching, not the attempts: another server adopts them with <see cref="ObserveAsync"/>.</para>
/// </remarks>
public sealed partial class LocalExecutor : IExecutor
{
    private readonly ConcurrentDictionary<AttemptKey, LocalAttempt> _attempts = new();
    private readonly Channel<Observation> _observations = Channel.CreateUnbounded<Observation>(new() { SingleReader = true });
    private readonly LocalExecutorOptions _options;
    private readonly ControlGroups _groups;
    private readonly ExitWatcher _watcher = new();
    private readonly Orphans _orphans;
    private readonly ITimer _looks;
    private readonly Spawner _spawner = new();
    private readonly string _script = Launcher.Script(ProcessTable.BootId, joinsGroups: false);
    private readonly string _scriptWithGroups = Launcher.Script(ProcessTable.BootId, joinsGroups: true);

    /// <summary>Makes an executor and looks at what this machine offers. Starts one thread, which sleeps.</summary>
    public LocalExecutor(LocalExecutorOptions options)
    {
        if (AttemptKey.Problem(options.Instance) is { } problem)
        {
            throw new ArgumentException(
                $"The name of the installation, '{options.Instance}', cannot begin attempt keys: {problem}.",
                nameof(options)
            );
        }

        _options = options;
        _orphans = new Orphans(options.Time);
        _looks = options.Time.CreateTimer(_ => SeeRunning(), state: null, BetweenLooks, BetweenLooks);
        _groups = ControlGroups.Open(options.Instance, options.Root, out var note);
        Capabilities = new ExecutorCapabilities(
            SurvivesServer: true,
            KillsWholeTree: _groups.HoldsAll,
            ReportsOutOfMemory: _groups.LimitsMemory,
            LimitsCpu: _groups.LimitsCpu,
            note
        );
    }

    /// <inheritdoc />
    public string Name => "local";

    /// <inheritdoc />
    public ExecutorCapabilities Capabilities { get; }

    /// <inheritdoc />
    public ChannelReader<Observation> Observations => _observations.Reader;

    /// <inheritdoc />
    public async Task<SubmitResult> SubmitAsync(AttemptSpec spec, bool maybeSubmittedBefore, CancellationToken cancellationToken)
    {
        if (Problem(spec) is { } problem)
        {
            return new SubmitResult.Refused(problem, Transient: false);
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var attempt = new LocalAttempt(spec.Ref, _options.Time);
            SubmitResult? result;
            lock (attempt.Gate)
            {
                // In the list before it is started, and locked: a second submission meets it here, or waits at its gate.
                result = _attempts.TryAdd(spec.Key, attempt) ? Start(attempt, spec) : null;
            }

            if (result is not null)
            {
                return result;
            }

            // It runs already, or its record shows that it was started by someone at some time.
            var now = (await ObserveAsync([spec.Ref], cancellationToken))[0];
            if (now.Phase != Phase.Unknown)
            {
                return new SubmitResult.AlreadyKnown(now);
            }
        }
    }

    private static string? Problem(AttemptSpec spec)
    {
        if (spec.Key.Value.Length == 0)
        {
            return "the attempt has no key";
        }

        foreach (var path in (ReadOnlySpan<string>)[spec.Directory, spec.WorkingDirectory])
        {
            if (!path.StartsWith('/') || path.Contains('\0'))
            {
                return $"'{path}' is not an absolute path";
            }
        }

        foreach (var (name, value) in spec.Environment)
        {
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || name.AsSpan().ContainsAnyExcept(VariableCharacters))
            {
                return $"'{name}' cannot be the name of an environment variable: it has letters, digits and '_' only and no digit at first";
            }

            if (value.Contains('\0'))
            {
                return $"the value of the environment variable {name} has a NUL character, which no process can be given";
            }
        }

        return spec.Command switch
        {
            CommandSpec.Shell shell when shell.Text.Contains('\0') => "the command has a NUL character, which no process can be given",
            CommandSpec.Arguments { Argv.IsDefaultOrEmpty: true } => "the command is empty",
            CommandSpec.Arguments list when list.Argv.Any(a => a.Contains('\0')) =>
                "an argument has a NUL character, which no process can be given",
            _ => null,
        };
    }

    private static readonly System.Buffers.SearchValues<char> VariableCharacters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
    );

    /// <summary>Starts the attempt, which is in the list and locked; null when it was started before.</summary>
    private SubmitResult? Start(LocalAttempt attempt, AttemptSpec spec)
    {
        var kept = false;
        try
        {
            MakeDirectory(spec.Directory);
            MakeDirectory(attempt.File(AttemptFiles.Temporary));
            var containment = spec.Containment == Containment.Auto ? _options.DefaultContainment : spec.Containment;
            attempt.Groups = _groups.Create(spec.Key.Value, containment == Containment.ControlGroup, spec.Resources, out var limitsMemory);
            var files = new Spawner.Files(
                spec.WorkingDirectory,
                attempt.File(AttemptFiles.Stdout),
                attempt.File(AttemptFiles.Stderr),
                attempt.File(AttemptFiles.Exit)
            );
            attempt.StartedAt = _options.Time.GetUtcNow();
            FaultPoints.Hit(FaultPoints.BeforeLaunch);
            var error = _spawner.Start(Arguments(attempt, spec, limitsMemory), Variables(attempt, spec), files, out var pid);
            FaultPoints.Hit(FaultPoints.AfterLaunch);
            if (error == Libc.EEXIST)
            {
                return null;
            }

            if (error != 0)
            {
                return Refusal(error, spec);
            }

            // A child that is not reaped keeps its number, so whatever is read about it now is about it.
            Orphans.KnowLauncher(pid);
            attempt.IsChild = true;
            attempt.ServerPeak = ProcessTable.UsageOf(Environment.ProcessId).PeakMemory;
            attempt.Launcher = ProcessTable.Find(pid) ?? new ProcessStat(pid, Environment.ProcessId, pid, 0, (byte)'R');
            attempt.PidFd = Libc.PidFdOpen(pid);
            if (attempt.PidFd < 0)
            {
                return Unwatchable(attempt, Marshal.GetLastPInvokeError());
            }

            kept = true;
            attempt.Stage = Stage.Running;
            var now = attempt.Now(Phase.Running);
            _watcher.Watch(attempt.PidFd, () => OnLauncherEnded(attempt));
            return new SubmitResult.Started(now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SubmitResult.Refused($"the directory {spec.Directory} of the attempt cannot be made: {e.Message}", Transient: false);
        }
        finally
        {
            if (!kept)
            {
                attempt.Stage = Stage.Ended;
                _attempts.TryRemove(spec.Key, out _);
                RemoveGroups(attempt.Groups);
            }
        }
    }

    private string[] Arguments(LocalAttempt attempt, AttemptSpec spec, bool limitsMemory)
    {
        spec.Environment.TryGetValue("PATH", out var searchPath);
        var words = Launcher.Words(spec.Command, searchPath, spec.WorkingDirectory, out var problem);
        if (problem is not null)
        {
            // The same ending as in a shell: a line in the log and exit code 127.
            words = [Launcher.Shell, "-c", "echo \"$1\" >&2; exit 127", "sh", problem];
        }

        var joins = attempt.Groups.Count > 0;
        var script =
            spec.Resources?.Memory is { } most && !limitsMemory ? Launcher.Script(ProcessTable.BootId, joins, most)
            : joins ? _scriptWithGroups
            : _script;
        return joins ? ["sh", "-c", script, "sh", .. attempt.Groups, Launcher.EndOfGroups, .. words] : ["sh", "-c", script, "sh", .. words];
    }

    private static void RemoveGroups(IEnumerable<string> groups)
    {
        foreach (var group in groups)
        {
            ControlGroup.TryRemove(group);
        }
    }

    private static KeyValuePair<string, string>[] Variables(LocalAttempt attempt, AttemptSpec spec)
    {
        var given = spec.Environment.ContainsKey("TMPDIR");
        var variables = new List<KeyValuePair<string, string>>(spec.Environment.Count + 2)
        {
            new(TaskEnvironment.AttemptKey, attempt.Key.Value),
        };
        foreach (var variable in spec.Environment)
        {
            if (variable.Key != TaskEnvironment.AttemptKey)
            {
                variables.Add(variable);
            }
        }

        if (!given)
        {
            variables.Add(new("TMPDIR", attempt.File(AttemptFiles.Temporary)));
        }

        return [.. variables];
    }

    private static SubmitResult.Refused Refusal(int error, AttemptSpec spec)
    {
        const int tooLong = 7;
        if (!Directory.Exists(spec.WorkingDirectory))
        {
            return new SubmitResult.Refused($"the working directory {spec.WorkingDirectory} does not exist", Transient: false);
        }

        return error == tooLong
            ? new SubmitResult.Refused(
                "the command and its environment are larger than the system allows; pass large values in files",
                Transient: false
            )
            : new SubmitResult.Refused(
                $"the process could not be started: {Marshal.GetPInvokeErrorMessage(error)}",
                error is Libc.EAGAIN or Libc.ENOMEM or Libc.EMFILE or Libc.ENFILE
            );
    }

    /// <summary>Takes back a process that cannot be watched for want of descriptors: nothing of the user is to run unwatched.</summary>
    private static unsafe SubmitResult.Refused Unwatchable(LocalAttempt attempt, int error)
    {
        _ = Libc.Kill(-attempt.Launcher.Pid, Libc.SIGKILL);
        _ = Libc.Kill(attempt.Launcher.Pid, Libc.SIGKILL);
        int status;
        _ = Libc.Wait4(attempt.Launcher.Pid, &status, 0, null);
        Orphans.ForgetLauncher(attempt.Launcher.Pid);
        WriteLauncherKilled(attempt, Libc.SIGKILL);
        return new SubmitResult.Refused($"the process could not be watched: {Marshal.GetPInvokeErrorMessage(error)}", Transient: true);
    }

    private static unsafe void MakeDirectory(string path)
    {
        const uint mode = 0b111_101_000; // rwxr-x---
        Span<byte> name = stackalloc byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        name[Encoding.UTF8.GetBytes(path, name)] = 0;
        fixed (byte* pointer = name)
        {
            if (Libc.MakeDirectory(pointer, mode) != 0 && Marshal.GetLastPInvokeError() != Libc.EEXIST)
            {
                Directory.CreateDirectory(path);
            }
        }
    }

    /// <inheritdoc />
    public async Task ForgetAsync(AttemptRef attempt, CancellationToken cancellationToken)
    {
        var now = (await ObserveAsync([attempt], cancellationToken))[0];
        if (now.Phase == Phase.Running)
        {
            throw new InvalidOperationException($"Attempt {attempt.Key} still runs as process {now.Pid}; cancel it first.");
        }

        // Only a directory that carries the record was ever an attempt's.
        if (now.Phase != Phase.Unknown && Directory.Exists(attempt.Directory))
        {
            Directory.Delete(attempt.Directory, recursive: true);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<AttemptKey> ListOwnedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = _options.Instance + "-";
        foreach (
            var text in await Task.Run(
                () => ProcessTree.Marked(key => key.StartsWith(prefix, StringComparison.Ordinal), _options.Root).Keys,
                cancellationToken
            )
        )
        {
            if (AttemptKey.TryOf(text, out var key))
            {
                yield return key;
            }
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _looks.Dispose();
        _watcher.Dispose();
        _observations.Writer.TryComplete();
        foreach (var attempt in _attempts.Values)
        {
            lock (attempt.Gate)
            {
                if (attempt.PidFd >= 0 && attempt.Stage == Stage.Running)
                {
                    Orphans.ForgetLauncher(attempt.Launcher.Pid);
                    _ = Libc.Close(attempt.PidFd);
                    attempt.PidFd = -1;
                }
            }
        }

        _groups.RemoveIfEmpty();
        return ValueTask.CompletedTask;
    }
}
