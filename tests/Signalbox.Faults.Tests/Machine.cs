using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Signalbox.Faults.Tests;

/// <summary>What the harness does to processes, disks and ports of this machine.</summary>
internal static partial class Machine
{
    public const int Kill = 9;
    public const int Quit = 3;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    public static void Signal(int pid, int signal) => _ = SendSignal(pid, signal);

    public static bool IsAlive(int pid) => Directory.Exists($"/proc/{pid}");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Calls a program of the system and waits for its end.</summary>
    /// <returns>Its exit code and what it wrote.</returns>
    public static (int ExitCode, string Output) Call(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    /// <summary>The same for what must succeed.</summary>
    public static void Do(string program, params string[] arguments)
    {
        var (code, output) = Call(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}: {output}");
    }

    public static bool Has(string program) => Call("/bin/sh", "-c", $"command -v {program}").ExitCode == 0;

    /// <summary>Processes whose working directory lies below a folder.</summary>
    public static List<int> Within(string folder)
    {
        var found = new List<int>();
        foreach (var name in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName))
        {
            if (
                int.TryParse(name, out var pid)
                && Where(pid) is { } where
                && (where + "/").StartsWith(folder + "/", StringComparison.Ordinal)
            )
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>All processes of the session that a process is in.</summary>
    public static List<int> Session(int pid)
    {
        var session = SessionOf(pid);
        return session < 0
            ? []
            :
            [
                .. Directory
                    .EnumerateDirectories("/proc")
                    .Select(Path.GetFileName)
                    .Select(name => int.TryParse(name, out var each) ? each : -1)
                    .Where(each => each > 0 && SessionOf(each) == session),
            ];
    }

    /// <summary>
    /// Takes the power from a mounted ext4: from this instant nothing reaches its disk any more, neither what is dirty in memory nor the rest of
    /// its journal. What was written to the disk before stays.
    /// </summary>
    public static void CutPower(string mount)
    {
        const ulong shutdown = 0x8004587D; // EXT4_IOC_SHUTDOWN
        const uint withoutJournal = 2; // EXT4_GOING_FLAGS_NOLOGFLUSH
        const int directory = 0x10000;
        var descriptor = Open(mount, directory, 0);
        Assert.True(descriptor >= 0, $"{mount} cannot be opened");
        var how = withoutJournal;
        var answer = Control(descriptor, shutdown, ref how);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        Assert.True(answer == 0, $"{mount} cannot be shut down: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private static string? Where(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/cwd").LinkTarget;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int SessionOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, ulong request, ref uint argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
