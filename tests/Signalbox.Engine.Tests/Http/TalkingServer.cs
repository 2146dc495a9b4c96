using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Signalbox.Engine.Tests.TaskKinds;

namespace Signalbox.Engine.Tests.Http;

/// <summary>What a request brought.</summary>
internal sealed record Heard(string Method, string Path, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>What it is answered with. Status 0: not at all, as long as the server lives.</summary>
internal sealed record Said(int Status, string Body = "", params (string Name, string Value)[] Headers);

/// <summary>A server on this machine that answers by the path and keeps what it was asked.</summary>
internal sealed class TalkingServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly TaskCompletionSource _closed = new();
    private readonly Func<Heard, Said> _answer;
    private readonly Task _serving;

    public TalkingServer(Func<Heard, Said> answer)
    {
        _answer = answer;
        Port = AnsweringServer.FreePort();
        _listener.Prefixes.Add($"http://*:{Port}/");
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public int Port { get; }

    public ConcurrentQueue<Heard> Heard { get; } = new();

    public void Dispose()
    {
        _closed.TrySetResult();
        _listener.Close();
        _serving.Wait(TimeSpan.FromSeconds(10));
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var headers = context.Request.Headers.AllKeys.ToDictionary(
            name => name!,
            name => context.Request.Headers[name]!,
            StringComparer.OrdinalIgnoreCase
        );
        var heard = new Heard(context.Request.HttpMethod, context.Request.Url!.AbsolutePath, await reader.ReadToEndAsync(), headers);
        Heard.Enqueue(heard);
        var said = _answer(heard);
        if (said.Status == 0)
        {
            await _closed.Task;
            context.Response.Abort();
            return;
        }

        context.Response.StatusCode = said.Status;
        foreach (var (name, value) in said.Headers)
        {
            context.Response.Headers[name] = value;
        }

        context.Response.Close(Encoding.UTF8.GetBytes(said.Body), willBlock: false);
    }
}
