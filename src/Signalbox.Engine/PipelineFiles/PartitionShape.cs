using Signalbox.Core;
using Signalbox.Core.Time;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>How the data of a pipeline is cut: <c>partition:</c>, a word or a mapping.</summary>
internal static class PartitionShape
{
    private static readonly Shape<string> By = Scalars.Choice(typeof(PartitionKind), i => Names.Of((PartitionKind)i));

    public static readonly Shape<Draft> Partition = new EitherShape<Draft>(
        single: By.To(word => new Draft { By = Names.PartitionKindOf(word)!.Value }),
        mapping: new MappingShape<Draft>(
            "partition",
            "`partition`",
            () => new Draft(),
            new Field<Draft, string>("by", By, (d, v) => d.By = Names.PartitionKindOf(v)!.Value, "How long a slice is.")
            {
                Required = true,
            },
            new Field<Draft, string>(
                "week_starts",
                Scalars.Choice(typeof(DayOfWeek), i => Names.Of((DayOfWeek)i)),
                (d, v) => d.WeekStarts = Names.DayOfWeekOf(v)!.Value,
                "With `by: week`: the first day of a week."
            )
            {
                Default = "\"monday\"",
            }
        )
    );

    internal sealed class Draft
    {
        public PartitionKind By { get; set; } = PartitionKind.Day;

        public DayOfWeek WeekStarts { get; set; } = DayOfWeek.Monday;
    }
}
