using Signalbox.Core;
using Signalbox.Core.Time;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>How the data of a pipeline is cut: <c>partition:</c>, a word or a mapping.</summary>
internal static class PartitionShape
{
    private static readonly Shape<string> By = Scalars.Choice(typeof(PartitionKind), i => Names.Of((PartitionKind)i));

    /// <summary>The name of a list that has none.</summary>
    private const string OnlyList = "key";

    private static readonly Shape<string[]> Keys = new ListShape<string>(Scalars.AnyText, "a list of keys", minItems: 1);

    private static readonly Shape<PartitionDimension[]> Lists = new EitherShape<PartitionDimension[]>(
        list: Keys.To(keys => new[] { new PartitionDimension(OnlyList, [.. keys]) }),
        mapping: NameMaps
            .Of(Keys, "lists of keys by name")
            .To(lists => lists.Select(list => new PartitionDimension(list.Name, [.. list.Value])).ToArray())
    );

    public static readonly Shape<Draft> Partition = new EitherShape<Draft>(
        single: By.To(word => new Draft { Kind = Names.PartitionKindOf(word)!.Value }),
        mapping: new MappingShape<Draft>(
            "partition",
            "`partition`",
            () => new Draft(),
            new Field<Draft, string>(
                "by",
                By,
                (d, v) => d.Kind = Names.PartitionKindOf(v)!.Value,
                "How long a slice of time is; unstated: day, or none where `keys` are."
            ),
            new Field<Draft, PartitionDimension[]>(
                "keys",
                Lists,
                (d, v) => d.Dimensions = v,
                "Static lists by which datasets are cut, too: one list, or lists by name. `{{ cells }}` has all combinations for `for_each`, and an output says by `keys` which it is."
            )
            {
                Examples = ["[\"eu\", \"us\"]", "{\"region\": [\"eu\", \"us\"], \"tier\": [\"free\", \"paid\"]}"],
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
        public PartitionKind? Kind { get; set; }

        public PartitionKind By => Kind ?? (Dimensions.Length > 0 ? PartitionKind.None : PartitionKind.Day);

        public PartitionDimension[] Dimensions { get; set; } = [];

        public DayOfWeek WeekStarts { get; set; } = DayOfWeek.Monday;
    }
}
