using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>What a new run is to be.</summary>
/// <param name="RunId">Its name; null has one made from what started it, the logical date and the number of the run.</param>
/// <param name="Namespace">Where its outputs go; null for a live run.</param>
internal sealed record NewRun(
    Pipeline Pipeline,
    VersionHash Version,
    Slice Slice,
    RunTrigger Trigger,
    string? RunId,
    string Params,
    string? Reason,
    long? Backfill,
    IReadOnlyList<TaskName> OnlyTasks,
    RunNamespace? Namespace = null
)
{
    /// <summary>Who asks for it; null when the schedule does.</summary>
    public string? Author { get; init; }

    /// <summary>Whether the consumers of what it publishes are re-run, too.</summary>
    public bool Downstream { get; init; }

    /// <summary>Whether it goes behind every live run, as those of a backfill do: because what a backfill made again asks for it.</summary>
    public bool IsHistory { get; init; }
}

/// <summary>Makes runs: rows first, in the transaction of whatever asked for them; then they are driven.</summary>
internal sealed class RunFactory(EngineParts parts, Guid owner)
{
    // Below every live run, so that history never holds up the present.
    private const int BackfillPriority = -100;

    // Below every live run, for readers do not wait for it; above every backfill.
    private const int NamespacePriority = -50;

    /// <summary>The engine that drives what is made here.</summary>
    public Guid Owner => owner;

    /// <summary>Writes the rows of a new run.</summary>
    /// <exception cref="StoreConflict">A run of that name is there already.</exception>
    public LiveRun Create(WriteSession session, NewRun wanted)
    {
        var now = parts.Time.GetUtcNow();
        var number = session.NextRunNumber();
        var run = new Run
        {
            Number = number,
            Id = new RunId(wanted.RunId ?? NameOf(wanted, number)),
            Pipeline = wanted.Pipeline.Name,
            Version = wanted.Version,
            LogicalDate = wanted.Slice.LogicalDate,
            IntervalStart = wanted.Slice.Start,
            IntervalEnd = wanted.Slice.End,
            Partition = wanted.Slice.Partition,
            Trigger = wanted.Trigger,
            State = RunState.Queued,
            Priority =
                wanted.Pipeline.Priority
                + (wanted.Trigger == RunTrigger.Backfill || wanted.IsHistory ? BackfillPriority : 0)
                + (wanted.Namespace is null ? 0 : NamespacePriority),
            Params = wanted.Params,
            Backfill = wanted.Backfill,
            Namespace = wanted.Namespace,
            OnlyTasks = Graph.Of(wanted.Pipeline).WithMembers(wanted.OnlyTasks),
            Author = wanted.Author,
            Reason = wanted.Reason,
            CreatedAt = now,
        };
        var decision = RunDecider.Create(wanted.Pipeline, run);
        var fence = session.CreateRun(decision, owner) ?? throw new InvalidOperationException("A run with an owner has a fence.");
        if (DeadlineRules.BaseOf(run) is { } due)
        {
            session.AddDeadlines(run.Pipeline, number, due, DeadlineRules.Of(wanted.Pipeline, due));
        }

        if (wanted.Downstream)
        {
            session.SetDownstream(number, wanted.Backfill is { } backfill ? $"backfill {backfill}" : "asked for", now);
        }

        return new LiveRun(RunSnapshot.Create(wanted.Pipeline, run), fence);
    }

    private static string NameOf(NewRun wanted, RunNumber number)
    {
        var date = wanted.Slice.LogicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var name = $"{wanted.Namespace?.Value ?? Names.Of(wanted.Trigger)}__{date}";
        return $"{name}__{number}";
    }
}
