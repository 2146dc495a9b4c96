using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Models;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>What others are told of a publication: who waits for the dataset, models and registries, partitions, and what it was made from.</summary>
public sealed class PublishedFactsTests
{
    private const string Sales = """
        pipeline: p
        tasks:
          make: { run: "true", retries: 3, outputs: { out: { path: data/out, dataset: sales } } }
        """;

    private static IReadOnlyList<StoredUpdate> UpdatesBy(PublishRig rig, LiveAttempt attempt) =>
        rig.Store.Read(session => session.UpdatesBy(attempt.Run.Number));

    [Fact]
    public async Task A_declared_dataset_is_updated_with_the_version_that_readers_see()
    {
        await using var rig = new PublishRig(Sales);
        var attempt = await rig.PublishedAsync("new");
        var made = Assert.Single(rig.Publications(attempt));
        var update = Assert.Single(UpdatesBy(rig, attempt));
        Assert.Equal(
            ("sales", "2001-01-05", made.Sha256, made.Id),
            (update.Dataset, update.Partition, update.Version, update.Publication!.Value)
        );
        Assert.Equal((null, null, null, null), (update.Group, update.Quiet, update.Who, update.Key));
        Assert.Equal(rig.Time.GetUtcNow(), update.At);
    }

    [Fact]
    public async Task Of_several_outputs_those_are_updates_that_declare_a_dataset()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", outputs: { plain: data/plain, out: { path: data/out, dataset: sales }, other: data/other } }
            """
        );
        var attempt = await rig.BeginAsync();
        foreach (var output in (string[])["plain", "out", "other"])
        {
            rig.Stage(attempt, output, output);
        }

        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Equal("sales", Assert.Single(UpdatesBy(rig, attempt)).Dataset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_publishes_the_same_again_starts_nobody_unless_that_is_asked_for(bool downstream)
    {
        await using var rig = new PublishRig(Sales);
        var first = await rig.PublishedAsync("1");
        var run = first.Run.Number;
        var now = rig.Time.GetUtcNow();
        await rig.OnAsync(run, new RunEvent.AttemptEnded(now, first.Task.Key, first.Token, new Outcome.Succeeded(null), null, null));
        await rig.OnAsync(run, new RunEvent.Cleared(now, [first.Task.Key], "again"));
        await rig.OnAsync(run, new RunEvent.RunAdmitted(now));
        if (downstream)
        {
            await rig.WriteAsync(session => session.SetDownstream(run, "asked for", now));
        }

        var again = await rig.BeginAsync(run, "make");
        rig.Stage(again, "2");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(again));
        var updates = UpdatesBy(rig, again);
        Assert.Equal(2, updates.Count);
        Assert.Equal((null, null), (updates[0].Group, updates[0].Quiet));
        Assert.Equal(
            downstream
                ? (DatasetFacts.GroupOf(run), null)
                : ((string?)null, (string?)$"run {run} had published it before, and was re-run without --downstream"),
            (updates[1].Group, updates[1].Quiet)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backfill_starts_nobody_unless_that_is_asked_for(bool downstream)
    {
        await using var rig = new PublishRig(Sales);
        var attempt = await rig.BeginAsync(change: run => run with { Trigger = RunTrigger.Backfill, Backfill = 7 });
        if (downstream)
        {
            await rig.WriteAsync(session => session.SetDownstream(attempt.Run.Number, "asked for", rig.Time.GetUtcNow()));
        }

        rig.Stage(attempt, "new");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        var update = Assert.Single(UpdatesBy(rig, attempt));
        Assert.Equal(
            downstream ? (DatasetFacts.GroupOf(7), null) : ((string?)null, (string?)"backfill 7 made it, without --downstream"),
            (update.Group, update.Quiet)
        );
    }

    [Fact]
    public async Task What_a_run_in_a_namespace_publishes_is_no_update_and_no_version_of_a_model()
    {
        await using var rig = new PublishRig(Model, Tracking);
        var attempt = await rig.PublishedAsync("new", change: run => run with { Namespace = new RunNamespace("green") });
        var made = Assert.Single(rig.Publications(attempt));
        Assert.Equal(new RunNamespace("green"), made.Namespace);
        Assert.NotEqual(rig.Path("models/out"), made.Path);
        Assert.Empty(UpdatesBy(rig, attempt));
        Assert.Empty(rig.Store.Read(session => session.ModelVersions(attempt.Run.Number)));
    }

    private const string Tracking = "connections: { tracking: { mlflow: \"http://127.0.0.1:1\" } }\n";

    private const string Model = """
        pipeline: p
        tasks:
          make:
            run: "true"
            metrics: true
            outputs: { notes: { path: models/notes, optional: true }, out: { path: models/out, dataset: model, model: "delay/{{ ds }}", registry: tracking } }
        """;

    [Fact]
    public async Task Rows_for_a_table_are_published_as_their_receipt_says()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              load: { load: { query: "select 1 as a", into: base.features, mode: replace_table, keep: 2 } }
            """,
            "connections: { base: { sqlite: data/base.db } }\n"
        );
        var attempt = await rig.BeginAsync("load");
        var output = Assert.Single(attempt.Node.Outputs);
        LoadReceipted(rig, attempt);
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        var made = Assert.Single(rig.Publications(attempt));
        Assert.Equal((output.Name, PublicationKind.Table, PublicationState.Published), (made.Output, made.Kind, made.State));
        Assert.Equal(
            (new string('c', 64), 12L, 3L, """{"a":"INTEGER"}"""),
            (made.Sha256, made.Bytes!.Value, made.Rows!.Value, made.Columns)
        );

        // Rows are not found by what they are: equal ones are kept beside each other.
        var again = await rig.BeginAsync("load");
        LoadReceipted(rig, again);
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(again));
        Assert.Equal($"rows of {made.Id}", rig.Store.Read(session => session.Publication(made.Id))!.Kept);
    }

    private static void LoadReceipted(PublishRig rig, LiveAttempt attempt)
    {
        var request = new LoadRequest
        {
            Kind = DatabaseKind.Sqlite,
            Into = "base.features",
            Table = "features",
            StagingTable = "staged",
            Mode = LoadMode.ReplaceTable,
            Owner = "run/1/load",
            Token = attempt.Token,
            Receipt = Assert.Single(rig.Publisher.Locate(attempt)).Path,
            TempDirectory = attempt.Ref.Directory,
        };
        var receipt = new LoadReceipt(request, [new LoadColumn("a", "INTEGER", "integer")], Rows: 3, Bytes: 12, new string('c', 64));
        TableFiles.Write(request.Receipt, receipt, TableJson.Default.LoadReceipt);
    }

    [Fact]
    public async Task A_model_gets_a_version_with_its_metrics_and_its_registry_is_told()
    {
        await using var rig = new PublishRig(Model, Tracking);
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "weights");
        rig.Stage(attempt, "words", "notes");
        rig.Report(attempt, ReportFiles.Metrics, """{"auc":0.8}""");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        var version = Assert.Single(rig.Store.Read(session => session.ModelVersions(attempt.Run.Number)));
        Assert.Equal(("delay/2001-01-05", 1, "out", """{"auc":0.8}"""), (version.Model, version.Version, version.Output, version.Metrics));
        Assert.Equal("weights", File.ReadAllText(version.Path));
        Assert.Contains(
            "delay/2001-01-05",
            Assert.Single(rig.Store.Read(session => ModelNews.Waiting(session, 10))).Payload,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_model_without_a_registry_is_told_to_nobody_and_one_whose_registry_is_missing_is_not_published()
    {
        await using var rig = new PublishRig(Model.Replace(", registry: tracking", "", StringComparison.Ordinal));
        var attempt = await rig.PublishedAsync("weights");
        Assert.Single(rig.Store.Read(session => session.ModelVersions(attempt.Run.Number)));
        Assert.Empty(rig.Store.Read(session => ModelNews.Waiting(session, 10)));

        await using var missing = new PublishRig(Model);
        var refusedAttempt = await missing.BeginAsync();
        missing.Stage(refusedAttempt, "weights");
        var refused = await Assert.ThrowsAsync<TaskRefused>(() => missing.AskAsync(refusedAttempt));
        Assert.Equal((FailureClass.Permanent, "registry"), (refused.Failure.Class, refused.Failure.Rule));
        Assert.StartsWith(
            "tasks.make.outputs.out.registry: there is no connection `tracking`",
            refused.Failure.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(missing.Publications(refusedAttempt));
    }

    [Fact]
    public async Task A_cell_is_a_partition_of_its_own_and_a_key_that_is_none_of_the_list_is_refused()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            partition: { keys: { region: [eu, us], tier: [free, paid] } }
            params: { region: { type: string, default: eu } }
            tasks:
              make: { run: "true", outputs: { out: { path: data/out, dataset: sales, keys: { region: "{{ params.region }}", tier: paid } } } }
              whole: { run: "true", outputs: { out: data/whole } }
            """
        );
        var attempt = await rig.PublishedAsync("new", change: run => run with { Params = """{"region":"eu"}""" });
        Assert.Equal("2001-01-05/eu/paid", Assert.Single(rig.Publications(attempt)).Partition);
        Assert.Equal("2001-01-05", Assert.Single(rig.Publications(await rig.PublishedAsync("new", "whole"))).Partition);
        var wrong = await rig.BeginAsync(change: run => run with { Params = """{"region":"es"}""" });
        rig.Stage(wrong, "new");
        var refused = await Assert.ThrowsAsync<TaskRefused>(() => rig.AskAsync(wrong));
        Assert.Equal((FailureClass.Permanent, "partition"), (refused.Failure.Class, refused.Failure.Rule));
        Assert.Equal("tasks.make.outputs.out.keys.region: `es` is none of eu, us", refused.Failure.Message);
    }

    [Fact]
    public async Task What_it_was_made_from_is_what_stood_at_its_inputs_when_it_began_and_what_its_needs_published()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              first: { run: "true", outputs: { out: data/in/first } }
              second: { run: "true", outputs: { out: data/in/second } }
              near: { run: "true", outputs: { out: data/inner } }
              before: { run: "true", outputs: { out: data/before, left: { path: data/left, optional: true } } }
              make:
                run: "true"
                needs: [before]
                inputs: { all: data/in/, some: "data/in/sec*", one: data/in/first, again: data/before, none: data/nothing }
                outputs: { out: data/out }
              bare: { run: "true", outputs: { out: data/bare } }
            """
        );
        var first = Assert.Single(rig.Publications(await rig.PublishedAsync("1", "first")));
        var second = Assert.Single(rig.Publications(await rig.PublishedAsync("2", "second")));
        await rig.PublishedAsync("n", "near");
        rig.Time.Pass(TimeSpan.FromMinutes(1));

        var before = await rig.PublishedAsync("b", "before");
        var needed = Assert.Single(rig.Publications(before));
        var run = before.Run.Number;
        await rig.OnAsync(
            run,
            new RunEvent.AttemptEnded(rig.Time.GetUtcNow(), before.Task.Key, before.Token, new Outcome.Succeeded(null), null, null)
        );
        var attempt = await rig.BeginAsync(run, "make");
        // Meanwhile another version takes the place of what it reads.
        rig.Time.Pass(TimeSpan.FromMinutes(1));
        await rig.PublishedAsync("later", "first");
        rig.Stage(attempt, "new");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        var made = rig.Publications(attempt).Single(one => one.Task == attempt.Task.Key);
        var inputs = JsonSerializer.Deserialize(made.Inputs, EngineJson.Default.InputVersionArray)!;
        Assert.Equal(
            [
                ("again", needed.Id, needed.Sha256!),
                ("all", first.Id, first.Sha256!),
                ("all", second.Id, second.Sha256!),
                ("one", first.Id, first.Sha256!),
                ("some", first.Id, first.Sha256!),
                ("some", second.Id, second.Sha256!),
            ],
            inputs.Select(input => (input.Name, input.Publication, input.Sha256))
        );
        Assert.Equal("[]", Assert.Single(rig.Publications(await rig.PublishedAsync("x", "bare"))).Inputs);
    }

    [Fact]
    public async Task An_output_of_a_needed_task_that_is_no_input_is_named_by_its_task()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              before: { run: "true", outputs: { out: data/before } }
              beside: { run: "true", outputs: { out: data/beside } }
              make: { run: "true", needs: [before], outputs: { out: data/out } }
            """
        );
        var before = await rig.PublishedAsync("b", "before");
        var needed = Assert.Single(rig.Publications(before));
        var run = before.Run.Number;
        await rig.OnAsync(
            run,
            new RunEvent.AttemptEnded(rig.Time.GetUtcNow(), before.Task.Key, before.Token, new Outcome.Succeeded(null), null, null)
        );
        var beside = await rig.BeginAsync(run, "beside");
        rig.Stage(beside, "s");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(beside));
        var attempt = await rig.BeginAsync(run, "make");
        rig.Stage(attempt, "new");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        var inputs = rig.Publications(attempt).Single(one => one.Task == attempt.Task.Key).Inputs;
        Assert.Equal(
            new InputVersion("before.out", needed.Path, needed.Id, needed.Sha256!),
            Assert.Single(JsonSerializer.Deserialize(inputs, EngineJson.Default.InputVersionArray)!)
        );
    }
}
