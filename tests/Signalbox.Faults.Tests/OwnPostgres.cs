using System.Diagnostics;
using Npgsql;

namespace Signalbox.Faults.Tests;

/// <summary>A PostgreSQL of the harness alone, which may be killed and comes back at its port with what it had. It syncs as it does for users.</summary>
internal sealed class OwnPostgres : IDisposable
{
    private static readonly string[] User = Machine.IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
    private readonly string _folder = Directory.CreateTempSubdirectory("signalbox-faults-postgres-").FullName;
    private readonly int _port = Machine.FreePort();
    private Process? _process;

    public string Address => $"postgres://signalbox@127.0.0.1:{_port}/postgres";

    /// <summary>Where the programs are; null when PostgreSQL is not installed.</summary>
    public static string? Programs { get; } =
        Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Select(version => Path.Combine(version, "bin"))
                .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;

    public static OwnPostgres Make()
    {
        var made = new OwnPostgres();
        if (Machine.IsRoot)
        {
            Machine.Do("chown", "postgres", made._folder);
        }

        string[] words = [.. User, Path.Combine(Programs!, "initdb"), "-D", made.Data, "-A", "trust", "-U", "signalbox", "-E", "UTF8"];
        Machine.Do(words[0], words[1..]);
        made.Start();
        return made;
    }

    /// <summary>Begins to serve again. What it takes to recover it takes: callers have to wait.</summary>
    public void Start()
    {
        var late = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            string[] words =
            [
                .. User,
                Path.Combine(Programs!, "postgres"),
                "-D",
                Data,
                "-p",
                $"{_port}",
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "log_min_messages=panic",
            ];
            _process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { WorkingDirectory = _folder })!;
            while (!_process.HasExited)
            {
                if (Answers())
                {
                    return;
                }

                Thread.Sleep(50);
            }

            // Processes of the one that was killed may still hold its memory.
            Assert.True(DateTime.UtcNow < late, "PostgreSQL does not start");
            Thread.Sleep(100);
        }
    }

    /// <param name="signal">9, or 3 for what PostgreSQL calls an immediate shutdown, 2 for a fast one.</param>
    public void End(int signal)
    {
        Machine.Signal(_process!.Id, signal);
        _process.WaitForExit();
        _process.Dispose();
    }

    public void Dispose()
    {
        End(Machine.Quit);
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private bool Answers()
    {
        try
        {
            using var connection = new NpgsqlConnection(
                $"Host=127.0.0.1;Port={_port};Username=signalbox;Database=postgres;Pooling=false;Timeout=5"
            );
            connection.Open();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
