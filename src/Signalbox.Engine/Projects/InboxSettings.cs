using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.Projects;

/// <summary>How messages from outside are kept.</summary>
/// <param name="Keep">For so long one that was dealt with stays, and makes another one of its key the same. At least 24 hours; default 30 days.</param>
public sealed record InboxSettings(TimeSpan Keep)
{
    /// <summary>What holds unless the project says otherwise.</summary>
    public static readonly InboxSettings Default = new(TimeSpan.FromDays(30));
}

/// <summary><c>inbox:</c> of a project.</summary>
internal static class InboxShape
{
    /// <summary>A sender may repeat a delivery for so long: a shorter memory would make it a second run.</summary>
    public static readonly TimeSpan ShortestKeep = TimeSpan.FromHours(24);

    public static readonly Shape<InboxSettings> Mapping = new MappingShape<Draft>(
        "inbox",
        "a mapping with `keep`",
        () => new Draft(),
        new Field<Draft, TimeSpan>(
            "keep",
            Durations.Positive,
            (d, v) => d.Keep = v,
            "How long messages that were dealt with stay, and a message with the key of one of them is the same message; at least 24h. Dead letters and the marks of files stay."
        )
        {
            Default = "\"30d\"",
        }
    ).To(
        (draft, node, reading) =>
        {
            if (draft.Keep < ShortestKeep)
            {
                reading.Error(node, "inbox", "`keep` is at least 24h: for so long a delivery that is sent again is the same message");
            }

            return new InboxSettings(draft.Keep);
        }
    );

    private sealed class Draft
    {
        public TimeSpan Keep { get; set; } = InboxSettings.Default.Keep;
    }
}
