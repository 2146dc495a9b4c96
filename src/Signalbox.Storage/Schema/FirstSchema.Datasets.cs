namespace Signalbox.Storage.Schema;

/// <content>Updates of datasets, and who has consumed them.</content>
internal static partial class FirstSchema
{
    private const string Datasets = """

        create index ticks_of_run on ticks (run_number) where run_number is not null;
        """;
}
