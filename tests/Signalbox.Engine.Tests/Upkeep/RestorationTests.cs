using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Upkeep;

/// <summary>A database that is put back to yesterday: nothing of the time since is taken for what is done now.</summary>
public sealed class RestorationTests
{
    private static readonly DateTimeOffset Noon = new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("none", new[] { "2024-02-28" })]
    [InlineData("latest", new[] { "2024-02-28", "2024-03-03" })]
    [InlineData("all", new[] { "2024-02-28", "2024-03-01", "2024-03-02", "2024-03-03" })]
    public async Task No_past_tick_fires_again_unless_catch_up_asks_for_it(string policy, string[] expected)
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(
            $"pipeline: daily\nschedule: \"0 2 * * *\"\ncatchup: {policy}\nstart: 2024-02-29\ntasks:\n  a: {{ run: \"true\" }}\n"
        );
        await house.ServeAsync();
        var first = await house.StartAsync("daily", "2024-02-28");
        await house.EndAsync(first);
        await DecidedAsync(house, time, Noon);
        var backup = house.Path("yesterday.backup");
        await house.CloseAsync();
        var database = house.Path(".signalbox/signalbox.db");
        Backups.Write(database, backup);

        time.Pass(TimeSpan.FromDays(3));
        await house.ServeAsync();
        await DecidedAsync(house, time, Noon.AddDays(3).AddHours(-10));
        await house.CloseAsync();
        Backups.Restore(database, backup, TimeProvider.System.GetUtcNow());
        await house.ServeAsync();
        await DecidedAsync(house, time, Noon.AddDays(3).AddHours(-10));

        var runs = house.Store.Read(session => session.RunsOf(new PipelineName("daily"), Noon.AddYears(-1), Noon.AddYears(1)));
        Assert.Equal(
            expected,
            runs.Where(run => run.LogicalDate.Day != 29).Select(run => run.LogicalDate.ToString("yyyy-MM-dd")).Order(StringComparer.Ordinal)
        );
        // Their numbers are none that a run had before.
        Assert.All(runs.Where(run => run.CreatedAt > Noon.AddDays(2)), run => Assert.True(run.Number.Value > 1000));
        if (policy == "none")
        {
            Assert.Contains(
                house.Store.Read(session => session.Ticks(new PipelineName("daily"), 10)),
                tick => tick.Skipped?.Contains("put back", StringComparison.Ordinal) == true
            );
        }
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task An_attempt_from_the_time_after_the_backup_is_ended_and_its_task_is_tried_again()
    {
        await using var house = new House();
        house.Pipeline(
            "pipeline: slow\ntasks:\n  a: { run: \"test -e go && echo done > {{ outputs.out }} || sleep 600\", outputs: { out: data/out.txt } }\n"
        );
        await house.ServeAsync();
        var run = await house.StartAsync("slow");
        await house.UntilAttemptAsync(run, "a", AttemptState.Running);
        var (database, backup) = (house.Path(".signalbox/signalbox.db"), house.Path("now.backup"));
        Backups.Write(database, backup);
        var process = house.Attempts(run)[0].Process!.Id!;
        await house.CloseAsync();
        house.Write("go", "");

        Backups.Restore(database, backup, TimeProvider.System.GetUtcNow());
        await house.ServeAsync();
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);

        var attempts = house.Attempts(run);
        Assert.Equal([AttemptState.Lost, AttemptState.Succeeded], attempts.Select(attempt => attempt.State));
        Assert.True(attempts[1].Token > attempts[0].Token && attempts[0].Token > 2L << 32);
        Assert.Equal("done\n", house.Read("data/out.txt"));
        await house.UntilAsync(() => !Directory.Exists($"/proc/{process}"), "the end of the process from before");
        Assert.True(Directory.Exists(house.Path($".signalbox/after-backup-2/runs/{run}/a~1")));
        Assert.DoesNotContain(
            DiskCheck.Problems(house.Session.Project, house.Store, contents: true),
            problem => !problem.Contains("a, attempt 1")
        );
    }

    /// <summary>Until every tick before an instant is decided.</summary>
    private static Task DecidedAsync(House house, ManualTime time, DateTimeOffset until) =>
        house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(100));
                return house.Store.Read(session => session.Pipeline(new PipelineName("daily")))?.Cursor is { } cursor && cursor >= until;
            },
            "a look at the schedule"
        );
}
