using System.Collections.Immutable;
using System.Text.Json;

namespace Signalbox.Engine.Control;

/// <summary>
/// Something that a person or a program asks of the engine: written as a row first, carried out by whichever engine owns the store, and
/// answered in the same transaction that carries it out. So it is never lost, and never done twice.
/// </summary>
public abstract record Request
{
    private Request() { }

    /// <summary>Start a run by hand. Answered with its number.</summary>
    /// <param name="Version">The definition to run, already stored; null takes the pipeline's current one.</param>
    /// <param name="LogicalDate">The slice it is about: a date or an instant, in the schedule's zone.</param>
    /// <param name="Params">JSON object of parameters.</param>
    /// <param name="RunId">A name of one's own. Null: one is made.</param>
    /// <param name="Namespace">
    /// Where its outputs go instead of the live places: a deployed variant, whose definition runs when no version is given, or a namespace apart.
    /// Null: a live run.
    /// </param>
    /// <param name="OnlyTasks">The tasks to run; all when there is none.</param>
    /// <param name="Conditions">JSON of <see cref="Proving.TrialConditions"/>, for a run in a namespace of a proof. Null: none.</param>
    public sealed record StartRun(
        string Pipeline,
        string? Version,
        string LogicalDate,
        string Params,
        string? RunId,
        string? Reason,
        string? Namespace = null,
        ImmutableArray<string> OnlyTasks = default,
        string? Conditions = null
    ) : Request
    {
        /// <summary>JSON object of what was sent along, kept with the run: <c>dag_run.conf</c> in templates. Null: its parameters.</summary>
        public string? Conf { get; init; }

        /// <summary>Refuse when a run of the pipeline has that logical date already.</summary>
        public bool OneForTheDate { get; init; }
    }

    public sealed record CancelRun(long Run, string Reason) : Request;

    /// <summary>Run tasks of a run again, in the same run.</summary>
    /// <param name="Mode">Which tasks.</param>
    /// <param name="Task">The task that <see cref="RerunMode.From"/> and <see cref="RerunMode.Only"/> name.</param>
    /// <param name="Downstream">The consumers of what is published again are re-run for the same partitions, once.</param>
    public sealed record Rerun(long Run, RerunMode Mode, string? Task, string Reason, bool Downstream = false) : Request;

    /// <summary>Run these tasks, or instances of mapped ones, of a run again, in the same run, and no others.</summary>
    /// <param name="Tasks">Each as <see cref="Core.TaskKey"/> writes it.</param>
    public sealed record ClearTasks(long Run, ImmutableArray<string> Tasks, string Reason) : Request;

    /// <summary>Decide the state of a task by hand.</summary>
    /// <param name="State"><c>success</c>, <c>failed</c> or <c>skipped</c>.</param>
    public sealed record MarkTask(long Run, string Task, int MapIndex, string State, string Reason) : Request;

    public sealed record PausePipeline(string Pipeline, string Reason) : Request;

    public sealed record UnpausePipeline(string Pipeline, string Reason) : Request;

    /// <summary>Take no new runs; those that run finish.</summary>
    /// <param name="Pipeline">Of one pipeline; null is all of the project.</param>
    public sealed record Drain(string? Pipeline, string Reason) : Request;

    /// <summary>Keep a run whatever the retention says, or no longer.</summary>
    public sealed record PinRun(long Run, bool Pinned, string Reason) : Request;

    /// <summary>Remove what is past what the project keeps. Answered when it is marked, with the plan of what goes as details.</summary>
    public sealed record ApplyRetention : Request;

    /// <summary>Close a circuit breaker and forget its failures.</summary>
    /// <param name="Of">pipeline or target.</param>
    public sealed record ResetBreaker(string Of, string Name, string Reason) : Request;

    /// <summary>Take runs again.</summary>
    /// <param name="Pipeline">What was drained: one pipeline; null is all of the project.</param>
    public sealed record EndDrain(string? Pipeline) : Request;

    /// <summary>Run a pipeline for many logical dates. Answered with the backfill's number.</summary>
    /// <param name="Dates">The logical dates, each once, in the order in which they are run.</param>
    /// <param name="MaxActive">Runs of the backfill that may be active at one time.</param>
    /// <param name="Watermark">Move the pipeline's watermark over unbroken success.</param>
    /// <param name="Version">
    /// The definition that every date is run with, already stored; null takes the pipeline's current one, which is written down here when
    /// the backfill is stored.
    /// </param>
    public sealed record StartBackfill(
        string Pipeline,
        ImmutableArray<DateTimeOffset> Dates,
        int MaxActive,
        string Params,
        ImmutableArray<string> OnlyTasks,
        string Reason,
        bool Selective,
        bool Watermark,
        string? Version = null
    ) : Request
    {
        /// <summary>Who asks for it: known to the desk, kept with the backfill.</summary>
        public string? Author { get; init; }

        /// <summary>The deployed variant that runs. Null: the live version.</summary>
        public string? Variant { get; init; }

        /// <summary>The least time between the beginnings of two runs. Null: as fast as <see cref="MaxActive"/> lets them.</summary>
        public TimeSpan? Every { get; init; }

        /// <summary>Take dates over from a backfill that is under way; otherwise such dates refuse the request.</summary>
        public bool Replace { get; init; }

        /// <summary>The consumers of what is published are re-run for the same partitions, each partition once.</summary>
        public bool Downstream { get; init; }
    }

    public sealed record CancelBackfill(long Backfill, string Reason) : Request;

    /// <summary>Begin no more dates of a backfill until it is resumed; what runs goes on.</summary>
    public sealed record PauseBackfill(long Backfill, string Reason) : Request;

    /// <summary>Go on with a paused backfill.</summary>
    public sealed record ResumeBackfill(long Backfill, string Reason) : Request;

    /// <summary>Send a message that a task waits for: to one run, or to a pipeline for one logical date.</summary>
    /// <param name="Run">Null exactly when <paramref name="Pipeline"/> is given.</param>
    /// <param name="Date">With a pipeline: a date or an instant in the schedule's zone, or the key of a partition.</param>
    /// <param name="Data">JSON that the waiting task hands down. Null: none.</param>
    public sealed record SendSignal(long? Run, string? Pipeline, string? Date, string Name, string? Data) : Request;

    /// <summary>Answer what a task asks. Who answers is who sends the request.</summary>
    /// <param name="Form">JSON object of the form's values.</param>
    public sealed record AnswerApproval(long Run, string Task, int MapIndex, bool Approves, string? Reason, string Form) : Request;

    /// <summary>Move an alias of a model by hand.</summary>
    /// <param name="Version">The version; null with <paramref name="Back"/>: the one that it pointed to before.</param>
    /// <param name="Back">Only to a version that the alias has pointed to before.</param>
    public sealed record MoveAlias(string Model, string Alias, int? Version, bool Back, string Reason) : Request;

    /// <summary>Run a definition beside the live one of its pipeline, in a namespace of its own.</summary>
    /// <param name="Variant">Its name, which is that of the namespace.</param>
    /// <param name="Version">The definition, already stored.</param>
    /// <param name="SourceFile">The file it comes from, for people.</param>
    public sealed record Deploy(string Pipeline, string Variant, string Version, string SourceFile, string? Reason) : Request;

    /// <summary>End a variant: it gets no more runs.</summary>
    public sealed record Undeploy(string Pipeline, string Variant, string? Reason) : Request;

    /// <summary>Serve a variant to readers. Answered with the number of the switch.</summary>
    /// <param name="Variant">Null: the only one that is deployed.</param>
    /// <param name="Force">Also when the last comparison with the live version was not clean.</param>
    public sealed record PromoteVariant(string Pipeline, string? Variant, string Reason, bool Force) : Request;

    /// <summary>Serve again what was served before the active variant was promoted. Answered with the number of the switch.</summary>
    public sealed record RollbackVariant(string Pipeline, string Reason) : Request;

    /// <summary>Make kept versions of a dataset current again, at all paths of one partition.</summary>
    /// <param name="Partition">Null: the only one it has.</param>
    /// <param name="To">A version; what its run published at the other paths comes back with it. Null: those before the current ones.</param>
    public sealed record RollBackDataset(string Dataset, string? Partition, long? To, string Reason) : Request;

    /// <summary>Start a run for the slice of a run whose checks rejected rows, which is given them again. Answered with its number.</summary>
    /// <param name="Rejected">The number of the rejected rows.</param>
    /// <param name="Path">The data file that the run is given, absolute.</param>
    public sealed record ReplayRejected(long Rejected, string Path, string Reason) : Request;

    /// <summary>Have a message of the inbox decided anew that has started no run. Answered with the number of the run, when it starts one.</summary>
    public sealed record ReplayMessage(long Message) : Request;

    /// <summary>Put a message of the inbox aside that has started no run.</summary>
    public sealed record DropMessage(long Message, string Reason) : Request;

    /// <summary>An external system has updated a dataset. Answered with the number of the update; the same key again with that of the first.</summary>
    /// <param name="Partition">The key of the partition; empty when the dataset is not cut.</param>
    /// <param name="Version">What the poster calls the version. Null: nothing.</param>
    /// <param name="Key">Idempotency key: within a dataset it makes one update, however often it is posted. Null: every post is an update.</param>
    public sealed record UpdateDataset(string Dataset, string Partition, string? Version, string? Key) : Request;

    /// <summary>The word that names the request in lists and in its JSON.</summary>
    public string Kind => RequestJson.KindOf(this);

    public string ToJson() => RequestJson.Write(this);

    /// <exception cref="JsonException">It is no request that this program knows.</exception>
    public static Request FromJson(string json) => RequestJson.ReadRequest(json);
}

/// <summary>Which tasks a re-run starts afresh.</summary>
public enum RerunMode
{
    /// <summary>What failed, and what could not run because of it.</summary>
    FromFailed,

    /// <summary>A task and all that comes after it.</summary>
    From,

    /// <summary>A task alone.</summary>
    Only,
}

/// <summary>What came of a request.</summary>
/// <param name="Number">
/// The run or backfill that was started; otherwise the one that was changed. Of a promotion that was not done: the comparison that speaks
/// against it.
/// </param>
/// <param name="Message">What was done, or why not, a sentence.</param>
public sealed record Answer(bool Done, long? Number, string Message)
{
    /// <summary>JSON of what was done, where the message is not enough for a program.</summary>
    public string? Details { get; init; }

    /// <summary>
    /// Why it was refused, where the state of the project stands against it and not the request itself: <c>overlap</c>, <c>drained</c>,
    /// <c>not_found</c> (what it is about) or <c>conflict</c> (a name or a date is taken, a run has ended).
    /// </summary>
    public string? Refusal { get; init; }

    public string ToJson() => RequestJson.Write(this);

    /// <exception cref="JsonException">It is no answer.</exception>
    public static Answer FromJson(string json) => RequestJson.ReadAnswer(json);
}
