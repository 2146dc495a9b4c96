using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>A run that this engine owns: what is known of it, and the right to change it.</summary>
internal sealed class LiveRun(RunSnapshot snapshot, Fence fence)
{
    public RunSnapshot Snapshot => snapshot;

    public Fence Fence => fence;

    /// <summary>Reads a run that is held under a fence; null when somebody else holds it by now, or it is not there.</summary>
    public static LiveRun? Load(ReadSession session, RunNumber number, Fence fence) => Load(session, number, held => held == fence);

    /// <summary>Reads a run that an owner holds, by whichever of its claims; null when somebody else holds it by now, or it is not there.</summary>
    public static LiveRun? Load(ReadSession session, RunNumber number, Guid owner) => Load(session, number, held => held.Owner == owner);

    private static LiveRun? Load(ReadSession session, RunNumber number, Func<Fence, bool> isOurs)
    {
        if (session.LoadRun(number) is not { Fence: { } fence } rows || !isOurs(fence))
        {
            return null;
        }

        var definition =
            session.Definition(rows.Run.Pipeline, rows.Run.Version)
            ?? throw new StoreCorrupt($"run {number}: its definition {rows.Run.Version} is missing");
        var live = session.Attempts(number).Where(attempt => !attempt.State.IsEnd());
        return new LiveRun(RunSnapshot.Load(definition.Pipeline, rows.Run, rows.Tasks, live), fence);
    }
}
