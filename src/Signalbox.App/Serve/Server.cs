using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Signalbox.App.Api;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Serve;

/// <summary>A project's engine and its address, in one process, until it is told to end.</summary>
internal static class Server
{
    public const int DefaultPort = 8400;

    // What is refused for its length is still read up to here: who sends it sees the answer, and not a connection that broke.
    private const long MostRead = 4 * DoorRules.MostBody;

    // A request that hangs must not hold up the end of the server.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3);

    // Nor may anything else: all that counts is durable, so what is held up (by a disk that hangs, a folder that is gone) need not be waited for.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(9);

    /// <summary>Serves until TERM or Ctrl-C, and ends within 10 seconds of it; when it is to drain, of the end of what runs.</summary>
    /// <returns>1 when another server took the project over, though nobody told this one to end.</returns>
    /// <exception cref="UserMistakeException">The address cannot be had.</exception>
    /// <exception cref="Storage.StoreRefused">Another process serves the project; the message names its pid.</exception>
    public static async Task<int> RunAsync(Project project, ServerOptions options, ServerLines lines)
    {
        using var stopping = new CancellationTokenSource();
        using var draining = new CancellationTokenSource();
        var drains = false;
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        await using var engine = ProjectOpening.OpenEngine(project, Containment.ControlGroup);
        engine.Said += lines.Say;
        RequireSafe(engine, options);
        engine.ListensAt(options.Address.Port);
        try
        {
            await engine.ServeAsync(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to end while it stood by, or before it was ready.
            return ExitCode.Done;
        }

        await using var web = Build(engine, options);
        web.UseApi(lines.Say);
        try
        {
            await web.StartAsync(stopping.Token);
        }
        catch (IOException problem)
        {
            throw new UserMistakeException(
                $"{options.Address} cannot be listened at: {problem.Message.TrimEnd('.')}; name another with --port"
            );
        }

        // Of port 0 the machine has made one.
        engine.ListensAt(new Uri(Address(web)).Port);
        lines.Say($"serving {project.Folder} at {Address(web)}");
        await TellWayInAsync(web, options, lines, stopping.Token);
        drains = options.Drain;
        using var told = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, draining.Token);
        await Task.WhenAny(WhenCancelled(told.Token), engine.LockLost);
        var isReplaced = engine.LockLost.IsCompleted;
        if (isReplaced)
        {
            lines.Say("the connection that held the engine's lock broke, and another server has the lock now: this one ends");
        }
        else
        {
            await DrainAsync();
        }

        lines.Say("stopping; commands that run go on, and the next server takes them over");
        using var limit = new CancellationTokenSource(StopLimit);
        await web.StopAsync(limit.Token);
        return isReplaced ? ExitCode.WorkFailed : ExitCode.Done;

        async Task DrainAsync()
        {
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            lines.Say("draining: nothing more begins, and what runs is waited for; a second signal ends the server at once");
            try
            {
                await engine.DrainAsync(stopping.Token);
                new Thread(EndAnyway) { IsBackground = true }.Start();
            }
            catch (OperationCanceledException)
            {
                // The second signal: what still runs goes on without this server.
            }
        }

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (drains && !draining.IsCancellationRequested)
            {
                draining.Cancel();
                return;
            }

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

    /// <summary>What strangers can reach has a user, and does not carry passwords in clear.</summary>
    /// <exception cref="UserMistakeException">It would.</exception>
    private static void RequireSafe(EngineSession engine, ServerOptions options)
    {
        if (!options.IsBeyondLoopback)
        {
            return;
        }

        if (!engine.Store.Read(session => session.HasUsers()))
        {
            throw new UserMistakeException(
                $"--listen {options.Address.Address}: others can reach that address, and there is no user yet; `signalbox users add NAME --role admin` makes one"
            );
        }

        if (options is { Certificate: null, InsecureHttp: false })
        {
            throw new UserMistakeException(
                $"--listen {options.Address.Address}: others can reach that address, and passwords would go there in clear; name a certificate with --tls-cert and --tls-key, or say --insecure-http where something in front of it speaks TLS"
            );
        }
    }

    /// <summary>A link that signs in once for who started the server; while there is no user, also the token that makes the first one.</summary>
    private static async Task TellWayInAsync(WebApplication web, ServerOptions options, ServerLines lines, CancellationToken stop)
    {
        if (web.Services.GetRequiredService<SetUp>().Begin() is { } token)
        {
            lines.Say($"there is no user yet; the set-up token makes the first admin: {token}");
        }

        if (!options.IsBeyondLoopback)
        {
            var link = await web.Services.GetRequiredService<Doorkeeper>().MakeLinkAsync(stop);
            lines.Say($"open {Address(web)}/sign-in?token={link} (signs in once, within fifteen minutes)");
        }
    }

    private static WebApplication Build(EngineSession engine, ServerOptions options)
    {
        // Nothing of the current folder is settings of ours, and signals are ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostRead;
            kestrel.Listen(
                options.Address,
                listen =>
                {
                    if (options.Certificate is { } certificate)
                    {
                        listen.UseHttps(certificate);
                    }
                }
            );
        });
        builder.AddApi(engine, options);
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
