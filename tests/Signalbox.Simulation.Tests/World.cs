namespace Signalbox.Simulation.Tests;

/// <summary>
/// How much there is in a week. In a large world everything meets everything; a small one has the same faults around its few runs, and is played
/// in a sixth of the time, so that many more swarms are.
/// </summary>
/// <param name="Names">The pipelines that there are.</param>
/// <param name="Days">The days of the week on which schedules are due; null for each.</param>
/// <param name="MostAttempts">How many tasks may run at one time.</param>
/// <param name="MostInGpu">The same in the pool <c>gpu</c>.</param>
/// <param name="Kinds">How many in a hundred kinds of incidents are in the play, <see cref="Restarts"/> aside.</param>
/// <param name="Times">How often an incident that is in the play happens at most.</param>
/// <param name="Unseen">How many in a hundred incidents nobody sees before the next thing happens.</param>
/// <param name="LongestIdle">In minutes: how long may pass at once while nothing happens, of which chance takes one each time.</param>
/// <param name="LongestCalm">The same when nothing fails any more.</param>
internal sealed record World(
    IReadOnlyList<string> Names,
    IReadOnlyList<DayOfWeek>? Days,
    int MostAttempts,
    int MostInGpu,
    int Kinds,
    int Times,
    int Unseen,
    IReadOnlyList<int> LongestIdle,
    int LongestCalm
)
{
    /// <summary>How many in a hundred plays have each of the ways in which a server comes to its end.</summary>
    public const int Restarts = 35;

    /// <summary>The first seeds are of large worlds, and of those that follow so many in a hundred.</summary>
    private const ulong FirstLarge = 100;
    private const int Large = 1;

    /// <summary>The world of a seed.</summary>
    public static World Of(ulong seed)
    {
        var dice = new Dice(seed + 6);
        return seed < FirstLarge || dice.Chance(Large)
            ? new World(
                Pipelines.Names,
                null,
                MostAttempts: 5,
                MostInGpu: 2,
                Kinds: 35,
                Times: 5,
                Unseen: 0,
                [10, 90, 720],
                LongestCalm: 10
            )
            : new World(
                Few(dice),
                Sparse(dice),
                MostAttempts: dice.Between(1, 2),
                MostInGpu: 1,
                Kinds: 16,
                Times: 2,
                Unseen: 30,
                [720, 1440],
                LongestCalm: 30
            );
    }

    private static List<string> Few(Dice dice)
    {
        var names = new List<string> { dice.Of(Pipelines.Scheduled) };
        if (names is ["daily"] && dice.Chance(60))
        {
            names.Add(Pipelines.Reader);
        }
        else if (dice.Chance(20))
        {
            names.Add(Pipelines.Scheduled.First(name => name != names[0]));
        }

        return names;
    }

    /// <summary>The day on which clocks change, and perhaps another one.</summary>
    private static List<DayOfWeek> Sparse(Dice dice) =>
        dice.Chance(50) ? [DayOfWeek.Sunday] : [DayOfWeek.Sunday, dice.Of([DayOfWeek.Monday, DayOfWeek.Wednesday, DayOfWeek.Friday])];
}
