namespace Signalbox.Faults.Tests.Scenes;

public sealed class KillScene()
    : Scene("kill", "`kill -9` of the server under load, at any moment of its life, also while it starts", shortly: 3, atLength: 500)
{
    // So many lives are ended before they serve.
    private const double WhileStarting = 0.2;

    [Fact]
    [Trait("Requirement", "S93")]
    [Trait("Requirement", "S94")]
    public Task Killed_again_and_again_nothing_acknowledged_is_lost_nothing_is_published_twice_and_commands_are_adopted() => PlayAsync();

    private protected override async Task DisturbAsync(bool isShort)
    {
        for (var cycle = 1; Again(cycle - 1); cycle++)
        {
            var server = StartServer();
            if (Chance.NextDouble() < WhileStarting)
            {
                await RestAsync(Between(0.1, 2));
            }
            else
            {
                await server.ReadyAsync();
                if (cycle % 10 == 1)
                {
                    await Load.CallByCommandLineAsync();
                }

                await RestAsync(Between(0, 2.5));
            }

            await KillAsync(server);
        }
    }
}
