using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Storage;

namespace Signalbox.Engine.Foresight;

/// <summary>The pipelines of a plan with their histories, each read once.</summary>
/// <param name="session">The store with the history; null: nothing ever ran.</param>
internal sealed class PlanModels(ReadSession? session)
{
    private static readonly IReadOnlyDictionary<TaskName, TaskHistory> NoHistory = new Dictionary<TaskName, TaskHistory>();

    private readonly Dictionary<PipelineName, PipelineModel> _models = [];

    public PipelineModel Of(Pipeline pipeline)
    {
        if (!_models.TryGetValue(pipeline.Name, out var model))
        {
            _models.Add(pipeline.Name, model = new PipelineModel(pipeline, session?.TaskHistories(pipeline.Name) ?? NoHistory));
        }

        return model;
    }
}
