using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>A run that this engine owns: what is known of it, and the right to change it.</summary>
internal sealed class LiveRun(RunSnapshot snapshot, Fence fence)
{
    public RunSnapshot Snapshot => snapshot;

    public Fence Fence => fence;
}
