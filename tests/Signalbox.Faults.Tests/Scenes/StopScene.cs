namespace Signalbox.Faults.Tests.Scenes;

public sealed class StopScene()
    : Scene("stop", "SIGSTOP of the server, or of the whole session of a command, for up to eight seconds", shortly: 2, atLength: 40)
{
    [Fact]
    [Trait("Requirement", "S94")]
    public Task A_server_or_a_command_that_was_stopped_for_a_while_goes_on_as_if_nothing_had_been() => PlayAsync();

    private protected override async Task DisturbAsync(bool isShort)
    {
        await using var server = StartServer();
        await server.ReadyAsync();
        for (var stop = 1; Again(stop - 1); stop++)
        {
            await RestAsync(Between(0.5, 2));
            var commands = Load.Witness.Alive();
            List<int> stopped;
            if (stop % 2 == 1 || commands.Count == 0)
            {
                stopped = [server.Pid];
                Count("stops of the server");
            }
            else
            {
                stopped = Machine.Session(commands[Chance.Next(commands.Count)].Pid);
                Count("stops of a command");
            }

            stopped.ForEach(pid => Machine.Signal(pid, Machine.Stop));
            await RestAsync(Between(0.2, isShort ? 2 : 8));
            stopped.ForEach(pid => Machine.Signal(pid, Machine.Continue));
        }

        if (Load.Witness.All.Any(each => each.Attempt > 1))
        {
            Findings.Add("a command was begun again, though nothing had failed");
        }
    }
}
