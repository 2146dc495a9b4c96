namespace Signalbox.Engine.Alerts;

/// <summary>A channel did not take an alert; it is tried again.</summary>
public sealed class AlertRefused : Exception
{
    public AlertRefused(string message)
        : base(message) { }

    public AlertRefused(string message, Exception cause)
        : base(message, cause) { }

    /// <summary>
    /// Whether the trouble is with this alert alone, so that the others need not wait for it. False: the channel takes nothing at present.
    /// </summary>
    public bool IsOfAlert { get; init; }

    /// <summary>How long the channel asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
