using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Deadlines;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Scheduling;
using Signalbox.Engine.Triggers;

namespace Signalbox.Engine;

/// <content>Follows the files of the pipelines: what is live, what is broken, what is gone.</content>
internal sealed partial class Replica
{
    /// <summary>Says what is new among the problems of the files: errors one by one, warnings by their number.</summary>
    /// <returns>All that is to be said of the files now.</returns>
    private HashSet<string> TellProblems(PipelineSet set, IReadOnlyCollection<string> told)
    {
        var all = new HashSet<string>();
        foreach (var file in set.Problems.GroupBy(problem => problem.File))
        {
            var errors = file.Where(problem => problem.Severity == Severity.Error).ToList();
            all.UnionWith(errors.Select(problem => problem.ToString()));
            if (errors.Count > 0 && set.Pipelines.FirstOrDefault(loaded => loaded.File == file.Key) is { } last)
            {
                all.Add($"{file.Key}: {last.Pipeline.Name} stays as it was, version {last.Version}");
            }

            if (file.Count() - errors.Count is > 0 and var warnings)
            {
                all.Add(
                    $"{file.Key}: {warnings} warning{(warnings == 1 ? "" : "s")}; `signalbox validate` lists {(warnings == 1 ? "it" : "them")}"
                );
            }
        }

        foreach (var line in all.Where(line => !told.Contains(line)))
        {
            Said?.Invoke(line);
        }

        return all;
    }

    private async Task FollowFilesAsync(
        Scheduler scheduler,
        DatasetTriggers datasets,
        FreshnessWatch freshness,
        TaskCompletionSource first,
        CancellationToken stop
    )
    {
        var current = new Dictionary<PipelineName, VersionHash>();
        IReadOnlyCollection<string> told = [];
        HashSet<string> wasBroken = [];
        await foreach (var set in _pipelines(_parts.Project, stop))
        {
            told = TellProblems(set, told);
            var broken = set
                .Problems.Where(problem => problem.Severity == Severity.Error)
                .GroupBy(problem => problem.File)
                .ToDictionary(file => file.Key, file => $"{file.First()}{(file.Count() > 1 ? $" (and {file.Count() - 1} more)" : "")}");

            foreach (var loaded in set.Pipelines)
            {
                if (!current.TryGetValue(loaded.Pipeline.Name, out var version) || version != loaded.Version)
                {
                    await SaveAsync(loaded, stop);
                    Said?.Invoke($"{loaded.File}: {loaded.Pipeline.Name} is live as version {loaded.Version}");
                    scheduler.Follow(loaded.Pipeline, loaded.Version);
                    _triggers.Follow(loaded.Pipeline);
                    datasets.Follow(loaded.Pipeline, loaded.Version);
                    freshness.Follow(loaded.Pipeline, loaded.Version);
                    current[loaded.Pipeline.Name] = loaded.Version;
                }
                else if (!broken.ContainsKey(loaded.File) && wasBroken.Contains(loaded.File))
                {
                    await SaveAsync(loaded, stop);
                }
            }

            await NoteBrokenAsync(broken, stop);
            wasBroken = [.. broken.Keys];

            foreach (var gone in current.Keys.Except(set.Pipelines.Select(loaded => loaded.Pipeline.Name)).ToList())
            {
                scheduler.Drop(gone);
                _triggers.Drop(gone);
                datasets.Drop(gone);
                freshness.Drop(gone);
                current.Remove(gone);
                Said?.Invoke($"{gone}: its file is gone; it has no more ticks");
            }

            first.TrySetResult();
        }
    }

    /// <summary>Writes down which pipelines have a file that cannot be loaded now, so that whoever asks why learns it from the store.</summary>
    private async Task NoteBrokenAsync(Dictionary<string, string> errors, CancellationToken stop)
    {
        if (errors.Count > 0)
        {
            await _parts.Store.WriteAsync(
                session =>
                {
                    foreach (var pipeline in session.Pipelines())
                    {
                        if (pipeline.SourceFile is { } file && errors.TryGetValue(file, out var error) && pipeline.LoadError != error)
                        {
                            session.SaveLoadError(pipeline.Name, file, error, _parts.Time.GetUtcNow());
                        }
                    }
                },
                stop
            );
        }
    }

    private async Task SaveAsync(LoadedPipeline loaded, CancellationToken stop)
    {
        var source = File.ReadAllText(Path.Combine(_parts.Project.Folder, loaded.File));
        await _parts.Store.WriteAsync(
            session =>
            {
                var now = _parts.Time.GetUtcNow();
                session.SaveCurrentDefinition(loaded.Pipeline, source, loaded.File, now);
                DatasetTriggers.Subscribe(session, loaded.Pipeline, now);
            },
            stop
        );
    }
}
