using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Foresight;

/// <summary>Adds to a plan what its runs are expected to start by what they publish, along the datasets.</summary>
internal static class AlongDatasets
{
    // More than wait anywhere, and more than one look makes.
    private const int Most = 1000;

    private static readonly SubscriberState Nothing = new() { Updates = [], IsThere = (_, _) => false };

    /// <param name="course">Is played again after each level of consumers.</param>
    /// <param name="session">Knows which updates wait; null: none.</param>
    /// <param name="pipelines">Those that may start runs.</param>
    /// <returns>The runs within the window, in the order in which they are made.</returns>
    public static IReadOnlyList<PlanConsumer> AddTo(Course course, ReadSession? session, IEnumerable<Pipeline> pipelines, PlanModels models)
    {
        var first = course.Runs.Count;
        var pending = pipelines.Where(each => DatasetChain.TriggerOf(each) is not null).ToList();
        while (pending.Count > 0)
        {
            var ready = pending.Where(each => !pending.Exists(other => other != each && DatasetChain.Feeds(other, each))).ToList();
            // In a circle of datasets each is asked once.
            ready = ready.Count == 0 ? [.. pending] : ready;
            pending.RemoveAll(ready.Contains);
            course.Add([
                .. ready
                    .SelectMany(each =>
                        DatasetChain.Of(models.Of(each), StateOf(session, each), course.Runs, course.Forecast, course.Limits, course.Now)
                    )
                    .Where(run => run.CreatedAt < course.To)
                    .OrderBy(run => run.CreatedAt),
            ]);
        }

        return
        [
            .. Enumerable
                .Range(first, course.Runs.Count - first)
                .Select(run => new PlanConsumer(course.Runs[run].Model.Pipeline, run))
                .OrderBy(each => course.Runs[each.Run].CreatedAt),
        ];
    }

    private static SubscriberState StateOf(ReadSession? session, Pipeline pipeline) =>
        session is null ? Nothing : DatasetFacts.Read(session, pipeline.Name, session.UpdatesBeyondCursor(pipeline.Name, Most), Most);
}
