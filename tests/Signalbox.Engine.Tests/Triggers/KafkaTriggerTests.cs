using Signalbox.Core.Triggers;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Messages of a topic, over the mock cluster of librdkafka.</summary>
public sealed class KafkaTriggerTests
{
    private const string Pipeline = """
        pipeline: flights
        triggers:
          - kafka: { connection: bus, topic: flights, params: { flight: "{{ body.flight }}", at: "{{ message.partition }}/{{ message.offset }}" } }
        params: { flight: { type: integer }, at: { type: string } }
        run: "true"
        """;

    [Fact]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S122")]
    [Trait("Requirement", "S201")]
    public async Task Each_message_starts_one_run_over_restarts_and_a_bad_one_holds_up_none()
    {
        using var cluster = new KafkaCluster("flights", 2);
        await using var house = new House($"connections: {{ bus: {{ kafka: \"{cluster.Brokers}\" }} }}");
        house.Pipeline(Pipeline);
        cluster.Produce("""{"flight":1}""");
        cluster.Produce("this is not what it should be");
        cluster.Produce("""{"flight":2}""", partition: 1);
        await house.ServeAsync();
        await house.DecidedAsync("flights", 3);
        await house.CloseAsync();

        cluster.Produce("""{"flight":3}""");
        await house.ServeAsync();
        await house.DecidedAsync("flights", 4);

        Assert.Equal(
            ["""{"flight":1,"at":"0/0"}""", """{"flight":2,"at":"1/0"}""", """{"flight":3,"at":"0/2"}"""],
            house.Params("flights").Order(StringComparer.Ordinal)
        );
        var dead = Assert.Single(house.Messages("flights"), message => message.State == InboxState.Dead);
        Assert.StartsWith("params.flight: ", dead.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S201")]
    public async Task A_broker_that_goes_and_comes_back_loses_and_doubles_nothing()
    {
        using var cluster = new KafkaCluster("flights", 1);
        await using var house = new House($"connections: {{ bus: {{ kafka: \"{cluster.Brokers}\" }} }}");
        house.Pipeline(Pipeline);
        cluster.Produce("""{"flight":1}""");
        await house.ServeAsync();
        await house.DecidedAsync("flights", 1);
        cluster.SetDown(true);
        await house.UntilAsync(() => house.Said.Any(line => line.Contains("trigger kafka", StringComparison.Ordinal)), "the loss is said");
        cluster.SetDown(false);
        cluster.Produce("""{"flight":2}""");
        await house.DecidedAsync("flights", 2);

        Assert.Equal(["""{"flight":1,"at":"0/0"}""", """{"flight":2,"at":"0/1"}"""], house.Params("flights"));
    }

    [Fact]
    [Trait("Requirement", "S201")]
    public async Task A_message_that_is_delivered_again_after_its_offset_was_lost_makes_no_second_run()
    {
        using var cluster = new KafkaCluster("flights", 1);
        await using var house = new House($"connections: {{ bus: {{ kafka: \"{cluster.Brokers}\" }} }}");
        house.Pipeline(Pipeline);
        cluster.Produce("""{"flight":1}""");
        await house.ServeAsync();
        await house.DecidedAsync("flights", 1);
        await house.CloseAsync();

        // A new group has no offsets: the cluster delivers all of it again.
        house.Pipeline(Pipeline.Replace("topic: flights,", "topic: flights, group: another,", StringComparison.Ordinal));
        cluster.Produce("""{"flight":2}""");
        await house.ServeAsync();
        await house.DecidedAsync("flights", 2);

        Assert.Equal(["""{"flight":1,"at":"0/0"}""", """{"flight":2,"at":"0/1"}"""], house.Params("flights"));
    }
}
