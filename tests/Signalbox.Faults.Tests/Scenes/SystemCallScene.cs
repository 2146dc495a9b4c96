using System.Diagnostics;

namespace Signalbox.Faults.Tests.Scenes;

public sealed class SystemCallScene()
    : Scene(
        "calls",
        "strace has the server's `fsync` and `fdatasync` fail with EIO, its `pwrite64` with EIO or ENOSPC, each third to seventh call, for up to two seconds",
        shortly: 1,
        atLength: 40
    )
{
    private static readonly string[] Injections =
    [
        "fsync,fdatasync:error=EIO",
        "pwrite64:error=EIO",
        "fsync,fdatasync:error=ENOSPC",
        "pwrite64:error=ENOSPC",
    ];

    private protected override string? Hindrance =>
        !Machine.Has("strace") ? "strace is not installed"
        : Machine.Call("strace", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "true").ExitCode != 0
            ? "strace may not trace here"
        : null;

    private protected override bool MayFail => true;

    [Fact]
    [Trait("Requirement", "S98")]
    public Task What_the_disk_refused_was_not_acknowledged_and_is_done_when_it_takes_it_again() => PlayAsync();

    private protected override async Task DisturbAsync(bool isShort)
    {
        await using var server = StartServer();
        await server.ReadyAsync();
        for (var time = 1; Again(time - 1); time++)
        {
            await RestAsync(Between(0.5, 2));
            var injection = Injections[(time - 1) % Injections.Length];
            var which = $"{Chance.Next(1, 4)}+{Chance.Next(3, 8)}";
            using (var strace = Attach(server.Pid, $"{injection}:when={which}"))
            {
                await RestAsync(Between(0.5, isShort ? 1 : 2));
                // Told to end politely it waits for each of its tracees, and one that waits for its own child never comes.
                Machine.Signal(strace.Id, Machine.Kill);
                await strace.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            Count($"times {injection}");
            if (server.HasEnded)
            {
                Findings.Add($"the server ended under {injection}:\n{server.Said}");
                return;
            }

            await AnsweredAgainAsync();
        }
    }

    private static Process Attach(int pid, string injection)
    {
        var calls = injection[..injection.IndexOf(':', StringComparison.Ordinal)];
        return Process.Start(
            new ProcessStartInfo(
                "strace",
                ["-f", "-qq", "-o", "/dev/null", "-e", $"trace={calls}", "-e", $"inject={injection}", "-p", $"{pid}"]
            )
        )!;
    }
}
