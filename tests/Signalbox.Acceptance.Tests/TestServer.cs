using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Signalbox.Acceptance.Tests;

/// <summary>A <c>serve</c> of a project on a free port, and what it said so far.</summary>
internal sealed partial class TestServer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly List<string> _lines = [];

    private TestServer(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <param name="more">Options beside the port.</param>
    public static Task<TestServer> StartAsync(TestProject project, params string[] more) =>
        StartOtherAsync(BuiltProgram.Path, project, more);

    /// <summary>The server of another build of the program.</summary>
    public static async Task<TestServer> StartOtherAsync(string program, TestProject project, params string[] more)
    {
        var server = new TestServer(
            BuiltProgram.StartOther(program, project.Folder, project.Environment, ["serve", "--port", "0", .. more])
        );
        try
        {
            var ready = await server.SaysAsync(line => line.Contains("serving ", StringComparison.Ordinal));
            server.Address = new Uri(HttpAddress().Match(ready).Value);
            return server;
        }
        catch
        {
            // Nobody else knows of it.
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A server that stands by for another of the same project.</summary>
    public static async Task<TestServer> StandByAsync(TestProject project)
    {
        var server = new TestServer(BuiltProgram.Start(project.Folder, project.Environment, "serve", "--port", "0"));
        await server.SaysAsync(line => line.Contains("standing by", StringComparison.Ordinal));
        return server;
    }

    /// <summary>Waits for a line.</summary>
    public async Task<string> SaysAsync(Func<string, bool> which)
    {
        string? found = null;
        await Eventually.TrueAsync(
            () => (found = Lines.FirstOrDefault(which)) is not null || _process.HasExited,
            Deadline,
            () => $"the server said\n{string.Join('\n', Lines)}"
        );
        return found ?? throw new InvalidOperationException($"The server ended:\n{string.Join('\n', Lines)}");
    }

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Sends it a signal, by its name.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("/bin/kill", [$"-{name}", $"{Pid}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline);
        return _process.ExitCode;
    }

    /// <summary>Ends it politely.</summary>
    /// <returns>Its exit code and how long it took.</returns>
    public async Task<(int ExitCode, TimeSpan Took)> TerminateAsync()
    {
        var watch = Stopwatch.StartNew();
        Signal("TERM");
        return (await EndAsync(), watch.Elapsed);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await TerminateAsync();
        }

        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }

    [GeneratedRegex("https?://[0-9.:]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HttpAddress();
}

/// <summary>Waits for conditions, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static Task TrueAsync(Func<bool> condition, TimeSpan deadline, Func<string>? otherwise = null) =>
        TrueAsync(() => Task.FromResult(condition()), deadline, otherwise);

    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan deadline, Func<string>? otherwise = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < deadline, $"nothing came of it within {deadline}: {otherwise?.Invoke()}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }
}
