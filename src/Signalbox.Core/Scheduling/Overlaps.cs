using Signalbox.Core.Definitions;

namespace Signalbox.Core.Scheduling;

/// <summary>What to do with a new run of a pipeline.</summary>
public enum OverlapAction
{
    /// <summary>Make it; limits say when it begins.</summary>
    Start,

    /// <summary>Make none, and record why.</summary>
    Skip,

    /// <summary>Refuse the one who asks.</summary>
    Refuse,

    /// <summary>Cancel the others and make it.</summary>
    CancelOthers,
}

/// <summary>The rule of <see cref="Pipeline.Overlap"/>.</summary>
public static class Overlaps
{
    /// <summary>What becomes of a new run.</summary>
    /// <param name="policy">The pipeline's.</param>
    /// <param name="active">Live runs of the pipeline that have not ended: neither of a backfill nor in a namespace.</param>
    /// <param name="isTick">Whether a schedule makes it; else somebody asks for it.</param>
    public static OverlapAction Decide(OverlapPolicy policy, int active, bool isTick) =>
        active == 0
            ? OverlapAction.Start
            : policy switch
            {
                OverlapPolicy.Skip when isTick => OverlapAction.Skip,
                OverlapPolicy.Reject => isTick ? OverlapAction.Skip : OverlapAction.Refuse,
                OverlapPolicy.CancelRunning => OverlapAction.CancelOthers,
                _ => OverlapAction.Start,
            };

    /// <summary>How many of some ticks that are due at once become runs.</summary>
    /// <param name="policy">The pipeline's.</param>
    /// <param name="active">As for <see cref="Decide"/>.</param>
    /// <param name="due">How many are due.</param>
    public static int RunsOf(OverlapPolicy policy, int active, int due) =>
        policy switch
        {
            OverlapPolicy.Skip or OverlapPolicy.Reject => active == 0 ? Math.Min(1, due) : 0,
            OverlapPolicy.CancelRunning => Math.Min(1, due),
            _ => due,
        };

    /// <summary>The runs of a pipeline that may be active at one time.</summary>
    public static int MostActive(Pipeline pipeline) => pipeline.Overlap == OverlapPolicy.Allow ? int.MaxValue : pipeline.MaxActiveRuns;
}
