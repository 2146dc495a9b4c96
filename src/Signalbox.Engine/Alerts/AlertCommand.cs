using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Signalbox.Core;

namespace Signalbox.Engine.Alerts;

/// <summary>
/// A program that is told: the alert is JSON on its standard input, and in its environment. Exit code 0 says that it has taken it. A program
/// that must not tell twice keeps <c>SIGNALBOX_ALERT_ID</c>, which is the same for each try.
/// </summary>
internal static class AlertCommand
{
    private const int LongestWords = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task SendAsync(
        AlertSender sender,
        AlertChannel.Command channel,
        AlertNotice notice,
        CancellationToken cancellationToken
    )
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Patience);
        using var child = Start(sender, channel, notice);
        try
        {
            await FeedAsync(child, notice.ToJson(), late.Token);
            var said = child.StandardError.ReadToEndAsync(late.Token);
            var output = child.StandardOutput.ReadToEndAsync(late.Token);
            await child.WaitForExitAsync(late.Token);
            if (child.ExitCode != 0)
            {
                await output;
                throw new AlertRefused(
                    $"`{channel.Arguments[0]}` ended with exit code {child.ExitCode.ToString(CultureInfo.InvariantCulture)}{LastLine(await said)}"
                )
                {
                    IsOfAlert = true,
                };
            }
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AlertRefused(
                $"`{channel.Arguments[0]}` ran longer than {Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s",
                slow
            );
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(AlertSender sender, AlertChannel.Command channel, AlertNotice notice)
    {
        var start = new ProcessStartInfo(channel.Arguments[0], [.. channel.Arguments[1..]])
        {
            WorkingDirectory = sender.Project.Folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Except(TaskEnvironment.Inherited, StringComparer.Ordinal).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment[TaskEnvironment.AlertId] = notice.Key;
        start.Environment[TaskEnvironment.AlertKind] = Names.Of(notice.Alert.Kind);
        start.Environment[TaskEnvironment.AlertSeverity] = Names.Of(notice.Alert.Severity);
        start.Environment[TaskEnvironment.AlertDedupKey] = notice.DedupKey;
        start.Environment[TaskEnvironment.AlertMessage] = notice.Alert.Message;
        try
        {
            return Process.Start(start) ?? throw new AlertRefused($"`{channel.Arguments[0]}` does not start");
        }
        catch (Win32Exception problem)
        {
            throw new AlertRefused($"`{channel.Arguments[0]}` cannot be started: {problem.Message}", problem);
        }
    }

    private static async Task FeedAsync(Process child, string json, CancellationToken cancellationToken)
    {
        try
        {
            await child.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(json), cancellationToken);
            child.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program need not read what it is given: its exit code says whether it has taken the alert.
        }
    }

    private static string LastLine(string said)
    {
        var line = said.TrimEnd().Split('\n')[^1].Trim();
        return line.Length == 0 ? "" : $": {(line.Length <= LongestWords ? line : line[..LongestWords] + "…")}";
    }
}
