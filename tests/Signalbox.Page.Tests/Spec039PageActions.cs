using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Signalbox.Page.Tests;

/// <summary>docs/specs/039-page.md: what can be done on the page is done by the server.</summary>
public sealed partial class Spec039PageActions(ServedPage served)
{
    [Fact]
    public async Task What_failed_is_run_again_after_a_preview_of_what_that_is()
    {
        await using var seen = await served.OpenAsync($"/runs/{served.Broken}");
        await seen.Button("Rerun what failed …").ClickAsync();
        var dialog = seen.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("These run again").WaitForAsync();
        Assert.Equal(["stop", "after"], await dialog.GetByRole(AriaRole.Listitem).AllInnerTextsAsync());
        await dialog.GetByLabel("Reason, kept in the history").FillAsync("the table is back");
        await dialog.GetByText("The same from a terminal").ClickAsync();
        await dialog.GetByText($"signalbox rerun {served.Broken} --from-failed --reason 'the table is back'").WaitForAsync();
        Assert.Empty(await seen.SeriousAsync());
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Rerun 2 tasks" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await served.Project.EndedAsync(served.Broken);
        await using var after = await served.OpenAsync($"/runs/{served.Broken}?task=stop");
        await after.SeesAsync("Attempt 2, failed, exit code 3");
        await using var history = await served.OpenAsync($"/runs/{served.Broken}?tab=history");
        await history.SeesAsync("the table is back");
    }

    [Fact]
    public async Task A_group_shows_its_tries_and_has_no_log()
    {
        served.Project.Pipeline(
            "tries",
            """
            tasks:
              load:
                retries: 1
                retry_delay: 0s
                group:
                  fetch: { run: "test -e fetched || { touch fetched; exit 75; }" }
            """
        );
        var run = (await served.Project.RunAsync("tries", 0)).Json.GetProperty("number").GetInt64();
        await using var seen = await served.OpenAsync($"/runs/{run}?task=load");
        await seen.SeesAsync("Try 2, success");
        await seen.SeesAsync("Try 1, failed");
        Assert.Equal(0, await seen.Page.GetByRole(AriaRole.Link, new() { Name = "Log", Exact = true }).CountAsync());
    }

    [Fact]
    public async Task A_task_is_marked_and_what_comes_after_it_goes_on()
    {
        var run = await served.StartAsync("held");
        await using var seen = await served.OpenAsync($"/runs/{run}?task=file");
        await seen.Button("Mark …").ClickAsync();
        await seen.Button("Mark as success").ClickAsync();
        Assert.Equal("success", (await served.Project.EndedAsync(run)).State);
        await seen.Page.Locator(".run-title").GetByText("success").WaitForAsync();
    }

    [Fact]
    public async Task A_run_is_cancelled_and_the_page_shows_it_by_itself()
    {
        var run = await served.StartAsync("held");
        await using var seen = await served.OpenAsync($"/runs/{run}");
        await seen.Button("Cancel run …").ClickAsync();
        await seen.Button("Cancel the run").ClickAsync();
        Assert.Equal("cancelled", (await served.Project.EndedAsync(run)).State);
        await seen.Page.Locator(".run-title").GetByText("cancelled").WaitForAsync();
    }

    [Fact]
    public async Task A_run_is_started_with_parameters_that_are_checked_before_they_are_sent()
    {
        await using var seen = await served.OpenAsync("/pipelines/daily?tab=trigger");
        var rows = seen.Page.GetByLabel("rows, integer");
        await rows.FillAsync("0");
        await seen.SeesAsync("rows is at least 1");
        Assert.True(await seen.Button("Start the run").IsDisabledAsync());
        await rows.FillAsync("5");
        await seen.Page.GetByLabel("Date that the run is for").FillAsync("2001-02-03");
        await seen.Button("Start the run").ClickAsync();
        await seen.Page.WaitForURLAsync(RunAddress());
        await seen.SeesAsync("rows = 5");
        var run = await served.Project.EndedAsync(
            long.Parse(seen.Page.Url.Split('/')[^1], System.Globalization.CultureInfo.InvariantCulture)
        );
        Assert.Equal("success", run.State);
        Assert.Equal(6, served.Project.Lines("data/sums/2001-02-03.csv").Length);
    }

    [Fact]
    public async Task A_change_is_done_and_shown_also_while_events_come_faster_than_the_server_answers()
    {
        await using var seen = await served.OpenAsync("/pipelines/later?tab=trigger");
        await seen.Button("Start the run").WaitForAsync();
        // An event every fifth of a second, and a second for each answer.
        await seen.Page.RouteAsync(
            "**/api/events",
            route => route.FulfillAsync(new() { ContentType = "text/event-stream", Body = "retry: 200\nevent: run\ndata: {}\n\n" })
        );
        await seen.Page.RouteAsync(
            "**/api/pipelines/later",
            async route =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
                await route.ContinueAsync();
            }
        );
        await seen.Page.ReloadAsync();
        await seen.Button("Pause …").WaitForAsync();
        (await served.Project.CallAsync("pause", "later", "--reason", "its source moves")).Expect(0);
        await seen.Button("Unpause …").WaitForAsync();
        await seen.Button("Unpause …").ClickAsync();
        await seen.Button("Unpause").ClickAsync();
        await seen.Page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await seen.Button("Pause …").WaitForAsync();
    }

    [Fact]
    [Trait("Requirement", "S88")]
    public async Task A_backfill_is_planned_before_it_is_started_and_is_paused_resumed_and_cancelled()
    {
        await using var seen = await served.OpenAsync("/backfills");
        await seen.Page.GetByRole(AriaRole.Link, new() { Name = "New backfill …" }).ClickAsync();
        await seen.Page.GetByRole(AriaRole.Combobox, new() { Name = "Pipeline" }).SelectOptionAsync("daily");
        await seen.Page.GetByLabel("From", new() { Exact = true }).FillAsync("2001-01-04");
        await seen.Page.GetByLabel("To, included", new() { Exact = true }).FillAsync("2001-01-01");
        await seen.SeesAsync("is after the last");
        await seen.Page.GetByLabel("From", new() { Exact = true }).FillAsync("2001-01-01");
        await seen.Page.GetByLabel("To, included", new() { Exact = true }).FillAsync("2001-01-07");
        await seen.Page.GetByRole(AriaRole.Combobox, new() { Name = "Which of them" }).SelectOptionAsync("those without a success");
        await seen.Button("Start 4 runs").WaitForAsync();
        var plan = seen.Page.GetByRole(AriaRole.Region, new() { Name = "Plan" });
        await plan.GetByText("2001-01-01, 2001-01-02, 2001-01-03").WaitForAsync();
        await plan.GetByText("Takes about").WaitForAsync();
        await seen.Page.GetByLabel("Runs at one time", new() { Exact = true }).FillAsync("1");
        await seen.Page.GetByLabel("Pause between starts, e.g. 2s", new() { Exact = true }).FillAsync("1h");
        await seen.Page.GetByText("The same from a terminal").ClickAsync();
        await seen.SeesAsync("signalbox backfill daily --from 2001-01-01 --to 2001-01-07 --missing --max-active 1 --every 1h");
        await seen.Button("Start 4 runs").ClickAsync();
        await seen.Page.WaitForURLAsync(BackfillAddress());
        await seen.SeesAsync("1 of 4 dates are over");
        var state = seen.Page.Locator(".title .state");
        await seen.Button("Pause …").ClickAsync();
        await seen.Button("Pause the backfill").ClickAsync();
        await state.GetByText("paused").WaitForAsync();
        await seen.Button("Resume …").ClickAsync();
        await seen.Button("Resume the backfill").ClickAsync();
        await state.GetByText("running").WaitForAsync();
        await seen.Button("Cancel …").ClickAsync();
        await seen.Button("Cancel the backfill").ClickAsync();
        await state.GetByText("cancelled").WaitForAsync();
        await seen.SeesAsync("all 4 dates are over");
        Assert.Empty(seen.Problems);
    }

    [Fact]
    public async Task A_schedule_is_paused_with_a_reason_and_home_says_so()
    {
        await using var seen = await served.OpenAsync("/pipelines/later");
        await seen.Button("Pause …").ClickAsync();
        await seen.Page.GetByLabel("Reason, kept in the history").FillAsync("the source moves");
        await seen.Button("Pause").ClickAsync();
        await seen.Button("Unpause …").WaitForAsync();
        await using var home = await served.OpenAsync("/");
        await home.SeesAsync("the source moves");
        await seen.Button("Unpause …").ClickAsync();
        await seen.Button("Unpause").ClickAsync();
        await seen.Button("Pause …").WaitForAsync();
    }

    [Fact]
    public async Task Home_names_the_run_that_failed_with_its_task_and_leads_there()
    {
        await using var seen = await served.OpenAsync("/");
        var need = seen.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "stop" }).First;
        await need.GetByRole(AriaRole.Link).ClickAsync();
        await seen.SeesAsync("Rerun what failed …");
    }

    [Fact]
    public async Task A_view_is_reached_by_the_keyboard_and_a_dialog_gives_the_focus_back()
    {
        await using var seen = await served.OpenAsync($"/runs/{served.Broken}");
        await seen.Page.GetByRole(AriaRole.Link, new() { Name = "To the content" }).FocusAsync();
        await seen.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("view", await seen.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        var opener = seen.Button("Rerun what failed …");
        await opener.FocusAsync();
        await seen.Page.Keyboard.PressAsync("Enter");
        await seen.Page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await seen.Page.Keyboard.PressAsync("Escape");
        await seen.Page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal("Rerun what failed …", await seen.Page.EvaluateAsync<string>("() => document.activeElement.textContent"));
    }

    [GeneratedRegex(@"/backfills/\d+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BackfillAddress();

    [GeneratedRegex(@"/runs/\d+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RunAddress();
}
