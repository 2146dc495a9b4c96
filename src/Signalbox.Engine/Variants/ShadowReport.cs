using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.DuckDb.Work;

namespace Signalbox.Engine.Variants;

/// <summary>What is to be compared with what.</summary>
public sealed record ShadowRequest
{
    public required Pipeline Current { get; init; }

    public required VersionHash CurrentVersion { get; init; }

    public required Pipeline Candidate { get; init; }

    /// <summary>Already stored.</summary>
    public required VersionHash CandidateVersion { get; init; }

    /// <summary>The slices of time, each once.</summary>
    public required ImmutableArray<Slice> Dates { get; init; }

    /// <summary>JSON object of parameters, for both.</summary>
    public string Params { get; init; } = "{}";

    /// <summary>Keys and tolerances instead of those that outputs declare; null: as they declare.</summary>
    public CompareSpec? Compare { get; init; }

    /// <summary>The outputs that are compared, as <c>task.output</c>; empty: all that both have.</summary>
    public ImmutableArray<string> Outputs { get; init; } = [];

    /// <summary>How many dates must be clean; null: all.</summary>
    public int? Gate { get; init; }

    /// <summary>Whether the current version runs too where its published output could stand for it.</summary>
    public bool Fresh { get; init; }

    /// <summary>Whether what the runs made stays where it is.</summary>
    public bool Keep { get; init; }

    /// <summary>The Parquet file for the rows that differ; null: in the state folder.</summary>
    public string? Discrepancies { get; init; }

    public required string Who { get; init; }

    public string? Reason { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Id">The number of the stored verdict.</param>
/// <param name="Clean">Whether the candidate may follow the current version.</param>
/// <param name="Discrepancies">The Parquet file with the rows that differ.</param>
/// <param name="Namespace">Where the candidate's runs wrote.</param>
public sealed record ShadowReport(
    long Id,
    bool Clean,
    int? Gate,
    string Discrepancies,
    RunNamespace Namespace,
    ImmutableArray<ShadowDate> Dates
)
{
    public int CleanDates => Dates.Count(date => date.Clean);

    public long Rows => Sum(output => output.Rows);

    public long Missing => Sum(output => output.Found.Missing);

    public long Extra => Sum(output => output.Found.Extra);

    public long Different => Sum(output => output.Found.Different);

    private long Sum(Func<ShadowOutput, long> of) => Dates.Sum(date => date.Outputs.Sum(of));
}

/// <summary>One date.</summary>
/// <param name="CurrentRun">The run whose outputs stand for the current version; null when it could not be run.</param>
/// <param name="IsLive">Whether that run is the live one, which was there before.</param>
/// <param name="CandidateRun">Null when it could not be run.</param>
/// <param name="Problems">What keeps the date from being compared, a sentence each.</param>
/// <param name="Notes">What people should know, a sentence each: tasks that were skipped, outputs that only one has.</param>
public sealed record ShadowDate(
    string Date,
    long? CurrentRun,
    bool IsLive,
    long? CandidateRun,
    ImmutableArray<ShadowOutput> Outputs,
    ImmutableArray<string> Problems,
    ImmutableArray<string> Notes
)
{
    public bool Clean => Problems.IsEmpty && !Outputs.IsEmpty && Outputs.All(output => output.Clean);
}

/// <summary>One output that both made.</summary>
/// <param name="Path">Where live readers find it.</param>
/// <param name="Found">What was found; of what is no table, one row is the whole of it.</param>
public sealed record ShadowOutput(string Task, string Output, string Path, Discrepancies Found)
{
    /// <summary>Rows compared: those of the current version and those that only the candidate has.</summary>
    public long Rows => Found.Matching + Found.Missing + Found.Extra + Found.Different;

    public bool Clean => Found is { Error: null, Missing: 0, Extra: 0, Different: 0 } && Found.Schema.Count == 0;
}

/// <summary>A comparison cannot be made; the message says why.</summary>
public sealed class ShadowRefused(string message) : Exception(message);

/// <summary>The JSON of a report that is kept with the verdict.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImmutableArray<ShadowDate>))]
internal sealed partial class ShadowJson : JsonSerializerContext;
