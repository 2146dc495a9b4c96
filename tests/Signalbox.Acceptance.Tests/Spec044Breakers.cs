namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/044-breakers.md</summary>
public sealed class Spec044Breakers
{
    [Fact]
    [Trait("Requirement", "S61")]
    public async Task A_breaker_is_listed_said_by_why_and_closed_by_hand()
    {
        using var project = new TestProject().Pipeline("daily", "circuit_breaker: { failures: 2, cool_down: 1h }\nrun: exit 1\n");
        Assert.Contains("no circuit breaker", (await project.CallAsync("breakers")).Expect(0).Output, StringComparison.Ordinal);
        await project.RunAsync("daily", 1, "--date", "2001-01-05");
        await project.RunAsync("daily", 1, "--date", "2001-01-06");
        var open = (await project.CallAsync("breakers", "--json")).Expect(0).Json[0];
        Assert.Equal("open", open.GetProperty("state").GetString());
        Assert.Equal(2, open.GetProperty("failures").GetInt32());
        Assert.Contains(
            "the circuit breaker of pipeline daily is open after 2 failures in a row",
            (await project.CallAsync("why", "daily")).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "`targt` is neither pipeline nor target; did you mean `target`?",
            (await project.CallAsync("breakers", "reset", "targt", "daily")).Expect(2).Error,
            StringComparison.Ordinal
        );
        (await project.CallAsync("breakers", "reset", "pipeline", "daily", "--reason", "mended")).Expect(0);
        (await project.CallAsync("breakers", "reset", "pipeline", "daily")).Expect(2);
        Assert.Contains("no circuit breaker", (await project.CallAsync("breakers")).Expect(0).Output, StringComparison.Ordinal);
    }
}
