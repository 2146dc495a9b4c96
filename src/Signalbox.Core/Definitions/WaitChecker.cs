using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>
/// Whether what a pipeline waits for in another one can ever come: there is such a pipeline and such a task, and their schedules ever meet as
/// the wait wants them to. What can never match would only be seen when the wait has lasted too long.
/// </summary>
public static class WaitChecker
{
    // Five years hold a leap day, all month ends and ten changes of the clocks: what does not meet in them never does.
    private static readonly DateOnly First = new(2024, 1, 1);
    private static readonly DateOnly Last = new(2028, 12, 31);

    // Of two schedules one of which has a tick every minute more than two years are enough: they begin with a leap year.
    private const int MostSteps = 1_200_000;

    private const int Examples = 40;

    /// <summary>What is wrong with the waits of a pipeline for others; warnings and errors name the field.</summary>
    /// <param name="pipeline">The pipeline that waits.</param>
    /// <param name="all">All pipelines of the project by name, with itself.</param>
    /// <param name="isComplete">Whether all could be read: otherwise one that is not among them may be there all the same.</param>
    public static IEnumerable<Diagnostic> Check(Pipeline pipeline, IReadOnlyDictionary<PipelineName, Pipeline> all, bool isComplete = true)
    {
        foreach (var task in pipeline.Tasks)
        {
            if (task.Kind is not TaskKind.WaitForTask wait)
            {
                continue;
            }

            var path = $"tasks.{task.Name}.wait_for.task";
            if (!all.TryGetValue(wait.Pipeline, out var other))
            {
                if (isComplete)
                {
                    yield return new Diagnostic(
                        "unknown-pipeline",
                        Severity.Error,
                        $"{path}.pipeline",
                        $"there is no pipeline `{wait.Pipeline}` in the project, so this waits in vain{Suggestion.DidYouMean(wait.Pipeline.Value, all.Keys.Select(name => name.Value))}"
                    );
                }
            }
            else if (wait.Task is { } wanted && other.Tasks.All(each => each.Name != wanted))
            {
                yield return new Diagnostic(
                    "unknown-task",
                    Severity.Error,
                    $"{path}.task",
                    $"{other.Name} has no task `{wanted}`, so this waits in vain{Suggestion.DidYouMean(wanted.Value, other.Tasks.Select(each => each.Name.Value))}"
                );
            }
            else if (Never(pipeline, wait, other) is { } never)
            {
                yield return new Diagnostic("never-matches", Severity.Error, $"{path}.match", never);
            }
        }
    }

    /// <summary>Why no run of the other pipeline is ever the one that is waited for, and what to write instead; null when one may be.</summary>
    private static string? Never(Pipeline pipeline, TaskKind.WaitForTask wait, Pipeline other)
    {
        // Without a schedule, and by triggers, runs are for whatever date comes; and a wait for partitions goes by the calendar.
        if (wait.Partitions || !GoesByTime(pipeline) || !GoesByTime(other))
        {
            return null;
        }

        var shift = wait.Match == TaskMatch.Offset ? wait.Offset : TimeSpan.Zero;
        var matches = Calendars(pipeline)
            .SelectMany(_ => Calendars(other), (mine, there) => (mine, there))
            .Any(pair => wait.Match == TaskMatch.Containing ? Contains(pair.mine, pair.there) : Meets(pair.mine, pair.there, shift));
        if (matches)
        {
            return null;
        }

        var (own, theirs) = (pipeline.CalendarOf(), other.CalendarOf());

        var example = own.Between(First, Last).FirstOrDefault();
        var theirExample = theirs.Between(First, Last).FirstOrDefault();
        if (example is null || theirExample is null)
        {
            return null;
        }

        var how =
            wait.Match == TaskMatch.Containing
                ? $"no run of {other.Name} ever has a data interval that contains this pipeline's or is contained in it ({Interval(theirExample)} there, {Interval(example)} here)"
                : $"no run of {other.Name} ever has the logical date {(shift == TimeSpan.Zero ? "of this pipeline's" : $"of this pipeline's plus {Shown(shift)}")} ({Instant(theirExample.LogicalDate)} there, {Instant(example.LogicalDate)} here)";
        return how + Instead(wait, own, theirs);
    }

    private static bool GoesByTime(Pipeline pipeline) => !pipeline.Schedules.IsDefaultOrEmpty && pipeline.Triggers.IsDefaultOrEmpty;

    private static IEnumerable<SliceCalendar> Calendars(Pipeline pipeline) =>
        pipeline.Schedules.Select(schedule => pipeline.CalendarOf(schedule.Schedule()));

    private static string Instead(TaskKind.WaitForTask wait, SliceCalendar own, SliceCalendar theirs)
    {
        var advice = new List<string>();
        if (wait.Match != TaskMatch.Containing && Contains(own, theirs))
        {
            advice.Add("leave `match` out, for the run whose data interval contains this one's or is contained in it");
        }

        if (UsualOffset(own, theirs) is { } offset && offset != wait.Offset && Meets(own, theirs, offset))
        {
            advice.Add(offset == TimeSpan.Zero ? "write `match: identity`" : $"write `match: offset` with `offset: {Shown(offset)}`");
        }

        return advice.Count == 0 ? "; wait for a pipeline whose schedule meets this one's" : "; " + string.Join(", or ", advice);
    }

    /// <summary>How far before, most often, the nearest logical date of the other pipeline lies that is not later.</summary>
    private static TimeSpan? UsualOffset(SliceCalendar own, SliceCalendar theirs)
    {
        var dates = theirs.Between(First, Last).Select(slice => slice.LogicalDate).Take(MostSteps).GetEnumerator();
        var offsets = new Dictionary<TimeSpan, int>();
        DateTimeOffset? before = null;
        var more = dates.MoveNext();
        foreach (var date in own.Between(First.AddDays(31), Last).Select(slice => slice.LogicalDate).Take(Examples))
        {
            while (more && dates.Current <= date)
            {
                before = dates.Current;
                more = dates.MoveNext();
            }

            if (before is { } nearest)
            {
                offsets[nearest - date] = offsets.GetValueOrDefault(nearest - date) + 1;
            }
        }

        return offsets.Count == 0 ? null : offsets.OrderByDescending(each => each.Value).ThenByDescending(each => each.Key).First().Key;
    }

    private static bool Meets(SliceCalendar own, SliceCalendar theirs, TimeSpan shift) =>
        Walk(
            own,
            theirs,
            (mine, other) => mine.LogicalDate + shift == other.LogicalDate,
            (mine, other) => mine.LogicalDate + shift < other.LogicalDate
        );

    private static bool Contains(SliceCalendar own, SliceCalendar theirs) =>
        Walk(
            own,
            theirs,
            (mine, other) => (mine.Start <= other.Start && mine.End >= other.End) || (other.Start <= mine.Start && other.End >= mine.End),
            (mine, other) => mine.End < other.End
        );

    /// <summary>Goes through both calendars side by side until two slices fit.</summary>
    private static bool Walk(SliceCalendar own, SliceCalendar theirs, Func<Slice, Slice, bool> fits, Func<Slice, Slice, bool> isBehind)
    {
        using var mine = own.Between(First, Last).GetEnumerator();
        using var other = theirs.Between(First, Last).GetEnumerator();
        var more = mine.MoveNext() && other.MoveNext();
        for (var steps = 0; more && steps < MostSteps; steps++)
        {
            if (fits(mine.Current, other.Current))
            {
                return true;
            }

            more = isBehind(mine.Current, other.Current) ? mine.MoveNext() : other.MoveNext();
        }

        return false;
    }

    private static string Shown(TimeSpan offset) => offset < TimeSpan.Zero ? $"-{Duration.Print(offset.Negate())}" : Duration.Print(offset);

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private static string Interval(Slice slice) => $"{Instant(slice.Start)} to {Instant(slice.End)}";
}
