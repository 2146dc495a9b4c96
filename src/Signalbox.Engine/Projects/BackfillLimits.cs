using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.Projects;

/// <summary>From what size on a backfill is warned of. A warning stops nothing: it is there to be read before the backfill starts.</summary>
/// <param name="WarnRuns">More runs than this. Null: none are too many.</param>
/// <param name="WarnDuration">A longer forecast than this. Null: none is too long.</param>
/// <param name="CostPerHour">What an hour of one run costs, in whatever the project counts. Null: no cost is told.</param>
/// <param name="WarnCost">A higher cost than this. Null: none is too high.</param>
public sealed record BackfillLimits(int? WarnRuns, TimeSpan? WarnDuration, double? CostPerHour, double? WarnCost)
{
    /// <summary>Nothing is warned of.</summary>
    public static readonly BackfillLimits None = new(null, null, null, null);
}

/// <summary><c>backfills:</c> of a project.</summary>
internal static class BackfillLimitsShape
{
    public static readonly Shape<BackfillLimits> Mapping = new MappingShape<Draft>(
        "backfills",
        "a mapping of limits",
        () => new Draft(),
        new Field<Draft, int>("warn_runs", Scalars.Whole(1), (d, v) => d.Runs = v, "Warn of a backfill with more runs than this.")
        {
            Examples = ["100"],
        },
        new Field<Draft, TimeSpan>(
            "warn_duration",
            Durations.Positive,
            (d, v) => d.Duration = v,
            "Warn of a backfill that takes longer than this by what earlier runs took."
        )
        {
            Examples = ["\"6h\""],
        },
        new Field<Draft, double>(
            "cost_per_hour",
            Scalars.Number,
            (d, v) => d.CostPerHour = v,
            "What an hour of one run costs; the plan of a backfill then tells the cost of all its runs."
        )
        {
            Examples = ["2.5"],
        },
        new Field<Draft, double>("warn_cost", Scalars.Number, (d, v) => d.Cost = v, "Warn of a backfill that costs more than this.")
        {
            Examples = ["50"],
        }
    ).To(
        (draft, node, reading) =>
        {
            if (draft.Cost is not null && draft.CostPerHour is null)
            {
                reading.Error(node, "cost", "`warn_cost` needs `cost_per_hour`");
                return null;
            }

            return new BackfillLimits(draft.Runs, draft.Duration, draft.CostPerHour, draft.Cost);
        }
    );

    private sealed class Draft
    {
        public int? Runs { get; set; }

        public TimeSpan? Duration { get; set; }

        public double? CostPerHour { get; set; }

        public double? Cost { get; set; }
    }
}
