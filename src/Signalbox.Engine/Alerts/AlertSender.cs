using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Alerts;

/// <summary>Hands one alert to one channel. What a channel says it has taken is delivered; everything may be done twice.</summary>
public sealed class AlertSender(Project project, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        }
    )
    {
        Timeout = Patience,
    };

    public Project Project => project;

    public TimeProvider Time => time;

    /// <exception cref="AlertRefused">It was not taken.</exception>
    public Task SendAsync(AlertChannel channel, AlertNotice notice, CancellationToken cancellationToken) =>
        channel switch
        {
            AlertChannel.Slack slack => SlackMessage.SendAsync(this, slack, notice, cancellationToken),
            AlertChannel.PagerDuty pagerDuty => PagerDutyEvent.SendAsync(this, pagerDuty, notice, cancellationToken),
            AlertChannel.Webhook webhook => WebhookRequest.SendAsync(this, webhook, notice, cancellationToken),
            AlertChannel.Email email => AlertMail.SendAsync(this, email, notice, cancellationToken),
            AlertChannel.Command command => AlertCommand.SendAsync(this, command, notice, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>The value of a setting.</summary>
    /// <exception cref="AlertRefused">It is a secret that cannot be had.</exception>
    public string Resolve(SecretText text) =>
        text.Resolve(project.Secrets) is { Problem: null, Value: { } value }
            ? value
            : throw new AlertRefused(text.Resolve(project.Secrets).Problem ?? "its secret cannot be had");

    /// <summary>The address that a setting holds.</summary>
    /// <exception cref="AlertRefused">It holds none.</exception>
    public Uri ResolveAddress(SecretText text) =>
        Uri.TryCreate(Resolve(text), UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https" }
            ? uri
            : throw new AlertRefused($"{text} holds no address such as https://host/path");

    /// <summary>Posts JSON; anything but 2xx is a refusal.</summary>
    /// <exception cref="AlertRefused">It was not taken.</exception>
    public async Task PostAsync(Uri address, string body, Action<HttpRequestMessage>? also, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        also?.Invoke(request);
        // Where a secret stands in the path of an address, as Slack has it, only the host may be told.
        var where = $"{address.Scheme}://{address.Authority}";
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                throw new AlertRefused($"{where} answered {(int)answer.StatusCode} {answer.ReasonPhrase}")
                {
                    IsOfAlert =
                        (int)answer.StatusCode is >= 300 and < 500
                        && answer.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests),
                    RetryAfter = RetryAfter(answer),
                };
            }
        }
        catch (HttpRequestException problem)
        {
            throw new AlertRefused(
                $"{where} cannot be reached: {(problem.InnerException is SocketException socket ? socket.Message : problem.Message)}",
                problem
            );
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AlertRefused($"{where} did not answer within {Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s", late);
        }
    }

    public void Dispose() => _http.Dispose();

    private TimeSpan? RetryAfter(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter is not { } header ? null
        : header.Delta is { } delta ? delta
        : header.Date is { } date && date > time.GetUtcNow() ? date - time.GetUtcNow()
        : null;
}
