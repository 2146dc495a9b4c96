namespace Signalbox.Core.Retry;

/// <summary>
/// What the code of an error of AWS, or of a store that speaks as S3 does, says of a failure. The codes that are throttled or pass by themselves are those
/// that the AWS SDKs retry in their standard mode (AWS SDKs and Tools Reference Guide, retry behavior).
/// </summary>
internal static class AwsErrors
{
    /// <summary>The class of a code. One that is not known is permanent: what a service refuses it refuses again.</summary>
    public static FailureClass ClassOf(string code) =>
        code switch
        {
            "Throttling"
            or "ThrottlingException"
            or "ThrottledException"
            or "RequestThrottled"
            or "RequestThrottledException"
            or "EC2ThrottledException"
            or "TooManyRequestsException"
            or "ProvisionedThroughputExceededException"
            or "RequestLimitExceeded"
            or "BandwidthLimitExceeded"
            or "LimitExceededException"
            or "SlowDown" => FailureClass.RateLimited,
            "AccessDenied"
            or "AccessDeniedException"
            or "AuthFailure"
            or "ExpiredToken"
            or "ExpiredTokenException"
            or "InvalidAccessKeyId"
            or "InvalidClientTokenId"
            or "InvalidToken"
            or "MissingAuthenticationToken"
            or "SignatureDoesNotMatch"
            or "UnauthorizedOperation"
            or "UnrecognizedClientException" => FailureClass.Auth,
            "ServiceUnavailable" or "ServiceUnavailableException" => FailureClass.ResourceUnavailable,
            "InternalError"
            or "InternalFailure"
            or "InternalServerError"
            or "PriorRequestNotComplete"
            or "RequestTimeout"
            or "RequestTimeoutException"
            or "TransactionInProgressException" => FailureClass.Transient,
            _ when int.TryParse(code, out var status) && status is >= 400 and < 600 => HttpStatus.ClassOf(status),
            _ => FailureClass.Permanent,
        };

    /// <summary>The code in the last message of botocore or of the <c>aws</c> command; null when there is none.</summary>
    public static string? CodeIn(string lines)
    {
        const string Before = "An error occurred (";
        var at = lines.LastIndexOf(Before, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var rest = lines.AsSpan(at + Before.Length);
        var end = rest.IndexOf(") when calling the ", StringComparison.Ordinal);
        return end > 0 && !rest[..end].ContainsAny(' ', '\n') ? rest[..end].ToString() : null;
    }
}
