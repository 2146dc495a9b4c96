using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>compare:</c> of an output.</summary>
internal static class CompareShape
{
    public static readonly Shape<CompareSpec> Mapping = new MappingShape<Draft>(
        "compare",
        "a mapping with `keys` and `tolerance`",
        () => new Draft(),
        new Field<Draft, string[]>(
            "keys",
            new ListShape<string>(Scalars.Text, "a column or a list of columns", orSingle: true),
            (d, v) => d.Keys = v,
            "The columns that together name a row; unstated: whole rows are compared."
        )
        {
            Examples = ["[\"user_id\"]"],
        },
        new Field<Draft, Named<double>[]>(
            "tolerance",
            new NamesShape<double>(
                Scalars.Number,
                "a mapping from columns to the difference up to which two values are the same",
                pattern: ".",
                nameProblem: name => name.Length == 0 ? "a column's name cannot be empty" : null
            ),
            (d, v) => d.Tolerance = v,
            "Columns of numbers, with the absolute difference up to which two values are the same."
        )
        {
            Examples = ["{\"amount\": 0.01}"],
        }
    ).To(draft => new CompareSpec
    {
        Keys = [.. draft.Keys],
        Tolerance = draft.Tolerance.ToImmutableSortedDictionary(column => column.Name, column => column.Value, StringComparer.Ordinal),
    });

    private sealed class Draft
    {
        public string[] Keys { get; set; } = [];

        public Named<double>[] Tolerance { get; set; } = [];
    }
}
