using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Signalbox.Core;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Control;
using Signalbox.Engine.Http;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>This same test program as the child process that does SQL and checks, or as a server that is killed.</summary>
internal static class Children
{
    public const string Worker = "work-of-a-test";
    private const string Server = "server-of-a-test";

    public static ImmutableArray<string> Command(string what) =>
        Path.GetFileName(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, "exec", typeof(Children).Assembly.Location, what]
            : [Environment.ProcessPath!, what];

    /// <summary>A server of the project in a folder, in a process of its own. Ready when this returns.</summary>
    /// <param name="fault">The fault point at which it dies.</param>
    public static async Task<Process> ServeAsync(string folder, CancellationToken cancellationToken, string? fault = null)
    {
        var command = Command(Server).Add(folder);
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        if (fault is not null)
        {
            start.Environment[TaskEnvironment.Fault] = fault;
        }

        var server = Process.Start(start)!;
        Assert.Equal(
            "ready",
            await server.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(House.Deadline, cancellationToken)
        );
        return server;
    }

    /// <summary>kill -9 of the server alone: what it started lives on.</summary>
    public static void Kill(Process server)
    {
        server.Kill();
        server.WaitForExit();
        server.Dispose();
    }

    [ModuleInitializer]
    internal static void BeChildIfAsked()
    {
        var arguments = Environment.GetCommandLineArgs();
        switch (arguments)
        {
            case [_, Worker, LoadWork.Name, var request]:
                Environment.Exit(
                    LoadWork.Run(
                        request,
                        Environment.GetEnvironmentVariable(TaskEnvironment.Error),
                        Environment.GetEnvironmentVariable(TaskEnvironment.Result)
                    )
                );
                break;
            case [_, Worker, HttpWork.Name, var request]:
                Environment.Exit(
                    HttpWork
                        .RunAsync(
                            request,
                            Environment.GetEnvironmentVariable(TaskEnvironment.Error),
                            Environment.GetEnvironmentVariable(TaskEnvironment.Result)
                        )
                        .GetAwaiter()
                        .GetResult()
                );
                break;
            case [_, Worker, var request, var response]:
                Environment.Exit(WorkerMain.Run(request, response, Environment.GetEnvironmentVariable(TaskEnvironment.Error)));
                break;
            case [_, Worker, RefusedWork.Name, var request, var answer]:
                Environment.Exit(RefusedWork.Run(request, answer));
                break;
            case [_, Worker, TableWork.Name, var request, var answer]:
                Environment.Exit(TableWork.Run(request, answer));
                break;
            case [_, Outputs.Tables.TableRig.Publisher, var folder]:
                Environment.Exit(Outputs.Tables.TableRig.PublishHere(folder));
                break;
            case [_, Server, var folder]:
                Serve(folder);
                Environment.Exit(0);
                break;
        }
    }

    // Not async: until the module is initialized, no other thread may run its code.
    private static void Serve(string folder)
    {
        var session = EngineSession.Open(Project.Open(folder).Project!, House.Options(TimeProvider.System));
        session.ServeAsync(CancellationToken.None).GetAwaiter().GetResult();
        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        session.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
