using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>What the result of a task in one run depended on.</summary>
/// <param name="Source">The run that made the outputs: this one, or the earlier one whose outputs stand for its own.</param>
/// <param name="Hash">Of all parts.</param>
/// <param name="Parts">JSON object: each part with its hash.</param>
/// <param name="Paths">JSON object: where each input lay.</param>
/// <param name="Result">JSON of the task's result, or a reference to it.</param>
public sealed record StoredFingerprint(
    RunNumber Run,
    TaskKey Task,
    PipelineName Pipeline,
    string Partition,
    RunNumber Source,
    string Hash,
    string Parts,
    string Paths,
    string? Result,
    DateTimeOffset At
);

public partial class ReadSession
{
    private const string FingerprintColumns =
        "run_number, task, map_index, pipeline, partition_key, source_run, hash, parts, paths, result, at_ms from fingerprints";
    private static readonly Sql FingerprintWithHash = new(
        $"""
        select {FingerprintColumns} where pipeline = @pipeline and task = @task and map_index = @map_index and hash = @hash
        order by run_number desc limit 1
        """
    );
    private static readonly Sql FingerprintBefore = new(
        $"""
        select {FingerprintColumns} where pipeline = @pipeline and task = @task and map_index = @map_index
        order by case when partition_key = @partition_key then 0 else 1 end, run_number desc limit 1
        """
    );
    private static readonly Sql FingerprintsOfRun = new($"select {FingerprintColumns} where run_number = @run order by task, map_index");

    /// <summary>The latest success of a task with a fingerprint; null when there is none.</summary>
    public StoredFingerprint? Fingerprint(PipelineName pipeline, TaskKey task, string hash) =>
        Use(FingerprintWithHash).Set("@pipeline", pipeline.Value).Set(task).Set("@hash", hash).First(FingerprintOf);

    /// <summary>The latest success of a task, for the same partition where there is one.</summary>
    public StoredFingerprint? LatestFingerprint(PipelineName pipeline, TaskKey task, string partition) =>
        Use(FingerprintBefore).Set("@pipeline", pipeline.Value).Set(task).Set("@partition_key", partition).First(FingerprintOf);

    /// <summary>Those of the tasks of a run.</summary>
    public IReadOnlyList<StoredFingerprint> Fingerprints(RunNumber run) => Use(FingerprintsOfRun).Set(run).All(FingerprintOf);

    private static StoredFingerprint FingerprintOf(Statement row) =>
        new(
            new(row.Long()),
            row.Key(),
            new(row.Text()),
            row.Text(),
            new(row.Long()),
            row.Text(),
            row.Text(),
            row.Text(),
            row.TextOrNull(),
            row.Time()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql SetFingerprint = new(
        """
        insert into fingerprints (run_number, task, map_index, pipeline, partition_key, source_run, hash, parts, paths, result, at_ms)
        values (@run, @task, @map_index, @pipeline, @partition_key, @source_run, @hash, @parts, @paths, @result, @at_ms)
        on conflict (run_number, task, map_index) do update set source_run = excluded.source_run, hash = excluded.hash,
            parts = excluded.parts, paths = excluded.paths, result = excluded.result, at_ms = excluded.at_ms
        """
    );

    /// <summary>Keeps what the success of a task depended on.</summary>
    public void SaveFingerprint(StoredFingerprint fingerprint) =>
        Use(SetFingerprint)
            .Set(fingerprint.Run)
            .Set(fingerprint.Task)
            .Set("@pipeline", fingerprint.Pipeline.Value)
            .Set("@partition_key", fingerprint.Partition)
            .Set("@source_run", fingerprint.Source.Value)
            .Set("@hash", fingerprint.Hash)
            .Set("@parts", fingerprint.Parts)
            .Set("@paths", fingerprint.Paths)
            .Set("@result", fingerprint.Result)
            .Set("@at_ms", fingerprint.At)
            .Execute();
}
