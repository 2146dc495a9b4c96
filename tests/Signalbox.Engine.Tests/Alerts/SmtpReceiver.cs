using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Signalbox.Engine.Tests.Alerts;

/// <summary>One mail that was taken.</summary>
/// <param name="Text">Headers, an empty line, the body: as it came.</param>
public sealed record TakenMail(string From, IReadOnlyList<string> To, string Text)
{
    public string Header(string name)
    {
        var lines = Text.Split("\r\n");
        var at = Array.FindIndex(lines, line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase));
        Assert.True(at >= 0, $"no {name} in\n{Text}");
        var value = lines[at][(name.Length + 2)..];
        for (at++; at < lines.Length && lines[at].StartsWith(' '); at++)
        {
            value += lines[at];
        }

        return value;
    }
}

/// <summary>A mail server on a free port that speaks as much of SMTP (RFC 5321) as a client needs to hand over a mail.</summary>
public sealed class SmtpReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;
    private readonly Lock _lock = new();
    private readonly List<TakenMail> _taken = [];
    private int _refuses;

    public SmtpReceiver()
    {
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public string Address => $"smtp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>So many callers are turned away first (421).</summary>
    public int Refuses
    {
        set => Interlocked.Exchange(ref _refuses, value);
    }

    public IReadOnlyList<TakenMail> Taken
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
        _listener.Stop();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var talks = new List<Task>();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                talks.Add(TalkAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
            }
            catch (Exception closed) when (closed is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        await Task.WhenAll(talks);
    }

    private async Task TalkAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.UTF8);
                await using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
                {
                    NewLine = "\r\n",
                    AutoFlush = true,
                };
                if (Interlocked.Decrement(ref _refuses) >= 0)
                {
                    await writer.WriteLineAsync("421 not now");
                    return;
                }

                await writer.WriteLineAsync("220 test ESMTP");
                await TakeAsync(reader, writer);
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Who called was killed, or the test is over.
        }
    }

    private async Task TakeAsync(StreamReader reader, StreamWriter writer)
    {
        var from = "";
        var to = new List<string>();
        while (await reader.ReadLineAsync(_end.Token) is { } line)
        {
            var verb = line.Split(' ', ':')[0].ToUpperInvariant();
            switch (verb)
            {
                case "MAIL":
                    from = Box(line);
                    to.Clear();
                    await writer.WriteLineAsync("250 ok");
                    break;
                case "RCPT":
                    to.Add(Box(line));
                    await writer.WriteLineAsync("250 ok");
                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    var text = new StringBuilder();
                    while (await reader.ReadLineAsync(_end.Token) is { } part && part != ".")
                    {
                        text.Append(part.StartsWith('.') ? part[1..] : part).Append("\r\n");
                    }

                    lock (_lock)
                    {
                        _taken.Add(new TakenMail(from, [.. to], text.ToString()));
                    }

                    await writer.WriteLineAsync("250 taken");
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                default:
                    await writer.WriteLineAsync("250 ok");
                    break;
            }
        }
    }

    private static string Box(string line) =>
        line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)];
}
