using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <content>Of a pipeline that datasets start: what has come, and what is missing.</content>
internal sealed partial class Reasons
{
    /// <summary>Which updates wait for it, and for what they wait.</summary>
    private void AddUpdates(List<WhyReason> reasons, StoredPipeline pipeline, Pipeline definition)
    {
        if (definition.Triggers.OfType<TriggerSpec.Datasets>().FirstOrDefault() is not { } trigger)
        {
            return;
        }

        var beyond = session.UpdatesBeyondCursor(pipeline.Name, MostNamed);
        var facts = DatasetFacts.Read(session, pipeline.Name, [], maxRuns: 1);
        var plan = DatasetDecider.Decide(trigger, definition.CalendarOf().Partitions, facts);
        reasons.Add(new("update", $"updates of {trigger.When} start it"));
        if (plan.Waiting.IsEmpty && beyond.Count == 0)
        {
            reasons.AddRange(trigger.When.Names.Take(MostNamed).Select(name => new WhyReason("update", Latest(name))));
        }

        reasons.AddRange(
            plan.Waiting.Take(MostNamed)
                .Select(waiting => new WhyReason(
                    "update",
                    $"{Brief.Count(waiting.Updates.Length, "update")} wait{(waiting.Updates.Length == 1 ? "s" : "")}{(waiting.Partition.Length > 0 ? $" for {waiting.Partition}" : "")}: {waiting.Missing}"
                ))
        );
        if (beyond.Count > 0)
        {
            reasons.Add(
                new(
                    "update",
                    $"{(beyond.Count == MostNamed ? "at least " : "")}{Brief.Count(beyond.Count, "update")} from {beyond[0].Dataset} on not taken note of yet{(pipeline.Paused ? ": it is paused" : "")}"
                )
            );
        }
    }

    /// <summary>Of a dataset of which no update waits: the last one there was.</summary>
    private string Latest(string dataset) =>
        session.Updates(dataset, partition: null, limit: 1) is [var latest]
            ? $"no update of {dataset} waits: the last was {latest.Id}{(latest.Partition.Length > 0 ? $" for {latest.Partition}" : "")} at {InstantText.Utc(latest.At)}"
                + (latest.Quiet is { } quiet ? $", which starts nothing: {quiet}" : "")
            : $"no update of {dataset} waits: it has had none yet";
}
