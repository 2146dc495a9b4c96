using System.Diagnostics;
using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>What two runs under different conditions showed.</summary>
public enum VerdictState
{
    /// <summary>They left the same behind.</summary>
    Idempotent,
    NotIdempotent,
}

/// <summary>What a proof of idempotency came to, for one definition.</summary>
/// <param name="Version">The definition that was proven.</param>
/// <param name="Task">The task that was looked at; null for the whole pipeline.</param>
/// <param name="Partition">The slice it was tried for.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Cause">The likely cause of a difference, a word; null where there is none, or none is likely.</param>
public sealed record StoredVerdict(
    PipelineName Pipeline,
    VersionHash Version,
    TaskName? Task,
    string Partition,
    VerdictState State,
    string Message,
    string? Cause,
    RunNumber First,
    RunNumber Second,
    DateTimeOffset At
);

public partial class ReadSession
{
    private const string VerdictColumns =
        "pipeline, version, task, partition_key, verdict, message, cause, first_run, second_run, at_ms from verdicts";
    private static readonly Sql VerdictOfVersion = new(
        $"select {VerdictColumns} where pipeline = @pipeline and version = @version and task is null order by id desc limit 1"
    );
    private static readonly Sql VerdictsOfPipeline = new(
        $"select {VerdictColumns} where pipeline = @pipeline order by id desc limit @limit"
    );
    private static readonly Sql ConditionsOfRun = new("select conditions from trials where run_number = @run");

    /// <summary>The latest verdict on a whole pipeline as one definition has it; null: nobody has proven it.</summary>
    public StoredVerdict? Verdict(PipelineName pipeline, VersionHash version) =>
        Use(VerdictOfVersion).Set("@pipeline", pipeline.Value).Set("@version", version.Value).First(VerdictOf);

    /// <summary>All verdicts on a pipeline and its tasks, the newest first.</summary>
    public IReadOnlyList<StoredVerdict> Verdicts(PipelineName pipeline, int limit) =>
        Use(VerdictsOfPipeline).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(VerdictOf);

    /// <summary>JSON of the conditions under which a trial run is to work; null for any other run.</summary>
    public string? TrialConditions(RunNumber run) => Use(ConditionsOfRun).Set(run).First(row => row.Text());

    private protected static string Word(VerdictState state) =>
        state switch
        {
            VerdictState.Idempotent => "idempotent",
            VerdictState.NotIdempotent => "not_idempotent",
            _ => throw new UnreachableException(),
        };

    private static VerdictState? VerdictStateOf(string word) =>
        word switch
        {
            "idempotent" => VerdictState.Idempotent,
            "not_idempotent" => VerdictState.NotIdempotent,
            _ => null,
        };

    private static StoredVerdict VerdictOf(Statement row) =>
        new(
            new(row.Text()),
            new(row.Text()),
            row.TextOrNull() is { } task ? new TaskName(task) : null,
            row.Text(),
            row.Word(VerdictStateOf),
            row.Text(),
            row.TextOrNull(),
            new(row.Long()),
            new(row.Long()),
            row.Time()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddVerdict = new(
        """
        insert into verdicts (pipeline, version, task, partition_key, verdict, message, cause, first_run, second_run, at_ms)
        values (@pipeline, @version, @task, @partition_key, @verdict, @message, @cause, @first_run, @second_run, @at_ms)
        """
    );
    private static readonly Sql AddTrial = new("insert into trials (run_number, conditions) values (@run, @conditions)");
    private static readonly Sql ForgetVersionsOfNamespace = new(
        "delete from current_versions where publication in (select id from publications where namespace = @namespace)"
    );

    /// <summary>Keeps what a proof came to.</summary>
    public void SaveVerdict(StoredVerdict verdict) =>
        Use(AddVerdict)
            .Set("@pipeline", verdict.Pipeline.Value)
            .Set("@version", verdict.Version.Value)
            .Set("@task", verdict.Task?.Value)
            .Set("@partition_key", verdict.Partition)
            .Set("@verdict", Word(verdict.State))
            .Set("@message", verdict.Message)
            .Set("@cause", verdict.Cause)
            .Set("@first_run", verdict.First.Value)
            .Set("@second_run", verdict.Second.Value)
            .Set("@at_ms", verdict.At)
            .Execute();

    /// <summary>Keeps the conditions under which a run is to work.</summary>
    public void SaveTrial(RunNumber run, string conditions) => Use(AddTrial).Set(run).Set("@conditions", conditions).Execute();

    /// <summary>Forgets what is current in a namespace whose places are gone. What was published there stays on record.</summary>
    public void ForgetNamespace(Core.Runs.RunNamespace space) => Use(ForgetVersionsOfNamespace).Set("@namespace", space.Value).Execute();
}
