using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Signalbox.Acceptance.Tests;

namespace Signalbox.Page.Tests;

/// <summary>docs/specs/039-page.md: every view, as people see it.</summary>
public sealed partial class Spec039Page(ServedPage served)
{
    private const int MostOfFirstView = 300_000;

    /// <summary>Each view with a text that is there once its data is.</summary>
    public static TheoryData<string, string> Views =>
        new()
        {
            { "/", "Needs you" },
            { "/runs", "triggered by" },
            { "/runs?pipeline=daily", "A line is a run, a column a task." },
            { "/runs/1", "Tasks over time" },
            { "/runs/1?tab=checks&task=extract", "at least 1 rows" },
            { "/runs/1?tab=outputs", "shop/sums" },
            { "/runs/1?tab=results", "source" },
            { "/runs/1?tab=history", "Becomes" },
            { "/runs/1/logs/extract", "line 2000" },
            { "/pipelines", "Sums of every day" },
            { "/pipelines/daily", "Next runs" },
            { "/pipelines/daily?tab=tasks", "Retried when" },
            { "/pipelines/daily?tab=durations", "95th percentile" },
            { "/pipelines/daily?tab=versions", "pipeline: daily" },
            { "/pipelines/daily?tab=trigger", "how many there are" },
            { "/timetable", "Copy as curl" },
            { "/datasets", "Made by" },
            { "/datasets?view=lineage", "sums" },
            { "/datasets/shop%2Fsums", "Written by daily.sums" },
            { "/backfills", "the first days" },
            { "/backfills/1", "all 3 dates are over" },
            { "/backfills/new?pipeline=daily&from=2001-01-01&to=2001-01-05&which=missing", "These are left out" },
            { "/models", "churn" },
            { "/models/churn", "Champion against candidate" },
        };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_fits_wide_and_narrow_by_day_and_by_night_and_keeps_nobody_out(string path, string text)
    {
        await Task.WhenAll(FitsAsync(path, text, small: false, dark: false), FitsAsync(path, text, small: true, dark: true));
    }

    private async Task FitsAsync(string path, string text, bool small, bool dark)
    {
        await using var seen = await served.LookAsync(path, small, dark);
        await seen.SeesAsync(text);
        await seen.Page.GetByText("Live").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        var width = await seen.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        Assert.True(width <= (small ? 390 : 1280), $"{path} is {width} pixels wide");
        Assert.Empty(await seen.SeriousAsync());
        Assert.Empty(seen.Problems);
    }

    [Fact]
    public async Task The_first_view_needs_less_than_300_kB_of_packed_script()
    {
        using var http = new HttpClient { BaseAddress = served.Server.Address };
        var entry = await http.GetStringAsync("/", TestContext.Current.CancellationToken);
        var total = 0;
        foreach (Match script in Scripts().Matches(entry))
        {
            var bytes = await http.GetByteArrayAsync(script.Groups["path"].Value, TestContext.Current.CancellationToken);
            using var packed = new MemoryStream();
            await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                await gzip.WriteAsync(bytes, TestContext.Current.CancellationToken);
            }

            total += (int)packed.Length;
        }

        Assert.InRange(total, 30_000, MostOfFirstView);
    }

    [Fact]
    public async Task Nobody_sees_anything_without_signing_in_and_no_name_leads_out_of_the_page()
    {
        await using var seen = await served.OpenAsync("/runs/1", signedIn: false);
        await seen.SeesAsync("The first account");
        using var http = new HttpClient { BaseAddress = served.Server.Address };
        foreach (var path in new[] { "/..%2fsignalbox.dll", "/assets/..%2f..%2fsignalbox.dll", "/assets/no.js" })
        {
            using var answer = await http.GetAsync(path, TestContext.Current.CancellationToken);
            var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(
                !answer.IsSuccessStatusCode || body.StartsWith("<!doctype html>", StringComparison.OrdinalIgnoreCase),
                $"{path}: {answer.StatusCode}"
            );
        }
    }

    [Fact]
    [Trait("Requirement", "S16")]
    public async Task A_run_that_waits_says_for_what_and_its_task_never_starts()
    {
        await using var seen = await served.OpenAsync($"/runs/{served.Waits}?task=load");
        await seen.SeesAsync("Why it is none");
        await seen.Page.GetByText(NeedsFile()).First.WaitForAsync();
        await seen.SeesAsync("None yet.");
    }

    [Fact]
    [Trait("Requirement", "S43")]
    public async Task The_next_attempt_is_counted_down_to()
    {
        await using var seen = await served.OpenAsync($"/runs/{served.Flaky}?task=fetch");
        await seen.Page.GetByText(Countdown()).First.WaitForAsync();
        await seen.SeesAsync("exit code 75");
    }

    [Fact]
    [Trait("Requirement", "S38")]
    public async Task Runs_are_filtered_by_tag_in_the_address()
    {
        await using var seen = await served.OpenAsync("/runs");
        await seen.Page.GetByLabel("Tag").SelectOptionAsync("models");
        await seen.Page.WaitForURLAsync(TagInAddress());
        await Assertions.Expect(seen.Page.GetByRole(AriaRole.Cell, new() { Name = "train", Exact = true })).ToHaveCountAsync(2);
        await Assertions.Expect(seen.Page.GetByRole(AriaRole.Cell, new() { Name = "daily", Exact = true })).ToHaveCountAsync(0);
        await using var linked = await served.OpenAsync("/runs?tag=models");
        await linked.SeesAsync("2 runs");
    }

    [Fact]
    [Trait("Requirement", "S51")]
    public async Task Times_are_in_UTC_or_on_the_clock_of_the_browser_and_the_zone_is_named()
    {
        await using var seen = await served.OpenAsync("/pipelines/daily");
        await seen.SeesAsync("Times in UTC");
        await seen.Button("Local").ClickAsync();
        await seen.SeesAsync("Times in Europe/Berlin");
        await seen.Page.ReloadAsync();
        await seen.SeesAsync("Times in Europe/Berlin");
        await seen.Page.GetByRole(AriaRole.Columnheader, new() { Name = "UTC" }).WaitForAsync();
        await seen.Page.GetByText(HalfPastTwo()).First.WaitForAsync();
    }

    [Fact]
    [Trait("Requirement", "S15")]
    [Trait("Requirement", "S66")]
    public async Task The_timetable_shows_any_window_with_how_long_each_run_takes()
    {
        await using var seen = await served.OpenAsync("/timetable?from=2031-06-02&days=3");
        await seen.SeesAsync("2031-06-02");
        await seen.SeesAsync("2031-06-04");
        Assert.Equal(0, await seen.Page.GetByText("2031-06-05").CountAsync());
        await seen.SeesAsync("takes about");
    }

    [Fact]
    [Trait("Requirement", "S79")]
    public async Task The_policies_of_all_tasks_stand_in_one_table()
    {
        await using var seen = await served.OpenAsync("/pipelines/daily?tab=tasks");
        var row = seen.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "sums" });
        await row.WaitForAsync();
        var text = await row.InnerTextAsync();
        Assert.Contains("3", text, StringComparison.Ordinal);
        Assert.Contains("5 min", text, StringComparison.Ordinal);
        Assert.Contains("transient", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S120")]
    public async Task The_lineage_of_a_dataset_names_who_writes_and_who_reads_it()
    {
        await using var seen = await served.OpenAsync("/datasets/daily.extract.raw");
        await seen.SeesAsync("Written by daily.extract; read by daily.sums.");
        await seen.Page.GetByRole(AriaRole.Region, new() { Name = "Checks" }).GetByText("at least 1 rows").WaitForAsync();
        await seen.Page.GetByRole(AriaRole.Button, new() { NameRegex = PublishedSums() }).ClickAsync();
        await seen.SeesAsync("Written by daily.sums");
    }

    [Fact]
    [Trait("Requirement", "S48")]
    public async Task A_dataset_says_how_often_it_must_be_updated_and_that_it_is_late()
    {
        await using var seen = await served.OpenAsync("/datasets/shop%2Fweekly");
        await seen.SeesAsync("Must be updated");
        await seen.Page.Locator(".run-facts").GetByText("late", new() { Exact = true }).WaitForAsync();
        await using var home = await served.OpenAsync("/");
        await home
            .Page.GetByRole(AriaRole.Listitem)
            .Filter(new() { HasText = "was not updated in time" })
            .GetByRole(AriaRole.Link, new() { Name = "shop/weekly" })
            .WaitForAsync();
    }

    [Fact]
    [Trait("Requirement", "S121")]
    public async Task A_run_says_what_started_it()
    {
        await using var seen = await served.OpenAsync("/runs/1");
        await seen.SeesAsync("Triggered by");
        await seen.Page.GetByText(BySchedule()).First.WaitForAsync();
        await using var filled = await served.OpenAsync("/runs/2");
        await filled.Page.GetByText(ByBackfill()).First.WaitForAsync();
        await using var other = await served.OpenAsync($"/runs/{served.Broken}");
        await other.Page.GetByText(ByHand()).First.WaitForAsync();
    }

    [Fact]
    [Trait("Requirement", "S138")]
    public async Task Full_incremental_and_selective_backfills_are_told_apart_with_when_to_use_each()
    {
        await using var seen = await served.OpenAsync("/backfills");
        foreach (var heading in new[] { "Full", "Incremental", "Selective" })
        {
            await seen.Page.GetByRole(AriaRole.Heading, new() { Name = heading, Exact = true }).WaitForAsync();
        }

        await seen.SeesAsync("--since-watermark");
        await using var pipeline = await served.OpenAsync("/pipelines/daily");
        Assert.Contains(
            "[\"sums\"",
            await pipeline.Page.GetByRole(AriaRole.Button, new() { NameRegex = Mermaid() }).GetAttributeAsync("aria-label") ?? "",
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_log_is_searched_and_its_colours_are_those_of_a_terminal()
    {
        await using var seen = await served.OpenAsync("/runs/1/logs/extract?attempt=1&stream=stdout");
        await seen.SeesAsync("line 2000");
        await seen.Page.GetByLabel("Search this log").FillAsync("LINE 77");
        await seen.SeesAsync("11 lines here");
        await seen.Button("Next").ClickAsync();
        await seen.Page.Locator(".log-line.current", new() { HasText = "line 77" }).WaitForAsync();
        await seen.Button("Start").ClickAsync();
        Assert.Equal("red", await seen.Page.Locator(".ansi-red").InnerTextAsync());
    }

    [Fact]
    public async Task The_page_follows_what_happens_without_a_reload()
    {
        await using var seen = await served.OpenAsync("/runs?pipeline=waits");
        await seen.SeesAsync("1 run");
        await served.StartAsync("waits");
        await seen.SeesAsync("2 runs");
    }

    [GeneratedRegex("(?:src|href)=\"(?<path>/assets/[^\"]+\\.js)\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Scripts();

    [GeneratedRegex("needs? file|file is ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NeedsFile();

    [GeneratedRegex(@"^\d+:\d\d(?::\d\d)?$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Countdown();

    [GeneratedRegex("tag=models", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TagInAddress();

    [GeneratedRegex(@"02:30 \+0[12]:00", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HalfPastTwo();

    [GeneratedRegex("sums \\d partitions", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PublishedSums();

    [GeneratedRegex("^backfill 1", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ByBackfill();

    [GeneratedRegex("^the schedule, tick ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BySchedule();

    [GeneratedRegex("^by hand", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ByHand();

    [GeneratedRegex("^Copy the graph as Mermaid", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Mermaid();
}
