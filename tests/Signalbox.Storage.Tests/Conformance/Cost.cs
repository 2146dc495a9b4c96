using System.Diagnostics;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    /// <summary>The share of the store in the budget of under a millisecond per task, with much air for a busy machine.</summary>
    [Fact]
    public async Task Three_transitions_of_a_thousand_tasks_cost_little()
    {
        using var store = Database.Open();
        var best = TimeSpan.MaxValue;
        for (var round = 1; round <= 4; round++)
        {
            string[] names = [.. Enumerable.Range(0, 1000).Select(i => $"task_{i}")];
            var (run, fence) = await store.CreateRun(day: round, tasks: names);
            var (commits, cpu, wall) = (store.Commits, Environment.CpuUsage.TotalTime, Stopwatch.StartNew());

            await Task.WhenAll(names.Select(name => Walk(store, run, fence, name)));

            var cost = Environment.CpuUsage.TotalTime - cpu;
            best = cost < best ? cost : best;
            Output.WriteLine(
                $"12,000 rows in 3,000 writes: {wall.Elapsed.TotalMilliseconds:0} ms, of which {cost.TotalMilliseconds:0} ms processor, in {store.Commits - commits} commits"
            );
            Assert.InRange(store.Commits - commits, 1, 300);
            Assert.All(store.Read(s => s.Tasks(run.Number)), task => Assert.Equal(TaskState.Success, task.State));
        }

        Assert.True(best < TimeSpan.FromSeconds(1.5), $"{best.TotalMilliseconds:0} ms of processor time");
    }

    private static async Task Walk(Store store, Run run, Fence fence, string name)
    {
        var task = Made.Task(name);
        var attempt = Made.Attempt(name);
        (TaskState, AttemptState)[] way =
        [
            (TaskState.Queued, AttemptState.Submitting),
            (TaskState.Running, AttemptState.Running),
            (TaskState.Success, AttemptState.Succeeded),
        ];
        foreach (var (state, tried) in way)
        {
            DateTimeOffset? end = state.IsEnd() ? Made.Noon : null;
            task = task with { State = state, EndedAt = end, Token = 1, TryNumber = 1, Attempt = tried, Revision = task.Revision + 1 };
            attempt = attempt with { State = tried, EndedAt = end };
            var decision = Made.Decision(
                new Change.TaskChanged(task),
                new Change.AttemptChanged(attempt),
                new Change.HistoryAdded(Made.History("slot_granted", name)),
                new Change.HistoryAdded(Made.History("attempt_started", name))
            );
            await store.WriteAsync(s => s.Apply(run.Number, fence, decision), Ct);
        }
    }
}
