using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>What came of comparing a candidate with the current version of its pipeline, over some dates.</summary>
/// <param name="Namespace">Where the candidate's runs wrote.</param>
/// <param name="Clean">Whether it may follow the current version: as many dates as the gate wants are clean, or all where there is no gate.</param>
/// <param name="Gate">How many clean dates were wanted; null where nobody said.</param>
/// <param name="Rows">Rows compared: those of the current version and those that only the candidate has.</param>
/// <param name="Missing">Rows that only the current version has.</param>
/// <param name="Extra">Rows that only the candidate has.</param>
/// <param name="Different">Rows of both whose values differ.</param>
/// <param name="Document">JSON of all that was found, by date and output.</param>
public sealed record Shadow(
    long Id,
    PipelineName Pipeline,
    VersionHash Current,
    VersionHash Candidate,
    RunNamespace Namespace,
    bool Clean,
    int? Gate,
    int Dates,
    int CleanDates,
    long Rows,
    long Missing,
    long Extra,
    long Different,
    string Document,
    string Who,
    string? Reason,
    DateTimeOffset At
);

public partial class ReadSession
{
    private const string ShadowColumns = """
        id, pipeline, current_version, candidate_version, namespace, clean, gate, dates, clean_dates, row_count, missing, extra, different,
        document, who, reason, at_ms from shadows
        """;
    private static readonly Sql ShadowOfPair = new(
        $"""
        select {ShadowColumns} where pipeline = @pipeline and current_version = @current and candidate_version = @candidate
        order by id desc limit 1
        """
    );
    private static readonly Sql ShadowsOfPipeline = new($"select {ShadowColumns} where pipeline = @pipeline order by id desc limit @limit");

    /// <summary>The last comparison of two definitions; null when they were never compared.</summary>
    public Shadow? Shadow(PipelineName pipeline, VersionHash current, VersionHash candidate) =>
        Use(ShadowOfPair)
            .Set("@pipeline", pipeline.Value)
            .Set("@current", current.Value)
            .Set("@candidate", candidate.Value)
            .First(ShadowOf);

    /// <summary>The comparisons of a pipeline, the newest first.</summary>
    public IReadOnlyList<Shadow> Shadows(PipelineName pipeline, int limit) =>
        Use(ShadowsOfPipeline).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(ShadowOf);

    private static Shadow ShadowOf(Statement row) =>
        new(
            row.Long(),
            new(row.Text()),
            new(row.Text()),
            new(row.Text()),
            new(row.Text()),
            row.Bool(),
            row.IntOrNull(),
            row.Int(),
            row.Int(),
            row.Long(),
            row.Long(),
            row.Long(),
            row.Long(),
            row.Text(),
            row.Text(),
            row.TextOrNull(),
            row.Time()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddShadowRow = new(
        """
        insert into shadows (pipeline, current_version, candidate_version, namespace, clean, gate, dates, clean_dates, row_count, missing, extra,
            different, document, who, reason, at_ms)
        values (@pipeline, @current, @candidate, @namespace, @clean, @gate, @dates, @clean_dates, @row_count, @missing, @extra,
            @different, @document, @who, @reason, @at_ms) returning id
        """
    );

    /// <summary>Keeps the verdict of a comparison. Its number; its own <see cref="Storage.Shadow.Id"/> does not matter.</summary>
    public long AddShadow(Shadow verdict) =>
        Use(AddShadowRow)
            .Set("@pipeline", verdict.Pipeline.Value)
            .Set("@current", verdict.Current.Value)
            .Set("@candidate", verdict.Candidate.Value)
            .Set("@namespace", verdict.Namespace.Value)
            .Set("@clean", verdict.Clean)
            .Set("@gate", verdict.Gate)
            .Set("@dates", verdict.Dates)
            .Set("@clean_dates", verdict.CleanDates)
            .Set("@row_count", verdict.Rows)
            .Set("@missing", verdict.Missing)
            .Set("@extra", verdict.Extra)
            .Set("@different", verdict.Different)
            .Set("@document", verdict.Document)
            .Set("@who", verdict.Who)
            .Set("@reason", verdict.Reason)
            .Set("@at_ms", verdict.At)
            .Scalar()!
            .Value;
}
