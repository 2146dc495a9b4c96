using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>retention:</c> of a pipeline.</summary>
internal static class RetentionShape
{
    public static readonly Shape<RetentionSpec> OfPipeline = new MappingShape<Draft>(
        "retention",
        "`retention`",
        () => new Draft(),
        new Field<Draft, TimeSpan>(
            "age",
            Durations.Positive,
            (d, v) => d.Age = v,
            "Runs stay for so long after their end, and versions after they were replaced; unstated: as the project says."
        )
        {
            Examples = ["\"90d\""],
        },
        new Field<Draft, int>(
            "runs",
            Scalars.Whole(0, 1_000_000),
            (d, v) => d.Runs = v,
            "So many ended runs stay, the newest, however old; unstated: as the project says."
        )
        {
            Examples = ["50"],
        }
    ).To(draft => new RetentionSpec(draft.Age, draft.Runs));

    private sealed class Draft
    {
        public TimeSpan? Age { get; set; }

        public int? Runs { get; set; }
    }
}
