using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Outputs;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Engine.Upkeep;

namespace Signalbox.Engine.Tests.Upkeep;

/// <summary>What is past what the project keeps goes, all of it and nothing else, whatever dies in between.</summary>
[KillsAt("retention-")]
public sealed class RetentionTests
{
    private const string Text = """
        pipeline: daily
        retention: { age: 1ms, runs: 1 }
        params: { v: { type: string } }
        tasks:
          make:
            run: "echo {{ params.v }} > {{ outputs.latest }} && echo {{ params.v }} > {{ outputs.day }}"
            outputs:
              latest: { path: data/latest.txt, dataset: latest, keep: 5 }
              day: { path: "data/{{ ds }}.txt", dataset: day }

        """;

    public static TheoryData<string> Points => KillsAtAttribute.Names(typeof(RetentionTests));

    [Fact]
    public async Task A_dry_run_tells_what_the_deed_then_removes_and_the_deed_tells_the_same()
    {
        await using var house = new House();
        var runs = await MakeAsync(house);
        var plan = Plan(house);
        Assert.Equal([runs[0].Value, runs[1].Value], plan.Runs.Select(run => run.Run));
        // Three were replaced; the one of a run that stays stays.
        Assert.Equal(2, plan.Versions.Count(version => version.Dataset == "latest"));
        Assert.Equal("a version that it published is current", Assert.Single(plan.Stays).Reason);

        var answer = await house.AskAsync(new Request.ApplyRetention());
        await DoneAsync(house);

        var done = RetentionPlan.FromJson(answer.Details!);
        Assert.Equal(plan.Runs, done.Runs);
        Assert.Equal(plan.Versions, done.Versions);
        Assert.Equal(plan.Stays, done.Stays);
        Assert.Equal(plan.Records, done.Records);
        Assert.All(plan.Versions, version => Assert.False(Path.Exists(version.Path)));
        AssertRemoved(house, runs);
        Assert.Empty(Plan(house).Runs);
    }

    [Fact]
    public async Task A_pinned_run_stays_and_a_run_that_lives_again_between_mark_and_sweep_too()
    {
        await using var house = new House();
        var runs = await MakeAsync(house);
        Assert.True((await house.AskAsync(new Request.PinRun(runs[0].Value, Pinned: true, "the audit rests on it"))).Done);
        Assert.Equal([runs[1].Value], Plan(house).Runs.Select(run => run.Run));
        // Marked by an engine that died; then somebody needs it.
        await house.Store.WriteAsync(
            session => session.MarkRemoval(new PipelineName("daily"), runs[1], DateTimeOffset.UtcNow),
            House.Cancel
        );
        Assert.True((await house.AskAsync(new Request.Rerun(runs[1].Value, RerunMode.From, "make", "again"))).Done);
        await house.EndAsync(runs[1]);
        Assert.True((await house.AskAsync(new Request.PinRun(runs[1].Value, Pinned: true, "it was needed"))).Done);

        await house.CloseAsync();
        await house.ServeAsync();
        await DoneAsync(house);

        Assert.All(runs, run => Assert.NotNull(house.Store.Read(session => session.Run(run))));
        Assert.All(runs, run => Assert.True(Directory.Exists(house.AttemptFolder(run, "make"))));
    }

    [Fact]
    public async Task A_server_does_it_once_an_hour()
    {
        var time = new ManualTime(new DateTimeOffset(2024, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House("retention: { age: 10d, runs: 0, records: 10d, audit: 20d }\n") { Time = time };
        house.Pipeline("pipeline: daily\ntasks: { a: { run: \"true\" } }\n");
        var old = await house.RunAsync("daily");
        var last = await house.RunAsync("daily");
        await house.CloseAsync();
        await house.ServeAsync();
        time.Pass(TimeSpan.FromMinutes(2));
        Assert.NotNull(house.Store.Read(session => session.Run(old.Number)));

        time.Pass(TimeSpan.FromDays(11));
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMinutes(1));
                return house.Store.Read(session => session.Run(old.Number)) is null
                    && house.Store.Read(session => session.RemovalsLeft()) == 0;
            },
            "the hourly retention"
        );
        Assert.NotNull(house.Store.Read(session => session.Run(last.Number)));
        Assert.False(Directory.Exists(house.Path($".signalbox/runs/{old.Number}")));
        Assert.True(Directory.Exists(house.Path($".signalbox/runs/{last.Number}")));
    }

    [Fact]
    public async Task A_run_stays_that_a_run_which_has_not_ended_waits_for()
    {
        await using var house = new House();
        house.Pipeline("pipeline: producer\nretention: { age: 1ms, runs: 1 }\ntasks: { a: { run: \"true\" } }\n");
        house.Pipeline("pipeline: consumer\ntasks:\n  wait: { wait_for: { task: producer.a } }\n");
        var first = await house.RunAsync("producer");
        await house.RunAsync("producer", "2024-03-02");
        await house.RunAsync("producer", "2024-03-03");
        Assert.Contains(Plan(house).Runs, run => run.Run == first.Number.Value);

        await house.StartAsync("consumer", "2024-03-10");

        var plan = Plan(house);
        Assert.Empty(plan.Runs);
        Assert.Contains(plan.Stays, stays => stays.Reason.Contains("waits for runs of its time", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task An_engine_that_is_killed_leaves_a_mark_and_the_next_one_goes_on(string point)
    {
        await using var house = new House();
        var runs = await MakeAsync(house);
        await house.CloseAsync();
        using var server = await Children.ServeAsync(house.Folder, House.Cancel, point);

        var answer = await house.AskAsync(new Request.ApplyRetention());
        Assert.True(answer.Done, answer.Message);
        await server.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(137, server.ExitCode);
        Assert.NotEqual(0, house.Store.Read(session => session.RemovalsLeft()));

        await house.CloseAsync();
        await house.ServeAsync();
        await DoneAsync(house);
        AssertRemoved(house, runs);
    }

    /// <summary>Four runs: two that others have replaced, one whose day is current, and the last.</summary>
    private static async Task<List<RunNumber>> MakeAsync(House house)
    {
        house.Pipeline(Text);
        var runs = new List<RunNumber>();
        foreach (var (value, day) in new[] { ("1", "2024-03-01"), ("2", "2024-03-01"), ("3", "2024-03-01"), ("4", "2024-03-02") })
        {
            runs.Add((await house.RunAsync("daily", day, $$"""{"v": "{{value}}"}""")).Number);
        }

        // Newer than the window is what was replaced within a millisecond.
        await house.UntilAsync(() => Plan(house).Runs.Count == 2, "two runs to be past");
        return runs;
    }

    private static RetentionPlan Plan(House house) =>
        house.Store.Read(session => RetentionPlan.Of(house.Session.Project, session, house.Time.GetUtcNow()));

    private static Task DoneAsync(House house) =>
        house.UntilAsync(() => house.Store.Read(session => session.RemovalsLeft()) == 0, "the sweep");

    private static void AssertRemoved(House house, List<RunNumber> runs)
    {
        Assert.Equal([false, false, true, true], runs.Select(run => house.Store.Read(session => session.Run(run)) is not null));
        Assert.Equal([false, false, true, true], runs.Select(run => Directory.Exists(house.Path($".signalbox/runs/{run}"))));
        Assert.Equal("4\n", house.Read("data/latest.txt"));
        Assert.Equal("3\n", house.Read("data/2024-03-01.txt"));
        Assert.Equal("4\n", house.Read("data/2024-03-02.txt"));
        Assert.Empty(house.Store.Read(session => session.CheckIntegrity()));
        Assert.Empty(DiskCheck.Problems(house.Session.Project, house.Store, contents: true));
        // What was kept of the run that stays can still be brought back.
        Assert.Equal(
            "3\n",
            File.ReadAllText(Assert.Single(house.Store.Read(session => session.KeptAt(house.Path("data/latest.txt")))).Kept!)
        );
    }
}
