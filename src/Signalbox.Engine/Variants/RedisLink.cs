using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Variants;

/// <summary>
/// A connection to a Redis server that can do what a flag, or a consumer of a stream, needs: <c>AUTH</c>, <c>SELECT</c>, <c>PING</c>, <c>GET</c>, <c>SET</c>, in the second
/// version of its protocol (RESP2, redis.io/docs/latest/develop/reference/protocol-spec). One command at a time; every command has a time limit.
/// </summary>
/// <remarks>Whatever goes wrong (unreachable, refused, no answer in time, an error that the server answers) is an <see cref="IOException"/>.</remarks>
public sealed partial class RedisLink : IAsyncDisposable
{
    /// <summary>The limit of connecting and of each command.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private const int DefaultPort = 6379;
    private const int LongestValue = 1024 * 1024;
    private const int LongestLine = 64 * 1024;

    private readonly TcpClient _client;
    private readonly Stream _stream;
    private readonly string _where;
    private readonly byte[] _buffer = new byte[4096];
    private int _from;
    private int _to;

    private RedisLink(TcpClient client, Stream stream, string where)
    {
        _client = client;
        _stream = stream;
        _where = where;
    }

    /// <summary>Connects to the server of a connection of the project, and logs in where its address says so.</summary>
    /// <exception cref="IOException">The server is not there, or refuses.</exception>
    public static Task<RedisLink> OpenAsync(Connection.Redis connection, Secrets secrets, CancellationToken cancellationToken)
    {
        var resolved = connection.Address.Resolve(secrets);
        return OpenAsync(connection.Name, resolved.Value ?? throw new IOException(resolved.Problem), cancellationToken);
    }

    /// <summary>Connects to <c>redis://[[user]:password@]host[:port][/database]</c>, or <c>rediss://</c> for TLS.</summary>
    /// <param name="name">What the server is called in messages, which never show the address: it may hold a password.</param>
    /// <exception cref="IOException">The server is not there, or refuses.</exception>
    public static async Task<RedisLink> OpenAsync(string name, string address, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("redis" or "rediss") || uri.Host.Length == 0)
        {
            throw new IOException($"connection {name}: write its address as redis://[user:password@]host[:port][/database]");
        }

        var client = new TcpClient { NoDelay = true };
        try
        {
            return await WithinAsync(
                name,
                async limit =>
                {
                    await client.ConnectAsync(uri.IdnHost, uri.Port > 0 ? uri.Port : DefaultPort, limit);
                    Stream stream = client.GetStream();
                    if (uri.Scheme == "rediss")
                    {
                        var secure = new SslStream(stream);
                        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = uri.IdnHost }, limit);
                        stream = secure;
                    }

                    var link = new RedisLink(client, stream, name);
                    await link.LogInAsync(uri, limit);
                    return link;
                },
                cancellationToken
            );
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Whether the server answers.</summary>
    public async Task<bool> PingAsync(CancellationToken cancellationToken) => await CallAsync(cancellationToken, "PING") == "PONG";

    /// <summary>The value of a key; null when it is not there.</summary>
    public Task<string?> GetAsync(string key, CancellationToken cancellationToken) => CallAsync(cancellationToken, "GET", key);

    /// <summary>Sets a key, for good.</summary>
    public Task SetAsync(string key, string value, CancellationToken cancellationToken) => CallAsync(cancellationToken, "SET", key, value);

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }

    private async Task LogInAsync(Uri uri, CancellationToken limit)
    {
        var user = uri.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).ToArray();
        if (user is [var name, var password])
        {
            string[] command = name.Length > 0 ? ["AUTH", name, password] : ["AUTH", password];
            await SayAsync(command, limit);
            await AnswerAsync("AUTH", limit);
        }
        else if (uri.UserInfo.Length > 0)
        {
            throw new IOException($"connection {_where}: before the @ stands user:password, or :password");
        }

        var database = uri.AbsolutePath.Trim('/');
        if (database.Length > 0)
        {
            if (!int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                throw new IOException($"connection {_where}: after the / stands the number of a database");
            }

            await SayAsync(["SELECT", database], limit);
            await AnswerAsync("SELECT", limit);
        }
    }

    private Task<string?> CallAsync(CancellationToken cancellationToken, params string[] command) =>
        WithinAsync(
            _where,
            async limit =>
            {
                await SayAsync(command, limit);
                return await AnswerAsync(command[0], limit);
            },
            cancellationToken
        );

    /// <summary>A command is an array of bulk strings.</summary>
    private async Task SayAsync(string[] command, CancellationToken limit)
    {
        var text = new StringBuilder().Append('*').Append(command.Length).Append("\r\n");
        foreach (var word in command)
        {
            text.Append('$').Append(Encoding.UTF8.GetByteCount(word)).Append("\r\n").Append(word).Append("\r\n");
        }

        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), limit);
        await _stream.FlushAsync(limit);
    }

    private async Task<string?> AnswerAsync(string command, CancellationToken limit)
    {
        var line = await LineAsync(limit);
        return (line.Length > 0 ? line[0] : ' ') switch
        {
            '+' or ':' => line[1..],
            '-' => throw Refused(command, line),
            '$' when int.TryParse(line.AsSpan(1), out var length) && length is >= -1 and <= LongestValue => length < 0
                ? null
                : await TextAsync(length, limit),
            _ => throw NoAnswer(),
        };
    }

    private async Task<string> LineAsync(CancellationToken limit)
    {
        var line = new List<byte>(64);
        while (line.Count < LongestLine)
        {
            var next = await ByteAsync(limit);
            if (next == '\n' && line.Count > 0 && line[^1] == '\r')
            {
                return Encoding.UTF8.GetString([.. line.Take(line.Count - 1)]);
            }

            line.Add(next);
        }

        throw NoAnswer();
    }

    private async Task<string> TextAsync(int length, CancellationToken limit)
    {
        var text = new byte[length + 2];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = await ByteAsync(limit);
        }

        return Encoding.UTF8.GetString(text, 0, length);
    }

    private async ValueTask<byte> ByteAsync(CancellationToken limit)
    {
        if (_from == _to)
        {
            _from = 0;
            _to = await _stream.ReadAsync(_buffer, limit);
            if (_to == 0)
            {
                throw new IOException($"connection {_where}: the server closed the connection");
            }
        }

        return _buffer[_from++];
    }

    private static async Task<T> WithinAsync<T>(
        string where,
        Func<CancellationToken, Task<T>> work,
        CancellationToken cancellationToken,
        TimeSpan? most = null
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(most ?? Limit);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"connection {where}: no answer within {(most ?? Limit).TotalSeconds:0} s", late);
        }
        catch (Exception problem) when (problem is SocketException or System.Security.Authentication.AuthenticationException)
        {
            throw new IOException($"connection {where}: {problem.Message}", problem);
        }
    }
}
