namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/042-failures.md</summary>
public sealed class Spec042Failures
{
    [Fact]
    [Trait("Requirement", "S164")]
    public async Task Classify_says_class_rule_and_delay_by_the_policy_of_a_task()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "tasks:\n  ask: { run: \"true\", retries: 2, retry_delay: 10s, backoff: exponential, jitter: 1s }\n"
        );
        project.Write("out.log", "Traceback\nurllib.error.HTTPError: HTTP Error 429: Too Many Requests\n");
        var limited = (
            await project.CallAsync("classify", "--exit", "1", "--stderr", "out.log", "--pipeline", "daily", "--task", "ask", "--json")
        )
            .Expect(0)
            .Json;
        Assert.Equal("rate_limited", limited.GetProperty("class").GetString());
        Assert.Equal("HTTP 429", limited.GetProperty("rule").GetString());
        Assert.Equal(60, limited.GetProperty("delay").GetDouble());
        var last = (await project.CallAsync("classify", "--exit", "75", "--pipeline", "daily", "--task", "ask", "--attempt", "3"))
            .Expect(0)
            .Output;
        Assert.Contains("it fails: attempt 3 is the last of 3", last, StringComparison.Ordinal);
        Assert.Contains(
            "after 20s and up to 1s more",
            (await project.CallAsync("classify", "--exit", "75", "--pipeline", "daily", "--task", "ask", "--attempt", "2"))
                .Expect(0)
                .Output,
            StringComparison.Ordinal
        );
        Assert.Contains("name the exit code", (await project.CallAsync("classify")).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains("0 is a success", (await project.CallAsync("classify", "--exit", "0")).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains(
            "99 skips the task",
            (await project.CallAsync("classify", "--exit", "99")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "did you mean `ask`?",
            (await project.CallAsync("classify", "--exit", "1", "--pipeline", "daily", "--task", "aks")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S163")]
    [Trait("Requirement", "S185")]
    public async Task A_command_that_complains_of_401_is_not_tried_again_and_one_of_503_is()
    {
        using var project = new TestProject().Pipeline(
            "asking",
            """
            defaults: { retries: 1, retry_delay: 0s }
            tasks:
              refused: { run: "echo 'HTTP Error 401: Unauthorized' >&2; exit 1" }
              away: { run: "echo 'HTTP Error 503: Service Unavailable' >&2; exit 1" }
            """
        );
        var run = await project.RunAsync("asking", 1);
        Assert.Single(run.Attempts("refused"));
        Assert.Equal(2, run.Attempts("away").Count);
    }

    [Fact]
    [Trait("Requirement", "S151")]
    [Trait("Requirement", "S164")]
    public async Task A_rule_of_the_project_of_the_pipeline_and_of_the_task_says_what_lines_and_exit_codes_mean()
    {
        using var project = new TestProject().Pipeline(
            "asking",
            """
            defaults: { retries: auto, failure_rules: [{ lines: "quota of the .* is used up", class: permanent }] }
            tasks:
              spent: { run: "echo 'HTTP Error 429: quota of the day is used up' >&2; exit 1" }
              wrong: { run: "exit 3", failure_rules: { lines: x, class: auth } }
            """
        );
        var mistake = (await project.CallAsync("validate", "pipelines/asking.yaml")).Expect(2).Output;
        Assert.Contains("pipelines/asking.yaml:5:", mistake, StringComparison.Ordinal);
        project.Write("signalbox.yaml", "defaults:\n  failure_rules: [{ exit_code: 3, class: auth }]\n");
        project.Pipeline(
            "asking",
            """
            defaults: { retries: auto, failure_rules: [{ lines: "quota of the .* is used up", class: permanent }] }
            tasks:
              spent: { run: "echo 'HTTP Error 429: quota of the day is used up' >&2; exit 1" }
              wrong: { run: "exit 3", failure_rules: [{ exit_code: 4, class: schema }] }
            """
        );
        var run = await project.RunAsync("asking", 1);
        var spent = Assert.Single(run.Attempts("spent")).GetProperty("failure");
        Assert.Equal("permanent", spent.GetProperty("class").GetString());
        Assert.Equal("your rule: /quota of the .* is used up/", spent.GetProperty("rule").GetString());
        Assert.Equal("auth", Assert.Single(run.Attempts("wrong")).GetProperty("failure").GetProperty("class").GetString());
        project.Write("err.txt", "quota of the hour is used up");
        var said = (
            await project.CallAsync("classify", "--exit", "9", "--stderr", "err.txt", "--pipeline", "asking", "--task", "wrong")
        ).Expect(0);
        Assert.Contains("rule     your rule: /quota of the .* is used up/", said.Output, StringComparison.Ordinal);
    }
}
