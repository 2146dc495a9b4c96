using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Proving;
using Signalbox.DuckDb.Work;
using Signalbox.Storage;

namespace Signalbox.Engine.Proving;

/// <summary>What is to be proven.</summary>
/// <param name="Date">The slice, as a person names it.</param>
/// <param name="Params">JSON object of parameters.</param>
/// <param name="Task">The task whose outputs count; what it needs runs too. Null: all.</param>
/// <param name="Keep">Whether what the runs made stays where it is.</param>
public sealed record ProofRequest(
    Core.Definitions.Pipeline Pipeline,
    VersionHash Version,
    string Date,
    string Params,
    TaskName? Task,
    bool Keep
);

/// <summary>One output, or one file beside the outputs, after both runs.</summary>
/// <param name="Task">The task; null for a file that no task declares.</param>
/// <param name="Output">The output's name; of a file its path in the project.</param>
/// <param name="Path">Where readers of a live run find it.</param>
/// <param name="First">What the first run left; null when it left nothing.</param>
/// <param name="Second">What the second run left; null when it left nothing.</param>
/// <param name="Same">Whether they are the same, by what counts.</param>
/// <param name="Message">A sentence.</param>
/// <param name="Cause">The likely cause of a difference.</param>
/// <param name="Evidence">What speaks for it.</param>
/// <param name="Rows">What the comparison of rows showed; null where there are none.</param>
/// <param name="Lines">The first lines that differ, where it is a text.</param>
public sealed record ComparedOutput(
    string? Task,
    string Output,
    string Path,
    ContentSeen? First,
    ContentSeen? Second,
    bool Same,
    string Message,
    Cause? Cause,
    string? Evidence,
    CompareResponse? Rows,
    ImmutableArray<string> Lines
)
{
    public string Name => Task is null ? Output : $"{Task}.{Output}";
}

/// <summary>What one run left.</summary>
/// <param name="Rows">Rows, or lines of a text; null where it is neither.</param>
public sealed record ContentSeen(string Sha256, long Bytes, long? Rows);

/// <summary>What a proof came to.</summary>
/// <param name="State">Null when nothing is proven: a run failed at first, or there was nothing to compare.</param>
/// <param name="Message">A sentence.</param>
/// <param name="Conditions">How the second run differed from the first, in words.</param>
/// <param name="Notes">What limits the proof.</param>
public sealed record ProofReport(
    VerdictState? State,
    string Message,
    Cause? Cause,
    RunNumber First,
    RunNumber? Second,
    string Namespace,
    ImmutableArray<string> Conditions,
    ImmutableArray<string> Notes,
    ImmutableArray<ComparedOutput> Outputs
);

/// <summary>A run of a proof cannot be started; the message says why.</summary>
public sealed class ProofRefused(string message) : Exception(message);
