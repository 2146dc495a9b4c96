using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql CellsOfDataset = new("select cells from dataset_cells where dataset = @dataset");

    /// <summary>All cells of a dataset that is cut by static lists, as its producer declares them now; none when it is not.</summary>
    public ImmutableArray<string> CellsOf(string dataset) =>
        Use(CellsOfDataset).Set("@dataset", dataset).First(row => row.Text()) is { } cells ? [.. cells.Split('\n')] : [];
}

public sealed partial class WriteSession
{
    private static readonly Sql DropCells = new("delete from dataset_cells where pipeline = @pipeline");
    private static readonly Sql SaveCells = new(
        """
        insert into dataset_cells (dataset, pipeline, cells) values (@dataset, @pipeline, @cells)
        on conflict (dataset) do update set pipeline = excluded.pipeline, cells = excluded.cells
        """
    );

    /// <summary>Notes which datasets a pipeline cuts into which cells, so that who wants all of them knows them.</summary>
    private void NoteCells(Pipeline pipeline)
    {
        Use(DropCells).Set("@pipeline", pipeline.Name.Value).Execute();
        if (pipeline.Dimensions.IsDefaultOrEmpty)
        {
            return;
        }

        // No key has a line's end in it.
        var cells = string.Join('\n', PartitionCells.KeysOf(pipeline.Dimensions));
        foreach (
            var dataset in pipeline
                .Tasks.SelectMany(task => task.Outputs)
                .Where(output => output.Dataset is not null && !output.Keys.IsEmpty)
                .Select(output => output.Dataset!)
                .Distinct()
        )
        {
            Use(SaveCells).Set("@dataset", dataset).Set("@pipeline", pipeline.Name.Value).Set("@cells", cells).Execute();
        }
    }
}
