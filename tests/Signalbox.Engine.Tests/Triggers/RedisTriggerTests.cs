using System.Diagnostics;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Variants;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Entries of a stream in a real Redis server.</summary>
public sealed class RedisTriggerTests
{
    private const string Pipeline = """
        pipeline: orders
        triggers:
          - redis: { connection: bus, stream: orders, params: { order: "{{ body.order }}" } }
        params: { order: { type: integer } }
        run: "true"
        """;

    [Fact]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S122")]
    public async Task Each_entry_starts_one_run_over_a_lost_connection_and_a_bad_entry_holds_up_none()
    {
        using var redis = await new RedisServer().StartAsync();
        await using var house = new House($"connections: {{ bus: {{ redis: \"{redis.Address}\" }} }}");
        house.Pipeline(Pipeline);
        Add(redis, "order", "1");
        await house.ServeAsync();
        Add(redis, "order", "many");
        Add(redis, "order", "2");
        await house.DecidedAsync("orders", 3);

        // A server that is restarted has forgotten stream and group; both are made anew.
        redis.Stop();
        await house.UntilAsync(() => house.Said.Any(line => line.Contains("trigger redis", StringComparison.Ordinal)), "the loss is said");
        await redis.StartAsync();
        Add(redis, "order", "3");
        await house.DecidedAsync("orders", 4);

        Assert.Equal(["""{"order":1}""", """{"order":2}""", """{"order":3}"""], house.Params("orders"));
        Assert.Single(house.Messages("orders"), message => message.State == InboxState.Dead);
        await house.UntilAsync(() => Cli(redis, "xpending", "orders", "signalbox").StartsWith('0'), "all are acknowledged");
    }

    [Fact]
    [Trait("Requirement", "S21")]
    public async Task An_entry_that_was_delivered_and_not_acknowledged_before_a_kill_makes_one_run()
    {
        using var redis = await new RedisServer().StartAsync();
        await using var house = new House($"connections: {{ bus: {{ redis: \"{redis.Address}\" }} }}");
        house.Pipeline(Pipeline);
        await house.SaveAsync();
        var consumer = Signalbox.Engine.Attempts.AttemptKeys.InstanceOf(house.Store);
        Add(redis, "order", "1");
        // As an engine that died between the two.
        Cli(redis, "xgroup", "create", "orders", "signalbox", "0");
        Assert.Contains(
            "order",
            Cli(redis, "xreadgroup", "group", "signalbox", consumer, "streams", "orders", ">"),
            StringComparison.Ordinal
        );
        await house.ServeAsync();
        await house.DecidedAsync("orders", 1);

        Assert.Equal(["""{"order":1}"""], house.Params("orders"));
    }

    private static void Add(RedisServer redis, string field, string value)
    {
        Assert.NotEmpty(Cli(redis, "xadd", "orders", "*", field, value));
    }

    private static string Cli(RedisServer redis, params string[] command)
    {
        using var cli = Process.Start(
            new ProcessStartInfo("redis-cli", ["-p", $"{redis.Port}", .. command])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var answer = cli.StandardOutput.ReadToEnd().Trim();
        cli.WaitForExit();
        return answer;
    }
}
