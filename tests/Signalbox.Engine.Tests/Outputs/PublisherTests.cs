using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>What is published of what an attempt staged, and what is written down of it.</summary>
public sealed class PublisherTests
{
    private const string One = """
        pipeline: p
        tasks:
          make: { run: "true", outputs: { out: data/out } }
        """;

    private const string Two = """
        pipeline: p
        tasks:
          make: { run: "true", outputs: { out: data/out, extra: { path: data/extra/, optional: true } } }
        """;

    private static string Checked(params string[] checks) =>
        $$"""
            pipeline: p
            tasks:
              make: { run: "true", outputs: { out: { path: data/out, checks: [{{string.Join(", ", checks)}}] } } }
            """;

    [Fact]
    [Trait("Requirement", "S91")]
    public async Task What_was_staged_becomes_visible_and_is_recorded_as_what_it_is()
    {
        await using var rig = new PublishRig(One);
        var attempt = await rig.PublishedAsync("new");

        Assert.Equal("new", rig.Read("data/out"));
        var made = Assert.Single(rig.Publications(attempt));
        Assert.Equal((PublicationState.Published, PublicationKind.File), (made.State, made.Kind));
        Assert.Equal(("p", "make", "out", "p.make.out"), (made.Pipeline.Value, $"{made.Task}", made.Output, made.Dataset));
        Assert.Equal((rig.Path("data/out"), "2001-01-05", (RunNamespace?)null), (made.Path, made.Partition, made.Namespace));
        Assert.Equal((1, attempt.Token, attempt.Run.Version), (made.Attempt, made.Token, made.Version));
        Assert.Equal((ContentHash.Of(rig.Path("data/out")).Sha256, 3L, (long?)null), (made.Sha256, made.Bytes!.Value, made.Rows));
        Assert.Equal((rig.Time.GetUtcNow(), "[]"), (made.PreparedAt, made.Inputs));
        Assert.False(Assert.Single(rig.Place.Placed).IsAgain);
        Assert.Empty(rig.Store.Read(session => session.UpdatesBy(attempt.Run.Number)));
    }

    [Fact]
    public async Task An_output_that_was_not_made_fails_unless_it_is_optional_and_nothing_is_published()
    {
        await using var rig = new PublishRig(Two);
        var attempt = await rig.BeginAsync();
        var refused = await Assert.ThrowsAsync<TaskRefused>(() => rig.AskAsync(attempt));
        Assert.Equal((FailureClass.Validation, "missing output"), (refused.Failure.Class, refused.Failure.Rule));
        Assert.Contains("`out`", refused.Failure.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Publications(attempt));

        rig.Stage(attempt, "new");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Equal("out", Assert.Single(rig.Publications(attempt)).Output);
    }

    [Fact]
    public async Task Each_output_is_published_from_its_own_place_to_its_own_path()
    {
        await using var rig = new PublishRig(Two);
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "file");
        rig.Stage(attempt, "folder", "extra");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Equal(("file", "folder"), (rig.Read("data/out"), rig.Read("data/extra/part")));
        Assert.Equal(
            [("out", PublicationKind.File, PublicationState.Published), ("extra", PublicationKind.Folder, PublicationState.Published)],
            rig.Publications(attempt).Select(made => (made.Output, made.Kind, made.State))
        );
        Assert.Equal([false, true], rig.Place.Placed.Select(placing => placing.Staged.IsFolder));
    }

    [Fact]
    public async Task What_an_attempt_left_is_known_by_its_outputs_and_its_reports_and_wiped_with_it()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", outputs: { out: data/out } }
              bare: { run: "true" }
            """
        );
        var bare = await rig.BeginAsync("bare");
        Assert.False(rig.Publisher.HasReported(bare));
        Assert.Empty(rig.Publisher.Locate(bare));
        rig.Publisher.Seal(bare, []);
        rig.Report(bare, ReportFiles.Metrics, "{}");
        Assert.True(rig.Publisher.HasReported(bare));
        rig.Publisher.Discard(bare);

        var attempt = await rig.BeginAsync();
        Assert.True(rig.Publisher.HasReported(attempt));
        // One of its outputs is not there yet.
        rig.Publisher.Seal(attempt, rig.Publisher.Locate(attempt));
        rig.Stage(attempt, "x");
        rig.Publisher.Seal(attempt, rig.Publisher.Locate(attempt));
        Assert.NotEmpty(rig.Parts.Staging.Staged());
        rig.Publisher.Discard(attempt);
        Assert.Empty(rig.Parts.Staging.Staged());
    }

    [Fact]
    public async Task Results_are_handed_down_and_metrics_kept_where_the_task_has_any()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", metrics: true, outputs: { out: data/out } }
              bare: { run: "true", metrics: false, outputs: { out: data/bare } }
            """
        );
        foreach (var task in (string[])["make", "bare"])
        {
            var attempt = await rig.BeginAsync(task);
            rig.Stage(attempt, "x");
            rig.Report(attempt, ReportFiles.Result, """{"rows":7}""");
            rig.Report(attempt, ReportFiles.Metrics, """{"auc":0.8,"loss":0.1}""");
            var done = Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
            Assert.Equal("""{"rows":7}""", done.Result);
            Assert.Equal(
                task == "make" ? [("auc", 0.8), ("loss", 0.1)] : [],
                rig.Store.Read(session => session.Metrics(attempt.Run.Number)).Select(metric => (metric.Name, metric.Value)).Order()
            );
        }

        var none = await rig.BeginAsync("make");
        Assert.Equal((null, null), rig.Publisher.Report(none));
    }

    [Fact]
    public async Task What_is_told_to_stop_before_anything_is_decided_publishes_nothing()
    {
        await using var rig = new PublishRig(One);
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "new");
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.AskAsync(attempt, isStopping: true));
        Assert.Empty(rig.Publications(attempt));
        Assert.Null(rig.Read("data/out"));
    }

    [Fact]
    [Trait("Requirement", "S91")]
    public async Task What_was_decided_is_finished_after_a_crash_without_being_checked_again_whoever_wants_it_stopped()
    {
        await using var rig = new PublishRig(Checked("{ run: pass }"));
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "new");
        rig.Place.OnPublish = _ => new OperationCanceledException();
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.AskAsync(attempt));
        rig.Place.OnPublish = _ => new StoreUnavailable("away");
        await Assert.ThrowsAsync<StoreUnavailable>(() => rig.AskAsync(attempt));
        Assert.Equal(PublicationState.Prepared, Assert.Single(rig.Publications(attempt)).State);

        rig.Place.OnPublish = _ => null;
        Assert.IsType<Outcome.Succeeded>((await rig.AskAsync(attempt, isStopping: true)).Outcome);
        Assert.True(Assert.Single(rig.Place.Placed).IsAgain);
        // It died once more, after the step and before the end was written.
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Equal(PublicationState.Published, Assert.Single(rig.Publications(attempt)).State);
        Assert.Single(rig.Place.Placed);
        Assert.Equal(("new", 1), (rig.Read("data/out"), rig.Commands.Ran.Count));
    }

    [Fact]
    [Trait("Requirement", "S90")]
    public async Task An_attempt_that_is_over_publishes_nothing_and_its_refusal_is_recorded()
    {
        await using var rig = new PublishRig(One);
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "new");
        await rig.WriteAsync(session => session.ClaimRun(attempt.Run.Number, Guid.NewGuid()));
        var refused = await Assert.ThrowsAsync<TaskRefused>(() => rig.AskAsync(attempt));
        Assert.Equal((FailureClass.Lost, "stale attempt"), (refused.Failure.Class, refused.Failure.Rule));
        Assert.StartsWith("nothing was published: ", refused.Failure.Message, StringComparison.Ordinal);
        var refusal = Assert.Single(rig.Store.Read(session => session.Refusals(attempt.Run.Number)));
        Assert.Equal((1, attempt.Token, rig.Time.GetUtcNow()), (refusal.Attempt, refusal.Token, refusal.At));
        Assert.Empty(rig.Publications(attempt));
        Assert.Null(rig.Read("data/out"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_a_place_refuses_what_readers_see_is_recorded_as_published_and_the_rest_as_never(bool lost)
    {
        await using var rig = new PublishRig(Two);
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "file");
        rig.Stage(attempt, "folder", "extra");
        rig.Place.OnPublish = intent =>
            intent.Output == "out" ? null
            : lost ? new PlaceException(FailureClass.Lost, "another has it")
            : new IOException("full", 28);
        var failure = Assert.IsType<Outcome.Failed>(await rig.PublishAsync(attempt)).Failure;
        Assert.Equal(lost ? FailureClass.Lost : FailureClass.DiskFull, failure.Class);
        var made = rig.Publications(attempt);
        Assert.Equal([PublicationState.Published, PublicationState.Aborted], made.Select(one => one.State));
        Assert.Equal((null, lost ? "another has it" : "full"), (made[0].Reason, made[1].Reason));
        Assert.Equal(lost ? 1 : 0, rig.Store.Read(session => session.Refusals(attempt.Run.Number)).Count);
        Assert.Equal(("file", null), (rig.Read("data/out"), rig.Read("data/extra/part")));
    }

    [Fact]
    public async Task An_attempt_finishes_only_what_it_has_decided_itself()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", retries: 3, outputs: { out: data/out } }
              side: { run: "true", outputs: { out: data/side } }
            """
        );
        var died = await rig.BeginAsync();
        rig.Stage(died, "1");
        rig.Place.OnPublish = _ => new OperationCanceledException();
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.AskAsync(died));
        rig.Place.OnPublish = _ => null;

        var side = await rig.BeginAsync(died.Run.Number, "side");
        rig.Stage(side, "side");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(side));
        Assert.Equal(["side"], rig.Place.Placed.Select(placing => $"{placing.Intent.Task}"));

        await rig.OnAsync(
            died.Run.Number,
            new RunEvent.AttemptEnded(rig.Time.GetUtcNow(), died.Task.Key, died.Token, new Outcome.Lost("gone"), null, null)
        );
        rig.Time.Pass(TimeSpan.FromHours(1));
        await rig.OnAsync(died.Run.Number, new RunEvent.TimerFired(rig.Time.GetUtcNow()));
        var next = await rig.BeginAsync(died.Run.Number, "make");
        rig.Stage(next, "2");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(next));
        Assert.Equal("2", rig.Read("data/out"));
        Assert.Equal(
            [("make", 1, PublicationState.Prepared), ("side", 1, PublicationState.Published), ("make", 2, PublicationState.Published)],
            rig.Publications(next).Select(made => ($"{made.Task}", made.Attempt, made.State))
        );
    }
}
