namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/055-groups.md</summary>
public sealed class Spec055Groups
{
    [Fact]
    [Trait("Requirement", "S43")]
    [Trait("Requirement", "S89")]
    public async Task A_group_is_tried_again_as_one_and_says_so_and_a_rerun_of_what_failed_does_all_of_it()
    {
        using var project = new TestProject().Pipeline(
            "loading",
            """
            tasks:
              first: { run: "echo first >> order.txt" }
              load:
                needs: [first]
                retries: 1
                retry_delay: 100ms
                backoff: fixed
                group:
                  stage: { run: "echo stage >> order.txt" }
                  swap: { needs: [stage], run: "echo swap >> order.txt; test -e mended" }
              after: { needs: [load], run: "echo after >> order.txt" }
            """
        );
        var failed = await project.RunAsync("loading", 1);
        Assert.Equal(["first", "stage", "swap", "stage", "swap"], project.Lines("order.txt"));
        Assert.Equal(("failed", "failed", "upstream_failed"), (failed.States["swap"], failed.States["load"], failed.States["after"]));
        Assert.Equal(["failed", "failed"], failed.Attempts("load").Select(attempt => attempt.GetProperty("state").GetString()));
        var why = (await project.CallAsync("why", $"{failed.Number}", "load")).Expect(0).Output;
        Assert.Contains("try 2 of 2 failed", why, StringComparison.Ordinal);
        Assert.Contains("swap: ", why, StringComparison.Ordinal);

        var preview = (await project.CallAsync("rerun", $"{failed.Number}", "--from-failed", "--dry-run", "--json")).Expect(0).Json;
        Assert.Equal(["stage", "swap", "load", "after"], preview.GetProperty("tasks").EnumerateArray().Select(task => task.GetString()));
        project.Write("mended", "").Write("order.txt", "");
        var mended = await project.RerunAsync(failed.Number, 0, "--from-failed");
        Assert.Equal(["stage", "swap", "after"], project.Lines("order.txt"));
        Assert.Equal("success", mended.State);

        project.Pipeline("wrong", "tasks:\n  g: { group: { a: { run: \"true\" } } }\n  t: { needs: [a], run: \"true\" }\n");
        var refused = (await project.CallAsync("validate")).Expect(2);
        Assert.Contains(
            "wrong.yaml:4:16: the task `t` needs `a`, which is inside the group `g`",
            refused.Output + refused.Error,
            StringComparison.Ordinal
        );
    }
}
