namespace Signalbox.Faults.Tests.Scenes;

public sealed class TwoServersScene()
    : Scene(
        "two",
        "two servers on one PostgreSQL: the one that serves is killed, and the one that stands by takes over",
        shortly: 1,
        atLength: 40
    )
{
    private OwnPostgres? _postgres;

    private protected override string? Hindrance => OwnPostgres.Programs is null ? "PostgreSQL is not installed" : null;

    private protected override string Settings => $"database: {_postgres!.Address}\n";

    [Fact]
    [Trait("Requirement", "S198")]
    public Task Of_two_servers_one_serves_and_the_other_takes_over_what_it_left() => PlayAsync();

    private protected override Task PrepareAsync(string folder)
    {
        _postgres = OwnPostgres.Make();
        return Task.CompletedTask;
    }

    private protected override async Task DisturbAsync(bool isShort)
    {
        var serves = StartServer();
        await serves.ReadyAsync();
        for (var time = 1; Again(time - 1); time++)
        {
            // Both may have the port of the callers: the one that stands by listens only when it serves.
            var waits = StartServer();
            await RestAsync(Between(2, 4));
            await KillAsync(serves);
            await waits.ReadyAsync();
            await AnsweredAgainAsync(seconds: 60);
            serves = waits;
        }

        await serves.DisposeAsync();
    }

    private protected override void CleanUp() => _postgres?.Dispose();
}
