using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;

namespace Signalbox.Engine.Tests.TaskKinds;

/// <summary>A folder that is still written to, however deep below, does not pass as complete.</summary>
public sealed class FolderWaitTests
{
    private static readonly TimeSpan While = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData("append")]
    [InlineData("touch")]
    [InlineData("add")]
    public async Task A_folder_is_unchanged_only_when_all_below_it_is(string change)
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        house.Write("drop/deep/er/part", "1");
        var name = house.Pipeline(
            "pipeline: waits\ntasks:\n  landed: { wait_for: { file: drop, stable_for: 10m }, every: 1m, timeout: 10h }\n"
        );
        var run = await house.StartAsync(name);
        await house.UntilAsync(() => Next(house, run) is not null, "the first look");
        var first = Next(house, run)!.Value;
        switch (change)
        {
            case "append":
                var written = File.GetLastWriteTimeUtc(house.Path("drop/deep/er/part"));
                File.AppendAllText(house.Path("drop/deep/er/part"), "2");
                File.SetLastWriteTimeUtc(house.Path("drop/deep/er/part"), written);
                break;
            case "touch":
                File.SetLastWriteTimeUtc(house.Path("drop/deep/er/part"), DateTime.UtcNow + TimeSpan.FromHours(1));
                break;
            default:
                house.Write("drop/deep/er/another", "");
                break;
        }

        time.Pass(While + TimeSpan.FromSeconds(1));
        await house.UntilAsync(() => Next(house, run) != first || Passes(time), "the second look");
        Assert.Equal(TaskState.UpForReschedule, house.Task(run, "landed").State);
        time.Pass(While);
        await house.UntilAsync(() => house.Task(run, "landed").State == TaskState.Success || Passes(time), "the last look");
    }

    /// <summary>A little more time, for a timer that was set only after the clock had moved.</summary>
    private static bool Passes(ManualTime time)
    {
        time.Pass(TimeSpan.FromSeconds(1));
        return false;
    }

    private static DateTimeOffset? Next(House house, RunNumber run) => house.Task(run, "landed").DueAt;
}
