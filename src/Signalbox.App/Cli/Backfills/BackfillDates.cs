using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Reuse;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Which dates a backfill is about, and which of them need not run.</summary>
internal static class BackfillDates
{
    private const int LongestSearchInDays = 4000;

    public static IEnumerable<Slice> Chosen(
        Pipeline pipeline,
        BackfillSelection selection,
        SliceCalendar calendar,
        Store? store,
        DateTimeOffset now,
        ImmutableArray<string>.Builder notes
    )
    {
        switch (selection)
        {
            case { Kind: BackfillKind.Selective }:
                return Named(selection, calendar);
            case { Partitions.Count: > 0 }:
                return Partitions(selection, pipeline, calendar);
            case { Kind: BackfillKind.Incremental }:
                notes.Add(
                    $"only dates after the watermark run: corrections to earlier dates are not covered; use {selection.Terms["from"]} and {selection.Terms["to"]}, or {selection.Terms["dates"]}, for those"
                );
                return SinceWatermark(pipeline, selection, calendar, store, now, notes);
            case { Last: { } count }:
                return Latest(calendar, count, selection.LastInDays, now);
            default:
                return calendar.Between(selection.First!.Value, selection.LastDate!.Value);
        }
    }

    private static List<Slice> Named(BackfillSelection selection, SliceCalendar calendar)
    {
        var field = selection.Terms["dates"];
        var slices = new List<Slice>(selection.Dates.Count);
        foreach (var text in selection.Dates)
        {
            var found = calendar.Find(text);
            var slice = found.Slice ?? throw new UserMistakeException($"{field}: {found.Error}");
            if (slices.Exists(each => each.LogicalDate == slice.LogicalDate))
            {
                throw new UserMistakeException($"{field}: {text} is named twice");
            }

            slices.Add(slice);
        }

        return slices.Count > 0 ? slices : throw new UserMistakeException($"{field}: no date is named");
    }

    /// <summary>Partitions by their keys, and from one to another: <c>2024-W01..2024-W05</c>.</summary>
    private static List<Slice> Partitions(BackfillSelection selection, Pipeline pipeline, SliceCalendar calendar)
    {
        var (field, terms) = (selection.Terms["partitions"], selection.Terms);
        if (calendar.Partitions.Kind == PartitionKind.None)
        {
            throw new UserMistakeException(
                $"{field}: {pipeline.Name} has no partitions; name dates with {terms["dates"]} or {terms["from"]} and {terms["to"]}"
            );
        }

        var slices = new List<Slice>();
        foreach (var text in selection.Partitions)
        {
            var ends = text.Split("..", 2);
            var (first, last) = (Partition(ends[0], field, calendar), Partition(ends[^1], field, calendar));
            if (first.Label > last.Label)
            {
                throw new UserMistakeException($"{field}: {first.Key} is later than {last.Key}");
            }

            foreach (var slice in calendar.Partitions.Range(first, last).SelectMany(partition => OfPartition(partition, calendar)))
            {
                if (slices.Exists(each => each.LogicalDate == slice.LogicalDate))
                {
                    throw new UserMistakeException($"{field}: {slice.Partition} is named twice");
                }

                slices.Add(slice);
            }
        }

        return slices;
    }

    private static Partition Partition(string key, string field, SliceCalendar calendar)
    {
        var parsed = calendar.Partitions.Parse(key);
        return parsed.Partition ?? throw new UserMistakeException($"{field}: {parsed.Error}");
    }

    /// <summary>The dates of a partition: of an hourly schedule over partitions of days there are twenty-four.</summary>
    private static IEnumerable<Slice> OfPartition(Partition partition, SliceCalendar calendar)
    {
        var days = calendar.Between(DateOnly.FromDateTime(partition.Label), DateOnly.FromDateTime(partition.EndLabel.AddTicks(-1)));
        var found = days.Where(slice => slice.Partition == partition.Key).ToList();
        return found.Count > 0 || calendar.Find(partition.Key).Slice is not { } slice ? found : [slice];
    }

    private static IEnumerable<Slice> SinceWatermark(
        Pipeline pipeline,
        BackfillSelection selection,
        SliceCalendar calendar,
        Store? store,
        DateTimeOffset now,
        ImmutableArray<string>.Builder notes
    )
    {
        var zone = calendar.Schedule.Zone;
        var mark = store?.Read(session => session.Watermark(pipeline.Name));
        var first =
            mark?.Processed.AddDays(1)
            ?? selection.First
            ?? (pipeline.Start is { } start ? (DateOnly?)DateOnly.FromDateTime(zone.LabelAt(start)) : null)
            ?? throw new UserMistakeException(
                $"{pipeline.Name} has no watermark and no `start:`; say where to begin with {selection.Terms["from"]}, or `signalbox watermark set {pipeline.Name} DATE`"
            );
        notes.Add(
            mark is null
                ? $"there is no watermark yet; it begins at {first:yyyy-MM-dd}"
                : $"the watermark is at {mark.Processed:yyyy-MM-dd}"
        );
        var last = selection.LastDate ?? DateOnly.FromDateTime(zone.LabelAt(now));
        // What is not over yet is simply later, not skipped. The watermark is a day: one of many hours is taken when its last hour is over.
        return first > last
            ? []
            : calendar
                .Between(first, last)
                .GroupBy(slice => DateOnly.FromDateTime(zone.LabelAt(slice.LogicalDate)))
                .TakeWhile(day => day.All(slice => slice.End <= now))
                .SelectMany(day => day);
    }

    /// <summary>The latest that are over, oldest first.</summary>
    private static List<Slice> Latest(SliceCalendar calendar, int count, bool inDays, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(calendar.Schedule.Zone.LabelAt(now));
        // Wider and wider, for nobody knows how far apart the dates of a schedule are.
        for (var days = Math.Max(count, 7) + 7; ; days *= 4)
        {
            var over = calendar
                .Between(today.AddDays(-Math.Min(days, LongestSearchInDays)), today)
                .Where(slice => slice.End <= now)
                .ToList();
            if (over.Count == 0 && days < LongestSearchInDays)
            {
                continue;
            }

            if (inDays)
            {
                var last = over.Count == 0 ? today : DateOnly.FromDateTime(calendar.Schedule.Zone.LabelAt(over[^1].LogicalDate));
                return
                [
                    .. over.Where(slice => DateOnly.FromDateTime(calendar.Schedule.Zone.LabelAt(slice.LogicalDate)) > last.AddDays(-count)),
                ];
            }

            if (over.Count >= count || days >= LongestSearchInDays)
            {
                return [.. over.TakeLast(count)];
            }
        }
    }

    public static string? Hindrance(
        Slice slice,
        SliceCalendar calendar,
        BackfillSelection selection,
        Store? store,
        Pipeline pipeline,
        string folder,
        DateTimeOffset now,
        ImmutableArray<string>.Builder notes
    )
    {
        if (calendar.Schedule is Schedule.None ? slice.Start > now : slice.End > now)
        {
            return "not over yet";
        }

        if (selection.Filter == BackfillFilter.All || store is null)
        {
            return selection.Filter == BackfillFilter.Failed ? "never ran" : null;
        }

        var runs = store.Read(session =>
            session.RunsOf(pipeline.Name, slice.LogicalDate, slice.LogicalDate.AddMilliseconds(1), selection.Variant)
        );
        if (selection.Filter == BackfillFilter.Stale)
        {
            if (runs.LastOrDefault(run => run.State == RunState.Success) is not { } success)
            {
                return null;
            }

            var reason = store.Read(session => Staleness.Reason(session, folder, pipeline, PipelineJson.HashOf(pipeline), success));
            if (reason is not null)
            {
                notes.Add($"{BackfillPlan.Name(slice)} is stale: {reason}");
            }

            return reason is null ? "current" : null;
        }

        if (selection.Filter == BackfillFilter.Missing)
        {
            return runs.Any(run => run.State == RunState.Success) ? "succeeded before" : null;
        }

        return runs.Count == 0 ? "never ran"
            : runs[^1].State != RunState.Failed ? "its latest run did not fail"
            : null;
    }
}
