using System.Collections.Immutable;
using Signalbox.Core.Alerts;

namespace Signalbox.Engine.Alerts;

/// <summary>Who can be told, and which alerts are told to whom: <c>alerts:</c> of a project.</summary>
public sealed record AlertSettings
{
    /// <summary>Nobody can be told.</summary>
    public static readonly AlertSettings None = new();

    /// <summary>By their names.</summary>
    public ImmutableSortedDictionary<string, AlertChannel> Channels { get; init; } =
        ImmutableSortedDictionary.Create<string, AlertChannel>(StringComparer.Ordinal);

    public ImmutableArray<AlertRoute> Routes { get; init; } = [];

    /// <summary>Whether a route asks for alerts of retries.</summary>
    public bool TellsRetries => Routes.Any(route => route.Matches(AlertKind.Retried));

    /// <summary>The channels of all routes that an alert matches, and those that its task names.</summary>
    public ImmutableArray<string> ChannelsOf(Alert alert) =>
        [.. Routes.Where(route => route.Matches(alert)).SelectMany(route => route.To).Concat(alert.Notify).Distinct()];
}
