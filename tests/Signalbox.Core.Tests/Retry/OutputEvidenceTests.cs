using Signalbox.Core.Retry;

namespace Signalbox.Core.Tests.Retry;

/// <summary>What the last lines of a command say of its failure.</summary>
public sealed class OutputEvidenceTests
{
    [Theory]
    [Trait("Requirement", "S164")]
    [Trait("Requirement", "S185")]
    [InlineData("urllib.error.HTTPError: HTTP Error 429: Too Many Requests", "rate_limited", "HTTP 429", 60)]
    [InlineData("requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://x/", "auth", "HTTP 401", null)]
    [InlineData("curl: (22) The requested URL returned error: 503", "resource_unavailable", "HTTP 503", null)]
    [InlineData("curl: (22) The requested URL returned error: 404", "permanent", "HTTP 404", null)]
    [InlineData(
        "Unhandled exception. System.Net.Http.HttpRequestException: Response status code does not indicate success: 500 (Internal Server Error).",
        "transient",
        "HTTP 500",
        null
    )]
    [InlineData("HTTP Error 500: x\ntried again\nHTTP Error 403: Forbidden", "auth", "HTTP 403", null)]
    [InlineData("requests.exceptions.ConnectTimeout: HTTPConnectionPool(host='x')", "transient", "exception ConnectTimeout", null)]
    [InlineData("Traceback (most recent call last):\n  File \"a.py\"\nMemoryError\n", "oom", "exception MemoryError", null)]
    [InlineData("Traceback:\nModuleNotFoundError: No module named 'pandas'", "permanent", "exception ModuleNotFoundError", null)]
    [InlineData(
        "Unhandled exception. System.OutOfMemoryException: Array dimensions exceeded\n   at Program.Main()",
        "oom",
        "exception OutOfMemoryException",
        null
    )]
    [InlineData("KeyError: 'a'", "transient", "exit code 1", null)]
    [InlineData("ImportError: x\nDuring handling another occurred\nValueError: y", "transient", "exit code 1", null)]
    [InlineData("made 404 rows; HTTP Error 4290", "transient", "exit code 1", null)]
    [InlineData("OSError: [Errno 28] No space left on device", "disk_full", "errno ENOSPC", null)]
    public void The_last_lines_say_the_class(string lines, string kind, string rule, int? after)
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ExitCode = 1, LastLines = lines });
        Assert.Equal((kind, rule), (Names.Of(failure.Class), failure.Rule));
        Assert.Equal(after, (int?)failure.RetryAfter?.TotalSeconds);
    }

    [Fact]
    [Trait("Requirement", "S164")]
    public void What_the_command_says_itself_and_its_exit_code_75_come_before_its_output()
    {
        var lines = "HTTP Error 401: Unauthorized";
        Assert.Equal("exit code 75", FailureClassifier.Classify(new FailureEvidence { ExitCode = 75, LastLines = lines }).Rule);
        var own = new FailureEvidence
        {
            ExitCode = 1,
            LastLines = lines,
            ErrorFile = """{"class": "schema"}""",
        };
        Assert.Equal((FailureClass.Schema, "error file"), (FailureClassifier.Classify(own).Class, FailureClassifier.Classify(own).Rule));
    }

    [Theory]
    [Trait("Requirement", "S157")]
    [Trait("Requirement", "S158")]
    [Trait("Requirement", "S163")]
    [InlineData("HTTP Error 429: Too Many Requests", 60)]
    [InlineData("HTTP Error 503: Service Unavailable", 30)]
    [InlineData("requests.exceptions.ConnectionError: refused", 30)]
    [InlineData("HTTP Error 401: Unauthorized", null)]
    [InlineData("HTTP Error 404: Not Found", null)]
    public void A_retry_waits_as_its_class_says(string lines, int? seconds)
    {
        var policy = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromSeconds(30) };
        var failure = FailureClassifier.Classify(new FailureEvidence { ExitCode = 1, LastLines = lines });
        Assert.Equal(seconds, (int?)policy.NextDelay(failure, retriesUsed: 0, seed: 0)?.TotalSeconds);
        Assert.Null(policy.NextDelay(failure, retriesUsed: 1, seed: 0));
    }
}
