using Signalbox.Core.Definitions;

namespace Signalbox.Core.Triggers;

/// <summary>The triggers of a pipeline that turn messages into runs.</summary>
public static class PipelineMessages
{
    public static IEnumerable<MessageTrigger> MessageTriggers(this Pipeline pipeline) =>
        pipeline.Triggers.OfType<TriggerSpec.Message>().Select(message => message.Trigger);
}
