using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Variants;

namespace Signalbox.Engine.Tests.Variants;

/// <summary>A real Redis server on a free port of this machine, which is ended and started again as a test wants it.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("signalbox-redis-").FullName;
    private readonly string? _password;
    private Process? _process;

    public RedisServer(string? password = null)
    {
        Require();
        _password = password;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    public string Address => $"redis://{(_password is null ? "" : $":{Uri.EscapeDataString(_password)}@")}127.0.0.1:{Port}";

    public async Task<RedisServer> StartAsync()
    {
        string[] password = _password is null ? [] : ["--requirepass", _password];
        _process = Process.Start(
            new ProcessStartInfo(
                "redis-server",
                ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--dir", _folder, "--slowlog-log-slower-than", "0", .. password]
            )
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        _process.BeginOutputReadLine();
        var late = DateTime.UtcNow + House.Deadline;
        while (true)
        {
            try
            {
                await using var link = await LinkAsync();
                Assert.True(await link.PingAsync(House.Cancel));
                return this;
            }
            catch (IOException) when (DateTime.UtcNow < late && !_process.HasExited)
            {
                await Task.Delay(10, House.Cancel);
            }
        }
    }

    public Task<RedisLink> LinkAsync(string database = "") => RedisLink.OpenAsync("flags", Address + database, House.Cancel);

    public async Task<string?> GetAsync(string key)
    {
        await using var link = await LinkAsync();
        return await link.GetAsync(key, House.Cancel);
    }

    /// <summary>The values that a key was set to, in that order, as the server logged its commands.</summary>
    public async Task<string[]> SetsAsync(string key)
    {
        using var cli = Process.Start(
            new ProcessStartInfo("redis-cli", ["-p", $"{Port}", "slowlog", "get", "100"])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var lines = (await cli.StandardOutput.ReadToEndAsync(House.Cancel)).Split('\n');
        return
        [
            .. lines
                .Index()
                .Where(line => line.Item == "SET" && lines[line.Index + 1] == key)
                .Select(line => lines[line.Index + 2])
                .Reverse(),
        ];
    }

    public void Stop()
    {
        if (_process is { } process)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            _process = null;
        }
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Require()
    {
        if (!IsThere() && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get"))
        {
            using var install = Process.Start("/usr/bin/apt-get", ["install", "-y", "-q", "redis-server"]);
            install.WaitForExit();
        }

        Assert.SkipUnless(IsThere(), "this test needs a Redis server: apt-get install redis-server");
    }

    private static bool IsThere() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "redis-server")));
}
