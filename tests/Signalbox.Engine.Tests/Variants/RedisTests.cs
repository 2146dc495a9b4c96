using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Signalbox.Core;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Variants;

namespace Signalbox.Engine.Tests.Variants;

/// <summary>The flag in a real Redis server: what is written there, when, and in which order.</summary>
public sealed class RedisTests
{
    private const string Key = "active_pipeline_version";

    [Fact]
    [Trait("Requirement", "S180")]
    [Trait("Requirement", "S205")]
    public async Task Every_switch_is_written_and_a_missing_key_means_blue()
    {
        using var redis = await new RedisServer().StartAsync();
        await using var house = await DeployedAsync(redis.Address, "revenue");
        Assert.Null(await redis.GetAsync(Key));
        Assert.Null(house.Store.Read(session => session.ActiveVariant(new PipelineName("revenue"))));
        await SwitchAsync(house, new Request.PromoteVariant("revenue", null, "go", Force: false));
        Assert.Equal("green", await redis.GetAsync(Key));
        await SwitchAsync(house, new Request.RollbackVariant("revenue", "back"));
        Assert.Equal("blue", await redis.GetAsync(Key));
        Assert.Equal(["green", "blue"], await redis.SetsAsync(Key));
    }

    [Fact]
    [Trait("Requirement", "S205")]
    public async Task A_server_that_is_away_is_told_all_of_it_in_order_when_it_is_back()
    {
        using var redis = new RedisServer();
        await using var house = await DeployedAsync(redis.Address, "revenue");
        foreach (var round in (string[])["one", "two"])
        {
            Assert.True((await house.AskAsync(new Request.PromoteVariant("revenue", null, round, Force: false))).Done);
            Assert.True((await house.AskAsync(new Request.RollbackVariant("revenue", round))).Done);
        }

        Assert.True((await house.AskAsync(new Request.PromoteVariant("revenue", null, "three", Force: false))).Done);
        await house.UntilAsync(() => Waiting(house).FirstOrDefault(ActiveFlag.IsForRedis)?.Error is not null, "a failed delivery");
        Assert.Equal(5, Waiting(house).Count(ActiveFlag.IsForRedis));
        // The server is away, the switch is not: whoever resolves here sees it, and the pointer is written.
        Assert.Equal("green", house.Store.Read(session => session.ActiveVariant(new PipelineName("revenue")))?.Value);
        await house.UntilAsync(() => File.Exists(house.Path(".signalbox/active/revenue.json")), "the pointer");

        // The engine dies in between: the next one tells the rest.
        await house.CloseAsync();
        await redis.StartAsync();
        await house.AskAsync(new Request.UnpausePipeline("revenue", "wake"));
        await house.UntilAsync(() => Waiting(house).Count == 0, "all delivered");
        Assert.Equal(["green", "blue", "green", "blue", "green"], await redis.SetsAsync(Key));
        Assert.Equal("green", await redis.GetAsync(Key));
    }

    [Fact]
    [Trait("Requirement", "S205")]
    public async Task With_two_pipelines_each_has_a_key_of_its_own()
    {
        using var redis = await new RedisServer().StartAsync();
        await using var house = await DeployedAsync(redis.Address, "revenue", "costs");
        await SwitchAsync(house, new Request.PromoteVariant("revenue", null, "go", Force: false));
        Assert.Equal("green", await redis.GetAsync($"{Key}:revenue"));
        Assert.Null(await redis.GetAsync($"{Key}:costs"));
        Assert.Null(await redis.GetAsync(Key));
    }

    [Fact]
    [Trait("Requirement", "S205")]
    public async Task Passwords_databases_and_texts_of_all_kinds_go_through()
    {
        using var redis = await new RedisServer("p@ss word/ü").StartAsync();
        await using (var link = await redis.LinkAsync("/1"))
        {
            Assert.Null(await link.GetAsync("a", House.Cancel));
            await link.SetAsync("a", "zeile eins\r\n\"zwei\" 東京", House.Cancel);
            Assert.Equal("zeile eins\r\n\"zwei\" 東京", await link.GetAsync("a", House.Cancel));
            await link.SetAsync("empty", "", House.Cancel);
            Assert.Equal("", await link.GetAsync("empty", House.Cancel));
            await link.SetAsync("long", new string('x', 100_000), House.Cancel);
            Assert.Equal(100_000, (await link.GetAsync("long", House.Cancel))!.Length);
        }

        Assert.Null(await redis.GetAsync("a"));
        var wrong = await Assert.ThrowsAsync<IOException>(() =>
            RedisLink.OpenAsync("flags", $"redis://:secret-guess@127.0.0.1:{redis.Port}", House.Cancel)
        );
        Assert.Contains("refuses AUTH", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-guess", wrong.Message, StringComparison.Ordinal);
        await using var stranger = await RedisLink.OpenAsync("flags", $"redis://127.0.0.1:{redis.Port}", House.Cancel);
        Assert.Contains(
            "NOAUTH",
            (await Assert.ThrowsAsync<IOException>(() => stranger.GetAsync("a", House.Cancel))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("http://127.0.0.1")]
    [InlineData("redis://user@127.0.0.1")]
    [InlineData("redis://127.0.0.1/x")]
    [InlineData("127.0.0.1:6379")]
    public async Task An_address_that_is_none_is_said_without_showing_it(string address)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var problem = await Assert.ThrowsAsync<IOException>(() =>
            RedisLink.OpenAsync("flags", address.Replace("127.0.0.1", $"127.0.0.1:{port}", StringComparison.Ordinal), House.Cancel)
        );
        Assert.StartsWith("connection flags: ", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_not_waited_for_for_ever()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var link = await RedisLink.OpenAsync("flags", $"redis://{listener.LocalEndpoint}", House.Cancel);
        var watch = Stopwatch.StartNew();
        var problem = await Assert.ThrowsAsync<IOException>(() => link.PingAsync(House.Cancel));
        Assert.Contains("no answer within 2 s", problem.Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, RedisLink.Limit - TimeSpan.FromMilliseconds(100), RedisLink.Limit * 4);
    }

    private static async Task<House> DeployedAsync(string address, params string[] pipelines)
    {
        var house = new House($"connections: {{ flags: {{ redis: \"{address}\" }} }}\n");
        foreach (var name in pipelines)
        {
            house.Pipeline($"pipeline: {name}\nactive_version: {{ connection: flags }}\ntasks: {{ a: {{ run: \"true\" }} }}\n");
        }

        await house.SaveAsync();
        foreach (var name in pipelines)
        {
            var version = house.Store.Read(session => session.Pipeline(new PipelineName(name)))!.Version!.Value;
            Assert.True((await house.AskAsync(new Request.Deploy(name, "green", version.Value, "same.yaml", null))).Done);
        }

        return house;
    }

    private static async Task SwitchAsync(House house, Request request)
    {
        Assert.True((await house.AskAsync(request)).Done);
        await house.UntilAsync(() => Waiting(house).Count == 0, "all told");
    }

    private static IReadOnlyList<Storage.OutboxMessage> Waiting(House house) =>
        house.Store.Read(session => ActiveFlag.Waiting(session, 100));
}
