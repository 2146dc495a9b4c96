using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Time;
using Signalbox.Engine.Foresight;

namespace Signalbox.App.Cli;

/// <summary>A plan as people read it.</summary>
internal static class PlanText
{
    private const int MostStretches = 12;

    public static void Print(TextWriter output, Plan plan, PipelineName? only)
    {
        var ticks = plan.Ticks.Where(tick => only is null || tick.Pipeline.Name == only).ToList();
        var runs = ticks.Count(tick => tick.Skip is null);
        output.WriteLine(
            $"{InstantText.Utc(plan.From)} to {InstantText.Utc(plan.To)}: {Brief.Count(ticks.Count, "tick")}, {Brief.Count(runs, "run")}"
        );
        if (ticks.Count > 0)
        {
            output.WriteLine();
            TextTable.Write(
                output,
                ["tick (UTC)", "local", "pipeline", "for", "begins", "done", "late", "sla", "note"],
                [.. ticks.Select(tick => Row(plan, tick))]
            );
        }

        var consumers = plan.Consumers.Where(each => only is null || each.Pipeline.Name == only).ToList();
        if (consumers.Count > 0)
        {
            output.WriteLine();
            output.WriteLine("started by what is published, along the datasets:");
            TextTable.Write(
                output,
                ["expected (UTC)", "pipeline", "for", "by", "begins", "done", "late", "sla"],
                [.. consumers.Select(each => Row(plan, each))]
            );
        }

        if (only is not null && (ticks.Find(tick => tick.Skip is null).Run ?? (consumers.Count > 0 ? consumers[0].Run : null)) is { } first)
        {
            PrintTasks(output, plan.Forecast[first]);
        }

        PrintPools(output, plan);
        output.WriteLine();
        output.WriteLine(
            $"done: by the medians of the newest {TaskHistory.MostSamples} successes of each task; late: by their 95th percentiles; + at least, for a task that never succeeded"
        );
    }

    public static void Print(TextWriter output, PlanDifference difference, Pipeline changed)
    {
        output.WriteLine(
            $"{changed.Name}: {difference.Ticks.Count(each => each.Change == TickChange.Added)} added, {difference.Ticks.Count(each => each.Change == TickChange.Removed)} removed, "
                + $"{difference.Ticks.Count(each => each.Change == TickChange.Moved)} moved, {difference.Same} the same"
        );
        foreach (var (word, names) in new[] { ("new", difference.Tasks.Added), ("gone", difference.Tasks.Removed) })
        {
            if (names.Count > 0)
            {
                output.WriteLine($"  tasks {word}: {string.Join(", ", names)}");
            }
        }

        output.WriteLine($"  expected length: {Length(difference.LengthBefore)} before, {Length(difference.LengthAfter)} after");
        if (difference.Ticks.Count > 0)
        {
            output.WriteLine();
            TextTable.Write(
                output,
                ["change", "for", "before (UTC)", "after (UTC)", "local"],
                [
                    .. difference.Ticks.Select(each =>
                        new[]
                        {
                            Word(each.Change),
                            For((each.After ?? each.Before)!.Value),
                            each.Before is { } before ? Clock(before.Tick.FiresAt) : "",
                            each.After is { } after ? Clock(after.Tick.FiresAt) : "",
                            Local((each.After ?? each.Before)!.Value),
                        }
                    ),
                ]
            );
        }
    }

    public static string Word(TickChange change) =>
        change switch
        {
            TickChange.Added => "added",
            TickChange.Removed => "removed",
            _ => "moved",
        };

    /// <summary>What the clocks show, with their distance from UTC.</summary>
    public static string Local(PlanTick tick) =>
        Zone.Find(tick.Pipeline.TimeZone).Zone is { } zone
            ? tick
                .Tick.Tick.Utc.ToOffset(zone.OffsetAt(tick.Tick.Tick.Utc))
                .ToString("ddd yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)
            : "";

    /// <summary>What a clock change does to a tick; null when nothing.</summary>
    public static string? Note(Tick tick) =>
        tick.Dst switch
        {
            Dst.ShiftedByGap => $"{tick.Label:HH:mm} is skipped by the clocks that day",
            Dst.FirstOfFold => "the first of two such times that day",
            Dst.SecondOfFold => "the second of two such times that day",
            _ => null,
        };

    private static string[] Row(Plan plan, PlanTick tick)
    {
        var note = string.Join("; ", new[] { Note(tick.Tick.Tick), Jitter(tick), tick.Reason }.OfType<string>());
        if (tick.Skip is { } skip || tick.Run is not { } run)
        {
            return [Clock(tick.Tick.Tick.Utc), Local(tick), tick.Pipeline.Name.Value, "", "", "", "", "", $"skipped: {note}"];
        }

        if (plan.Forecast.PlannedOf(run).CreatedAt > tick.Tick.FiresAt)
        {
            note = string.Join("; ", new[] { note, "missed: made when a server looks" }.Where(part => part.Length > 0));
        }

        return [Clock(tick.Tick.Tick.Utc), Local(tick), tick.Pipeline.Name.Value, For(tick), .. Course(plan, run), note];
    }

    private static string[] Row(Plan plan, PlanConsumer consumer)
    {
        var planned = plan.Forecast.PlannedOf(consumer.Run);
        var updates = planned.Cause!.Updates;
        var by = updates.Select(each => each.Update.Dataset).Distinct().ToList();
        return
        [
            Clock(planned.CreatedAt),
            consumer.Pipeline.Name.Value,
            planned.Partition,
            updates.Length == by.Count ? string.Join(", ", by) : $"{updates.Length} updates of {string.Join(", ", by)}",
            .. Course(plan, consumer.Run),
        ];
    }

    private static string[] Course(Plan plan, int run)
    {
        var (span, complete) = (plan.Forecast.SpanOf(run), plan.Forecast.PlannedOf(run).Model.IsComplete);
        var worst = plan.Forecast.DeadlinesOf(run);
        return
        [
            span.Start is { } start ? Clock(start) : "never",
            span.End is { } end ? $"{Clock(end)}{(complete ? "" : "+")}" : "never",
            span.LateEnd is { } late ? $"{Clock(late)}{(complete ? "" : "+")}" : "never",
            string.Join(", ", worst.Where(each => each.Outlook != Outlook.OnTime).Select(Deadline)),
        ];
    }

    private static string Deadline(DeadlineForecast forecast) =>
        $"{Names.Of(forecast.Outlook)}: {(forecast.Deadline.Task is { } task ? $"{task} " : "")}{forecast.Deadline.Rule}";

    private static string? Jitter(PlanTick tick) =>
        tick.Tick.FiresAt == tick.Tick.Tick.Utc ? null : $"made {Brief.Of(tick.Tick.FiresAt - tick.Tick.Tick.Utc)} later (jitter)";

    private static void PrintTasks(TextWriter output, RunForecast forecast)
    {
        output.WriteLine();
        output.WriteLine($"the first run, due at {InstantText.Utc(forecast.Planned.DueAt)}:");
        TextTable.Write(
            output,
            ["task", "begins (UTC)", "done", "late", "history"],
            [
                .. forecast.Tasks.Select(task =>
                    new[]
                    {
                        task.Task.Value + (task.IsCritical ? " *" : ""),
                        task.Span.Start is { } start ? Clock(start) : "never",
                        task.Span.End is { } end ? Clock(end) : "never",
                        task.Span.LateEnd is { } late ? Clock(late) : "never",
                        task.Samples == 0
                            ? "none"
                            : Brief.Count(task.Samples, "success").Replace("successs", "successes", StringComparison.Ordinal),
                    }
                ),
            ]
        );
        output.WriteLine("* a delay of it delays the run");
    }

    private static void PrintPools(TextWriter output, Plan plan)
    {
        foreach (var pool in plan.Pools)
        {
            var busy = pool.Load.Where(load => load.Peak > 0).OrderByDescending(load => load.Peak).ThenBy(load => load.From).ToList();
            if (busy.Count == 0)
            {
                continue;
            }

            output.WriteLine();
            output.WriteLine($"pool {pool.Name}, {Brief.Count(pool.Slots, "slot")}; the fullest stretches:");
            TextTable.Write(
                output,
                ["from (UTC)", "peak", "average", "waiting"],
                [
                    .. busy.Take(MostStretches)
                        .OrderBy(load => load.From)
                        .Select(load =>
                            new[]
                            {
                                Clock(load.From),
                                load.Peak.ToString(CultureInfo.InvariantCulture),
                                load.Average.ToString("0.00", CultureInfo.InvariantCulture),
                                load.Waiting.ToString(CultureInfo.InvariantCulture),
                            }
                        ),
                ]
            );
        }
    }

    private static string For(PlanTick tick) =>
        tick.Tick.Run is not { } run ? ""
        : run.Slice.Partition.Length > 0 ? run.Slice.Partition
        : InstantText.Utc(run.Slice.LogicalDate);

    private static string Length(TimeSpan? length) => length is { } known ? Brief.Of(known) : "unknown";

    private static string Clock(DateTimeOffset at) =>
        at.UtcDateTime.ToString(at.Second == 0 ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
