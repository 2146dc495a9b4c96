using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Reuse;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A date that does not run, and why.</summary>
internal sealed record SkippedDate(Slice Slice, string Reason);

/// <summary>The finite list of a backfill, made before anything is started.</summary>
/// <param name="Dates">What runs, in that order.</param>
/// <param name="Estimate">How long all of it takes by the history of the pipeline; null without one.</param>
/// <param name="Notes">What the person should know.</param>
internal sealed record BackfillPlan(
    Pipeline Pipeline,
    BackfillSelection Selection,
    ImmutableArray<Slice> Dates,
    ImmutableArray<SkippedDate> Skipped,
    TimeSpan? Estimate,
    ImmutableArray<string> Notes
)
{
    // Enough to see what is usual, few enough to be quick.
    private const int MostHistory = 20;
    private const int MostPrinted = 10;
    private const int LongestSearchInDays = 4000;

    /// <summary>Chooses the dates. Null for the store: nothing ever ran.</summary>
    /// <param name="folder">The project folder, to see what changed in it.</param>
    public static BackfillPlan Make(Pipeline pipeline, BackfillSelection selection, Store? store, string folder, DateTimeOffset now)
    {
        var calendar = pipeline.CalendarOf();
        var notes = ImmutableArray.CreateBuilder<string>();
        var chosen = Chosen(pipeline, selection, calendar, store, now, notes);
        var dates = new List<Slice>();
        var skipped = ImmutableArray.CreateBuilder<SkippedDate>();
        foreach (var slice in chosen)
        {
            if (Hindrance(slice, calendar, selection, store, pipeline, folder, now, notes) is { } reason)
            {
                skipped.Add(new SkippedDate(slice, reason));
            }
            else
            {
                dates.Add(slice);
            }
        }

        if (selection.Reverse)
        {
            dates.Reverse();
        }

        return new BackfillPlan(
            pipeline,
            selection,
            [.. dates],
            skipped.ToImmutable(),
            Duration(pipeline, dates.Count, selection, store),
            notes.ToImmutable()
        );
    }

    public void Print(TextWriter output)
    {
        foreach (var note in Notes)
        {
            output.WriteLine($"note: {note}");
        }

        var range = Dates.IsEmpty ? "" : $": {Name(Dates[0])}{(Dates.Length > 1 ? $" to {Name(Dates[^1])}" : "")}";
        output.WriteLine(
            $"backfill of {Pipeline.Name}: {Brief.Count(Dates.Length, "run")}{range}, at most {Selection.MaxActive} at one time ({Selection.Reason})"
        );
        if (Estimate is { } estimate)
        {
            output.WriteLine(
                $"  estimated: about {(estimate < TimeSpan.FromSeconds(1) ? "a second" : Brief.Of(estimate))}, by the latest runs that succeeded"
            );
        }

        foreach (var group in Skipped.GroupBy(date => date.Reason))
        {
            var names = group.Select(date => Name(date.Slice)).ToList();
            output.WriteLine(
                names.Count > MostPrinted
                    ? $"  skipped, {group.Key}: {names.Count} from {names[0]} to {names[^1]}"
                    : $"  skipped, {group.Key}: {string.Join(", ", names)}"
            );
        }

        if (Dates.IsEmpty)
        {
            output.WriteLine("  nothing to do");
        }
    }

    public static string Name(Slice slice) => slice.Partition.Length > 0 ? slice.Partition : InstantText.Utc(slice.LogicalDate);

    private static IEnumerable<Slice> Chosen(
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
                return Named(selection.Dates, calendar);
            case { Kind: BackfillKind.Incremental }:
                notes.Add(
                    "only dates after the watermark run: corrections to earlier dates are not covered; use --from and --to, or --dates, for those"
                );
                return SinceWatermark(pipeline, selection, calendar, store, now, notes);
            case { Last: { } count }:
                return Latest(calendar, count, selection.LastInDays, now);
            default:
                return calendar.Between(selection.First!.Value, selection.LastDate!.Value);
        }
    }

    private static List<Slice> Named(IReadOnlyList<string> dates, SliceCalendar calendar)
    {
        var slices = new List<Slice>(dates.Count);
        foreach (var text in dates)
        {
            var found = calendar.Find(text);
            var slice = found.Slice ?? throw new UserMistakeException($"--dates: {found.Error}");
            if (slices.Exists(each => each.LogicalDate == slice.LogicalDate))
            {
                throw new UserMistakeException($"--dates: {text} is named twice");
            }

            slices.Add(slice);
        }

        return slices.Count > 0 ? slices : throw new UserMistakeException("--dates: no date is named");
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
                $"{pipeline.Name} has no watermark and no `start:`; say where to begin with --from, or `signalbox watermark set {pipeline.Name} DATE`"
            );
        notes.Add(
            mark is null
                ? $"there is no watermark yet; it begins at {first:yyyy-MM-dd}"
                : $"the watermark is at {mark.Processed:yyyy-MM-dd}"
        );
        var last = selection.LastDate ?? DateOnly.FromDateTime(zone.LabelAt(now));
        // What is not over yet is simply later, not skipped.
        return first > last ? [] : calendar.Between(first, last).Where(slice => slice.End <= now);
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

    private static string? Hindrance(
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
                notes.Add($"{Name(slice)} is stale: {reason}");
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

    private static TimeSpan? Duration(Pipeline pipeline, int runs, BackfillSelection selection, Store? store)
    {
        var history = store?.Read(session => session.Runs(new RunFilter(pipeline.Name, RunState.Success, Limit: MostHistory))) ?? [];
        var spans = history
            .Where(run => run is { StartedAt: not null, EndedAt: not null })
            .Select(run => run.EndedAt!.Value - run.StartedAt!.Value)
            .Order()
            .ToList();
        if (spans.Count == 0 || runs == 0)
        {
            return null;
        }

        var parallel = Math.Min(selection.MaxActive, pipeline.MaxActiveRuns);
        return spans[spans.Count / 2] * Math.Ceiling((double)runs / parallel);
    }
}
