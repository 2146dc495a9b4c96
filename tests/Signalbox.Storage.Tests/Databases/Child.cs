using System.Diagnostics;
using Signalbox.Storage.Schema;

namespace Signalbox.Storage.Tests;

/// <summary>
/// Another process for tests that kill one: this program again, told by its environment what to be.
/// </summary>
internal sealed class Child : IDisposable
{
    private const string Role = "SIGNALBOX_TEST_CHILD";
    private const string Database = "SIGNALBOX_TEST_DATABASE";
    private readonly Process process;

    public Child(string role, string database)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        }

        start.Environment[Role] = role;
        start.Environment[Database] = database;
        process = Process.Start(start)!;
    }

    public int Id => process.Id;

    public string? ReadLine() => process.StandardOutput.ReadLine();

    /// <summary>Kills it as the kernel does, without a chance to tidy up.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public int WaitForExit()
    {
        if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            Kill();
            throw new InvalidOperationException("the child did not end within a minute");
        }

        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }

    /// <summary>What this process is to be; null for the tests themselves.</summary>
    public static int? Play()
    {
        if (Environment.GetEnvironmentVariable(Role) is not { } role)
        {
            return null;
        }

        try
        {
            Play(role, Environment.GetEnvironmentVariable(Database)!);
            return 0;
        }
        catch (StoreException problem)
        {
            Console.Out.WriteLine(problem.Message);
            return 1;
        }
    }

    private static void Play(string role, string database)
    {
        switch (role)
        {
            case "serve":
                using (var store = Store.Open(database))
                using (store.AcquireEngine())
                {
                    Console.Out.WriteLine("serving");
                    Thread.Sleep(Timeout.Infinite);
                }

                break;
            case "write":
                Write(database);
                break;
            case "ask":
                Ask(database);
                break;
            case ['m', 'i', 'g', 'r', 'a', 't', 'e', ..]:
                Migrate(database, int.Parse(role.Split(' ')[1]), role.Split(' ')[2]);
                break;
            default:
                throw new InvalidOperationException($"no such role: {role}");
        }
    }

    // Ends itself as the kernel would, at one point of one step.
    private static void Migrate(string database, int killedStep, string killedAt)
    {
        using var link = Store.DialectOf(database).Connect(readOnly: false);
        Migrations.Apply(
            link,
            [.. Migrations.All, Made.LaterStep],
            Made.Noon,
            (step, at) =>
            {
                if ((step, at) == (killedStep, killedAt))
                {
                    Process.GetCurrentProcess().Kill();
                }
            }
        );
    }

    // Many writers at once, so that a kill falls into the middle of a transaction of many works; each says what it was told is kept.
    private static void Write(string database)
    {
        var store = Store.Open(database);
        var said = new Lock();
        Task.WaitAll(
            Enumerable
                .Range(0, 20)
                .Select(async writer =>
                {
                    for (var line = 0; ; line++)
                    {
                        var what = $"{writer}.{line}";
                        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "child", what, null)), CancellationToken.None);
                        lock (said)
                        {
                            Console.Out.WriteLine(what);
                        }
                    }
                })
                .ToArray()
        );
    }

    private static void Ask(string database)
    {
        using var store = Store.Open(database);
        for (var i = 0; i < 100; i++)
        {
            store
                .WriteAsync(session => session.AddRequest("run", "{}", "child", Made.Noon), CancellationToken.None)
                .GetAwaiter()
                .GetResult();
        }
    }
}
