using System.Text;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Engine.Approvals;

namespace Signalbox.Engine.Alerts;

/// <summary>
/// A message to an incoming webhook of Slack ("Sending messages using incoming webhooks", Slack's documentation). Slack knows no key of a
/// message: after a kill between its answer and our note of it, the message is there twice.
/// </summary>
internal static class SlackMessage
{
    // Slack cuts texts of sections at 3000 characters.
    private const int LongestText = 2900;

    public static Task SendAsync(AlertSender sender, AlertChannel.Slack channel, AlertNotice notice, CancellationToken cancellationToken) =>
        sender.PostAsync(sender.ResolveAddress(channel.Url), Body(notice), also: null, cancellationToken);

    private static string Body(AlertNotice notice) =>
        QuestionJson.Object(json =>
        {
            json.WriteString("text", Text(notice));
            json.WriteBoolean("mrkdwn", true);
        });

    private static string Text(AlertNotice notice)
    {
        var text = new StringBuilder();
        text.Append(SignOf(notice.Alert)).Append(" *").Append(Names.Of(notice.Alert.Kind).Replace('_', ' ')).Append("* ");
        text.Append(Escaped(notice.Alert.Message));
        foreach (var (name, value) in notice.Lines())
        {
            text.Append('\n').Append("> ").Append(Escaped(name)).Append(": ").Append(Escaped(value));
        }

        return text.Length <= LongestText ? text.ToString() : text.ToString(0, LongestText) + " …";
    }

    private static string SignOf(Alert alert) =>
        alert.Kind == AlertKind.Resolved ? ":white_check_mark:"
        : alert.Severity >= AlertSeverity.Error ? ":red_circle:"
        : alert.Severity == AlertSeverity.Warning ? ":large_yellow_circle:"
        : ":information_source:";

    /// <summary>The three characters that have a meaning in Slack's texts, as its documentation has them written.</summary>
    private static string Escaped(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal)
            .ReplaceLineEndings(" ");
}
