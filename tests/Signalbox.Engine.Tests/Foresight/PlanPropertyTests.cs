using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Foresight;

/// <summary>
/// What a plan says is what the scheduler then does, tick by tick and run by run: over random pipelines with calendars, blackouts, jitter, every
/// rule for overlaps and catching up, consumers of datasets, a downtime, and both clock changes of London.
/// </summary>
public sealed class PlanPropertyTests
{
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
        var random = new Random(seed);
        var time = new ManualTime(from);
        await using var house = new House(PlannedPipelines.Settings) { Time = time };
        PlannedPipelines.Make(random, from).ForEach(text => house.Pipeline(text));
        await house.ServeAsync();
        Assert.Empty(house.Session.Project.OpenPipelines().Load().Problems.Where(each => each.Severity == Severity.Error));
        var pipelines = house.Session.Project.OpenPipelines().Load().Pipelines.Select(loaded => loaded.Pipeline).ToList();
        var scheduled = pipelines.Where(each => !each.Schedules.IsDefaultOrEmpty).ToList();
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(10));
                return scheduled.TrueForAll(each => house.Store.Read(s => s.Pipeline(each.Name))?.Cursor >= from);
            },
            "the first look"
        );

        await CompareAsync(house, time, pipelines, from.AddHours(random.Next(10, 16)), restart: false);
        // Nobody looks for a night, and the plan that is made then foretells what catching up makes of that.
        await house.CloseAsync();
        time.Pass(TimeSpan.FromMinutes(random.Next(2, 10 * 60)));
        await CompareAsync(house, time, pipelines, time.GetUtcNow().AddHours(12), restart: true);
    }

    private static async Task CompareAsync(House house, ManualTime time, List<Pipeline> pipelines, DateTimeOffset to, bool restart)
    {
        var now = time.GetUtcNow();
        // What a server does in the very instant in which it starts is foretold, too.
        var since = restart ? now.AddTicks(-1) : now;
        var plan = house.Store.Read(session => Plan.Make(session, house.Session.Project, pipelines, now.AddTicks(1), to, now));
        Assert.True(plan.Ticks.Count > 20, "a plan of next to nothing proves nothing");
        Assert.NotEmpty(plan.Consumers);
        if (restart)
        {
            await house.ServeAsync();
        }

        await PlayAsync(house, time, plan, since);
        foreach (var pipeline in pipelines)
        {
            var said = plan.Ticks.Where(tick => tick.Pipeline.Name == pipeline.Name).Select(Said).Order(StringComparer.Ordinal);
            var done = house
                .Store.Read(session =>
                    session.Ticks(pipeline.Name, 1000).Select(tick => (tick, Run: tick.Run is { } run ? session.Run(run) : null)).ToList()
                )
                .Where(each => each.tick.RecordedAt > since)
                .Select(each => Done(each.tick, each.Run))
                .Order(StringComparer.Ordinal);
            Assert.Equal(said, done);
            Assert.Equal(
                plan.Consumers.Where(each => each.Pipeline.Name == pipeline.Name)
                    .Select(each => Said(plan, each))
                    .Order(StringComparer.Ordinal),
                house.Store.Read(session =>
                    Started(session, since, pipeline.Name).Select(run => Done(session, run)).Order(StringComparer.Ordinal)
                )
            );
        }
    }

    /// <summary>Lets the clock go from one thing that is foretold to the next, and waits each time until it has come.</summary>
    private static async Task PlayAsync(House house, ManualTime time, Plan plan, DateTimeOffset since)
    {
        var second = TimeSpan.FromSeconds(1);
        var ends = plan
            .Ticks.Where(tick => tick.Skip is null)
            .Select(tick => (Tick: tick, plan.Forecast.SpanOf(tick.Run!.Value).End))
            .Where(each => each.End < plan.To)
            .ToList();
        var consumers = plan.Consumers.Select(each => (each.Pipeline.Name, At: plan.Forecast.PlannedOf(each.Run).CreatedAt)).ToList();
        var instants = plan
            .Ticks.Select(tick => tick.Tick.FiresAt)
            .Concat(ends.Select(each => each.End!.Value + second))
            .Concat(consumers.Select(each => each.At + second))
            .Distinct();
        foreach (var at in instants.Order())
        {
            if (at > time.GetUtcNow())
            {
                time.Pass(at - time.GetUtcNow());
            }

            var ticks = plan.Ticks.Where(tick => tick.Tick.FiresAt == at).ToList();
            var over = ends.Where(each => each.End + second <= at).ToList();
            var started = consumers.Where(each => each.At + second <= at).CountBy(each => each.Name).ToList();
            await house.UntilAsync(
                () =>
                    house.Store.Read(session =>
                        ticks.TrueForAll(tick => session.HasTick(tick.Pipeline.Name, tick.Tick.Schedule, tick.Tick.Key))
                        && over.TrueForAll(each =>
                            session.Run(each.Tick.Pipeline.Name, each.Tick.Tick.Run!.Id) is { } run && run.State.IsEnd()
                        )
                        && started.TrueForAll(each =>
                            Started(session, since, each.Key) is var runs
                            && runs.Count >= each.Value
                            && runs.TrueForAll(run => run.State.IsEnd())
                        )
                    ) || Nudged(time),
                $"what is foretold for {at:O}: {string.Join(", ", ticks.Select(Said).Concat(over.Select(each => $"end of {Said(each.Tick)}")))} {string.Join(", ", started)}"
            );
        }
    }

    /// <summary>The engine looks at its clock now and then: a moment passes. Never true.</summary>
    private static bool Nudged(ManualTime time)
    {
        time.Pass(TimeSpan.FromMilliseconds(1));
        return false;
    }

    private static List<Run> Started(ReadSession session, DateTimeOffset since, PipelineName pipeline) =>
        [.. session.Runs(new RunFilter(pipeline, Limit: 1000)).Where(run => run.Trigger == RunTrigger.Dataset && run.CreatedAt > since)];

    private static string Said(PlanTick tick) =>
        tick.Skip is { } skip
            ? $"{tick.Tick.Tick.Utc:O} {tick.Tick.Schedule} {tick.Tick.Key} skipped {Names.Of(skip)}"
            : $"{tick.Tick.Tick.Utc:O} {tick.Tick.Schedule} {tick.Tick.Key} {tick.Tick.Run!.Id} {tick.Tick.Run.Slice.LogicalDate:O} {tick.Tick.Run.Slice.Partition}";

    private static string Said(Plan plan, PlanConsumer consumer)
    {
        var run = plan.Forecast.PlannedOf(consumer.Run);
        return $"{run.Partition}: {Updates(run.Cause!.Updates.Select(each => (each.Update.Dataset, each.Update.Partition)))}";
    }

    private static string Done(StoredTick tick, Run? run) =>
        run is null
            ? $"{tick.At:O} {tick.Schedule} {tick.Label} skipped {Names.Of(tick.Skip!.Value)}"
            : $"{tick.At:O} {tick.Schedule} {tick.Label} {run.Id} {run.LogicalDate:O} {run.Partition}";

    private static string Done(ReadSession session, Run run) =>
        $"{run.Partition}: {Updates(session.UpdatesOf(run.Number).Select(each => (each.Update.Dataset, each.Update.Partition)))}";

    private static string Updates(IEnumerable<(string Dataset, string Partition)> updates) =>
        string.Join(", ", updates.Select(each => $"{each.Dataset}/{each.Partition}").Order(StringComparer.Ordinal));
}
