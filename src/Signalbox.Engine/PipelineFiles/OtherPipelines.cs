using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What can be said of a pipeline file only beside the others of its project.</summary>
public static class OtherPipelines
{
    /// <summary>Whether a pipeline names others at all; only then need they be read.</summary>
    public static bool AreNamedBy(Pipeline pipeline) =>
        DatasetChecker.Uses(pipeline) || pipeline.Tasks.Any(task => task.Kind is TaskKind.WaitForTask);

    /// <summary>The mistakes of one file that only show beside the others, at their places.</summary>
    /// <param name="file">Names the file in the problems.</param>
    /// <param name="parsed">The file, which has a pipeline.</param>
    /// <param name="all">All pipelines of the project, with this one.</param>
    /// <param name="isComplete">Whether every file of the project could be read.</param>
    public static ImmutableArray<Problem> Check(string file, ParsedPipeline parsed, IEnumerable<Pipeline> all, bool isComplete)
    {
        if (parsed.Pipeline is not { } pipeline || !AreNamedBy(pipeline))
        {
            return [];
        }

        var byName = new Dictionary<PipelineName, Pipeline>();
        foreach (var other in all)
        {
            byName.TryAdd(other.Name, other);
        }

        byName[pipeline.Name] = pipeline;
        return
        [
            .. WaitChecker
                .Check(pipeline, byName, isComplete)
                .Concat(DatasetChecker.Check(pipeline, byName))
                .Select(found =>
                {
                    var (line, column) = parsed.PlaceOf(found.Path);
                    return new Problem(file, line, column, found.Severity, found.Code, found.Message);
                }),
        ];
    }
}
