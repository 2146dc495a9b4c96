using System.Text.Json.Serialization;
using Signalbox.Core.Approvals;
using Signalbox.Core.Checks;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Definitions;

/// <summary>One task of a pipeline: what it does (<see cref="Kind"/>), what it waits for, and how it is retried, limited and published.</summary>
public sealed record TaskNode
{
    public required TaskName Name { get; init; }

    public required TaskKind Kind { get; init; }

    /// <summary>The tasks this one comes after, in the order written.</summary>
    public ImmutableArray<TaskName> Needs { get; init; } = [];

    /// <summary>Which outcomes of <see cref="Needs"/> let this task run. Default all_success.</summary>
    public TriggerRule TriggerRule { get; init; } = TriggerRule.AllSuccess;

    /// <summary>A condition (a template of one expression); false skips the task and shows the values. Default none.</summary>
    public string? When { get; init; }

    /// <summary>A template that gives a list: the task runs once per item. Default none: the task runs once.</summary>
    public string? ForEach { get; init; }

    /// <summary>A template that names an instance of a mapped task to people. Default: the map index.</summary>
    public string? Label { get; init; }

    /// <summary>Instances of a mapped task that may hold slots at one time in a run. Default no limit of its own.</summary>
    public int? MaxParallel { get; init; }

    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>
    /// What exit codes and last lines mean, by the user's own word: those of the task, then those of its pipeline and of its project; the first that
    /// fits decides. Default none.
    /// </summary>
    public ImmutableArray<FailureRule> FailureRules { get; init; } = [];

    /// <summary>
    /// Limit of one attempt, from its start; for a waiting task, of the whole wait. Null: the server's default
    /// (<see cref="DefaultTimeout"/>).
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The limit of an attempt that names none: 24 hours, so that nothing runs for ever.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(24);

    /// <summary>
    /// Limit of each wait for slots: past it the task fails without having begun, and is not tried again. Default none: a task waits as long as its run may.
    /// </summary>
    public TimeSpan? StartTimeout { get; init; }

    /// <summary>
    /// How long a command may write nothing to its logs: past it the attempt is stopped and counts as one past its <see cref="Timeout"/>. Only commands
    /// write logs while they work (<see cref="SilenceLimit"/>). Default none.
    /// </summary>
    public TimeSpan? SilenceTimeout { get; init; }

    /// <summary><see cref="SilenceTimeout"/> where it says something: of a command, whose log shows that it goes on.</summary>
    public TimeSpan? SilenceLimit => Kind is TaskKind.Shell or TaskKind.Argv or TaskKind.Script ? SilenceTimeout : null;

    /// <summary>Between the polite signal (TERM) and the last one (KILL). Default 10 s.</summary>
    public TimeSpan Grace { get; init; } = DefaultGrace;

    /// <summary>The grace of a task that names none.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(10);

    /// <summary>By when the task must have succeeded, counted from when its run is due. Default no deadline.</summary>
    public ImmutableArray<SlaSpec> Sla { get; init; } = [];

    /// <summary>The pool whose slots an attempt takes. Default <c>default</c>.</summary>
    public string Pool { get; init; } = "default";

    /// <summary>What outside the task depends on, by its name in the project's <c>targets</c>: whose circuit breaker and retry budget count. Default nothing.</summary>
    public string? Target { get; init; }

    /// <summary>Slots of <see cref="Pool"/> that an attempt takes. Default 1.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>What an attempt may use at most. Default: no limit of its own.</summary>
    public ResourceSpec? Resources { get; init; }

    /// <summary>Added to the pipeline's priority. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>
    /// Whether the task may be started again when an attempt was lost and nobody knows how far it came. Default true; false
    /// stops the task at <see cref="FailureClass.Lost"/> for a person.
    /// </summary>
    public bool Idempotent { get; init; } = true;

    /// <summary>Environment variables: name to template or <c>secret:NAME</c>.</summary>
    public ImmutableSortedDictionary<string, string> Env { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Input name to a template of its path; the command reads it from <c>SIGNALBOX_INPUT_NAME</c>.</summary>
    public ImmutableSortedDictionary<string, string> Inputs { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Input name to the questions asked of the input before the task's work starts. Inputs without any are not in it.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<CheckSpec>> InputChecks { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<CheckSpec>>(StringComparer.Ordinal);

    /// <summary>Names of inputs on <c>s3://</c> that are brought to this machine before the command starts. Those of <c>sql:</c> and <c>load:</c> always are.</summary>
    public ImmutableSortedSet<string> Fetch { get; init; } = NoFetch;

    /// <summary>No input is fetched.</summary>
    public static readonly ImmutableSortedSet<string> NoFetch = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Whether an input is read on this machine, wherever it lies.</summary>
    public bool IsFetched(string input) => Kind is TaskKind.Sql or TaskKind.Load || Fetch.Contains(input);

    /// <summary>What the task publishes: of a load its table, of other tasks what they declare.</summary>
    public ImmutableArray<OutputSpec> Outputs
    {
        get => Kind is TaskKind.Load load ? [load.Output] : field;
        init;
    } = [];

    /// <summary>Whether JSON numbers written to <c>SIGNALBOX_METRICS</c> are kept. Default true.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>
    /// Whether the task is left out where its definition, the versions of its inputs, its parameters and its date are those of an earlier
    /// success, whose outputs then stand for its own. Default false.
    /// </summary>
    public bool Reuse { get; init; }

    /// <summary>Channels that are told when the task has failed and is not tried again, whatever the routes say. Default none.</summary>
    public ImmutableArray<string> OnFailure { get; init; } = [];

    /// <summary>Channels that are told of each attempt that failed and is tried again. Default none.</summary>
    public ImmutableArray<string> OnRetry { get; init; } = [];

    public string? Doc { get; init; }
}

/// <summary>What a task does. A closed list: one case here, one file in <c>Engine/TaskKinds/</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Shell), "shell")]
[JsonDerivedType(typeof(Argv), "argv")]
[JsonDerivedType(typeof(Script), "script")]
[JsonDerivedType(typeof(Sql), "sql")]
[JsonDerivedType(typeof(WaitForFile), "wait_for_file")]
[JsonDerivedType(typeof(WaitForTime), "wait_for_time")]
[JsonDerivedType(typeof(WaitForTask), "wait_for_task")]
[JsonDerivedType(typeof(WaitForS3), "wait_for_s3")]
[JsonDerivedType(typeof(WaitForSql), "wait_for_sql")]
[JsonDerivedType(typeof(WaitForHttp), "wait_for_http")]
[JsonDerivedType(typeof(WaitForMessage), "wait_for_message")]
[JsonDerivedType(typeof(WaitForDataset), "wait_for_dataset")]
[JsonDerivedType(typeof(Promote), "promote")]
[JsonDerivedType(typeof(Approve), "approve")]
[JsonDerivedType(typeof(Load), "load")]
[JsonDerivedType(typeof(Http), "http")]
[JsonDerivedType(typeof(Noop), "noop")]
[JsonDerivedType(typeof(Group), "group")]
public abstract partial record TaskKind
{
    private TaskKind() { }

    /// <summary>Whether the task waits: it is polled, and holds no slot, no process and no thread while it waits.</summary>
    [JsonIgnore]
    public virtual bool Waits => false;

    /// <summary>Time between two looks of a task that waits; null where what it waits for says when to look again.</summary>
    [JsonIgnore]
    public virtual TimeSpan? Interval => null;

    /// <summary>
    /// Whether it waits for an answer: at its time-out it is looked at once more instead of failing, because what that means is declared.
    /// </summary>
    [JsonIgnore]
    public virtual bool Asks => false;

    /// <summary><c>run:</c> with a string: a command for <c>/bin/sh</c>; values in <c>{{ }}</c> are quoted for their place.</summary>
    public sealed record Shell(string Command) : TaskKind;

    /// <summary><c>run:</c> with a list: a command without a shell; each element is a template.</summary>
    public sealed record Argv(ImmutableArray<string> Arguments) : TaskKind;

    /// <summary>
    /// <c>python:</c> or <c>shell:</c>: an inline script, handed to the interpreter as a file, unrendered: it reads its
    /// environment, so no value is ever pasted into code.
    /// </summary>
    public sealed record Script(string Interpreter, string Text) : TaskKind;

    /// <summary><c>sql:</c>: statements for DuckDB, inline (<see cref="Text"/>) or from a file of the project (<see cref="File"/>); one of the two.</summary>
    public sealed record Sql(string? Text, string? File) : TaskKind;

    /// <summary><c>wait_for: {file}</c>: until the path exists, is at least <see cref="MinSize"/> bytes and unchanged for <see cref="StableFor"/>.</summary>
    public sealed record WaitForFile(string Path, TimeSpan StableFor, long MinSize, TimeSpan Every) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary>
    /// <c>wait_for: {time}</c>: until an instant: a template that gives an ISO 8601 instant, or <c>HH:MM[:SS]</c> in the schedule's
    /// zone on the day on which the data interval ends.
    /// </summary>
    public sealed record WaitForTime(string Time) : TaskKind
    {
        public override bool Waits => true;
    }

    /// <summary>
    /// <c>wait_for: {task}</c>: until a task of another pipeline has succeeded in the matching run.
    /// </summary>
    /// <param name="Pipeline">The other pipeline.</param>
    /// <param name="Task">Its task; null waits for the whole run.</param>
    /// <param name="Match">How the other run is found. Default <see cref="TaskMatch.Containing"/>.</param>
    /// <param name="Offset">With <see cref="TaskMatch.Offset"/>: added to this run's logical date.</param>
    /// <param name="Partitions">All partitions of this run's interval must be there: e.g. the seven days of a week. Default false.</param>
    /// <param name="Every">Time between polls. Default 1 minute; an end in the same server wakes the wait at once.</param>
    public sealed record WaitForTask(
        PipelineName Pipeline,
        TaskName? Task,
        TaskMatch Match,
        TimeSpan Offset,
        bool Partitions,
        TimeSpan Every
    ) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary>
    /// <c>wait_for: {s3}</c>: until an object exists, is at least <see cref="MinSize"/> bytes and unchanged for <see cref="StableFor"/>; of an
    /// address that ends with <c>/</c> all objects below it count together.
    /// </summary>
    /// <param name="Address">A template of <c>s3://bucket/key</c>.</param>
    public sealed record WaitForS3(string Address, TimeSpan StableFor, long MinSize, TimeSpan Every) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary>
    /// <c>wait_for: {sql}</c>: until the first column of the first row is neither null, false, 0 nor empty.
    /// </summary>
    /// <param name="Query">One query, in which values of <c>{{ }}</c> are quoted for SQL.</param>
    /// <param name="Connection">The database of the project that is asked; null is DuckDB, which reads files of the project.</param>
    public sealed record WaitForSql(string Query, string? Connection, TimeSpan Every) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary><c>wait_for: {http}</c>: until a GET is answered with a wanted status and, where values are wanted, with JSON that has them.</summary>
    /// <param name="Url">A template of an address, <c>http://</c> or <c>https://</c>.</param>
    /// <param name="Status">The wanted statuses; empty is 200 to 299.</param>
    /// <param name="Values">Path in the JSON (names and positions joined by dots) to a template of the wanted value, compared as text.</param>
    /// <param name="Headers">Name of a header to a template or <c>secret:NAME</c>.</param>
    public sealed record WaitForHttp(
        string Url,
        ImmutableArray<int> Status,
        ImmutableSortedDictionary<string, string> Values,
        ImmutableSortedDictionary<string, string> Headers,
        TimeSpan Every
    ) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary><c>wait_for: {message}</c>: until somebody has sent this run, or its pipeline for its logical date, a message of that name.</summary>
    /// <param name="Name">A template of the name.</param>
    /// <param name="Every">Time between two looks; a message that comes to the same server wakes the wait at once.</param>
    public sealed record WaitForMessage(string Name, TimeSpan Every) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary>
    /// <c>wait_for: {dataset}</c>: until partitions of a dataset have been updated: those that this run's own partition is made of (the seven days
    /// of its week), or a range. A dataset that is not cut must have been updated since the data interval began.
    /// </summary>
    /// <param name="Dataset">The dataset.</param>
    /// <param name="From">Template of the key of the first partition of a range; null: the run's own partition.</param>
    /// <param name="To">Template of the key of the last; null exactly when <paramref name="From"/> is.</param>
    /// <param name="Every">Time between polls. Default 1 minute; an update by the same server wakes the wait at once.</param>
    public sealed record WaitForDataset(string Dataset, string? From, string? To, TimeSpan Every) : TaskKind
    {
        public override bool Waits => true;

        public override TimeSpan? Interval => Every;
    }

    /// <summary>
    /// <c>promote:</c>: moves an alias of a model to the version that this run made; when there is no model of that name, of every model
    /// below it (<c>delay</c> stands for <c>delay/north</c> and <c>delay/south</c>).
    /// </summary>
    /// <param name="Approval">People are asked first. Null: only where <paramref name="InBackfill"/> says so.</param>
    /// <param name="BackfillApproval">What a backfill asks. Null: the same as a live run, or a yes of anybody.</param>
    /// <param name="Better">Only versions that are better by this number are promoted. Null: all.</param>
    public sealed record Promote(
        string Model,
        string Alias,
        BackfillPromotion InBackfill,
        ApprovalSpec? Approval = null,
        ApprovalSpec? BackfillApproval = null,
        MetricRule? Better = null
    ) : TaskKind
    {
        public override bool Waits => Asks;

        public override bool Asks => Approval is not null || InBackfill == BackfillPromotion.Approve;
    }

    /// <summary><c>approve:</c>: until people have answered, or the task's time-out decides.</summary>
    public sealed record Approve(ApprovalSpec Spec) : TaskKind
    {
        public override bool Waits => true;

        public override bool Asks => true;
    }

    /// <summary>
    /// <c>load:</c>: rows of files or of a query into a table of a database: copied to a staging table of the attempt, then published in one
    /// transaction, so that a reader sees the old rows or the new ones.
    /// </summary>
    /// <param name="From">A template of the path of a Parquet, CSV or JSON file, or of a folder of them; null with <paramref name="Query"/>.</param>
    /// <param name="Query">A select for DuckDB over the task's inputs; null with <paramref name="From"/>.</param>
    /// <param name="Into">The table, as <see cref="TableName"/> reads it.</param>
    /// <param name="Partition">With <see cref="LoadMode.ReplacePartition"/>: an SQL condition that names the rows that are replaced, a template.</param>
    /// <param name="Keys">With <see cref="LoadMode.Upsert"/>: the columns that name a row.</param>
    /// <param name="AllowDuplicates">With <see cref="LoadMode.Append"/>: that a rerun adds the rows again is wanted.</param>
    /// <param name="Keep">How many replaced versions of a partition or a table are kept in the database for a rollback. Default 0.</param>
    public sealed record Load(
        string? From,
        string? Query,
        string Into,
        LoadMode Mode,
        string? Partition,
        ImmutableArray<string> Keys,
        bool AllowDuplicates,
        int Keep
    ) : TaskKind
    {
        /// <summary>The name of the one output of a load: <c>tasks.NAME.outputs.table</c>.</summary>
        public const string OutputName = "table";

        /// <summary>What the task publishes: <c>table://CONNECTION/[SCHEMA.]TABLE</c>, and the condition of a partition.</summary>
        [JsonIgnore]
        public OutputSpec Output =>
            new()
            {
                Name = OutputName,
                Path = (TableName.Parse(Into, out _)?.Address ?? Into) + (Partition is null ? "" : $" where {Partition.Trim()}"),
                Keep = Keep,
            };
    }

    /// <summary><c>noop</c>: nothing; a joint in the graph.</summary>
    public sealed record Noop : TaskKind;

    /// <summary>
    /// <c>group:</c>: the end of a group of tasks, which are what it needs. It does nothing: it has succeeded when they have, and when one of them has failed for
    /// good its retries have all of them done again. What needs the group waits for this; what the group needs is needed by those of its tasks that need none of the others.
    /// </summary>
    public sealed record Group : TaskKind;
}

/// <summary>What a load does with the rows that a table has.</summary>
public enum LoadMode
{
    /// <summary>The rows of one partition are deleted and the new ones inserted, in one transaction.</summary>
    ReplacePartition,

    /// <summary>A row with the keys of a new one gets its values, in the columns that the new rows have; others stay; the rest is inserted.</summary>
    Upsert,

    /// <summary>All rows are replaced, and the columns where they differ.</summary>
    ReplaceTable,

    /// <summary>The rows are added; each rerun adds them again.</summary>
    Append,
}

/// <summary>How a task that waits for another pipeline finds the run it waits for.</summary>
public enum TaskMatch
{
    /// <summary>The run whose data interval contains this run's, or is contained in it; the latest such.</summary>
    Containing,

    /// <summary>The run with the same logical date.</summary>
    Identity,

    /// <summary>The run whose logical date is this run's plus an offset.</summary>
    Offset,
}

/// <summary>Which of two versions of a model is better: the one with the higher, or the lower, number of that name.</summary>
public sealed record MetricRule(string Metric, bool IsLower);

/// <summary>What a promotion does inside a backfill, where it must not overwrite what people chose.</summary>
public enum BackfillPromotion
{
    /// <summary>It is skipped, with that reason. The default.</summary>
    Skip,

    /// <summary>It promotes as in a live run.</summary>
    Allow,

    /// <summary>It waits for approval, also where a live run does not.</summary>
    Approve,
}

/// <summary>
/// Which outcomes of the upstream tasks let a task run: Airflow's names and meanings
/// (Apache Airflow, "Trigger Rules", concepts documentation).
/// </summary>
public enum TriggerRule
{
    AllSuccess,
    AllFailed,
    AllDone,
    AllSkipped,
    OneFailed,
    OneSuccess,
    OneDone,
    NoneFailed,
    NoneFailedMinOneSuccess,
    NoneSkipped,
    Always,

    /// <summary>All upstream tasks are done and those marked as set-up succeeded; without set-up tasks the same as <see cref="AllDone"/>.</summary>
    AllDoneSetupSuccess,
}
