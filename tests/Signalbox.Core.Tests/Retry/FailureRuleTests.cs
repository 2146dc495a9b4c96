using Signalbox.Core.Retry;

namespace Signalbox.Core.Tests.Retry;

public sealed class FailureRuleTests
{
    private static readonly FailureRule Busy = new(FailureClass.ResourceUnavailable)
    {
        Lines = "^ORA-00054|lock wait",
        RetryAfter = TimeSpan.FromSeconds(90),
    };

    private static readonly FailureRule Rejected = new(FailureClass.Validation) { ExitCodes = [3, 139] };

    private static readonly FailureRule Both = new(FailureClass.Auth) { ExitCodes = [1], Lines = "licen[sc]e" };

    [Theory]
    [Trait("Requirement", "S151")]
    [Trait("Requirement", "S164")]
    [InlineData(1, null, "x\nORA-00054: resource busy\nbye", "resource_unavailable", "your rule: /^ORA-00054|lock wait/")]
    [InlineData(1, null, "HTTP Error 401: lock wait", "resource_unavailable", "your rule: /^ORA-00054|lock wait/")]
    [InlineData(1, null, "see ORA-00054", "transient", "exit code 1")]
    [InlineData(3, null, "", "validation", "your rule: exit code 3")]
    [InlineData(null, 11, "", "validation", "your rule: exit code 139")]
    [InlineData(1, null, "no license left", "auth", "your rule: exit code 1 and /licen[sc]e/")]
    [InlineData(2, null, "no license left", "transient", "exit code 2")]
    [InlineData(75, null, "lock wait", "transient", "exit code 75")]
    public void A_rule_decides_before_what_is_read_out_of_output_and_after_what_the_task_says_itself(
        int? code,
        int? signal,
        string lines,
        string kind,
        string rule
    )
    {
        var failure = FailureClassifier.Classify(
            new FailureEvidence
            {
                ExitCode = code,
                Signal = signal,
                LastLines = lines,
            },
            [Busy, Rejected, Both]
        );
        Assert.Equal((kind, rule), (Names.Of(failure.Class), failure.Rule));
        Assert.Equal(kind == "resource_unavailable" ? 90 : null, (int?)failure.RetryAfter?.TotalSeconds);
    }

    [Fact]
    public void The_first_that_fits_decides_and_memory_and_the_error_file_go_before_all()
    {
        var evidence = new FailureEvidence { ExitCode = 3, LastLines = "lock wait" };
        Assert.Equal(FailureClass.Validation, FailureClassifier.Classify(evidence, [Rejected, Busy]).Class);
        Assert.Equal(FailureClass.ResourceUnavailable, FailureClassifier.Classify(evidence, [Busy, Rejected]).Class);
        Assert.Equal(FailureClass.Oom, FailureClassifier.Classify(evidence with { OutOfMemory = true }, [Busy]).Class);
        Assert.Equal(
            FailureClass.Schema,
            FailureClassifier.Classify(evidence with { ErrorFile = """{"class": "schema", "rule": "SQLSTATE 42P01"}""" }, [Busy]).Class
        );
        Assert.Equal(
            "error file: SQLSTATE 42P01",
            FailureClassifier.Classify(evidence with { ErrorFile = """{"class": "schema", "rule": "SQLSTATE 42P01"}""" }).Rule
        );
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("(", "it is no regular expression")]
    [InlineData("(?=x)y", "lookaround")]
    [InlineData("(a)\\1", "back reference")]
    public void A_pattern_that_cannot_be_searched_for_in_bounded_time_is_refused(string pattern, string problem) =>
        Assert.Contains(problem, FailureRule.PatternProblem(pattern), StringComparison.Ordinal);

    [Fact]
    public void A_pattern_that_would_backtrack_for_ever_takes_no_time()
    {
        var rule = new FailureRule(FailureClass.Auth) { Lines = "(a+)+$" };
        var evidence = new FailureEvidence { ExitCode = 1, LastLines = new string('a', 4000) + "!" };
        Assert.Equal("exit code 1", FailureClassifier.Classify(evidence, [rule]).Rule);
    }

    [Theory]
    [Trait("Requirement", "S156")]
    [Trait("Requirement", "S158")]
    [Trait("Requirement", "S185")]
    [InlineData(FailureClass.Transient, 5, 1)]
    [InlineData(FailureClass.Timeout, 5, 1)]
    [InlineData(FailureClass.RateLimited, 5, 60)]
    [InlineData(FailureClass.ResourceUnavailable, 3, 5)]
    [InlineData(FailureClass.Oom, 1, 1)]
    [InlineData(FailureClass.Auth, 0, 0)]
    [InlineData(FailureClass.Schema, 0, 0)]
    [InlineData(FailureClass.Validation, 0, 0)]
    [InlineData(FailureClass.DiskFull, 0, 0)]
    [InlineData(FailureClass.Permanent, 0, 0)]
    [InlineData(FailureClass.Cancelled, 0, 0)]
    public void The_table_that_ships_says_how_often_and_after_how_long_each_class_is_tried_again(FailureClass kind, int retries, int first)
    {
        var failure = new Failure(kind, "x");
        Assert.Equal(retries, RetryPolicy.Table.RetriesFor(kind));
        Assert.Null(RetryPolicy.Table.NextDelay(failure, retries, 0));
        if (retries > 0)
        {
            Assert.InRange(RetryPolicy.Table.NextDelay(failure, 0, 7)!.Value.TotalSeconds, first, first + 1);
            Assert.NotNull(RetryPolicy.Table.NextDelay(failure, retries - 1, 0));
        }
    }
}
