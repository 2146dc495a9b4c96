namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/002-cron.md</summary>
public sealed class Spec002Cron
{
    [Theory]
    [Trait("Requirement", "S24")]
    [Trait("Requirement", "S25")]
    [Trait("Requirement", "S26")]
    [Trait("Requirement", "S27")]
    [InlineData("15 2 * * *", "UTC", "2001-01-05T02:15:00Z", "2001-01-06T02:15:00Z", "2001-01-07T02:15:00Z")]
    [InlineData("@daily", "UTC", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z")]
    [InlineData("30 1 * * 1-5", "UTC", "2026-01-02T01:30:00Z", "2026-01-05T01:30:00Z", "2026-01-06T01:30:00Z")]
    [InlineData("*/5 * * * *", "UTC", "2026-01-01T23:55:00Z", "2026-01-02T00:00:00Z", "2026-01-02T00:05:00Z")]
    [InlineData("30 23 * * 0", "Europe/London", "2026-03-22T23:30:00Z", "2026-03-29T22:30:00Z", "2026-04-05T22:30:00Z")]
    [InlineData("0 0 * * *", "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z")]
    public async Task Next_lists_the_instants_after_one(string expression, string zone, string from, params string[] then)
    {
        var call = await CallAsync("cron", "next", expression, "--tz", zone, "--from", from, "-n", $"{then.Length}", "--json");
        Assert.Equal(then, call.Expect(0).Json.EnumerateArray().Select(instant => instant.GetString()));
    }

    [Fact]
    [Trait("Requirement", "S26")]
    [Trait("Requirement", "S54")]
    public async Task A_weekday_schedule_never_fires_on_a_weekend_in_two_weeks()
    {
        var call = await CallAsync("cron", "next", "30 1 * * 1-5", "--from", "2026-01-05T00:00:00Z", "-n", "10", "--json");
        var days = call.Expect(0).Json.EnumerateArray().Select(instant => instant.GetDateTimeOffset()).ToList();
        Assert.All(days, day => Assert.InRange(day.DayOfWeek, DayOfWeek.Monday, DayOfWeek.Friday));
        Assert.Equal("2026-01-16", days[^1].ToString("yyyy-MM-dd"));
    }

    [Fact]
    [Trait("Requirement", "S28")]
    [Trait("Requirement", "S54")]
    public async Task Explain_says_a_sentence_and_the_times_in_the_zone_and_in_utc()
    {
        var call = await CallAsync(
            "cron",
            "explain",
            "30 1 * * 1-5",
            "--tz",
            "Europe/Berlin",
            "--from",
            "2026-07-03T00:00:00Z",
            "-n",
            "2",
            "--json"
        );
        var said = call.Expect(0).Json;
        Assert.Equal("At 01:30, Monday through Friday", said.GetProperty("sentence").GetString());
        var first = said.GetProperty("next")[0];
        Assert.Equal("2026-07-05T23:30:00Z", first.GetProperty("utc").GetString());
        Assert.Equal("2026-07-06T01:30:00+02:00", first.GetProperty("local").GetString());
        var words = await CallAsync("cron", "explain", "30 1 * * 1-5", "--tz", "Europe/Berlin", "--from", "2026-07-03T00:00:00Z");
        Assert.Contains("At 01:30, Monday through Friday (Europe/Berlin).", words.Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("Mon 2026-07-06 01:30 +02:00", words.Output, StringComparison.Ordinal);
        Assert.Contains("Sun 2026-07-05 23:30", words.Output, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Requirement", "S28")]
    [InlineData("61 * * * *", "UTC", "minute: 61 is out of range")]
    [InlineData("0 24 * * *", "UTC", "hour: 24")]
    [InlineData("0 0 31 2 *", "UTC", "day")]
    [InlineData("0 0 * *", "UTC", "four of five fields|4 of five fields")]
    [InlineData("0 0 * * *", "Europe/Lodon", "did you mean")]
    public async Task A_bad_expression_is_refused_with_its_field(string expression, string zone, string told)
    {
        var call = (await CallAsync("cron", "explain", expression, "--tz", zone)).Expect(2);
        Assert.Contains(told.Split('|'), part => call.Error.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Requirement", "S14")]
    [Trait("Requirement", "S53")]
    public async Task The_zone_of_the_machine_changes_nothing()
    {
        string[] arguments = ["cron", "explain", "0 3 * * *", "--from", "2026-01-01", "-n", "3", "--json"];
        var tokyo = new Dictionary<string, string> { ["TZ"] = "Asia/Tokyo" };
        var there = await BuiltProgram.CallAsync(Path.GetTempPath(), tokyo, deadline: null, arguments);
        var here = await CallAsync(arguments);
        Assert.Equal(here.Expect(0).Output, there.Expect(0).Output);
        Assert.Equal("UTC", here.Json.GetProperty("timezone").GetString());
    }

    private static Task<Called> CallAsync(params string[] arguments) =>
        BuiltProgram.CallAsync(Path.GetTempPath(), environment: null, deadline: null, arguments);
}
