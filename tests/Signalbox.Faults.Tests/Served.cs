using System.Diagnostics;
using Signalbox.Acceptance.Tests;

namespace Signalbox.Faults.Tests;

/// <summary>One life of a server of the built program.</summary>
internal sealed class Served : IAsyncDisposable
{
    private const int MostLines = 400;
    private readonly Process _process;
    private readonly Queue<string> _lines = [];
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Served(Process process)
    {
        _process = process;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => _ready.TrySetResult(false);
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Its latest lines.</summary>
    public string Said
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public static Served Start(string folder, int port, IReadOnlyDictionary<string, string>? environment = null) =>
        new(BuiltProgram.Start(folder, environment, "serve", "--port", $"{port}"));

    /// <summary>The same on a machine that was started anew: the kernel names another boot to it and to what it starts.</summary>
    /// <param name="boot">A file with the name of the boot.</param>
    public static Served StartInBoot(string boot, string folder, int port)
    {
        const string script = "mount --bind \"$1\" /proc/sys/kernel/random/boot_id && shift && exec \"$@\"";
        var start = new ProcessStartInfo(
            "unshare",
            ["--mount", "sh", "-c", script, "sh", boot, BuiltProgram.Path, "serve", "--port", $"{port}"]
        )
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new Served(Process.Start(start)!);
    }

    /// <summary>Waits until it serves.</summary>
    /// <returns>False when it ended instead.</returns>
    public Task<bool> IsReadyAsync() => _ready.Task.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);

    public async Task ReadyAsync()
    {
        if (!await IsReadyAsync())
        {
            Assert.Fail($"the server ended with {_process.ExitCode}:\n{Said}");
        }
    }

    /// <summary>Ends it as the kernel does when memory is short: no warning. Its commands are left to themselves.</summary>
    public async Task KillAsync()
    {
        Machine.Signal(Pid, Machine.Kill);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code; null when it does not end in time.</returns>
    public async Task<int?> EndedAsync(TimeSpan most)
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(most);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Machine.Signal(Pid, Machine.Continue);
            Machine.Signal(Pid, Machine.Terminate);
            if (await EndedAsync(TimeSpan.FromSeconds(30)) is null)
            {
                await KillAsync();
            }
        }

        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > MostLines)
            {
                _lines.Dequeue();
            }
        }

        if (line.Contains("serving ", StringComparison.Ordinal))
        {
            _ready.TrySetResult(true);
        }
    }
}
