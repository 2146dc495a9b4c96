using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>State of rows that checks rejected. All but the first are ends of what the engine does with them.</summary>
public enum RejectedState
{
    /// <summary>Put aside by the check; whether they stand at their path depends on whether the output came to be published.</summary>
    Prepared,

    /// <summary>They stand at their path.</summary>
    Kept,

    /// <summary>A later run for the same slice took their place.</summary>
    Replaced,

    /// <summary>The output was not published, so nothing was taken out of it.</summary>
    Aborted,
}

/// <summary>The rows of one output that one attempt's checks rejected.</summary>
/// <param name="Id">0 until it is stored.</param>
/// <param name="Namespace">The namespace of its run; null for a live run.</param>
/// <param name="Path">The Parquet file with the rows, absolute. A later run for the same slice has the same.</param>
/// <param name="StagedPath">Where the checks wrote them.</param>
/// <param name="OutputPath">Where the output was published, whose ending says what form the rows had.</param>
/// <param name="Partition">The slice: the partition, or the logical date where there is none.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Of">How many rows the output had before.</param>
/// <param name="Checks">JSON object: how many rows each check rejected.</param>
/// <param name="ReplayRun">The last run that was started to take them in again.</param>
/// <param name="ReplayPath">What that run was given.</param>
public sealed record Rejected(
    long Id,
    RunNumber Run,
    PipelineName Pipeline,
    TaskKey Task,
    int Attempt,
    long Token,
    string Output,
    RunNamespace? Namespace,
    string Path,
    string StagedPath,
    string OutputPath,
    string Partition,
    RejectedState State,
    long Rows,
    long Of,
    string Checks,
    DateTimeOffset At,
    RunNumber? ReplayRun = null,
    string? ReplayPath = null
);

public partial class ReadSession
{
    private const string RejectedColumns = """
        id, run_number, pipeline, task, map_index, attempt, token, output, namespace, path, staged_path, output_path, partition_key, state,
        row_count, of_rows, checks, at_ms, replay_run, replay_path
        """;
    private static readonly Sql RejectedOne = new($"select {RejectedColumns} from rejected where id = @id");
    private static readonly Sql RejectedOfRun = new($"select {RejectedColumns} from rejected where run_number = @run order by id");
    private static readonly Sql RejectedLive = new(
        $"""
        select {RejectedColumns} from rejected
        where (pipeline = @pipeline or @pipeline = '') and (state = 'kept' or (state = 'replaced' and @all = 1))
            and (namespace is null or @all = 1)
        order by id desc limit @limit
        """
    );
    private static readonly Sql RejectedReplay = new("select replay_path from rejected where replay_run = @run order by id limit 1");

    /// <summary>Null when there is none.</summary>
    public Rejected? Rejected(long id) => Use(RejectedOne).Set("@id", id).First(RejectedOf);

    /// <summary>All that a run rejected, in its order.</summary>
    public IReadOnlyList<Rejected> RejectedBy(RunNumber run) => Use(RejectedOfRun).Set(run).All(RejectedOf);

    /// <summary>Rejected rows that wait for somebody, the newest first.</summary>
    /// <param name="pipeline">Null: of all pipelines.</param>
    /// <param name="all">Also those whose place others have taken, and those of runs in a namespace.</param>
    public IReadOnlyList<Rejected> RejectedRows(PipelineName? pipeline, bool all, int limit) =>
        Use(RejectedLive).Set("@pipeline", pipeline?.Value ?? "").Set("@all", all).Set("@limit", limit).All(RejectedOf);

    /// <summary>The file of rejected rows that a run was started to take in; null for any other run.</summary>
    public string? ReplayedBy(RunNumber run) => Use(RejectedReplay).Set(run).First(row => row.Text());

    private static RejectedState? RejectedStateOf(string word) =>
        word switch
        {
            "prepared" => RejectedState.Prepared,
            "kept" => RejectedState.Kept,
            "replaced" => RejectedState.Replaced,
            "aborted" => RejectedState.Aborted,
            _ => null,
        };

    private static Rejected RejectedOf(Statement row) =>
        new(
            row.Long(),
            new(row.Long()),
            new(row.Text()),
            row.Key(),
            row.Int(),
            row.Long(),
            row.Text(),
            row.TextOrNull() is { } space ? new RunNamespace(space) : null,
            row.Text(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Word(RejectedStateOf),
            row.Long(),
            row.Long(),
            row.Text(),
            row.Time(),
            row.LongOrNull() is { } replay ? new RunNumber(replay) : null,
            row.TextOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddRejected = new(
        """
        insert into rejected (run_number, pipeline, task, map_index, attempt, token, output, namespace, path, staged_path, output_path,
            partition_key, state, row_count, of_rows, checks, at_ms)
        values (@run, @pipeline, @task, @map_index, @attempt, @token, @output, @namespace, @path, @staged_path, @output_path,
            @partition_key, 'prepared', @row_count, @of_rows, @checks, @at_ms)
        on conflict (run_number, task, map_index, token, output) do nothing
        """
    );
    private static readonly Sql EndRejected = new("update rejected set state = @state where id = @id and state = 'prepared'");
    private static readonly Sql ReplaceRejected = new("update rejected set state = 'replaced' where path = @path and state = 'kept'");
    private static readonly Sql PutReplay = new("update rejected set replay_run = @run, replay_path = @path where id = @id");

    /// <summary>Records what an attempt's checks put aside, in the transaction that records what it is about to publish.</summary>
    public void PrepareRejected(Rejected rejected) =>
        Use(AddRejected)
            .Set(rejected.Run)
            .Set("@pipeline", rejected.Pipeline.Value)
            .Set(rejected.Task)
            .Set("@attempt", rejected.Attempt)
            .Set("@token", rejected.Token)
            .Set("@output", rejected.Output)
            .Set("@namespace", rejected.Namespace?.Value)
            .Set("@path", rejected.Path)
            .Set("@staged_path", rejected.StagedPath)
            .Set("@output_path", rejected.OutputPath)
            .Set("@partition_key", rejected.Partition)
            .Set("@row_count", rejected.Rows)
            .Set("@of_rows", rejected.Of)
            .Set("@checks", rejected.Checks)
            .Set("@at_ms", rejected.At)
            .Execute();

    /// <summary>Records that the rows stand at their path, in the transaction in which the task succeeds.</summary>
    public void KeepRejected(long id) => Use(EndRejected).Set("@id", id).Set("@state", "kept").Execute();

    /// <summary>Records that nothing was taken out of the output after all.</summary>
    public void AbortRejected(long id) => Use(EndRejected).Set("@id", id).Set("@state", "aborted").Execute();

    /// <summary>Records that what stood at a path has been taken over by a later run.</summary>
    public void ReplaceRejectedAt(string path) => Use(ReplaceRejected).Set("@path", path).Execute();

    /// <summary>Records that a run was started to take rejected rows in again.</summary>
    /// <param name="path">What the run is given.</param>
    public void ReplayRejected(long id, RunNumber run, string path) => Use(PutReplay).Set("@id", id).Set(run).Set("@path", path).Post();
}
