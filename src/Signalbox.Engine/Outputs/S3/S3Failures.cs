using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using Signalbox.Core.Retry;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Outputs.S3;

/// <summary>What a server's refusal means for the task, in words that say how to mend it.</summary>
internal static class S3Failures
{
    private static readonly string[] Credentials =
    [
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "InvalidClientTokenId",
        "AllAccessDisabled",
        "AccountProblem",
    ];

    /// <summary>Whether it is about the talk with a server, and not about this machine's own files.</summary>
    public static bool IsOfTheTalk(Exception problem) =>
        problem
            is AmazonServiceException
                or AmazonClientException
                or HttpRequestException
                or HttpIOException
                or TimeoutException
                or OperationCanceledException
                or IOException { InnerException: SocketException };

    /// <summary>Whether the same request may succeed a little later.</summary>
    public static bool IsPassing(Exception problem) =>
        problem switch
        {
            AmazonServiceException answer when IsAnswer(answer) => answer.StatusCode
                is HttpStatusCode.TooManyRequests
                    or HttpStatusCode.RequestTimeout
                    or HttpStatusCode.InternalServerError
                    or HttpStatusCode.BadGateway
                    or HttpStatusCode.ServiceUnavailable
                    or HttpStatusCode.GatewayTimeout
                || answer.ErrorCode is "SlowDown" or "RequestTimeout" or "InternalError",
            AmazonClientException client => client.InnerException is HttpRequestException or IOException or OperationCanceledException,
            _ => IsOfTheTalk(problem),
        };

    // Without a status nothing came back.
    private static bool IsAnswer(AmazonServiceException problem) => (int)problem.StatusCode > 0;

    public static bool IsMissingKey(Exception problem) =>
        problem is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } answer && answer.ErrorCode != "NoSuchBucket";

    /// <summary>A conditional write whose condition does not hold, or which another one came between.</summary>
    public static bool IsConditionFailed(Exception problem) =>
        problem is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict };

    /// <summary>The server does not know what was asked.</summary>
    public static bool IsNotImplemented(Exception problem) =>
        problem is AmazonS3Exception answer && (answer.StatusCode == HttpStatusCode.NotImplemented || answer.ErrorCode == "NotImplemented");

    public static PlaceException Of(Exception problem, Connection.S3 connection, S3Address at)
    {
        var server = connection.Endpoint?.GetLeftPart(UriPartial.Authority) ?? $"Amazon S3 in {connection.Region}";
        var who = $"{server} (connection `{connection.Name}`)";
        if (problem is AmazonServiceException answer && IsAnswer(answer))
        {
            var said = answer.ErrorCode is { Length: > 0 } code ? $"{(int)answer.StatusCode} {code}" : $"{(int)answer.StatusCode}";
            if (
                answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized
                || Credentials.Contains(answer.ErrorCode, StringComparer.Ordinal)
            )
            {
                return new PlaceException(
                    FailureClass.Auth,
                    $"{at}: {who} refuses access ({said}); look at access_key and secret_key of the connection, and at what they may do",
                    problem
                );
            }

            if (answer.ErrorCode == "NoSuchBucket")
            {
                return new PlaceException(
                    FailureClass.Permanent,
                    $"{at}: there is no bucket `{at.Bucket}` on {who}; make it, or mend the address",
                    problem
                );
            }

            if (answer.StatusCode == HttpStatusCode.InsufficientStorage)
            {
                return new PlaceException(FailureClass.DiskFull, $"{at}: {who} has no space left ({said})", problem);
            }

            return IsPassing(problem)
                ? new PlaceException(
                    FailureClass.ResourceUnavailable,
                    $"{at}: {who} is not available ({said}), also when asked again",
                    problem
                )
                : new PlaceException(FailureClass.Permanent, $"{at}: {who} refuses ({said}): {answer.Message.TrimEnd('.')}", problem);
        }

        if (!IsPassing(problem))
        {
            // The SDK found nobody to ask as.
            return new PlaceException(
                FailureClass.Auth,
                $"{at}: there are no credentials for {who}: write access_key and secret_key for the connection ({problem.Message.TrimEnd('.')})",
                problem
            );
        }

        var cause = problem;
        while (cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return new PlaceException(
            FailureClass.ResourceUnavailable,
            problem is OperationCanceledException or TimeoutException
                ? $"{at}: {who} does not answer"
                : $"{at}: {who} cannot be reached: {cause.Message.TrimEnd('.')}",
            problem
        );
    }
}
