using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Runs that start when another pipeline's end.</summary>
public sealed class EndTriggerTests
{
    [Fact]
    public async Task Each_end_that_counts_starts_one_run_for_the_same_date_with_the_parameters_of_its_name()
    {
        await using var house = new House();
        house.Pipeline("pipeline: first\nparams: { ok: { type: boolean, default: true } }\nrun: test {{ params.ok }} = true\n");
        house.Pipeline("pipeline: good\ntriggers: [{ pipeline: first }]\nparams: { ok: true }\nrun: 'true'\n");
        house.Pipeline("pipeline: bad\ntriggers: [{ pipeline: { upstream: first, on: failure } }]\nrun: 'true'\n");
        house.Pipeline(
            "pipeline: every\ntriggers: [{ pipeline: { upstream: first, on: any, params: { how: '{{ run.state }} {{ run.number }}' } } }]\nparams: { how: { type: string } }\nrun: 'true'\n"
        );
        // Before anybody listens: it starts nothing.
        await house.RunAsync("first", "2024-02-28");
        await house.CloseAsync();
        await house.ServeAsync();
        await house.UntilAsync(
            () => house.Store.Read(session => session.SourceCursor(new("every"), "pipeline")) is not null,
            "somebody who listens"
        );
        var success = await house.RunAsync("first", "2024-03-01");
        var failure = await house.RunAsync("first", "2024-03-02", """{"ok":false}""");
        await house.DecidedAsync("every", 2);
        await house.DecidedAsync("good", 1);
        await house.DecidedAsync("bad", 1);

        Assert.Equal((RunState.Success, RunState.Failed), (success.State, failure.State));
        Assert.Equal([$$"""{"how":"success {{success.Number}}"}""", $$"""{"how":"failed {{failure.Number}}"}"""], house.Params("every"));
        Assert.Equal(["""{"ok":true}"""], house.Params("good"));
        var started = house.Store.Read(session => session.Run(Assert.Single(house.Messages("bad")).Run!.Value))!;
        Assert.Equal(("2024-03-02", RunTrigger.Event), (started.Partition, started.Trigger));
    }

    [Fact]
    public async Task What_ended_while_no_server_ran_is_heard_by_the_next_one_and_a_run_that_ends_again_ends_again()
    {
        await using var house = new House();
        house.Pipeline("pipeline: first\nrun: test -e there\n");
        house.Pipeline("pipeline: every\ntriggers: [{ pipeline: { upstream: first, on: any } }]\nrun: 'true'\n");
        await house.ServeAsync();
        await house.UntilAsync(
            () => house.Store.Read(session => session.SourceCursor(new("every"), "pipeline")) is not null,
            "somebody who listens"
        );
        await house.CloseAsync();
        var run = await house.RunAsync("first");
        await house.CloseAsync();
        await house.ServeAsync();
        await house.DecidedAsync("every", 1);
        house.Write("there", "");
        Assert.True((await house.AskAsync(new Request.Rerun(run.Number.Value, RerunMode.FromFailed, null, "mended"))).Done);
        await house.DecidedAsync("every", 2);

        Assert.Equal(2, house.Params("every").Length);
    }
}
