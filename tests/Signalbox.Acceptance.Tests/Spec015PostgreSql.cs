using Signalbox.Storage.Tests;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/015-postgresql.md</summary>
public sealed class Spec015PostgreSql(PostgresServer server)
{
    [Fact]
    [Trait("Requirement", "S196")]
    [Trait("Requirement", "S198")]
    public async Task A_project_on_PostgreSQL_runs_as_any_other_and_survives_the_kill_of_its_server()
    {
        var address = server.Address("public").Replace("signalbox@", "signalbox:hunter2hunter2@", StringComparison.Ordinal);
        using var project = new TestProject()
            .Write("signalbox.yaml", $"database: {address}\n")
            .Pipeline(
                "work",
                """
                tasks:
                  items: { run: 'echo "[1, 2, 3]" > $SIGNALBOX_RESULT', timeout: 1m }
                  each: { needs: [items], for_each: "{{ tasks.items.result }}", run: "echo {{ item }} >> done.txt; sleep 2", timeout: 1m }
                  last:
                    needs: [each]
                    run: sort done.txt > {{ outputs.sorted }}
                    timeout: 1m
                    outputs: { sorted: "data/{{ ds }}.txt" }
                """
            );

        await using (var first = await TestServer.StartAsync(project))
        {
            await using (var waiting = await TestServer.StandByAsync(project))
            {
                Assert.Contains(waiting.Lines, line => line.Contains($"{first.Pid}", StringComparison.Ordinal));
                Assert.DoesNotContain("hunter2", string.Join('\n', waiting.Lines), StringComparison.Ordinal);
            }

            (await project.CallAsync("run", "work", "--date", "2001-01-05", "--detach")).Expect(0);
            await Eventually.TrueAsync(() => project.Lines("done.txt").Length == 3, TimeSpan.FromSeconds(20));
            await first.KillAsync();
        }

        await using var second = await TestServer.StartAsync(project);
        var run = await project.EndedAsync(1);
        Assert.Equal("success", run.State);
        Assert.Equal(["1", "2", "3"], project.Lines("data/2001-01-05.txt"));
        var shown = (await project.CallAsync("doctor")).ToString();
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        Assert.Contains("PostgreSQL", shown, StringComparison.Ordinal);
    }
}
