using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What may stand under <c>load:</c>.</summary>
internal static class LoadShape
{
    public const string Example =
        "{\"from\": \"{{ tasks.features.outputs.features }}\", \"into\": \"warehouse.user_features\", \"mode\": \"replace_partition\", \"partition\": \"feature_date = {{ ds }}\"}";

    public static readonly Shape<TaskKind> Load = new MappingShape<Draft>(
        "load",
        "`load`",
        () => new Draft(),
        new Field<Draft, string>(
            "from",
            Scalars.Text,
            (d, v) => d.From = v,
            "A Parquet, CSV or JSON file, or a folder of them; a text that may have {{ }} in it."
        )
        {
            Examples = ["\"{{ tasks.features.outputs.features }}\""],
        },
        new Field<Draft, string>("query", Scalars.Text, (d, v) => d.Query = v, "A select for DuckDB, with the task's inputs as tables.")
        {
            Examples = ["\"select *, {{ ds }}::date as feature_date from features\""],
        },
        new Field<Draft, string>("into", Scalars.Text, (d, v) => d.Into = v, "The table: connection.table or connection.schema.table.")
        {
            Required = true,
            Examples = ["\"warehouse.user_features\""],
        },
        new Field<Draft, string>(
            "mode",
            Scalars.Choice(typeof(LoadMode), i => Names.Of((LoadMode)i)),
            (d, v) => d.Mode = Names.LoadModeOf(v)!.Value,
            "replace_partition: the rows of `partition` are replaced. upsert: rows with the same `keys` are overwritten, in the columns that the data has. replace_table: all rows are replaced. append: rows are added at every run and rerun, which `allow_duplicates: true` must say is wanted."
        )
        {
            Required = true,
        },
        new Field<Draft, string>(
            "partition",
            Scalars.Text,
            (d, v) => d.Partition = v,
            "With `mode: replace_partition`: the SQL condition that names the rows that are replaced; values in {{ }} are quoted."
        )
        {
            Examples = ["\"feature_date = {{ ds }}\""],
        },
        new Field<Draft, string[]>(
            "keys",
            new ListShape<string>(Scalars.Text, "a column or a list of columns", orSingle: true),
            (d, v) => d.Keys = v,
            "With `mode: upsert`: the columns that name a row."
        )
        {
            Examples = ["[\"user_id\", \"feature_date\"]"],
        },
        new Field<Draft, bool>(
            "allow_duplicates",
            Scalars.Boolean,
            (d, v) => d.AllowDuplicates = v,
            "With `mode: append`: that a rerun adds the same rows again."
        )
        {
            Default = "false",
        },
        new Field<Draft, int>(
            "keep",
            Scalars.Whole(0, 1000),
            (d, v) => d.Keep = v,
            "How many replaced versions are kept in the database, for a rollback."
        )
        {
            Default = "0",
        }
    ).To(draft =>
        (TaskKind)
            new TaskKind.Load(
                draft.From,
                draft.Query,
                draft.Into,
                draft.Mode,
                draft.Partition,
                [.. draft.Keys],
                draft.AllowDuplicates,
                draft.Keep
            )
    );

    private sealed class Draft
    {
        public string? From { get; set; }

        public string? Query { get; set; }

        public string Into { get; set; } = "unreadable.unreadable";

        public LoadMode Mode { get; set; }

        public string? Partition { get; set; }

        public string[] Keys { get; set; } = [];

        public bool AllowDuplicates { get; set; }

        public int Keep { get; set; }
    }
}
