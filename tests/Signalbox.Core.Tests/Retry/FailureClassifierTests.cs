using Signalbox.Core.Retry;

namespace Signalbox.Core.Tests.Retry;

public sealed class FailureClassifierTests
{
    private static readonly DateTimeOffset Noon = new(2001, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, "", "transient", "exit code 1", "exit code 1")]
    [InlineData(1, "Traceback:\n  x\nValueError: bad value\n\n", "transient", "exit code 1", "exit code 1: ValueError: bad value")]
    [InlineData(75, "try later", "transient", "exit code 75", "exit code 75 (temporary failure): try later")]
    [InlineData(137, "", "transient", "signal 9", "killed by signal 9 (KILL)")]
    [InlineData(143, "bye\r\n", "transient", "signal 15", "killed by signal 15 (TERM): bye")]
    [InlineData(160, "", "transient", "signal 32", "killed by signal 32")]
    [InlineData(255, "", "transient", "exit code 255", "exit code 255")]
    [InlineData(
        2,
        "cp: write error: No space left on device\nexiting",
        "disk_full",
        "errno ENOSPC",
        "exit code 2: cp: write error: No space left on device"
    )]
    [InlineData(
        1,
        "OSError: [Errno 122] Disk quota exceeded",
        "disk_full",
        "errno EDQUOT",
        "exit code 1: OSError: [Errno 122] Disk quota exceeded"
    )]
    [InlineData(1, "fork: Cannot allocate memory", "oom", "errno ENOMEM", "exit code 1: fork: Cannot allocate memory")]
    public void An_exit_code_and_the_last_lines_say_the_class(int code, string lines, string kind, string rule, string message)
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ExitCode = code, LastLines = lines });
        Assert.Equal((kind, rule, message), (Names.Of(failure.Class), failure.Rule, failure.Message));
        Assert.Null(failure.RetryAfter);
    }

    [Fact]
    [Trait("Requirement", "S74")]
    public void Memory_is_named_before_the_signal_that_ended_the_command()
    {
        var failure = FailureClassifier.Classify(
            new FailureEvidence
            {
                ExitCode = 137,
                Signal = 9,
                OutOfMemory = true,
            }
        );
        Assert.Equal((FailureClass.Oom, "out of memory"), (failure.Class, failure.Rule));
        Assert.Equal("killed by the kernel: out of memory", failure.Message);
    }

    [Fact]
    public void The_error_file_comes_before_everything_else()
    {
        var failure = FailureClassifier.Classify(
            new FailureEvidence
            {
                ErrorFile = """{"class": "auth", "message": "the token has expired"}""",
                ExitCode = 75,
                OutOfMemory = true,
                LastLines = "No space left on device",
            }
        );
        Assert.Equal(new Failure(FailureClass.Auth, "the token has expired", "error file"), failure);
    }

    [Theory]
    [InlineData("""{"class": "rate_limited", "message": "429", "retry_after": 90}""", 90)]
    [InlineData("""{"class": "rate_limited", "message": "429", "retry_after": "12.5"}""", 12.5)]
    [InlineData("""{"class": "rate_limited", "message": "429", "retry_after": "Fri, 05 Jan 2001 12:02:00 GMT"}""", 120)]
    [InlineData("""{"class": "rate_limited", "message": "429", "retry_after": "Fri, 05 Jan 2001 11:00:00 GMT"}""", 0)]
    [InlineData("""{"class": "rate_limited", "message": "429", "retry_after": -3}""", 0)]
    [InlineData("""{"class": "rate_limited", "message": "429", "retry_after": 1e300}""", 31 * 24 * 3600)]
    [InlineData("""{"class": "rate_limited", "message": "429"}""", 60)]
    [InlineData("""{"class": "transient", "message": "429", "retry_after": 7}""", 7)]
    public void Retry_after_is_seconds_or_a_date(string file, double seconds)
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ErrorFile = file, EndedAt = Noon });
        Assert.Equal(TimeSpan.FromSeconds(seconds), failure.RetryAfter);
        Assert.Equal("429", failure.Message);
    }

    [Theory]
    [InlineData(
        """{"class": "rate_limted", "message": "slow down"}""",
        "slow down (the error file names the unknown class `rate_limted`; did you mean `rate_limited`?)"
    )]
    [InlineData(
        """{"class": 7, "message": "m"}""",
        "m (the error file names the unknown class `7`; known are transient, resource_unavailable, rate_limited, auth, schema, validation, disk_full, oom, timeout, permanent)"
    )]
    [InlineData("""{"message": "no class"}""", "no class")]
    [InlineData("""{"retry_after": "soon"}""", "last words (`retry_after` in the error file is neither seconds nor an HTTP date)")]
    [InlineData("""{"message": "\ud800"}""", "last words")]
    public void An_error_file_with_an_unknown_class_is_transient_and_says_so(string file, string message)
    {
        var failure = FailureClassifier.Classify(
            new FailureEvidence
            {
                ErrorFile = file,
                LastLines = "last words",
                EndedAt = Noon,
            }
        );
        Assert.Equal((FailureClass.Transient, "error file", message), (failure.Class, failure.Rule, failure.Message));
    }

    [Theory]
    [InlineData("{", "exit code 3: boom (the error file was left out: it is not JSON)")]
    [InlineData("[1]", "exit code 3: boom (the error file was left out: it is not a JSON object with `class` and `message`)")]
    [InlineData("  \n", "exit code 3: boom")]
    public void An_error_file_that_cannot_be_read_leaves_the_word_to_the_other_evidence(string file, string message)
    {
        var failure = FailureClassifier.Classify(
            new FailureEvidence
            {
                ErrorFile = file,
                ExitCode = 3,
                LastLines = "boom",
            }
        );
        Assert.Equal((FailureClass.Transient, "exit code 3", message), (failure.Class, failure.Rule, failure.Message));
    }

    [Fact]
    public void An_error_file_that_is_no_text_is_left_out()
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ErrorFile = "\ud800", ExitCode = 3 });
        Assert.Equal("exit code 3 (the error file was left out: it is not Unicode text)", failure.Message);
    }

    [Fact]
    public void Without_an_exit_code_the_executors_reason_is_the_message()
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { Reason = "the program `pyton3` was not found" });
        Assert.Equal(new Failure(FailureClass.Transient, "the program `pyton3` was not found", "executor"), failure);
    }

    [Fact]
    public void A_message_is_one_line_without_colours_and_at_most_500_characters()
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ExitCode = 1, LastLines = "\e[31mred\e[0m\ttab" });
        Assert.Equal("exit code 1: red tab", failure.Message);

        // An astral character is never cut in two.
        var long_ = FailureClassifier.Classify(
            new FailureEvidence
            {
                ErrorFile = "nonsense",
                ExitCode = 1,
                LastLines = string.Concat(Enumerable.Repeat("🛤", 4000)),
            }
        );
        Assert.InRange(long_.Message.Length, 400, FailureClassifier.LongestMessage);
        Assert.EndsWith("… (the error file was left out: it is not JSON)", long_.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\ufffd', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(long_.Message)));
    }
}
