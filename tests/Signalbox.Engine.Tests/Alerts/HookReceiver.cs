using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Signalbox.Engine.Tests.Alerts;

/// <summary>One request that was taken.</summary>
public sealed record TakenRequest(string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement.Clone();
}

/// <summary>Somebody's HTTP endpoint for alerts, on a free port; refuses, is slow, or does something before it answers, as a test wants it.</summary>
public sealed class HookReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;
    private readonly Lock _lock = new();
    private readonly List<TakenRequest> _taken = [];
    private readonly CancellationTokenSource _end = new();
    private int _refuses;

    public HookReceiver()
    {
        // Between the look for a free port and its use somebody may take it.
        for (var tries = 0; ; tries++)
        {
            var port = FreePort();
            Address = $"http://127.0.0.1:{port}";
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add($"{Address}/");
            try
            {
                _listener.Start();
                break;
            }
            catch (HttpListenerException) when (tries < 20)
            {
                _listener.Prefixes.Clear();
            }
        }

        _serving = Task.Run(ServeAsync);
    }

    public string Address { get; }

    /// <summary>So many requests are answered with 503 first.</summary>
    public int Refuses
    {
        set => Interlocked.Exchange(ref _refuses, value);
    }

    /// <summary>Requests that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Happens before an answer, after the request was taken.</summary>
    public Func<TakenRequest, CancellationToken, Task>? BeforeAnswer { get; set; }

    public IReadOnlyList<TakenRequest> Taken
    {
        get
        {
            lock (_lock)
            {
                return [.. _taken];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Close();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        while (!_end.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                break;
            }

            answers.Add(AnswerAsync(context));
        }

        await Task.WhenAll(answers);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            var status = 200;
            if (Interlocked.Decrement(ref _refuses) >= 0)
            {
                status = 503;
                Refused++;
            }
            else
            {
                var headers = context
                    .Request.Headers.AllKeys.OfType<string>()
                    .ToDictionary(name => name, name => context.Request.Headers[name]!, StringComparer.OrdinalIgnoreCase);
                var taken = new TakenRequest(context.Request.Url!.AbsolutePath, headers, body);
                lock (_lock)
                {
                    _taken.Add(taken);
                }

                if (BeforeAnswer is { } before)
                {
                    await before(taken, _end.Token);
                }
            }

            context.Response.StatusCode = status;
            context.Response.Close("ok"u8.ToArray(), willBlock: false);
        }
        catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or IOException or OperationCanceledException)
        {
            // Who asked was killed, or the test is over.
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
