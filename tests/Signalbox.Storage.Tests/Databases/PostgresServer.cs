using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Npgsql;

[assembly: AssemblyFixture(typeof(Signalbox.Storage.Tests.PostgresServer))]

namespace Signalbox.Storage.Tests;

/// <summary>
/// A real PostgreSQL server in a temporary folder, on a free port of this machine, started when the first test asks for it and ended
/// with the tests. Without the programs it tries to install them (as root), else the tests that need it fail and say how.
/// </summary>
public sealed partial class PostgresServer : IDisposable
{
    private readonly Lazy<Running> running = new(Start);

    /// <summary>For making schemas.</summary>
    public string Connection => $"Host=127.0.0.1;Port={running.Value.Port};Username=signalbox;Database=postgres;Pooling=false";

    /// <summary>As a user writes it, with the one option that keeps tests apart.</summary>
    public string Address(string schema) => $"postgres://signalbox@127.0.0.1:{running.Value.Port}/postgres?SearchPath={schema}";

    public void Dispose()
    {
        if (!running.IsValueCreated)
        {
            return;
        }

        Stop();
        Directory.Delete(running.Value.Folder, recursive: true);
    }

    /// <summary>Ends the server at once; what was committed is there when it is started again.</summary>
    public void Stop()
    {
        if (running.Value.Process is { } process)
        {
            using (process)
            {
                // Its "immediate shutdown": it recovers at the next start, as after a power cut.
                _ = Kill(process.Id, Quit);
                if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
                {
                    process.Kill();
                    process.WaitForExit();
                }
            }

            running.Value.Process = null;
        }
    }

    /// <summary>Starts a stopped server again, at its port.</summary>
    public void StartAgain() => running.Value.Begin();

    private const int Quit = 3;

    /// <summary>A server with its data, started or stopped.</summary>
    private sealed class Running(string[] command, string folder, int port)
    {
        public string Folder => folder;

        public int Port => port;

        public Process? Process { get; set; }

        public void Begin()
        {
            Process = System.Diagnostics.Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder })!;
            WaitUntilReady(Process, port);
        }
    }

    private static Running Start()
    {
        var programs = Programs() ?? Install();
        var folder = Directory.CreateTempSubdirectory("signalbox-postgres-").FullName;
        var data = Path.Combine(folder, "data");
        // PostgreSQL refuses to run as root.
        string[] user = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        if (user.Length > 0)
        {
            Run("chown", ["postgres", folder]);
        }

        RunAs(
            user,
            Path.Combine(programs, "initdb"),
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "signalbox",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-instructions"
        );
        var port = FreePort();
        string[] command =
        [
            .. user,
            Path.Combine(programs, "postgres"),
            "-D",
            data,
            "-p",
            $"{port}",
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-c",
            "logging_collector=off",
            "-c",
            "log_min_messages=panic",
            "-c",
            "max_connections=200",
            "-c",
            "wal_level=logical",
            "-c",
            "max_replication_slots=20",
        ];
        var server = new Running(command, folder, port);
        server.Begin();
        return server;
    }

    private static void WaitUntilReady(Process process, int port)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var connection = new NpgsqlConnection(
                    $"Host=127.0.0.1;Port={port};Username=signalbox;Database=postgres;Pooling=false"
                );
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (!process.HasExited && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30))
            {
                Thread.Sleep(20);
            }
        }
    }

    private static string? Programs()
    {
        string[] folders =
        [
            .. Directory.Exists("/usr/lib/postgresql")
                ? Directory
                    .GetDirectories("/usr/lib/postgresql")
                    .Order(StringComparer.Ordinal)
                    .Reverse()
                    .Select(version => Path.Combine(version, "bin"))
                : [],
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'),
        ];
        return Array.Find(folders, folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    private static string Install()
    {
        if (Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get"))
        {
            Run("apt-get", ["install", "-y", "-q", "postgresql"]);
        }

        return Programs() ?? throw new InvalidOperationException("these tests need PostgreSQL: apt-get install postgresql");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void RunAs(string[] user, string program, params string[] arguments) =>
        Run(user.Length > 0 ? user[0] : program, user.Length > 0 ? [.. user[1..], program, .. arguments] : arguments);

    private static void Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {error.GetAwaiter().GetResult()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
