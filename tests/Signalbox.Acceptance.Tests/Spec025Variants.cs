using System.Diagnostics;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/025-variants.md</summary>
public sealed class Spec025Variants
{
    private static readonly string[] Both = ["--from", "2024-01-14", "--to", "2024-01-15"];

    [Fact]
    [Trait("Requirement", "S176")]
    [Trait("Requirement", "S177")]
    public async Task A_shadow_validates_what_is_the_same_and_shows_what_is_not()
    {
        using var project = ExampleFiles.Copy("shadow");
        (await project.CallAsync(["backfill", "user_revenue", .. Both])).Expect(0);
        string[] compare = ["shadow", "user_revenue", .. Both, "--gate", "2", "--candidate"];
        var same = (await project.CallAsync([.. compare, "candidates/in_cents.yaml"])).Expect(0);
        Assert.Contains("no discrepancies: 6 rows compared on 2 dates, validated", same.Output, StringComparison.Ordinal);

        var lossy = (
            await project.CallAsync([.. compare, "candidates/no_refunds.yaml", "--discrepancies", "found.parquet", "--reason", "CI"])
        ).Expect(1);
        Assert.Contains(
            "total.revenue: 1 matching, 1 missing, 0 extra, 1 different (66.6667 % of 3 rows)",
            lossy.Output,
            StringComparison.Ordinal
        );
        Assert.Contains("revenue: 1 different (50 % of 2 rows)", lossy.Output, StringComparison.Ordinal);
        Assert.Contains("""missing {"user_id":"u3"}""", lossy.Output, StringComparison.Ordinal);
        Assert.Contains("the gate wants 2: not passed", lossy.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(project.PathOf("found.parquet")));

        // Without the declared keys whole rows are compared, and nothing pairs up; by hand keys and tolerance say the same as the file.
        var byHand = (
            await project.CallAsync([
                .. compare,
                "candidates/no_refunds.yaml",
                "--keys",
                "user_id",
                "--tolerance",
                "revenue=6",
                "--tolerance",
                "orders=1",
                "--json",
            ])
        ).Expect(1);
        var output = byHand.Json.GetProperty("dates")[0].GetProperty("outputs")[0];
        Assert.Equal(
            (2, 1, 0),
            (
                output.GetProperty("matching").GetInt64(),
                output.GetProperty("missing").GetInt64(),
                output.GetProperty("different").GetInt64()
            )
        );
        Assert.True(byHand.Json.GetProperty("dates")[1].GetProperty("clean").GetBoolean());

        var variants = (await project.CallAsync("variants", "user_revenue", "--json")).Expect(0).Json[0];
        Assert.Equal(
            [false, false, true],
            variants.GetProperty("shadows").EnumerateArray().Select(verdict => verdict.GetProperty("clean").GetBoolean())
        );
        Assert.Equal("CI", variants.GetProperty("shadows")[1].GetProperty("reason").GetString());
        Assert.Equal("blue", variants.GetProperty("active").GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(project.PathOf(".signalbox/namespaces")));
    }

    [Fact]
    [Trait("Requirement", "S179")]
    [Trait("Requirement", "S180")]
    [Trait("Requirement", "S181")]
    [Trait("Requirement", "S182")]
    [Trait("Requirement", "S183")]
    public async Task Readers_are_served_one_version_of_all_datasets_and_a_rollback_takes_no_run()
    {
        using var project = ExampleFiles.Copy("blue_green");
        (await project.CallAsync(["backfill", "revenue", .. Both])).Expect(0);
        Assert.Equal("blue last click,30", await RouteAsync(project));
        (await project.CallAsync("deploy", "candidates/revenue.yaml", "--as", "green", "--reason", "first click")).Expect(0);
        (await project.CallAsync("run", "revenue", "--variant", "green", "--date", "2024-01-15")).Expect(0);
        Assert.Equal("blue last click,30", await RouteAsync(project));
        Assert.Equal("data/total/date=2024-01-15/part-0.csv", await ResolvedAsync(project, "2024-01-15"));

        var promoted = (await project.CallAsync("promote", "revenue", "--reason", "finance has approved it", "--json")).Expect(0).Json;
        Assert.Contains("has not made 2 of the 4 outputs of blue", promoted.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(promoted.GetProperty("untold").EnumerateArray());
        Assert.Equal("green first click,30", await RouteAsync(project));
        Assert.Equal("blue last click,180", await RouteAsync(project, "2024-01-14"));
        Assert.Equal(".signalbox/namespaces/green/data/total/date=2024-01-15/part-0.csv", await ResolvedAsync(project, "2024-01-15"));
        var older = (await project.CallAsync("datasets", "resolve", "finance/total", "--partition", "2024-01-14")).Expect(0);
        Assert.Contains("green is active and has not made 2024-01-14; it is served from blue", older.Error, StringComparison.Ordinal);
        await project.RunAsync("board_report", 0, "--date", "2024-01-15");
        Assert.Equal(
            ["first click,ads,10", "first click,search,20"],
            project.Lines("data/report/date=2024-01-15/part-0.csv")[1..].Select(Plain)
        );

        (await project.CallAsync("rollback", "revenue", "--reason", "totals differ from the ledger")).Expect(0);
        Assert.Equal("blue last click,30", await RouteAsync(project));
        await project.RunAsync("board_report", 0, "--date", "2024-01-15");
        Assert.Equal(["last click,mail,30"], project.Lines("data/report/date=2024-01-15/part-0.csv")[1..].Select(Plain));

        var variants = (await project.CallAsync("variants", "revenue", "--json")).Expect(0).Json[0];
        var switches = variants.GetProperty("switches").EnumerateArray().ToList();
        Assert.Equal(["rollback", "promote"], switches.Select(made => made.GetProperty("kind").GetString()));
        Assert.Equal(
            ["totals differ from the ledger", "finance has approved it"],
            switches.Select(made => made.GetProperty("reason").GetString())
        );
        Assert.All(switches, made => Assert.Equal(Environment.UserName, made.GetProperty("who").GetString()));
        (await project.CallAsync("undeploy", "revenue", "--variant", "green")).Expect(0);
    }

    [Fact]
    [Trait("Requirement", "S4")]
    [Trait("Requirement", "S177")]
    public async Task A_promotion_asks_for_the_verdict()
    {
        using var project = ExampleFiles.Copy("shadow");
        (await project.CallAsync("deploy", "candidates/no_refunds.yaml", "--as", "green")).Expect(0);
        var run = await project.RunAsync("user_revenue", 0, "--variant", "green", "--date", "2024-01-14");
        Assert.NotEqual(
            run.Json.GetProperty("version").GetString(),
            (await project.RunAsync("user_revenue", 0, "--date", "2024-01-14")).Json.GetProperty("version").GetString()
        );
        (await project.CallAsync("shadow", "user_revenue", "--candidate", "candidates/no_refunds.yaml", "--dates", "2024-01-14")).Expect(1);
        var refused = (await project.CallAsync("promote", "user_revenue", "--reason", "hurry")).Expect(1);
        Assert.Contains("was not clean: 0 of 1 dates clean", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Error, StringComparison.Ordinal);
        (await project.CallAsync("promote", "user_revenue", "--reason", "hurry", "--force")).Expect(0);
    }

    [Theory]
    [InlineData("deploy", "candidates/in_cents.yaml", "--as", "blue", "is the live version")]
    [InlineData("run", "user_revenue", "--variant", "green", "signalbox deploy FILE --as green")]
    [InlineData("shadow", "user_revenue", "--candidate", "candidates/in_cents.yaml", "say which dates")]
    [InlineData("promote", "user_revenue", "--reason", "why", "nothing ever ran")]
    public async Task A_call_that_cannot_be_is_refused_with_what_to_do(params string[] call)
    {
        using var project = ExampleFiles.Copy("shadow");
        Assert.Contains(call[^1], (await project.CallAsync(call[..^1])).Expect(2).Error, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Requirement", "S191")]
    [InlineData("business risk")]
    [InlineData("unit tests")]
    [InlineData("instant")]
    public void The_page_says_when_two_versions_side_by_side_are_worth_it(string reason) =>
        Assert.Contains(
            reason,
            File.ReadAllText(Path.Combine(BuiltProgram.Root, "docs", "patterns", "blue_green.md")),
            StringComparison.Ordinal
        );

    private static string Plain(string line) => line.Replace(".0", "", StringComparison.Ordinal);

    /// <summary>What the router of the example serves for a date.</summary>
    private static async Task<string> RouteAsync(TestProject project, string date = "2024-01-15")
    {
        using var router = Process.Start(
            new ProcessStartInfo("python3", [project.PathOf("router.py"), date]) { RedirectStandardOutput = true, UseShellExecute = false }
        )!;
        var said = await router.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await router.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, router.ExitCode);
        return Plain(said.Trim());
    }

    private static async Task<string> ResolvedAsync(TestProject project, string partition)
    {
        var path = (await project.CallAsync("datasets", "resolve", "finance/total", "--partition", partition)).Expect(0).Output.Trim();
        return Path.GetRelativePath(project.Folder, path);
    }
}
