namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/003-validate.md</summary>
public sealed class Spec003Validate
{
    [Fact]
    public async Task All_mistakes_of_all_files_are_listed_with_their_places()
    {
        using var project = new TestProject()
            .Pipeline("good", "tasks:\n  only: { run: \"true\", timeout: 1m }\n")
            .Write(
                "pipelines/bad.yaml",
                "pipeline: bad\ntasks:\n  first: { run: \"true\", timeout: 1m, retires: 3 }\n  second: { run: \"true\", timeout: 1m, needs: [frist] }\n"
            );
        var call = (await project.CallAsync("validate", "--json")).Expect(2);
        var problems = call.Json.EnumerateArray().ToList();
        var typo = problems.Single(problem => problem.GetProperty("code").GetString() == "unknown-key");
        Assert.Equal(3, typo.GetProperty("line").GetInt32());
        Assert.EndsWith("bad.yaml", typo.GetProperty("file").GetString(), StringComparison.Ordinal);
        Assert.Equal(38, typo.GetProperty("column").GetInt32());
        Assert.Equal("error", typo.GetProperty("severity").GetString());
        Assert.Contains("did you mean `retries`?", typo.GetProperty("message").GetString(), StringComparison.Ordinal);
        var unknown = problems.Single(problem => problem.GetProperty("line").GetInt32() == 4);
        Assert.Equal("unknown task `frist`; did you mean `first`?", unknown.GetProperty("message").GetString());
        Assert.DoesNotContain(
            problems,
            problem => problem.GetProperty("file").GetString()!.EndsWith("good.yaml", StringComparison.Ordinal)
        );

        var words = (await project.CallAsync("validate", "pipelines/bad.yaml")).Expect(2);
        Assert.Contains("bad.yaml:3:38: unknown key `retires`; did you mean `retries`?", words.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S59")]
    public async Task A_warning_is_shown_and_changes_no_exit_code()
    {
        using var project = new TestProject().Pipeline("good", "tasks:\n  only: { run: \"true\" }\n");
        var problem = Assert.Single((await project.CallAsync("validate", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Equal("warning", problem.GetProperty("severity").GetString());
        Assert.Contains("no timeout", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_without_mistakes_passes()
    {
        using var project = new TestProject().Pipeline("good", "tasks:\n  only: { run: \"true\", timeout: 1m }\n");
        Assert.Equal("[]", (await project.CallAsync("validate", "--json")).Expect(0).Output.Trim());
        (await project.CallAsync("validate", "pipelines/good.yaml")).Expect(0);
    }

    [Fact]
    [Trait("Requirement", "S10")]
    public async Task A_cycle_is_printed_as_the_path_of_its_tasks()
    {
        using var project = new TestProject().Write(
            "pipelines/circle.yaml",
            "pipeline: circle\ntimeout: 1m\ntasks:\n  a: { run: x, needs: c }\n  b: { run: x, needs: a }\n  c: { run: x, needs: b }\n"
        );
        var words = (await project.CallAsync("validate", "pipelines/circle.yaml")).Expect(2);
        Assert.Contains(
            "circle.yaml:4:23: the tasks wait for each other in a circle: a -> b -> c -> a",
            words.Output,
            StringComparison.Ordinal
        );
    }
}
