namespace Signalbox.Storage.Schema;

/// <content>Updates of datasets, and who has consumed them.</content>
internal static partial class FirstSchema
{
    private const string Datasets = """

        """;
}
