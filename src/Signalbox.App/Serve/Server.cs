using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Serve;

/// <summary>A project's engine and its address, in one process, until it is told to end.</summary>
internal static class Server
{
    public const int DefaultPort = 8400;

    // A request that hangs must not hold up the end of the server.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3);

    // Nor may anything else: all that counts is durable, so what is held up (by a disk that hangs, a folder that is gone) need not be waited for.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(9);

    /// <summary>Serves until TERM or Ctrl-C, and ends within 10 seconds of it.</summary>
    /// <exception cref="UserMistakeException">The address cannot be had.</exception>
    /// <exception cref="Storage.StoreRefused">Another process serves the project; the message names its pid.</exception>
    public static async Task<int> RunAsync(Project project, IPEndPoint address, ServerLines lines)
    {
        using var stopping = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        await using var engine = ProjectOpening.OpenEngine(project, Containment.ControlGroup);
        engine.Said += lines.Say;
        await engine.ServeAsync(stopping.Token);
        await using var web = Build(address);
        web.MapGet(Routes.Health, () => "ok");
        try
        {
            await web.StartAsync(stopping.Token);
        }
        catch (IOException problem)
        {
            throw new UserMistakeException($"{address} cannot be listened at: {problem.Message.TrimEnd('.')}; name another with --port");
        }

        lines.Say($"serving {project.Folder} at {Address(web)}");
        await WhenCancelled(stopping.Token);
        lines.Say("stopping; commands that run go on, and the next server takes them over");
        using var limit = new CancellationTokenSource(StopLimit);
        await web.StopAsync(limit.Token);
        return ExitCode.Done;

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            new Thread(EndAnyway) { IsBackground = true }.Start();
            stopping.Cancel();
        }

        void EndAnyway()
        {
            Thread.Sleep(EndLimit);
            lines.Say("stopping took too long, so the server ends as it stands; the next one goes on from the store");
            Environment.Exit(ExitCode.Done);
        }
    }

    private static WebApplication Build(IPEndPoint address)
    {
        // Nothing of the current folder is settings of ours, and signals are ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address);
        });
        return builder.Build();
    }

    private static string Address(WebApplication web) =>
        web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    private static async Task WhenCancelled(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task;
    }

    /// <summary>The web host neither listens for signals nor says anything: the server does.</summary>
    private sealed class NoLifetime : Microsoft.Extensions.Hosting.IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
