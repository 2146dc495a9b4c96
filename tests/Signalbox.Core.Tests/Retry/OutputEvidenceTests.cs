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
    [InlineData("dd: Input/output error\ndd: No space left on device", "disk_full", "errno ENOSPC", null)]
    [InlineData("sh: fork: Resource temporarily unavailable", "resource_unavailable", "errno EAGAIN", null)]
    [InlineData("curl: (7) Failed to connect: Connection refused", "transient", "errno ECONNREFUSED", null)]
    [InlineData("ERROR:  42P01: relation \"x\" does not exist\nLOCATION:  parserOpenTable", "schema", "SQLSTATE 42P01", null)]
    [InlineData("Npgsql.PostgresException (0x80004005): 40P01: deadlock detected", "transient", "SQLSTATE 40P01", null)]
    [InlineData("ERROR: duplicate key value (SQLSTATE 23505)", "validation", "SQLSTATE 23505", null)]
    [InlineData("org.postgresql.util.PSQLException [SQL state: 28P01]", "auth", "SQLSTATE 28P01", null)]
    [InlineData("ERROR: sorry; SQLSTATE[53300] too many connections", "resource_unavailable", "SQLSTATE 53300", null)]
    [InlineData("SQLSTATE is not known", "transient", "exit code 1", null)]
    [InlineData("psycopg2.errors.UndefinedColumn: column \"x\" does not exist", "schema", "exception UndefinedColumn", null)]
    [InlineData("psycopg.errors.DiskFull: could not extend file", "disk_full", "exception DiskFull", null)]
    [InlineData(
        "< HTTP/1.1 503\n< Retry-After: 7\ncurl: (22) The requested URL returned error: 503",
        "resource_unavailable",
        "HTTP 503",
        7
    )]
    [InlineData("openai.RateLimitError: Error code: 429 - {'error': {}}", "rate_limited", "HTTP 429", 60)]
    [InlineData("anthropic.RateLimitError: slow down", "rate_limited", "exception RateLimitError", 60)]
    [InlineData("< HTTP/1.1 429 Too Many Requests\n< Retry-After: 9\ngave up", "rate_limited", "HTTP 429", 9)]
    [InlineData("< HTTP/2 503\n< HTTP/2 200\nKeyError: 'a'", "transient", "exit code 1", null)]
    [InlineData("upload: server said HTTP 403", "auth", "HTTP 403", null)]
    [InlineData("INFO: \"GET /x HTTP/1.1\" 404 Not Found", "transient", "exit code 1", null)]
    [InlineData("google.api_core.exceptions.TooManyRequests: 429 Quota exceeded", "rate_limited", "exception TooManyRequests", 60)]
    [InlineData(
        "botocore.exceptions.ClientError: An error occurred (SlowDown) when calling the PutObject operation (reached max retries: 4): Please reduce",
        "rate_limited",
        "AWS SlowDown",
        60
    )]
    [InlineData("An error occurred (AccessDenied) when calling the GetObject operation: Access Denied", "auth", "AWS AccessDenied", null)]
    [InlineData("An error occurred (403) when calling the HeadObject operation: Forbidden", "auth", "AWS 403", null)]
    [InlineData("An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: x", "permanent", "AWS NoSuchBucket", null)]
    [InlineData("An error occurred (InternalError) when calling the PutObject operation: x", "transient", "AWS InternalError", null)]
    [InlineData("An error occurred (so we stop) here", "transient", "exit code 1", null)]
    [InlineData("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "oom", "exception OutOfMemoryError", null)]
    [InlineData("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space", "oom", "exception OutOfMemoryError", null)]
    [InlineData(
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for Row",
        "validation",
        "exception ValidationError",
        null
    )]
    [InlineData("pandera.errors.SchemaError: column 'x' not in dataframe", "schema", "exception SchemaError", null)]
    [InlineData("psql:load.sql:3: ERROR:  relation \"x\" does not exist\nLINE 1: SELECT", "schema", "SQLSTATE 42P01", null)]
    [InlineData("ERROR:  duplicate key value violates unique constraint \"days_pkey\"\nDETAIL:  Key", "validation", "SQLSTATE 23505", null)]
    [InlineData(
        "psycopg2.OperationalError: connection to server at \"db\" failed: FATAL:  password authentication failed for user \"x\"",
        "auth",
        "SQLSTATE 28P01",
        null
    )]
    [InlineData("psql: error: FATAL:  sorry, too many clients already", "resource_unavailable", "SQLSTATE 53300", null)]
    [InlineData("ERROR: the relation of these two does not exist", "transient", "exit code 1", null)]
    [InlineData("ERROR 1146 (42S02) at line 1: Table 'shop.x' doesn't exist", "schema", "SQLSTATE 42S02", null)]
    [InlineData("ERROR 1045 (28000): Access denied for user 'x'@'h'", "auth", "SQLSTATE 28000", null)]
    [InlineData("ERROR 17 (of 20) rows", "transient", "exit code 1", null)]
    [InlineData("sqlite3.OperationalError: no such table: days", "schema", "SQLite no such table", null)]
    [InlineData("sqlite3.OperationalError: database is locked", "transient", "SQLite database is locked", null)]
    [InlineData("Error: stepping, UNIQUE constraint failed: days.ds (19)", "validation", "SQLite constraint failed", null)]
    [InlineData("sqlite3.IntegrityError: datatype mismatch", "validation", "exception IntegrityError", null)]
    [InlineData("duckdb.duckdb.CatalogException: Catalog Error: Table with name x does not exist!", "schema", "DuckDB Catalog Error", null)]
    public void The_last_lines_say_the_class(string lines, string kind, string rule, int? after)
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ExitCode = 1, LastLines = lines });
        Assert.Equal((kind, rule), (Names.Of(failure.Class), failure.Rule));
        Assert.Equal(after, (int?)failure.RetryAfter?.TotalSeconds);
    }

    [Theory]
    [Trait("Requirement", "S164")]
    [InlineData(126)]
    [InlineData(127)]
    public void A_command_that_is_not_there_is_not_there_the_next_time_either(int exit)
    {
        var failure = FailureClassifier.Classify(new FailureEvidence { ExitCode = exit, LastLines = "sh: 1: extract: not found" });
        Assert.Equal((FailureClass.Permanent, $"exit code {exit}"), (failure.Class, failure.Rule));
        Assert.Equal($"exit code {exit}: sh: 1: extract: not found", failure.Message);
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

    [Fact]
    [Trait("Requirement", "S157")]
    public void A_date_in_a_header_of_the_output_is_counted_from_the_end_of_the_attempt()
    {
        var failure = FailureClassifier.Classify(
            new FailureEvidence
            {
                ExitCode = 22,
                LastLines = "HTTP Error 429\r\nRetry-After: Fri, 05 Jan 2001 12:02:00 GMT\r\n",
                EndedAt = new DateTimeOffset(2001, 1, 5, 12, 0, 0, TimeSpan.Zero),
            }
        );
        Assert.Equal((FailureClass.RateLimited, TimeSpan.FromMinutes(2)), (failure.Class, failure.RetryAfter));
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
