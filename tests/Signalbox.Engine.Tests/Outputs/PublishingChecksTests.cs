using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>What checks of outputs and inputs keep from happening, and what is told of them.</summary>
public sealed class PublishingChecksTests
{
    private static string Checked(params string[] checks) =>
        $$"""
            pipeline: p
            tasks:
              make: { run: "true", outputs: { out: { path: data/out, checks: [{{string.Join(", ", checks)}}] } } }
            """;

    private static StoredCheck Result(LiveAttempt attempt, CheckSeverity severity, bool passed) =>
        new(
            attempt.Run.Number,
            attempt.Task.Key,
            attempt.Number,
            "out",
            "a check",
            "run",
            severity,
            passed,
            Observed: null,
            Expected: null,
            "it said so",
            Samples: null,
            DateTimeOffset.UnixEpoch
        );

    [Fact]
    public async Task A_check_that_fails_keeps_readers_at_what_they_saw_and_says_how_many_more_failed()
    {
        foreach (
            var (checks, more) in ((string[], string)[])
                [(["{ run: fail }"], ""), (["{ run: fail }", "{ run: pass }", "{ run: no }"], " (and 1 more)")]
        )
        {
            await using var rig = new PublishRig(Checked(checks));
            var attempt = await rig.BeginAsync();
            rig.Stage(attempt, "new");
            var failed = Assert.IsType<Outcome.Failed>(await rig.PublishAsync(attempt)).Failure;
            Assert.Equal((FailureClass.Validation, "check", true), (failed.Class, failed.Rule, failed.CheckFailed));
            Assert.Equal($"output `out` was not published: the command exited with 1{more}", failed.Message);
            Assert.Null(rig.Read("data/out"));
            Assert.Empty(rig.Publications(attempt));
            var results = rig.Store.Read(session => session.CheckResults(attempt.Run.Number));
            Assert.Equal(checks.Select(check => check == "{ run: pass }"), results.Select(result => result.Passed));
        }
    }

    [Fact]
    public async Task A_check_that_warns_is_told_with_the_success_and_one_that_passes_is_not()
    {
        await using var rig = new PublishRig(
            Checked("{ run: fail, severity: warn }", "{ run: pass, severity: warn }", "{ run: no, severity: warn }")
        );
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "new");
        var done = Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Equal("warning: the command exited with 1; warning: the command exited with 1", done.Note);
        Assert.Equal("new", rig.Read("data/out"));
        var result = rig.Store.Read(session => session.CheckResults(attempt.Run.Number))[1];
        Assert.Equal(
            ("make", 1, "out", "run(pass)", "run", CheckSeverity.Warn, true, "0", "exit code 0"),
            (
                $"{result.Task}",
                result.Attempt,
                result.Output,
                result.Name,
                result.Kind,
                result.Severity,
                result.Passed,
                result.Observed,
                result.Expected
            )
        );
        Assert.Equal(rig.Time.GetUtcNow(), result.At);

        // What another attempt's checks said is not told again.
        var other = await rig.BeginAsync();
        Assert.Null(rig.Publisher.NoteOf(other));
        await using var passing = new PublishRig(Checked("{ run: pass }"));
        var well = await passing.BeginAsync();
        passing.Stage(well, "new");
        Assert.Null(Assert.IsType<Outcome.Succeeded>(await passing.PublishAsync(well)).Note);
    }

    [Fact]
    public async Task An_input_that_fails_its_check_keeps_the_work_from_starting_and_is_looked_at_once()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", inputs: { a: { path: data/a, checks: [{ run: "{{ params.says }}" }] } }, outputs: { out: data/out } }
            params: { says: { type: string, default: pass } }
            """
        );
        var well = await rig.BeginAsync(change: run => run with { Params = """{"says":"pass"}""" });
        // What was said of an output is another matter.
        await rig.WriteAsync(session => session.AddCheckResult(Result(well, CheckSeverity.Block, passed: true)));
        Assert.Null(await rig.Publisher.RefuseInputsAsync(well, rig.ContextOf(well), TestContext.Current.CancellationToken));
        Assert.Equal(["pass"], rig.Commands.Ran);
        Assert.True(rig.Store.Read(session => session.CheckResults(well.Run.Number))[1].Passed);
        // After a restart it is not looked at again.
        Assert.Null(await rig.Publisher.RefuseInputsAsync(well, rig.ContextOf(well), TestContext.Current.CancellationToken));
        Assert.Equal(["pass"], rig.Commands.Ran);
        Assert.Null(rig.Publisher.NoteOf(well));

        var bad = await rig.BeginAsync(change: run => run with { Params = """{"says":"fail"}""" });
        var refused = await rig.Publisher.RefuseInputsAsync(bad, rig.ContextOf(bad), TestContext.Current.CancellationToken);
        var failure = Assert.IsType<Outcome.Failed>(refused!.Value.Outcome).Failure;
        Assert.Equal("it was not started: input `a`: the command exited with 1", failure.Message);
        Assert.Empty(rig.Store.Read(session => session.CheckResults(bad.Run.Number)));
        await rig.WriteAsync(refused.Value.Write);
        Assert.Equal("inputs.a", Assert.Single(rig.Store.Read(session => session.CheckResults(bad.Run.Number))).Output);
    }

    [Fact]
    public async Task An_input_that_only_warns_is_told_with_the_success()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", inputs: { a: { path: data/a, checks: [{ run: fail, severity: warn }] } } }
            """
        );
        var attempt = await rig.BeginAsync();
        Assert.Null(await rig.Publisher.RefuseInputsAsync(attempt, rig.ContextOf(attempt), TestContext.Current.CancellationToken));
        Assert.Equal("warning: the command exited with 1", rig.Publisher.NoteOf(attempt));
    }

    [Fact]
    public async Task Rows_that_are_put_aside_go_with_their_output_and_are_told()
    {
        await using var rig = new PublishRig(Checked("{ not_null: id, severity: quarantine }"));
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "rows");
        var done = Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Equal("1 of 3 rows of `out` rejected by a check; the others are published", done.Note);
        var aside = Assert.Single(rig.Store.Read(session => session.RejectedBy(attempt.Run.Number)));
        Assert.Equal((RejectedState.Kept, 1L, 3L, "out"), (aside.State, aside.Rows, aside.Of, aside.Output));
        Assert.Equal(("one row", "rows"), (File.ReadAllText(aside.Path), rig.Read("data/out")));
    }

    [Fact]
    public async Task Rows_of_an_output_that_its_place_refuses_were_never_taken_out_of_it()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make:
                run: "true"
                outputs:
                  out: { path: data/out, checks: [{ not_null: id, severity: quarantine }] }
                  extra: { path: data/extra, checks: [{ not_null: id, severity: quarantine }] }
            """
        );
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, "rows");
        rig.Stage(attempt, "more", "extra");
        rig.Place.OnPublish = intent => intent.Output == "extra" ? new PlaceException(FailureClass.Permanent, "no") : null;
        Assert.IsType<Outcome.Failed>(await rig.PublishAsync(attempt));
        Assert.Equal(
            [("out", RejectedState.Kept), ("extra", RejectedState.Aborted)],
            rig.Store.Read(session => session.RejectedBy(attempt.Run.Number)).Select(row => (row.Output, row.State))
        );
        // The attempt was not over: nobody refused it.
        Assert.Empty(rig.Store.Read(session => session.Refusals(attempt.Run.Number)));
    }

    [Fact]
    public async Task What_is_told_of_an_attempt_is_its_own_warnings_and_the_rows_that_were_put_aside()
    {
        await using var rig = new PublishRig(Checked("{ not_null: id, severity: quarantine }"));
        var attempt = await rig.BeginAsync();
        var row = new Rejected(
            Id: 0,
            attempt.Run.Number,
            attempt.Pipeline.Name,
            attempt.Task.Key,
            attempt.Number,
            attempt.Token,
            "out",
            Namespace: null,
            rig.Path("aside"),
            rig.Path("staged"),
            rig.Path("data/out"),
            "2001-01-05",
            RejectedState.Prepared,
            Rows: 2,
            Of: 1000,
            """{"not_null(id)":2,"unique(id)":1}""",
            rig.Time.GetUtcNow()
        );
        await rig.WriteAsync(session =>
        {
            session.PrepareRejected(row);
            session.AddCheckResult(Result(attempt, CheckSeverity.Block, passed: false));
            session.AddCheckResult(Result(attempt, CheckSeverity.Warn, passed: true));
            session.AddCheckResult(Result(attempt, CheckSeverity.Warn, passed: false));
            session.AddCheckResult(Result(attempt, CheckSeverity.Warn, passed: false) with { Attempt = 2 });
            session.AddCheckResult(Result(attempt, CheckSeverity.Warn, passed: false) with { Task = new TaskKey(new TaskName("other")) });
        });
        Assert.Equal(
            "2 of 1,000 rows of `out` rejected by not_null(id), unique(id); the others are published; warning: it said so",
            rig.Publisher.NoteOf(attempt)
        );
    }
}
