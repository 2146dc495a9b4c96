namespace Signalbox.Faults.Tests.Scenes;

public sealed class PostgresScene()
    : OnPostgres(
        "postgres",
        "PostgreSQL ended under load, by `kill -9` or at once as its own shutdown does, away for up to three seconds",
        shortly: 1,
        atLength: 60
    )
{
    [Fact]
    [Trait("Requirement", "S93")]
    public Task While_PostgreSQL_comes_and_goes_nothing_acknowledged_is_lost_and_commands_go_on() => PlayAsync();

    private protected override async Task DisturbAsync(bool isShort)
    {
        await using var server = StartServer();
        await server.ReadyAsync();
        for (var end = 1; Again(end - 1); end++)
        {
            await RestAsync(Between(1, 3));
            Postgres.End(end % 2 == 1 ? Machine.Kill : Machine.Quit);
            Count("ends of PostgreSQL");
            await RestAsync(Between(0, isShort ? 1 : 3));
            Postgres.Start();
            if (server.HasEnded)
            {
                Findings.Add($"the server ended with its database:\n{server.Said}");
                return;
            }

            await AnsweredAgainAsync();
        }
    }
}
