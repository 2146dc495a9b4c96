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
internal sealed record Incident(TimeSpan At, What What, ulong Seed)
{
    /// <summary>
    /// The incidents of a performance, by swarm: of all there are, each is in the play or not, and those that are come several times. Most of
    /// them when something is under way.
    /// </summary>
    public static List<Incident> Plot(Dice dice, IReadOnlyList<TimeSpan> ticks)
    {
        var plot = new List<Incident>();
        foreach (var what in Enum.GetValues<What>())
        {
            if (!dice.Chance(35))
            {
                continue;
            }

            for (var times = dice.Between(1, 5); times > 0; times--)
            {
                var tick = dice.Of(ticks);
                var at =
                    dice.Chance(50) ? tick + dice.Seconds(90)
                    : dice.Chance(60) ? tick + dice.Seconds(2 * 3600)
                    : dice.Seconds((int)Performance.Length.TotalSeconds);
                plot.Add(new Incident(at, what, dice.Next()));
            }
        }

        plot.Sort((a, b) => a.At.CompareTo(b.At));
        return plot;
    }

    public override string ToString() => $"{At.TotalSeconds:0.000} s: {What} ({Seed})";
}
