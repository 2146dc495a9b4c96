namespace Signalbox.Faults.Tests.Scenes;

public sealed class TwoServersScene()
    : OnPostgres(
        "two",
        "two servers on one PostgreSQL: the one that serves is killed, and the one that stands by takes over",
        shortly: 1,
        atLength: 40
    )
{
    [Fact]
    [Trait("Requirement", "S198")]
    public Task Of_two_servers_one_serves_and_the_other_takes_over_what_it_left() => PlayAsync();

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
}
