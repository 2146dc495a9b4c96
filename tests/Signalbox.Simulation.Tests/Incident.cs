namespace Signalbox.Simulation.Tests;

/// <summary>What can happen to an engine from outside.</summary>
internal enum What
{
    Kill,
    Stop,
    Reboot,
    DatabaseAway,
    DiskFull,
    SlowDatabase,
    CommitFails,
    CommitLies,
    Busy,
    ClockForward,
    ClockBack,
    StartsRefused,
    Misbehaves,
    SlowMachine,
    PlaceRefuses,
    SlowPlace,
    StartRun,
    CancelRun,
    Rerun,
    Clear,
    Mark,
    Pause,
    Unpause,
    Drain,
    EndDrain,
    Backfill,
    CancelBackfill,
    PauseBackfill,
    ResumeBackfill,
    UpdateDataset,
    Edit,
    BreakFile,
    DeleteFile,
    ResetBreaker,
    RollBack,
    Pin,
}

/// <summary>Something that happens at a time. Its details come from a seed of its own: what becomes of it does not change with the others.</summary>
/// <param name="IsUnseen">Whether time passes at once to what comes next, such as the end of a command: both are found in one instant.</param>
internal sealed record Incident(TimeSpan At, What What, ulong Seed, bool IsUnseen)
{
    /// <summary>
    /// The incidents of a performance, by swarm: of all there are, each is in the play or not, and those that are come several times. Most of
    /// them when something is under way.
    /// </summary>
    public static List<Incident> Plot(Dice dice, World world, IReadOnlyList<TimeSpan> ticks)
    {
        var plot = new List<Incident>();
        foreach (var what in Enum.GetValues<What>())
        {
            // What an engine does when it is started again is half of all that it promises: that is no rarer in a small world.
            if (!dice.Chance(what is What.Kill or What.Stop or What.Reboot ? World.Restarts : world.Kinds))
            {
                continue;
            }

            for (var times = dice.Between(1, world.Times); times > 0; times--)
            {
                var tick = dice.Of(ticks);
                var at =
                    dice.Chance(50) ? tick + dice.Seconds(90)
                    : dice.Chance(60) ? tick + dice.Seconds(2 * 3600)
                    : dice.Seconds((int)Performance.Length.TotalSeconds);
                plot.Add(new Incident(at, what, dice.Next(), world.Unseen > 0 && dice.Chance(world.Unseen)));
            }
        }

        plot.Sort((a, b) => a.At.CompareTo(b.At));
        return plot;
    }

    public override string ToString() =>
        $"{At.TotalSeconds:0.000} s: {What} ({Seed}){(IsUnseen ? ", unseen until the next thing happens" : "")}";
}
