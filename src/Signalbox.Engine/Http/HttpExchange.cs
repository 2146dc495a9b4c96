using System.Globalization;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Http;

/// <summary>The answer that was wanted.</summary>
internal sealed record HttpAnswer(int Status, string? ContentType, byte[] Body);

/// <summary>One request with its redirects.</summary>
/// <param name="ask">What is asked.</param>
/// <param name="secrets">Headers whose values nobody may see, by name.</param>
internal sealed class HttpExchange(HttpAsk ask, IReadOnlyDictionary<string, string> secrets, TimeProvider time)
{
    /// <summary>The largest answer, in bytes.</summary>
    public const int MostBytes = 32 << 20;

    private const int MostRedirects = 10;
    private const int ShownOfBody = 200;

    /// <exception cref="HttpFailure">There is no answer that was wanted; the class says whether asking again may mend it.</exception>
    public async Task<HttpAnswer> RunAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                // A small answer could become a large one.
                AutomaticDecompression = DecompressionMethods.None,
                MaxResponseHeadersLength = 32,
                ConnectCallback = new HttpGuard(ask.OwnPorts).ConnectAsync,
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ask.Timeout);
        var origin = new Uri(ask.Url);
        var (url, method, body) = (origin, new HttpMethod(ask.Method), ask.Body);
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                RequireAllowed(url);
                using var request = Request(url, method, body, isOrigin: HasSameOrigin(url, origin));
                using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                if (Redirect(response, url) is not { } next)
                {
                    return await FinishAsync(response, url, method, limit.Token);
                }

                if (redirects == MostRedirects)
                {
                    throw new HttpFailure(
                        FailureClass.Permanent,
                        $"{Shown(origin)} redirects more than {MostRedirects} times",
                        "redirects"
                    );
                }

                (method, body) = Follow(response.StatusCode, method, body, url, next, origin);
                url = next;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpFailure(
                FailureClass.Transient,
                $"{Shown(url)} has not answered within {ask.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s",
                "request timeout"
            );
        }
        catch (HttpRequestException problem)
        {
            throw Failed(problem, url);
        }
        catch (IOException problem)
        {
            throw new HttpFailure(
                FailureClass.Transient,
                $"{Shown(url)}: the connection broke: {Innermost(problem).Message}",
                "connection"
            );
        }
    }

    private static HttpFailure Failed(HttpRequestException problem, Uri url)
    {
        for (Exception? inner = problem; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpFailure known)
            {
                return known;
            }

            if (inner is AuthenticationException)
            {
                return new HttpFailure(
                    FailureClass.Permanent,
                    $"{Shown(url)}: no trust in its certificate: {inner.Message}",
                    "certificate"
                );
            }
        }

        return new HttpFailure(FailureClass.Transient, $"{Shown(url)} cannot be reached: {Innermost(problem).Message}", "connection");
    }

    private void RequireAllowed(Uri url)
    {
        if (ask.AllowHosts is { } hosts && !AllowedHosts.Has(hosts, url.Host))
        {
            throw new HttpFailure(
                FailureClass.Permanent,
                $"the host `{url.Host}` is not in allow_hosts ({string.Join(", ", hosts)})",
                "allow_hosts"
            );
        }
    }

    private HttpRequestMessage Request(Uri url, HttpMethod method, string? body, bool isOrigin)
    {
        var request = new HttpRequestMessage(method, url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (ask.ContentType is { } type)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            }
        }

        request.Headers.TryAddWithoutValidation("User-Agent", "signalbox");
        if (isOrigin)
        {
            // Any of them may be a credential, so another host gets none.
            foreach (var (name, value) in ask.Headers.Concat(secrets))
            {
                request.Headers.Remove(name);
                if (!request.Headers.TryAddWithoutValidation(name, value) && request.Content is { } content)
                {
                    content.Headers.Remove(name);
                    content.Headers.TryAddWithoutValidation(name, value);
                }
            }
        }

        return request;
    }

    private static Uri? Redirect(HttpResponseMessage response, Uri from) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location
            ? new Uri(from, location)
            : null;

    /// <summary>What is asked of where a redirect leads (RFC 9110, 15.4).</summary>
    private static (HttpMethod Method, string? Body) Follow(
        HttpStatusCode status,
        HttpMethod method,
        string? body,
        Uri from,
        Uri to,
        Uri origin
    )
    {
        if (to.Scheme is not ("http" or "https") || (from.Scheme == "https" && to.Scheme == "http"))
        {
            throw new HttpFailure(FailureClass.Permanent, $"{Shown(from)} redirects to {Shown(to)}, which is not followed", "redirects");
        }

        var keeps = (int)status is 307 or 308 || method == HttpMethod.Get || method == HttpMethod.Head;
        if (!keeps)
        {
            return (HttpMethod.Get, null);
        }

        return body is null || HasSameOrigin(to, origin)
            ? (method, body)
            : throw new HttpFailure(
                FailureClass.Permanent,
                $"{Shown(from)} redirects to {Shown(to)}: what is sent is not given to another host",
                "redirects"
            );
    }

    private async Task<HttpAnswer> FinishAsync(
        HttpResponseMessage response,
        Uri url,
        HttpMethod method,
        CancellationToken cancellationToken
    )
    {
        var status = (int)response.StatusCode;
        var body = await ReadAsync(response, url, cancellationToken);
        if (ask.Expect.Length == 0 ? status is >= 200 and < 300 : Array.IndexOf(ask.Expect, status) >= 0)
        {
            return new HttpAnswer(status, response.Content.Headers.ContentType?.ToString(), body);
        }

        var kind = HttpStatus.ClassOf(status);
        var wanted = ask.Expect.Length == 0 ? "200 to 299" : string.Join(" or ", ask.Expect);
        var text = Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, ShownOfBody)).ReplaceLineEndings(" ").Trim();
        throw new HttpFailure(
            kind,
            $"{method} {Shown(url)} answers {status} {response.ReasonPhrase}, not {wanted}{(text.Length == 0 ? "" : $": {text}")}",
            $"HTTP {status}",
            Wait(response.Headers.RetryAfter)
        );
    }

    private TimeSpan? Wait(RetryConditionHeaderValue? header)
    {
        if (header is null)
        {
            return null;
        }

        var wait = header.Delta ?? header.Date - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, Uri url, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var kept = new MemoryStream();
        var buffer = new byte[64 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (kept.Length + read > MostBytes)
            {
                throw new HttpFailure(FailureClass.Permanent, $"the answer of {Shown(url)} is larger than {MostBytes >> 20} MiB", "size");
            }

            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }

    private static bool HasSameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.IdnHost == b.IdnHost && a.Port == b.Port;

    /// <summary>Without a password and a query, which are not for logs.</summary>
    private static string Shown(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
