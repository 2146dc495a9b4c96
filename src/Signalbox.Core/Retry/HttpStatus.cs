namespace Signalbox.Core.Retry;

/// <summary>What the status of an HTTP answer says of a failure (RFC 9110, 15; RFC 6585).</summary>
public static class HttpStatus
{
    /// <summary>
    /// 429 rate_limited; 401, 403 and 407 auth; 503 resource_unavailable; 408, 425 and the other 5xx transient; 507 disk_full; anything else, as the other 4xx,
    /// permanent: asking the same again is answered the same.
    /// </summary>
    public static FailureClass ClassOf(int status) =>
        status switch
        {
            429 => FailureClass.RateLimited,
            401 or 403 or 407 => FailureClass.Auth,
            503 => FailureClass.ResourceUnavailable,
            507 => FailureClass.DiskFull,
            408 or 425 or >= 500 => FailureClass.Transient,
            _ => FailureClass.Permanent,
        };
}
