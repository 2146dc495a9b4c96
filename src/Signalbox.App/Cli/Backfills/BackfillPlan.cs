using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A date that does not run, and why.</summary>
internal sealed record SkippedDate(Slice Slice, string Reason);

/// <summary>The finite list of a backfill, made before anything is started.</summary>
/// <param name="Version">The definition that every date is run with.</param>
/// <param name="Dates">What runs, in that order.</param>
/// <param name="MadeBy">Of the dates that run and succeeded before: the version that made them last, by logical date.</param>
/// <param name="Outlook">What all of it takes by the history of its tasks; null without one.</param>
/// <param name="Notes">What the person should know.</param>
/// <param name="Warnings">Limits of the project that it is over.</param>
/// <param name="Reviews">What its promotions do in a backfill.</param>
internal sealed record BackfillPlan(
    Pipeline Pipeline,
    VersionHash Version,
    BackfillSelection Selection,
    ImmutableArray<Slice> Dates,
    ImmutableArray<SkippedDate> Skipped,
    ImmutableDictionary<DateTimeOffset, VersionHash> MadeBy,
    BackfillOutlook? Outlook,
    ImmutableArray<string> Notes,
    ImmutableArray<string> Warnings,
    ImmutableArray<string> Reviews
)
{
    private const int MostPrinted = 10;

    /// <summary>The runs of other pipelines that follow by <c>--downstream</c>; empty without.</summary>
    public ImmutableArray<DownstreamRuns> Downstream { get; init; } = [];

    /// <summary>Chooses the dates. Null for the store: nothing ever ran.</summary>
    /// <param name="all">The pipelines among which consumers are looked for, where the selection is with downstream.</param>
    public static BackfillPlan Make(
        Pipeline pipeline,
        BackfillSelection selection,
        Store? store,
        Project project,
        IReadOnlyList<string> only,
        DateTimeOffset now,
        IReadOnlyCollection<Pipeline> all
    )
    {
        var calendar = pipeline.CalendarOf();
        var notes = ImmutableArray.CreateBuilder<string>();
        var chosen = BackfillDates.Chosen(pipeline, selection, calendar, store, now, notes);
        var dates = new List<Slice>();
        var skipped = ImmutableArray.CreateBuilder<SkippedDate>();
        foreach (var slice in chosen)
        {
            if (BackfillDates.Hindrance(slice, calendar, selection, store, pipeline, project.Folder, now, notes) is { } reason)
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

        var outlook = BackfillOutlook.Make(pipeline, dates.Count, selection, only, store, project);
        return new BackfillPlan(
            pipeline,
            PipelineJson.HashOf(pipeline),
            selection,
            [.. dates],
            skipped.ToImmutable(),
            Made(pipeline, selection, store, dates),
            outlook,
            notes.ToImmutable(),
            BackfillOutlook.Warnings(dates.Count, outlook, project.Backfills),
            [.. pipeline.Tasks.Where(task => only.Count == 0 || only.Contains(task.Name.Value)).Select(Review).OfType<string>()]
        )
        {
            Downstream = selection.Downstream ? Cascade.Of(pipeline, only, [.. dates.Select(slice => slice.Partition)], all, now) : [],
        };
    }

    public void Print(TextWriter output)
    {
        foreach (var note in Notes)
        {
            output.WriteLine($"note: {note}");
        }

        var range = Dates.IsEmpty ? "" : $": {Name(Dates[0])}{(Dates.Length > 1 ? $" to {Name(Dates[^1])}" : "")}";
        var pace = Selection.Every is { } every ? $", {Brief.Of(every)} apart" : "";
        output.WriteLine(
            $"backfill of {Pipeline.Name}: {Brief.Count(Dates.Length, "run")}{range}, at most {Selection.MaxActive} at one time{pace} ({Selection.Reason})"
        );
        if (!Dates.IsEmpty)
        {
            var before = MadeBy.Values.GroupBy(made => made).OrderByDescending(group => group.Count()).ToList();
            var parts = before.Select(group => $"{group.Count()} made by {(group.Key == Version ? "it" : group.Key.Value)}").ToList();
            if (Dates.Length > MadeBy.Count)
            {
                parts.Add($"{Dates.Length - MadeBy.Count} never made");
            }

            output.WriteLine($"  definition: version {Version}; of the dates {string.Join(", ", parts)}");
        }

        if (Outlook is { } outlook)
        {
            output.WriteLine($"  estimated: {outlook.Sentence()}");
        }

        foreach (var review in Reviews)
        {
            output.WriteLine($"  promotion: {review}");
        }

        foreach (var consumer in Downstream)
        {
            output.WriteLine(
                $"  downstream: {consumer.Pipeline} by {string.Join(", ", consumer.Datasets)}, {Brief.Count(consumer.Partitions.Length, "run")}{Range(consumer.Partitions)}"
            );
        }

        if (Selection.Downstream && Downstream.IsEmpty && !Dates.IsEmpty)
        {
            output.WriteLine("  downstream: nothing is started by what it publishes");
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

        foreach (var warning in Warnings)
        {
            output.WriteLine($"warning: {warning}");
        }

        if (Dates.IsEmpty)
        {
            output.WriteLine("  nothing to do");
        }
    }

    public static string Name(Slice slice) => slice.Partition.Length > 0 ? slice.Partition : InstantText.Utc(slice.LogicalDate);

    private static string Range(ImmutableArray<string> partitions) =>
        partitions is [""] ? ""
        : partitions.Length > 1 ? $": {partitions[0]} to {partitions[^1]}"
        : $": {partitions[0]}";

    private static ImmutableDictionary<DateTimeOffset, VersionHash> Made(
        Pipeline pipeline,
        BackfillSelection selection,
        Store? store,
        List<Slice> dates
    )
    {
        var made = ImmutableDictionary.CreateBuilder<DateTimeOffset, VersionHash>();
        if (store is not null && dates.Count > 0)
        {
            var first = dates.Min(slice => slice.LogicalDate);
            var last = dates.Max(slice => slice.LogicalDate);
            var runs = store.Read(session => session.RunsOf(pipeline.Name, first, last.AddMilliseconds(1), selection.Variant));
            var wanted = dates.Select(slice => slice.LogicalDate).ToHashSet();
            foreach (var run in runs.Where(run => run.State == RunState.Success && wanted.Contains(run.LogicalDate)))
            {
                made[run.LogicalDate] = run.Version;
            }
        }

        return made.ToImmutable();
    }

    private static string? Review(TaskNode task) =>
        task.Kind is TaskKind.Promote promote
            ? promote.InBackfill switch
            {
                BackfillPromotion.Approve => $"`{task.Name}` moves {promote.Alias} of {promote.Model} only after review, for each date",
                BackfillPromotion.Allow when promote.Approval is not null =>
                    $"`{task.Name}` moves {promote.Alias} of {promote.Model} only after review, for each date",
                BackfillPromotion.Allow => $"`{task.Name}` moves {promote.Alias} of {promote.Model} as a live run does, for each date",
                _ => $"`{task.Name}` is skipped: a backfill does not move {promote.Alias} of {promote.Model}",
            }
            : null;
}
