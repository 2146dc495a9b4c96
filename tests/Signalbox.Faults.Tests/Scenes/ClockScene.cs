namespace Signalbox.Faults.Tests.Scenes;

public sealed class ClockScene()
    : Scene(
        "clock",
        "the server's clock jumps by up to an hour, back and forth (libfaketime), at a schedule of each minute",
        shortly: 3,
        atLength: 40
    )
{
    private static readonly string? Library = Directory
        .EnumerateFiles("/usr/lib", "libfaketime.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
        .FirstOrDefault();

    private string _clock = "";

    private protected override string? Hindrance => Library is null ? "libfaketime is not installed" : null;

    private protected override TimeSpan Every => TimeSpan.FromMinutes(1);

    private protected override IReadOnlyDictionary<string, string> ServerEnvironment =>
        new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = Library!,
            ["FAKETIME_TIMESTAMP_FILE"] = _clock,
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };

    [Fact]
    [Trait("Requirement", "S5")]
    public Task When_the_clock_jumps_each_minute_is_run_once() => PlayAsync();

    private protected override Task PrepareAsync(string folder)
    {
        _clock = folder + ".clock";
        File.WriteAllText(_clock, "+0");
        return Task.CompletedTask;
    }

    private protected override async Task DisturbAsync(bool isShort)
    {
        await using var server = StartServer();
        await server.ReadyAsync();
        var shift = 0;
        for (var time = 1; Again(time - 1); time++)
        {
            await RestAsync(Between(1.5, 3));
            // More often forth than back: what was gone through is gone through.
            shift += Chance.Next(time % 2 == 1 ? 0 : -3600, isShort ? 600 : 3600);
            await File.WriteAllTextAsync(_clock, $"{shift:+0;-0}", TestContext.Current.CancellationToken);
            Count(time % 2 == 1 ? "jumps forth" : "jumps back or forth");
        }

        await RestAsync(2);
    }
}
