using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Signalbox.Acceptance.Tests;

namespace Signalbox.Page.Tests;

/// <summary>docs/specs/039-page.md: what needs somebody is on the first view, and is done there.</summary>
public sealed partial class Spec039PageNeeds(ServedPage served)
{
    [Fact]
    public async Task A_question_is_answered_on_home_with_its_form_and_a_comment_and_the_run_goes_on()
    {
        var run = await served.StartAsync("gate");
        await using var seen = await served.OpenAsync("/");
        await seen.SeesAsync("release round 1?");
        await seen.Button($"Approve ask of run {run} …").ClickAsync();
        var dialog = seen.Page.GetByRole(AriaRole.Dialog);
        var approve = dialog.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true });
        Assert.True(await approve.IsDisabledAsync());
        await dialog.GetByLabel("limit, integer").FillAsync("many");
        await dialog.GetByText("limit is a whole number").WaitForAsync();
        await dialog.GetByLabel("limit, integer").FillAsync("0");
        await approve.ClickAsync();
        await dialog.GetByRole(AriaRole.Alert).GetByText("at least 1").WaitForAsync();
        await dialog.GetByLabel("limit, integer").FillAsync("40");
        await dialog.GetByLabel("Comment, kept with the answer").FillAsync("the numbers look right");
        Assert.Empty(await seen.SeriousAsync());
        await approve.ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal("success", (await served.Project.EndedAsync(run)).State);
        Assert.Contains("40", served.Project.Lines("released"));
        var asked = (await served.Project.CallAsync("approvals", "list", "--all", "--json")).Expect(0).Json.EnumerateArray();
        Assert.Equal(
            "the numbers look right",
            asked.First(one => one.GetProperty("run").GetInt64() == run).GetProperty("answers")[0].GetProperty("reason").GetString()
        );
    }

    [Fact]
    public async Task A_question_is_rejected_on_its_run_and_only_with_a_reason()
    {
        var run = await served.StartAsync("gate");
        await using var seen = await served.OpenAsync($"/runs/{run}", small: true, dark: true);
        await seen.SeesAsync("ask asks you");
        await seen.Button($"Reject ask of run {run} …").ClickAsync();
        var reject = seen.Button("Reject");
        Assert.True(await reject.IsDisabledAsync());
        await seen.Page.GetByLabel("Why, kept with the answer").FillAsync("too few rows");
        await reject.ClickAsync();
        Assert.Equal("failed", (await served.Project.EndedAsync(run)).State);
        await seen.Page.GetByText("ask asks you").WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    [Fact]
    [Trait("Requirement", "S13")]
    public async Task A_missed_deadline_stands_on_home_and_on_its_run_while_that_goes_on()
    {
        await using var seen = await served.OpenAsync("/");
        var need = seen.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "missed its deadline within 1s" });
        await need.GetByRole(AriaRole.Link).ClickAsync();
        await seen.Page.WaitForURLAsync(new Regex($"/runs/{served.Late}", RegexOptions.NonBacktracking));
        await seen.SeesAsync("Deadline");
        await seen.Page.Locator(".run-facts").GetByText("missed", new() { Exact = true }).WaitForAsync();
    }

    [Fact]
    public async Task A_dead_letter_is_shown_with_its_reason_and_what_is_in_it_and_put_aside()
    {
        await using var seen = await served.OpenAsync("/");
        await seen.SeesAsync("`n` is an integer");
        await seen.Button($"Replay message {served.Letter} …").ClickAsync();
        await seen.Button("Replay it").ClickAsync();
        await seen.SeesAsync("It is a dead letter again");
        await seen.Button("Not now").ClickAsync();
        await seen.Button($"Drop message {served.Letter} …").ClickAsync();
        await seen.Page.GetByLabel("What is in it").GetByText("many").WaitForAsync();
        await seen.Page.GetByLabel("Reason, kept in the history").FillAsync("a test of the sender");
        await seen.Button("Drop it").ClickAsync();
        await seen.Page.GetByText("`n` is an integer").WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }
}
