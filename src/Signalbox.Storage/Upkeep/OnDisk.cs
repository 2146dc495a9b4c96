using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql NewestRunNumber = new("select value from counters where name = 'run'");
    private static readonly Sql VersionsOfFiles = new(
        """
        select p.id from publications p where p.state = 'published' and p.kind in ('file', 'folder')
            and (p.kept is not null or exists (select 1 from current_versions c where c.path = p.path and c.publication = p.id))
        order by p.id
        """
    );
    private static readonly Sql ModelOfContent = new("select 1 from model_versions where sha256 = @sha256 limit 1");
    private static readonly Sql ProcessesEnded = new(
        $"select {AttemptColumns}, run_number from attempts where ended_ms is not null and process_id is not null order by run_number, task, map_index, number"
    );

    /// <summary>The highest number that a run was given; 0 when there was none.</summary>
    public long NewestRun => Use(NewestRunNumber).Scalar() ?? 0;

    /// <summary>The versions of files and folders whose content must be there: what readers see, and what is kept.</summary>
    public IReadOnlyList<Publication> VersionsOnDisk() => [.. Use(VersionsOfFiles).All(row => row.Long()).Select(id => Publication(id)!)];

    /// <summary>Whether a version of a model has this content.</summary>
    public bool HasModelContent(string sha256) => Use(ModelOfContent).Set("@sha256", sha256).Scalar() is not null;

    /// <summary>Every attempt that had a process and has ended.</summary>
    public IReadOnlyList<(RunNumber Run, Attempt Attempt)> EndedProcesses() =>
        Use(ProcessesEnded).All(row => (AttemptOf(row), new RunNumber(row.Long()))).ConvertAll(each => (each.Item2, each.Item1));
}
