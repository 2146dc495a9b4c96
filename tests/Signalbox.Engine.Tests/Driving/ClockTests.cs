using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Tests.Scheduling;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>What lasts so long is over when that time has passed, whatever somebody does to the clock.</summary>
public sealed class ClockTests
{
    private static readonly DateTimeOffset Noon = new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private const string Text = """
        pipeline: clocked
        timeout: 3h
        tasks:
          long: { run: "until test -e go; do sleep 0.02; done", timeout: 1h }
          again: { run: "echo x >> tries; test $(wc -l < tries) -gt 1", retries: 1, retry_delay: 30m, backoff: fixed }
          waits: { wait_for: { file: there }, every: 10s, timeout: 2h }
          at_one: { wait_for: { time: "13:00" } }
        """;

    [Theory]
    [Trait("Requirement", "S94")]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task Time_outs_delays_and_limits_move_with_a_clock_that_is_set_and_instants_stay(int hours)
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        var run = await StartAsync(house);
        time.Pass(TimeSpan.FromMinutes(20));

        time.Set(time.GetUtcNow().AddHours(hours));
        await LookAsync(
            house,
            time,
            () => house.Said.Any(line => line.StartsWith($"the clock went 5h {(hours > 0 ? "forth" : "back")}", StringComparison.Ordinal))
        );
        await LookAsync(house, time, () => house.Task(run, "waits").DueAt - time.GetUtcNow() <= TimeSpan.FromSeconds(10));
        Assert.Equal(TaskState.Running, house.Task(run, "long").State);
        Assert.Equal(TaskState.UpForRetry, house.Task(run, "again").State);
        AssertNear(time.GetUtcNow().AddMinutes(40), house.Task(run, "long").Deadline);
        AssertNear(time.GetUtcNow().AddMinutes(10), house.Task(run, "again").DueAt);
        AssertNear(time.GetUtcNow().AddMinutes(100), house.Task(run, "waits").Deadline);
        AssertNear(time.GetUtcNow().AddMinutes(160), house.Store.Read(session => session.Run(run))!.Deadline);
        if (hours > 0)
        {
            await house.UntilStateAsync(run, "at_one", TaskState.Success);
        }
        else
        {
            Assert.Equal(Noon.AddHours(1), house.Task(run, "at_one").DueAt);
        }

        // The rest of each passes, and no more is needed.
        time.Pass(TimeSpan.FromMinutes(10.5));
        await house.UntilStateAsync(run, "again", TaskState.Success);
        time.Pass(TimeSpan.FromMinutes(31));
        await house.UntilStateAsync(run, "long", TaskState.Failed);
        Assert.Contains("longer than its limit of 1h", house.Task(run, "long").Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task A_clock_that_was_set_while_no_server_was_there_is_known_by_the_next()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        var run = await StartAsync(house);
        await house.CloseAsync();
        time.Pass(TimeSpan.FromMinutes(20));
        time.Set(time.GetUtcNow().AddHours(5));
        await house.ServeAsync();

        Assert.Contains(house.Said, line => line.StartsWith("the clock went 5h forth", StringComparison.Ordinal));
        AssertNear(time.GetUtcNow().AddMinutes(40), house.Task(run, "long").Deadline);
        await LookAsync(house, time, () => house.Task(run, "long").Attempt == AttemptState.Running);
        house.Write("go", "");
        await house.UntilStateAsync(run, "long", TaskState.Success);
        Assert.Equal(1, house.Task(run, "long").TryNumber);
    }

    [Fact]
    public async Task Less_than_a_second_is_no_jump()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        var run = await StartAsync(house);
        time.Set(time.GetUtcNow().AddMilliseconds(900));
        time.Pass(TimeSpan.FromSeconds(30));
        await LookAsync(house, time, () => house.Task(run, "waits").Polls > 2);
        Assert.DoesNotContain(house.Said, line => line.StartsWith("the clock", StringComparison.Ordinal));
        AssertNear(Noon.AddHours(1), house.Task(run, "long").Deadline);
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task An_attempt_that_begins_while_the_clock_is_set_is_begun_once()
    {
        var time = new ManualTime(Noon);
        HeldExecutor? executor = null;
        await using var house = new House
        {
            Time = time,
            With = options => options with { Executor = local => executor = new HeldExecutor(new LocalExecutor(local)) },
        };
        house.Pipeline(
            "pipeline: made\ntasks:\n  make: { run: \"echo 1 > {{ outputs.out }}; until test -e go; do sleep 0.02; done\", outputs: { out: data/out.txt } }\n"
        );
        await house.ServeAsync();
        var run = await house.StartAsync("made", "2024-02-29");
        await executor!.Submitted.WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(AttemptState.Submitting, house.Task(run, "make").Attempt);

        time.Set(time.GetUtcNow().AddHours(5));
        await LookAsync(house, time, () => house.Said.Any(line => line.StartsWith("the clock went 5h forth", StringComparison.Ordinal)));
        executor.LetGo();
        house.Write("go", "");

        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal(1, executor.Submissions);
        Assert.Equal(Storage.PublicationState.Published, Assert.Single(house.Publications(run)).State);
    }

    private static async Task<Core.RunNumber> StartAsync(House house)
    {
        house.Pipeline(Text);
        await house.ServeAsync();
        var run = await house.StartAsync("clocked", "2024-02-29");
        await house.UntilAttemptAsync(run, "long", AttemptState.Running);
        await house.UntilStateAsync(run, "again", TaskState.UpForRetry);
        await house.UntilAsync(() => house.Task(run, "waits").Polls > 0 && house.Task(run, "at_one").DueAt is not null, "the waits");
        return run;
    }

    /// <summary>Lets the seconds pass after which the engine looks at its clocks, until it has seen something.</summary>
    private static Task LookAsync(House house, ManualTime time, Func<bool> seen) =>
        house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(100));
                return seen();
            },
            "what is to be seen"
        );

    private static void AssertNear(DateTimeOffset expected, DateTimeOffset? seen)
    {
        Assert.NotNull(seen);
        Assert.InRange((seen.Value - expected).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }
}
