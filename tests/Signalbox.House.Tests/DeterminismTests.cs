using System.Text.RegularExpressions;

namespace Signalbox.House.Tests;

/// <summary>
/// The engine is played from a seed, on one thread (docs/decisions/0015-engine-simulation.md): what is played must not leave that thread, and
/// asks nobody but its clock for the time.
/// </summary>
public sealed partial class DeterminismTests
{
    // The rest of the engine stands behind seams that the simulation replaces: processes, places, channels, talks with the world.
    private static readonly string[] Played =
    [
        "Replica.cs",
        "Replica.Files.cs",
        "Driving",
        "Attempts",
        "Control",
        "Scheduling",
        "Backfills",
        "Outbox",
        "Deadlines",
        "Triggers/DatasetTriggers.cs",
        "Triggers/InboxDesk.cs",
        "Triggers/TriggerRunner.cs",
        "Outputs/Publisher.cs",
        "Outputs/Publisher.Placing.cs",
        "Outputs/Publisher.Checks.cs",
        "Outputs/VersionChains.cs",
        "Outputs/PathDoors.cs",
        "Outputs/Rollbacks.cs",
        "Outputs/StagingSweep.cs",
        "Upkeep/Retention.cs",
    ];

    // A session belongs to a process with a terminal; the simulation has people ask by rows.
    private static readonly string[] Exempt = ["EngineSession.cs"];

    [Fact]
    [Trait("Requirement", "S94")]
    public void What_is_played_from_a_seed_neither_leaves_its_thread_nor_asks_for_another_time()
    {
        var engine = Path.Combine(House.Root, "src", "Signalbox.Engine");
        var files = Played
            .SelectMany(part =>
                part.EndsWith(".cs", StringComparison.Ordinal)
                    ? [Path.Combine(engine, part)]
                    : House.CSharp(Path.Combine("src", "Signalbox.Engine", part))
            )
            .Where(file => !Exempt.Contains(Path.GetFileName(file)))
            .ToList();
        Assert.True(files.Count > 40, $"{files.Count} files");
        var found = new List<string>();
        foreach (var file in files)
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                if (Trap().Match(lines[i]) is { Success: true } trap)
                {
                    found.Add($"{Path.GetRelativePath(House.Root, file)}:{i + 1}: {trap.Value}");
                }
            }
        }

        Assert.Empty(found);
    }

    [GeneratedRegex(
        @"Task\.Run\(|Task\.Factory|DateTime(Offset)?\.(Utc)?Now|Stopwatch|Random\.|TickCount|PeriodicTimer|\.ReadAllAsync\(|\.CancelAsync\(\)|\.ContinueWith\(|TaskScheduler\.Default|Parallel\.|Task\.WhenAny\(|TimeProvider\.System|ThreadPool|new Thread\(|File\.\w+Async\(|Task\.Delay\((?!.*Time,)(?!$)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 5000
    )]
    private static partial Regex Trap();
}
