using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Foresight;

/// <summary>What a plan says is what the scheduler then does, tick by tick, over random pipelines and both clock changes of London.</summary>
public sealed class PlanPropertyTests
{
    private static readonly string[] Crons = ["30 1 * * *", "0 2 * * *", "15 */3 * * *", "0,30 1 * * 0", "45 0-5 * * *", "5 4 * * 1-5"];
    private static readonly string[] Zones = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"];

    [Theory]
    [Trait("Requirement", "S15")]
    [Trait("Requirement", "S75")]
    [InlineData(1, "2026-03-28T20:00:00Z")]
    [InlineData(2, "2026-03-28T20:00:00Z")]
    [InlineData(3, "2026-10-24T20:00:00Z")]
    [InlineData(4, "2026-10-24T20:00:00Z")]
    public async Task What_a_plan_says_is_what_the_scheduler_then_does(int seed, string begin)
    {
        var from = DateTimeOffset.Parse(begin, System.Globalization.CultureInfo.InvariantCulture);
        var to = from.AddHours(40);
        var time = new ManualTime(from);
        await using var house = new House { Time = time };
        var random = new Random(seed);
        for (var i = 0; i < 5; i++)
        {
            house.Pipeline(RandomPipeline(random, $"p{i}", from));
        }

        // Hourly, and each run that begins waits until half past noon: those in between are skipped.
        house.Pipeline(
            "pipeline: overlapping\nschedule: \"0 * * * *\"\noverlap: skip\nstart: "
                + $"{from:yyyy-MM-ddTHH:mm:ssZ}\ntasks:\n  noon: {{ wait_for: {{ time: \"12:30\" }}, timeout: 90d }}\n"
        );
        await house.ServeAsync();
        Assert.Empty(house.Session.Project.OpenPipelines().Load().Problems.Where(each => each.Severity == Severity.Error));
        var pipelines = house.Session.Project.OpenPipelines().Load().Pipelines.Select(loaded => loaded.Pipeline).ToList();
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(10));
                return pipelines.TrueForAll(each => house.Store.Read(s => s.Pipeline(each.Name))?.Cursor >= from);
            },
            "the first look"
        );
        var now = time.GetUtcNow();
        var plan = house.Store.Read(session => Plan.Make(session, house.Session.Project, pipelines, now.AddTicks(1), to, now));
        Assert.True(plan.Ticks.Count > 20, "a plan of next to nothing proves nothing");
        await PlayAsync(house, time, plan);

        foreach (var pipeline in pipelines)
        {
            var said = plan.Ticks.Where(tick => tick.Pipeline.Name == pipeline.Name).Select(Said).Order(StringComparer.Ordinal);
            var done = house
                .Store.Read(session =>
                    session.Ticks(pipeline.Name, 1000).Select(tick => (tick, Run: tick.Run is { } run ? session.Run(run) : null))
                )
                .Where(each => each.tick.RecordedAt > now)
                .Select(each => Done(each.tick, each.Run))
                .Order(StringComparer.Ordinal);
            Assert.Equal(said, done);
        }
    }

    /// <summary>Lets the clock go from one thing that is foretold to the next, and waits each time until it has come.</summary>
    private static async Task PlayAsync(House house, ManualTime time, Plan plan)
    {
        var ends = plan
            .Ticks.Where(tick => tick.Skip is null)
            .Select(tick => (Tick: tick, End: plan.Forecast.SpanOf(tick.Run!.Value).End))
            .Where(each => each.End < plan.To)
            .ToList();
        var instants = plan.Ticks.Select(tick => tick.Tick.FiresAt).Concat(ends.Select(each => each.End!.Value.AddSeconds(1))).Distinct();
        foreach (var at in instants.Order())
        {
            if (at > time.GetUtcNow())
            {
                time.Pass(at - time.GetUtcNow());
            }

            var ticks = plan.Ticks.Where(tick => tick.Tick.FiresAt == at).ToList();
            var over = ends.Where(each => each.End == at.AddSeconds(-1)).ToList();
            await house.UntilAsync(
                () =>
                    house.Store.Read(session =>
                        ticks.TrueForAll(tick => session.HasTick(tick.Pipeline.Name, tick.Tick.Schedule, tick.Tick.Key))
                        && over.TrueForAll(each =>
                            session.Run(each.Tick.Pipeline.Name, each.Tick.Tick.Run!.Id) is { State: RunState.Success }
                        )
                    ) || Nudged(time),
                $"what is foretold for {at:O}"
            );
        }
    }

    /// <summary>The engine looks at its clock now and then: a moment passes. Never true.</summary>
    private static bool Nudged(ManualTime time)
    {
        time.Pass(TimeSpan.FromMilliseconds(1));
        return false;
    }

    private static string Said(PlanTick tick) =>
        tick.Skip is { } skip
            ? $"{tick.Tick.Tick.Utc:O} {tick.Tick.Schedule} {tick.Tick.Key} skipped {Names.Of(skip)}"
            : $"{tick.Tick.Tick.Utc:O} {tick.Tick.Schedule} {tick.Tick.Key} {tick.Tick.Run!.Id} {tick.Tick.Run.Slice.LogicalDate:O} {tick.Tick.Run.Slice.Partition}";

    private static string Done(StoredTick tick, Run? run) =>
        run is null
            ? $"{tick.At:O} {tick.Schedule} {tick.Label} skipped {Names.Of(tick.Skip!.Value)}"
            : $"{tick.At:O} {tick.Schedule} {tick.Label} {run.Id} {run.LogicalDate:O} {run.Partition}";

    private static string RandomPipeline(Random random, string name, DateTimeOffset from)
    {
        var zone = Zones[random.Next(Zones.Length)];
        string One(int i)
        {
            var times = random.Next(4) == 0 ? $"every: {random.Next(2, 7)}h" : $"cron: \"{Crons[random.Next(Crons.Length)]}\"";
            var jitter = random.Next(3) == 0 ? ", jitter: 20m" : "";
            return $"{{ {times}, timezone: {zone}{jitter}{(i > 0 ? $", name: s{i}" : "")} }}";
        }

        var schedules = string.Join(", ", Enumerable.Range(0, random.Next(1, 3)).Select(One));
        var blackout =
            random.Next(2) == 0
                ? $"blackout: [{{ from: {from.AddHours(6):yyyy-MM-ddTHH:mm:ssZ}, to: {from.AddHours(12):yyyy-MM-ddTHH:mm:ssZ} }}]\n"
                : "";
        var catchUp = random.Next(2) == 0 ? "all" : "none";
        return $"pipeline: {name}\nschedule: [{schedules}]\ncatchup: {catchUp}\nstart: {from:yyyy-MM-ddTHH:mm:ssZ}\n{blackout}"
            + "tasks:\n  a: { noop: {} }\n  b: { needs: a, noop: {} }\n";
    }
}
