using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Tests.Triggers;

public sealed class MessageDeciderTests
{
    private static readonly DateTimeOffset Came = new(2026, 3, 5, 14, 30, 7, TimeSpan.Zero);

    private static readonly MessageTrigger Hook = new MessageTrigger.Webhook { Name = "webhook", Bearer = "secret:s" };

    [Fact]
    [Trait("Requirement", "S21")]
    public void Without_a_mapping_each_parameter_is_taken_by_its_name_and_the_rest_of_the_message_is_left()
    {
        var start = Started(Hook, """{"body":{"key":"a.csv","rows":7,"more":[1]}}""", Text("key"), Whole("rows"), Text("mode", "\"fast\""));

        Assert.Equal("""{"key":"a.csv","rows":7,"mode":"fast"}""", start.Params);
        Assert.Equal((Came, "2026-03-05"), (start.Slice.LogicalDate, start.Slice.Partition));
    }

    [Fact]
    [Trait("Requirement", "S21")]
    public void Expressions_make_parameters_and_the_date_and_texts_are_read_as_the_type_of_the_parameter_says()
    {
        var trigger = Hook with
        {
            Params = Map(("key", "{{ body.path | upper }}"), ("rows", "{{ body.rows }}"), ("mode", "always")),
            Date = "{{ body.day }}",
        };

        var start = Started(
            trigger,
            """{"body":{"path":"x/y","rows":"12","day":"2026-02-01"}}""",
            Text("key"),
            Whole("rows"),
            Text("mode")
        );

        Assert.Equal("""{"key":"X/Y","rows":12,"mode":"always"}""", start.Params);
        Assert.Equal("2026-02-01", start.Slice.Partition);
    }

    [Fact]
    [Trait("Requirement", "S22")]
    public void A_message_that_is_a_signal_goes_to_the_run_of_its_date_with_what_was_sent()
    {
        var trigger = Hook with { Signal = "labels_{{ body.kind }}", Date = "{{ body.day }}" };
        var sent = Assert.IsType<MessageDecision.Signal>(
            Decide(trigger, """{"body":{"kind":"late","day":"2026-02-01","rows":7},"headers":{}}""", Whole("rows"))
        );
        Assert.Equal(("labels_late", "2026-02-01"), (sent.Name, sent.Slice.Partition));
        Assert.Equal("""{"kind":"late","day":"2026-02-01","rows":7}""", sent.Data);

        var reason = Refused(trigger, """{"body":{"day":"yesterday"}}""");
        Assert.Contains("signal: ", reason, StringComparison.Ordinal);
        Assert.Contains("date: `yesterday` is no logical date", reason, StringComparison.Ordinal);
        var large = $$$"""{"body":{"kind":"a","day":"2026-02-01","more":"{{{new string('x', MessageDecider.LongestData)}}}"}}""";
        Assert.Contains("send where the data lies", Refused(trigger, large), StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_with_a_message_is_said_at_once()
    {
        var trigger = Hook with { Params = Map(("key", "{{ body.nothing.here }}"), ("rows", "{{ body.rows }}")), Date = "{{ body.day }}" };

        var reason = Refused(trigger, """{"body":{"rows":1,"day":"yesterday"}}""", Text("key"), Whole("rows"));

        Assert.Contains("params.key: ", reason, StringComparison.Ordinal);
        Assert.Contains("date: `yesterday` is no logical date", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"body":{"rows":"many"}}""", "params.rows: `rows` is an integer; \"many\" is a string")]
    [InlineData("""{"body":{}}""", "params: the parameter `rows` has no default: give a value")]
    [InlineData("""{"body":"text"}""", "params: the parameter `rows` has no default: give a value")]
    [InlineData("[]", "the message is a list, and no JSON object")]
    public void What_does_not_fit_the_parameters_is_refused_with_the_reason(string payload, string reason) =>
        Assert.Equal(reason, Refused(Hook, payload, Whole("rows")));

    [Fact]
    public void A_message_that_was_too_large_to_keep_says_so()
    {
        var kept = MessageDecider.Kept($$"""{"body":"{{new string('x', MessageDecider.LongestPayload)}}"}""");

        Assert.True(kept.Length < 100);
        Assert.Contains("was not kept", Refused(Hook, kept), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S124")]
    [Trait("Requirement", "S202")]
    public void The_key_of_an_S3_notification_is_decoded_for_expressions_and_for_names()
    {
        const string Event = """
            {"body":{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"lake"},
            "object":{"key":"landing/d%C3%BCsseldorf+2026%2B01.csv","size":12,"eTag":"e1","sequencer":"0A"}}}]}}
            """;
        var mapped = Hook with
        {
            Params = Map(("key", "{{ body.Records[0].s3.object.key }}"), ("bucket", "{{ body.Records[0].s3.bucket.name }}")),
        };

        Assert.Equal(
            """{"bucket":"lake","key":"landing/düsseldorf 2026+01.csv"}""",
            Started(mapped, Event, Text("bucket"), Text("key")).Params
        );
        Assert.Equal(
            """{"bucket":"lake","key":"landing/düsseldorf 2026+01.csv","size":12,"etag":"e1"}""",
            Started(Hook, Event, Text("bucket"), Text("key"), Whole("size"), Text("etag")).Params
        );
    }

    [Fact]
    [Trait("Requirement", "S124")]
    public void The_message_with_which_S3_announces_itself_starts_nothing_and_is_no_mistake()
    {
        var decision = Decide(Hook, """{"body":{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"lake"}}""", Text("key"));

        Assert.IsType<MessageDecision.Ignore>(decision);
    }

    [Fact]
    public void The_end_of_a_run_hands_its_date_and_parameters_on()
    {
        var end = new MessageTrigger.PipelineEnd(new PipelineName("first")) { Name = "pipeline" };

        var start = Started(end, """{"run":{"logical_date":"2026-01-09T00:00:00Z","params":{"rows":3}}}""", Whole("rows"));

        Assert.Equal(("""{"rows":3}""", "2026-01-09"), (start.Params, start.Slice.Partition));
    }

    [Fact]
    [Trait("Requirement", "S17")]
    public void A_key_of_ones_own_tells_messages_apart_and_where_it_cannot_be_had_the_sources_stands()
    {
        var keyed = Hook with { IdempotencyKey = "order {{ body.order }}" };

        Assert.Equal("order 7", MessageDecider.KeyOf(keyed, """{"body":{"order":7}}""", "own"));
        Assert.Equal("own", MessageDecider.KeyOf(keyed, """{"body":{}}""", "own"));
        Assert.Contains("idempotency_key: ", Refused(keyed, """{"body":{}}"""), StringComparison.Ordinal);
        Assert.Equal("own", MessageDecider.KeyOf(Hook, """{"body":{}}""", "own"));
    }

    [Theory]
    [InlineData("landing/*.csv", "landing/a.csv", true)]
    [InlineData("landing/*.csv", "landing/x/a.csv", false)]
    [InlineData("landing/*.csv", "landing/.a.csv", false)]
    [InlineData("landing/*.csv", "landing/a.csv.tmp", false)]
    [InlineData("landing/**/*.csv", "landing/a.csv", true)]
    [InlineData("landing/**/*.csv", "landing/x/y/a.csv", true)]
    [InlineData("landing/**/*.csv", "landing/.x/a.csv", false)]
    [InlineData("day=????/part.csv", "day=2026/part.csv", true)]
    [InlineData("day=????/part.csv", "day=26/part.csv", false)]
    [InlineData("a+b(1).csv", "a+b(1).csv", true)]
    [InlineData("s3://lake/in/*", "s3://lake/in/a b", true)]
    public void A_pattern_matches_what_people_expect_of_it(string pattern, string path, bool matches) =>
        Assert.Equal(matches, ArrivalPattern.Parse(pattern, out _)!.Matches(path));

    [Theory]
    [InlineData("landing/*.csv", "landing/", false)]
    [InlineData("landing/**/*.csv", "landing/", true)]
    [InlineData("*/*.csv", "", true)]
    [InlineData("/data/a.csv", "/data/", false)]
    public void A_pattern_knows_where_to_look(string pattern, string root, bool isDeep)
    {
        var parsed = ArrivalPattern.Parse(pattern, out _)!;

        Assert.Equal((root, isDeep), (parsed.Root, parsed.IsDeep));
    }

    private static MessageDecision Decide(MessageTrigger trigger, string payload, params ParamSpec[] specs) =>
        MessageDecider.Decide(
            new Pipeline
            {
                Name = new("p"),
                Params = [.. specs],
                Tasks = [],
                Triggers = [new TriggerSpec.Message(trigger)],
            },
            trigger,
            payload,
            Came
        );

    private static MessageDecision.Start Started(MessageTrigger trigger, string payload, params ParamSpec[] specs)
    {
        var decision = Decide(trigger, payload, specs);
        return decision as MessageDecision.Start ?? throw new Xunit.Sdk.XunitException($"{decision}");
    }

    private static string Refused(MessageTrigger trigger, string payload, params ParamSpec[] specs) =>
        Assert.IsType<MessageDecision.Refuse>(Decide(trigger, payload, specs)).Reason;

    private static ParamSpec Text(string name, string? normal = null) =>
        new()
        {
            Name = name,
            Type = ParamType.String,
            Default = normal,
        };

    private static ParamSpec Whole(string name) => new() { Name = name, Type = ParamType.Integer };

    private static ImmutableSortedDictionary<string, string> Map(params (string Name, string Template)[] entries) =>
        entries.ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Template, StringComparer.Ordinal);
}
