using System.Text.RegularExpressions;

namespace Mutants;

/// <summary>Code that is mutated, and the tests that are to notice.</summary>
/// <param name="Files">Paths in the project, with <c>*</c>.</param>
/// <param name="TestProject">The project whose tests are run.</param>
/// <param name="Tests">Names of test classes after the project's name, with <c>*</c>; one with <c>!</c> in front leaves out again.</param>
public sealed record Target(string Name, string Of, string[] Files, string TestProject, string[] Tests)
{
    public static readonly string Root = FindRoot();

    // Those that go through every zone of the database take minutes.
    private static readonly string[] CronTests =
    [
        "Time.Cron*",
        "Time.Schedule*",
        "Time.DaylightSaving*",
        "Time.DueTicks*",
        "!*.AgreesWithAScanOfEveryMinuteInEveryZoneOfTheDatabase",
    ];

    public static readonly Target[] All =
    [
        new("RetryPolicy", "Signalbox.Core", ["Retry/RetryPolicy.cs"], "Signalbox.Core.Tests", ["Retry.*", "Runs.*"]),
        new(
            "CronSchedule",
            "Signalbox.Core",
            ["Time/CronExpression.cs", "Time/CronDays.cs", "Time/ZonedCron.cs", "Time/WallTimeline.cs"],
            "Signalbox.Core.Tests",
            CronTests
        ),
        new(
            "CronText",
            "Signalbox.Core",
            ["Time/CronField.cs", "Time/CronItem*.cs", "Time/CronParse*.cs"],
            "Signalbox.Core.Tests",
            CronTests
        ),
        new(
            "RunDecider",
            "Signalbox.Core",
            ["Runs/RunDecider*.cs"],
            "Signalbox.Core.Tests",
            ["Runs.*", "!*.An_event_of_one_instance_*", "Alerts.*", "Simulation.SimulationTests.No_promise_*"]
        ),
        new(
            "Publication",
            "Signalbox.Engine",
            ["Outputs/Publisher*.cs", "Outputs/VersionChains.cs"],
            "Signalbox.Engine.Tests",
            ["Outputs.PublisherTests*", "Outputs.PublishedFactsTests*", "Outputs.PublishingChecksTests*", "Outputs.VersionChainTests*"]
        ),
    ];

    public string Project => Path.Combine(Root, "src", Of);

    public static string Results => Path.Combine(Root, "artifacts", "mutants");

    public string BuiltTests => Path.Combine(Root, "tests", TestProject, "bin", "Release", "net10.0");

    public string TestBin => Path.Combine(Results, Name, "tests");

    public string Assembly => Path.Combine(TestBin, Of + ".dll");

    public bool IsMutated(string file) =>
        file.StartsWith(Project, StringComparison.Ordinal) && Files.Any(pattern => Fits(pattern, Path.GetRelativePath(Project, file)));

    /// <param name="test">Class and method, without the project's name.</param>
    public bool IsRun(string test) =>
        Tests.Any(pattern => pattern[0] != '!' && Fits(pattern, test))
        && !Tests.Any(pattern => pattern[0] == '!' && (Fits(pattern[1..], test) || Fits(pattern[1..] + ".*", test)));

    private static bool Fits(string pattern, string text) =>
        Regex.IsMatch(text, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$");

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Signalbox.slnx")))
        {
            folder =
                Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Signalbox.slnx is in no folder above this program");
        }

        return folder;
    }
}
