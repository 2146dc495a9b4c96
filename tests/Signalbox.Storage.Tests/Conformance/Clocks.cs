using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S94")]
    public async Task Deadlines_of_open_runs_move_with_a_clock_that_was_set_and_the_mark_says_what_they_go_by()
    {
        using var store = Database.Open();
        Assert.Null(store.Read(s => s.ClockMark));
        var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);
        var going = run with { State = RunState.Running, Deadline = Made.Noon.AddHours(2), Revision = 2 };
        var tried = Made.Task("a") with { State = TaskState.UpForRetry, DueAt = Made.Noon.AddMinutes(5), Revision = 2 };
        var waits = Made.Task("b") with
        {
            State = TaskState.UpForReschedule,
            DueAt = Made.Noon.AddMinutes(1),
            Deadline = Made.Noon.AddHours(1),
            Revision = 2,
        };
        var rows = Made.Decision(new Change.RunChanged(going), new Change.TaskChanged(tried), new Change.TaskChanged(waits));
        await store.WriteAsync(s => s.Apply(run.Number, fence, rows), Ct);

        var mark = new ClockMark("boot-1", TimeSpan.FromMilliseconds(1_700_000_000_123), Made.Noon);
        await store.WriteAsync(
            s =>
            {
                s.MoveDeadlines(TimeSpan.FromHours(-3));
                s.SaveClockMark(mark);
            },
            Ct
        );
        Assert.Equal(mark, store.Read(s => s.ClockMark));
        var stored = store.Read(s => s.LoadRun(run.Number))!;
        Assert.Equal(Made.Noon.AddHours(-1), stored.Run.Deadline);
        Assert.Equal(tried with { DueAt = Made.Noon.AddMinutes(5).AddHours(-3) }, stored.Tasks.Single(task => task.Key == tried.Key));
        // It may wait for an instant: it is looked at now.
        Assert.Equal(waits with { DueAt = null, Deadline = Made.Noon.AddHours(-2) }, stored.Tasks.Single(task => task.Key == waits.Key));

        await store.WriteAsync(s => s.SaveClockMark(mark with { MovedAt = null }), Ct);
        Assert.Equal(mark with { MovedAt = null }, store.Read(s => s.ClockMark));
    }
}
