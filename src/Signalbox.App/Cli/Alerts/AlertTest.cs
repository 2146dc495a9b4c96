using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Cli;

/// <summary>Tries a channel.</summary>
internal static class AlertTest
{
    /// <summary>Sends a test from here and now. An incident that it makes is resolved at once.</summary>
    /// <exception cref="UserMistakeException">There is no such channel.</exception>
    public static async Task<AlertTestDocument> SendAsync(Project project, string name, CancellationToken cancellationToken)
    {
        if (!project.Alerts.Channels.TryGetValue(name, out var channel))
        {
            throw new UserMistakeException(
                project.Alerts.Channels.IsEmpty
                    ? $"there is no channel `{name}`; write in {Project.FileName}: alerts: {{ channels: {{ {name}: {{ slack: secret:NAME }} }} }}"
                    : $"there is no channel `{name}`{Suggestion.DidYouMean(name, project.Alerts.Channels.Keys)}; known are {string.Join(", ", project.Alerts.Channels.Keys)}"
            );
        }

        try
        {
            using var sender = new AlertSender(project, TimeProvider.System);
            var test = Notice();
            await sender.SendAsync(channel, test, cancellationToken);
            if (channel is AlertChannel.PagerDuty)
            {
                await sender.SendAsync(channel, test with { Alert = test.Alert with { Kind = AlertKind.Resolved } }, cancellationToken);
            }

            return new AlertTestDocument(name, Delivered: true, Error: null);
        }
        catch (AlertRefused refused)
        {
            return new AlertTestDocument(name, Delivered: false, refused.Message);
        }
    }

    private static AlertNotice Notice()
    {
        var key = $"test-{Guid.NewGuid():N}";
        return new AlertNotice(
            Environment.MachineName,
            0,
            new Alert
            {
                Kind = AlertKind.Failed,
                Severity = AlertSeverity.Info,
                DedupKey = key,
                Message = "A test of `signalbox alerts test`: nothing has failed.",
                At = TimeProvider.System.GetUtcNow(),
            },
            Resolves: null
        )
        {
            Key = key,
        };
    }
}
