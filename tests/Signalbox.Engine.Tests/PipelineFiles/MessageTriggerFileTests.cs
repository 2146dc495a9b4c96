using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>Triggers that turn messages into runs, as they stand in a file.</summary>
public sealed class MessageTriggerFileTests
{
    [Fact]
    [Trait("Requirement", "S20")]
    [Trait("Requirement", "S21")]
    [Trait("Requirement", "S122")]
    public void Every_kind_has_its_keys()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: landing
            params: { key: { type: string, default: "" } }
            triggers:
              - webhook: { hmac_secret: secret:hook, params: { key: "{{ body.Records[0].s3.object.key }}" } }
              - webhook: { name: plain, bearer: secret:hook, max_per_minute: 60, idempotency_key: "{{ body.id }}" }
              - file: landing/*.parquet
              - file: { name: objects, path: "s3://lake/in/**/*.csv", min_size: 1KiB, every: 5m }
              - kafka: { connection: bus, topic: flights, group: mine, from: latest }
              - redis: { connection: flags, stream: orders }
              - postgres: { connection: warehouse, table: raw.loads, operations: [insert, update] }
              - postgres: { name: polled, connection: warehouse, table: loads, cursor: id }
              - pipeline: first
              - pipeline: { name: broken, upstream: first, on: failure, date: "{{ run.logical_date }}" }
            run: echo
            """
        );
        var triggers = pipeline.MessageTriggers().ToList();

        Assert.Equal(
            ["webhook", "plain", "file", "objects", "kafka", "redis", "postgres", "polled", "pipeline", "broken"],
            triggers.Select(trigger => trigger.Name)
        );
        Assert.Equal("{{ body.Records[0].s3.object.key }}", triggers[0].Params!["key"]);
        Assert.Equal(TimeSpan.FromSeconds(10), Assert.IsType<MessageTrigger.File>(triggers[2]).StableFor);
        Assert.Equal((1024, TimeSpan.FromMinutes(5)), triggers[3] is MessageTrigger.File file ? (file.MinSize, file.Pause) : default);
        Assert.Equal(QueueStart.Latest, Assert.IsType<MessageTrigger.Kafka>(triggers[4]).From);
        Assert.Equal(EndKind.Failure, Assert.IsType<MessageTrigger.PipelineEnd>(triggers[9]).On);
        Assert.StartsWith("On webhook webhook, webhook plain, files landing/*", PipelineSentence.Of(pipeline), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "{ webhook: {} }",
        "2:14: a webhook proves its sender in one way: `bearer: secret:NAME` (a fixed text) or `hmac_secret: secret:NAME` (a signature)"
    )]
    [InlineData("{ webhook: { bearer: open } }", "2:33: `bearer` must be a secret, written secret:NAME, not `open`")]
    [InlineData(
        "{ webhook: { bearer: secret:a, params: { key: \"{{ body.x }}\" } } }",
        "2:58: unknown parameter `key`; declare it under `params:` of the pipeline"
    )]
    [InlineData("{ webhook: { bearer: secret:a, date: \"{{ bodi.x }}\" } }", "2:53: unknown name `bodi`; did you mean `body`?")]
    [InlineData(
        "{ webhook: { bearer: secret:a, date: \"{{ file.path }}\" } }",
        "2:53: unknown name `file`; a message has `body`, `headers`, `query`"
    )]
    [InlineData("{ file: in/ }", "2:20: `in/` names a folder; write the files in it, e.g. in/*.parquet")]
    [InlineData("{ file: { path: \"a**\" } }", "2:28: `**` stands alone between slashes, e.g. landing/**/*.parquet, not as in `a**`")]
    [InlineData("{ kafka: { topic: t } }", "2:21: `kafka` needs the key `connection`")]
    [InlineData(
        "{ postgres: { connection: w, table: t, operations: upsert } }",
        "2:63: `upsert` is none of insert, update, delete; did you mean `insert`?"
    )]
    [InlineData(
        "{ webhook: { bearer: secret:a, signal: ready, date: \"{{ body.d }}\" } }",
        "2:51: no task waits for a message; one does with `wait_for: { message: NAME }`"
    )]
    [InlineData("{ pipeline: p }", "2:24: the end of a pipeline's runs cannot start runs of the same pipeline: it would never rest")]
    public void A_mistake_is_told_with_its_place(string trigger, string problem) =>
        Assert.Equal($"p.yaml:{problem}", Assert.Single(Yaml.Problems($"pipeline: p\ntriggers: [{trigger}]\nrun: echo")));

    [Fact]
    [Trait("Requirement", "S22")]
    public void A_message_that_is_sent_on_needs_a_date_and_a_task_that_waits_for_it()
    {
        const string Tasks = "\ntasks: { a: { wait_for: { message: labels_ready } } }";
        Assert.Equal(
            "labels_ready",
            Yaml.Good(
                    $"pipeline: p\ntriggers: [{{ webhook: {{ bearer: secret:a, signal: labels_ready, date: \"{{{{ body.d }}}}\" }} }}]{Tasks}"
                )
                .MessageTriggers()
                .Single()
                .Signal
        );
        Assert.Equal(
            [
                "p.yaml:2:14: a `signal` needs the `date` of the run that it is sent to, e.g. \"{{ body.date }}\"",
                "p.yaml:2:51: no task waits for `label_ready`; did you mean `labels_ready`?",
                "p.yaml:2:64: a message that is sent on as a `signal` starts no run, and needs no parameters",
            ],
            Yaml.Problems($"pipeline: p\ntriggers: [{{ webhook: {{ bearer: secret:a, signal: label_ready, params: {{}} }} }}]{Tasks}")
                .Order()
        );
    }

    [Fact]
    public void Two_triggers_of_one_kind_need_names()
    {
        Assert.Equal(
            ["p.yaml:4:11: there are two triggers `file`; give each a `name` of its own"],
            Yaml.Problems("pipeline: p\ntriggers:\n  - file: a\n  - file: b\nrun: echo")
        );
    }
}
