using System.Diagnostics;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Tests.Executors;
using Signalbox.Engine.Tests.Scheduling;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>A cancel and a time-out end all that a task has started, whatever shape its processes have.</summary>
[Trait("Requirement", "S40")]
public sealed class KillingTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(Containment.Session, false)]
    [InlineData(Containment.Session, true)]
    [InlineData(Containment.ControlGroup, false)]
    [InlineData(Containment.ControlGroup, true)]
    public async Task Of_no_shape_of_processes_is_anything_left_five_seconds_after_the_grace(Containment containment, bool timeout)
    {
        var nap = ProcessShapes.NewNap();
        (string Name, int Count, string Text)[] shapes = [.. ProcessShapes.All, ProcessShapes.Together];
        var tasks = shapes.Select(
            (shape, i) => $"  t{i}: {{ timeout: 1h, grace: 300ms, run: {Quoted(ProcessShapes.TextWith(shape.Text, nap))} }}\n"
        );
        var time = new ManualTime(DateTimeOffset.UtcNow);
        await using var house = new House
        {
            Time = timeout ? time : TimeProvider.System,
            With = options => options with { Containment = containment },
        };
        var run = await house.StartAsync(house.Pipeline($"pipeline: shapes\ntasks:\n{string.Concat(tasks)}"));
        var all = shapes.Sum(shape => shape.Count);
        await house.UntilAsync(() => ProcessShapes.Napping(nap).Count == all, $"{all} processes");

        var watch = Stopwatch.StartNew();
        if (timeout)
        {
            time.Pass(TimeSpan.FromHours(1));
        }
        else
        {
            Assert.True((await house.AskAsync(new Request.CancelRun(run.Value, "not wanted"))).Done);
        }

        var ended = house.EndAsync(run);
        while (timeout && await Task.WhenAny(ended, Task.Delay(Step / 2, House.Cancel)) != ended)
        {
            time.Pass(Step); // the grace is of the same clock
        }

        Assert.Equal(timeout ? RunState.Failed : RunState.Cancelled, (await ended).State);
        Assert.Empty(ProcessShapes.Napping(nap));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Grace + Longest);
        Assert.All(house.Attempts(run), attempt => Assert.Equal(timeout ? "timeout" : "cancelled", Core.Names.Of(attempt.Failure!.Class)));
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
