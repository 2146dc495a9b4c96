using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>on_failure:</c> and <c>on_retry:</c>: what is done beside the work, <c>[notify: CHANNEL]</c>.</summary>
internal static class NotifyShape
{
    private static readonly Shape<Draft> One = new MappingShape<Draft>(
        "notify",
        "an action such as `notify: oncall`",
        () => new Draft(),
        new Field<Draft, string[]>(
            "notify",
            new ListShape<string>(Scalars.Slug, "a channel or a list of channels", orSingle: true, minItems: 1),
            (d, v) => d.Channels = v,
            "Channels of `alerts` in signalbox.yaml."
        )
        {
            Required = true,
            Examples = ["\"oncall\""],
        }
    );

    public static Field<TaskDefaults> Field(string name, Action<TaskDefaults, ImmutableArray<string>> set, string description) =>
        new Field<TaskDefaults, Draft[]>(
            name,
            new ListShape<Draft>(One, "a list of actions such as `notify: oncall`"),
            (d, v) => set(d, [.. v.SelectMany(action => action.Channels).Distinct(StringComparer.Ordinal)]),
            description
        )
        {
            Examples = ["[{\"notify\": \"oncall\"}]"],
        };

    /// <summary>Whether the channels that tasks name are there.</summary>
    /// <param name="alerts">Null: whether there are such is not checked.</param>
    public static ImmutableArray<Diagnostic> Check(Pipeline pipeline, AlertSettings? alerts)
    {
        if (alerts is null)
        {
            return [];
        }

        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var task in pipeline.Tasks)
        {
            Check(task, "on_failure", task.OnFailure);
            Check(task, "on_retry", task.OnRetry);
        }

        return found.DrainToImmutable();

        void Check(TaskNode task, string field, ImmutableArray<string> channels)
        {
            foreach (var channel in channels.Where(channel => !alerts.Channels.ContainsKey(channel)))
            {
                found.Add(
                    new Diagnostic(
                        "unknown-channel",
                        Severity.Error,
                        $"tasks.{task.Name}.{field}",
                        AlertShapes.UnknownChannel(channel, [.. alerts.Channels.Keys], "alerts: { channels: ")
                            + (alerts.Channels.IsEmpty ? " }" : "")
                    )
                );
            }
        }
    }

    private sealed class Draft
    {
        public string[] Channels { get; set; } = [];
    }
}
