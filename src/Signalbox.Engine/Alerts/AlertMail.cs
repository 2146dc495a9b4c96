using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Text;
using Signalbox.Core;

namespace Signalbox.Engine.Alerts;

/// <summary>
/// A mail by SMTP. Its Message-ID is the key of the delivery, so that mail systems that look at it know a repetition; SMTP itself knows none.
/// </summary>
internal static class AlertMail
{
    private const int DefaultPort = 25;
    private const int LongestSubject = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task SendAsync(
        AlertSender sender,
        AlertChannel.Email channel,
        AlertNotice notice,
        CancellationToken cancellationToken
    )
    {
        var text = sender.Resolve(channel.Server);
        if (ServerProblem(text) is { } problem)
        {
            throw new AlertRefused(channel.Server.Secret is { } secret ? $"secret:{secret}: {problem}" : problem);
        }

        var server = new Uri(text);
        using var mail = Mail(channel, notice);
        using var smtp = new SmtpClient(server.Host, server.IsDefaultPort || server.Port < 0 ? DefaultPort : server.Port);
        smtp.EnableSsl = channel.Tls;
        if (server.UserInfo.Split(':', 2) is [{ Length: > 0 } user, ..] parts)
        {
            smtp.Credentials = new NetworkCredential(
                Uri.UnescapeDataString(user),
                parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : ""
            );
        }

        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Patience);
        var where = $"{server.Host}:{smtp.Port.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            await smtp.SendMailAsync(mail, late.Token);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AlertRefused(
                $"{where} did not take the mail within {Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s",
                slow
            );
        }
        catch (SmtpException refused) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AlertRefused($"{where} did not take the mail: {Innermost(refused)}", refused)
            {
                IsOfAlert = refused is SmtpFailedRecipientException,
            };
        }
    }

    /// <summary>Why a text is no address of a mail server; null when it is one.</summary>
    public static string? ServerProblem(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "smtp", Host.Length: > 0, AbsolutePath: "" or "/", Query: "", Fragment: "" }
            ? null
            : "an address of a mail server is smtp://host:port, with a password smtp://user:password@host:port";

    /// <summary>Why a text is no address of a mail box; null when it is one.</summary>
    public static string? BoxProblem(string text) =>
        MailAddress.TryCreate(text, out _) ? null : $"`{text}` is no mail address such as ops@example.com";

    private static MailMessage Mail(AlertChannel.Email channel, AlertNotice notice)
    {
        var from = new MailAddress(channel.From);
        var mail = new MailMessage
        {
            From = from,
            Subject = Subject(notice),
            SubjectEncoding = Encoding.UTF8,
            BodyEncoding = Encoding.UTF8,
            Body = Body(notice),
        };
        foreach (var to in channel.To)
        {
            mail.To.Add(new MailAddress(to));
        }

        mail.Headers.Add("Message-ID", $"<{notice.Key}.{channel.Name}@{from.Host}>");
        mail.Headers.Add("X-Signalbox-Dedup-Key", notice.DedupKey);
        return mail;
    }

    private static string Subject(AlertNotice notice)
    {
        var subject = $"[{Names.Of(notice.Alert.Severity)}] {notice.Alert.Message.ReplaceLineEndings(" ")}";
        return subject.Length <= LongestSubject ? subject : subject[..LongestSubject] + "…";
    }

    private static string Body(AlertNotice notice)
    {
        var body = new StringBuilder();
        body.Append(notice.Alert.Message).Append("\r\n\r\n");
        foreach (var (name, value) in notice.Lines())
        {
            body.Append(name).Append(": ").Append(value.ReplaceLineEndings(" ")).Append("\r\n");
        }

        return body.Append("at: ").Append(AlertNotice.Instant(notice.Alert.At)).Append("\r\n").ToString();
    }

    private static string Innermost(Exception problem)
    {
        while (problem.InnerException is { } inner)
        {
            problem = inner;
        }

        return problem.Message.TrimEnd('.');
    }
}
