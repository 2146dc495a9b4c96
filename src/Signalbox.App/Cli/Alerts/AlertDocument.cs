using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Alerts;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>An alert, and who was told of it.</summary>
/// <param name="Resolves">The alert whose trouble is over, for one of the kind resolved.</param>
/// <param name="ResolvedAt">When its own trouble was over.</param>
/// <param name="Routed">Whether it is decided who is told.</param>
internal sealed record AlertDocument(
    long Id,
    DateTimeOffset At,
    string Kind,
    string Severity,
    string DedupKey,
    string? Pipeline,
    long? Run,
    string? RunId,
    string? Task,
    string Message,
    string[] Tags,
    Dictionary<string, string> Facts,
    long? Resolves,
    DateTimeOffset? ResolvedAt,
    bool Routed,
    AlertDeliveryDocument[] Deliveries
)
{
    /// <summary>The newest alerts, of all or of one pipeline.</summary>
    public static AlertDocument[] List(ReadSession session, string? pipeline, int most) =>
        [.. (pipeline is null ? session.Alerts(most) : session.Alerts(new PipelineName(pipeline), most)).Select(row => Of(session, row))];

    private static AlertDocument Of(ReadSession session, StoredAlert stored) =>
        new(
            stored.Id,
            stored.Alert.At,
            Names.Of(stored.Alert.Kind),
            Names.Of(stored.Alert.Severity),
            stored.Alert.DedupKey,
            stored.Alert.Pipeline?.Value,
            stored.Alert.Run?.Value,
            stored.Alert.RunId?.Value,
            stored.Alert.Task?.Value,
            stored.Alert.Message,
            [.. stored.Alert.Tags],
            stored.Alert.Facts.DistinctBy(fact => fact.Name).ToDictionary(fact => fact.Name, fact => fact.Value, StringComparer.Ordinal),
            stored.Resolves,
            stored.ResolvedAt,
            stored.RoutedAt is not null,
            [.. session.AlertDeliveries(stored.Id).Select(AlertDeliveryDocument.Of)]
        );
}

/// <summary>One channel that is told.</summary>
/// <param name="Failures">Tries that failed.</param>
/// <param name="Next">When it is tried next, while it waits.</param>
internal sealed record AlertDeliveryDocument(
    string Channel,
    string State,
    int Failures,
    DateTimeOffset? Next,
    DateTimeOffset? EndedAt,
    string? Error
)
{
    public static AlertDeliveryDocument Of(AlertDelivery delivery) =>
        new(
            delivery.Channel,
            Names.Of(delivery.State),
            delivery.Attempts,
            delivery.State == DeliveryState.Waiting ? delivery.DueAt : null,
            delivery.EndedAt,
            delivery.Error
        );
}

/// <summary>Who would be told of what about a pipeline.</summary>
/// <param name="Routes">For each kind and severity.</param>
/// <param name="Tasks">Those that name channels themselves.</param>
internal sealed record AlertRoutesDocument(string Pipeline, string[] Tags, AlertRouteDocument[] Routes, AlertTaskDocument[] Tasks)
{
    public static AlertRoutesDocument Of(Pipeline pipeline, AlertSettings settings)
    {
        var routes =
            from kind in Enum.GetValues<AlertKind>()
            where kind != AlertKind.Resolved
            from severity in Enum.GetValues<AlertSeverity>()
            let alert = new Alert
            {
                Kind = kind,
                Severity = severity,
                DedupKey = "",
                Pipeline = pipeline.Name,
                Tags = pipeline.Tags,
                Message = "",
                At = default,
            }
            select new AlertRouteDocument(Names.Of(kind), Names.Of(severity), [.. settings.ChannelsOf(alert)]);
        return new AlertRoutesDocument(
            pipeline.Name.Value,
            [.. pipeline.Tags],
            [.. routes],
            [
                .. pipeline
                    .Tasks.Where(task => !task.OnFailure.IsEmpty || !task.OnRetry.IsEmpty)
                    .Select(task => new AlertTaskDocument(task.Name.Value, [.. task.OnFailure], [.. task.OnRetry])),
            ]
        );
    }
}

internal sealed record AlertRouteDocument(string Kind, string Severity, string[] Channels);

internal sealed record AlertTaskDocument(string Task, string[] OnFailure, string[] OnRetry);

/// <summary>What became of a test.</summary>
/// <param name="Error">Null when it was taken.</param>
internal sealed record AlertTestDocument(string Channel, bool Delivered, string? Error);
