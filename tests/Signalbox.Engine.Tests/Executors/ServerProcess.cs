using System.Diagnostics;
using System.Runtime.CompilerServices;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Executors;

/// <summary>
/// Another process with an executor in it, to be killed: this same test program, which on finding a variable set is that process and
/// runs no tests. It reads <c>name TAB shell text [TAB containment [TAB bytes of memory]]</c> lines, submits each, and answers <c>name pid startticks</c>.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private const string Variable = "SIGNALBOX_TEST_SERVER";
    private readonly Process _process;

    public ServerProcess(string instance, string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        }

        start.Environment[Variable] = $"{instance}\t{folder}";
        _process = Process.Start(start)!;
    }

    public async Task<(int Pid, long StartTicks)> Start(string name, string text, CancellationToken cancellationToken)
    {
        Write(name, text);
        var answer = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Bench.Deadline, cancellationToken);
        var fields = answer!.Split(' ');
        Assert.Equal(name, fields[0]);
        return (int.Parse(fields[1]), long.Parse(fields[2]));
    }

    public void Write(string name, string text)
    {
        _process.StandardInput.WriteLine($"{name}\t{text}");
        _process.StandardInput.Flush();
    }

    public Task<string?> Answer(CancellationToken cancellationToken) => _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask();

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    [ModuleInitializer]
    internal static void BeServerIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } asked)
        {
            var fields = asked.Split('\t');
            Serve(fields[0], fields[1]).GetAwaiter().GetResult();
            Environment.Exit(0);
        }
    }

    private static async Task Serve(string instance, string folder)
    {
        await using var executor = new LocalExecutor(new LocalExecutorOptions { Instance = instance });
        while (Console.ReadLine() is { } line)
        {
            var fields = line.Split('\t');
            var spec = new AttemptSpec
            {
                Key = AttemptKey.Of($"{instance}-{fields[0]}"),
                Directory = $"{folder}/{fields[0]}",
                WorkingDirectory = folder,
                Command = new CommandSpec.Shell(fields[1]),
                Environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" },
                Containment = fields.Length > 2 ? Enum.Parse<Containment>(fields[2]) : Containment.Session,
                Resources = fields.Length > 3 ? new ResourceSpec(long.Parse(fields[3]), Cpu: null) : null,
            };
            var result = await executor.SubmitAsync(spec, false, CancellationToken.None);
            Console.WriteLine(
                result is SubmitResult.Started { Now: var now } ? $"{fields[0]} {now.Pid} {now.StartTicks}" : result.ToString()
            );
        }
    }
}
