using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <summary>A run with its definition and its tasks: what the decider reads. Changed only by applying a decision's changes.</summary>
/// <remarks>
/// Deciding never changes it; the driver applies a decision's changes once they are durable. It keeps the counts that trigger
/// rules and the end of the run are decided from, so that one event costs the same in a run of ten tasks and of ten thousand.
/// </remarks>
public sealed partial class RunSnapshot
{
    public required Pipeline Pipeline { get; init; }

    public required Run Run { get; init; }
}
