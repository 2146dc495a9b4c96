using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>idempotency:</c> of an output.</summary>
internal static class IdempotencyShape
{
    private static readonly Shape<string> Order = Scalars.Choice(typeof(RowOrder), i => (RowOrder)i == RowOrder.Any ? "any" : "same");

    public static readonly Shape<IdempotencySpec> Mapping = new MappingShape<Draft>(
        "idempotency",
        "a mapping with `ignore`, `tolerance` or `order`",
        () => new Draft(),
        new Field<Draft, string[]>(
            "ignore",
            new ListShape<string>(Scalars.Text, "a column or a list of columns", orSingle: true),
            (d, v) => d.Ignore = v,
            "Columns that do not count."
        ),
        new Field<Draft, Named<double>[]>(
            "tolerance",
            new NamesShape<double>(
                Scalars.Number,
                "a mapping from columns to the difference up to which two values are the same",
                pattern: ".",
                nameProblem: name => name.Length == 0 ? "a column's name cannot be empty" : null
            ),
            (d, v) => d.Tolerance = v,
            "Columns of numbers, with the difference up to which two values are the same."
        )
        {
            Examples = ["{\"mean_delay\": 1e-9}"],
        },
        new Field<Draft, string>("order", Order, (d, v) => d.AnyOrder = v == "any", "Whether the rows may come in any order.")
        {
            Default = "\"same\"",
        }
    ).To(draft => new IdempotencySpec
    {
        Ignore = [.. draft.Ignore],
        Tolerance = draft.Tolerance.ToImmutableSortedDictionary(column => column.Name, column => column.Value, StringComparer.Ordinal),
        AnyOrder = draft.AnyOrder,
    });

    private enum RowOrder
    {
        Same,
        Any,
    }

    private sealed class Draft
    {
        public string[] Ignore { get; set; } = [];

        public Named<double>[] Tolerance { get; set; } = [];

        public bool AnyOrder { get; set; }
    }
}
