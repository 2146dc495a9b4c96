using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql RunsWithId = new($"select {RunColumns} from runs where run_id = @run_id order by number");

    /// <summary>The runs that people call so, of all pipelines: a name is unique in its pipeline only.</summary>
    public IReadOnlyList<Run> RunsNamed(RunId id) => RunsOf(Use(RunsWithId).Set("@run_id", id.Value));
}
