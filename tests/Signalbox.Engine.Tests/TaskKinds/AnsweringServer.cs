using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Signalbox.Engine.Tests.TaskKinds;

/// <summary>A server on this machine whose answer a test changes.</summary>
internal sealed class AnsweringServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;
    private int _asked;

    public AnsweringServer()
    {
        Port = FreePort();
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public int Port { get; }

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>What every request is answered with.</summary>
    public (int Status, string Body) Answer { get; set; } = (404, "");

    /// <summary>The value of the header <c>X-Key</c> of the last request.</summary>
    public string? Key { get; private set; }

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait(TimeSpan.FromSeconds(10));
    }

    /// <summary>A port of this machine at which nobody listens.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
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

            Key = context.Request.Headers["X-Key"];
            var (status, body) = Answer;
            context.Response.StatusCode = status;
            context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: true);
            Interlocked.Increment(ref _asked);
        }
    }
}
