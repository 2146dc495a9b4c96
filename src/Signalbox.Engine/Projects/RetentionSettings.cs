using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.Projects;

/// <summary>How long a project keeps what has ended.</summary>
/// <param name="Age">Runs stay for so long after their end, and versions after they were replaced, unless their pipeline says otherwise. Default 365 days.</param>
/// <param name="Runs">So many ended runs of a pipeline stay, the newest, however old. Default 100.</param>
/// <param name="Records">Rows that belong to no run stay for so long: alerts, signals, skipped ticks, answered requests and the like. Default 365 days.</param>
/// <param name="Audit">What people did is known for so long. Default 730 days.</param>
public sealed record RetentionSettings(TimeSpan Age, int Runs, TimeSpan Records, TimeSpan Audit)
{
    /// <summary>What holds unless the project says otherwise.</summary>
    public static readonly RetentionSettings Default = new(TimeSpan.FromDays(365), 100, TimeSpan.FromDays(365), TimeSpan.FromDays(730));
}

/// <summary><c>retention:</c> of a project.</summary>
internal static class RetentionSettingsShape
{
    public static readonly Shape<RetentionSettings> Mapping = new MappingShape<Draft>(
        "retention_settings",
        "`retention`",
        () => new Draft(),
        new Field<Draft, TimeSpan>(
            "age",
            Durations.Positive,
            (d, v) => d.Age = v,
            "Runs stay for so long after their end, and versions after they were replaced, unless their pipeline says otherwise."
        )
        {
            Default = "\"365d\"",
        },
        new Field<Draft, int>(
            "runs",
            Scalars.Whole(0, 1_000_000),
            (d, v) => d.Runs = v,
            "So many ended runs of a pipeline stay, the newest, however old."
        )
        {
            Default = "100",
        },
        new Field<Draft, TimeSpan>(
            "records",
            Durations.Positive,
            (d, v) => d.Records = v,
            "Rows that belong to no run stay for so long: alerts, signals, skipped ticks, answered requests and the like."
        )
        {
            Default = "\"365d\"",
        },
        new Field<Draft, TimeSpan>("audit", Durations.Positive, (d, v) => d.Audit = v, "What people did is known for so long.")
        {
            Default = "\"730d\"",
        }
    ).To(draft => new RetentionSettings(draft.Age, draft.Runs, draft.Records, draft.Audit));

    private sealed class Draft
    {
        public TimeSpan Age { get; set; } = RetentionSettings.Default.Age;

        public int Runs { get; set; } = RetentionSettings.Default.Runs;

        public TimeSpan Records { get; set; } = RetentionSettings.Default.Records;

        public TimeSpan Audit { get; set; } = RetentionSettings.Default.Audit;
    }
}
