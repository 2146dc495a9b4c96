namespace Signalbox.Storage.Schema;

/// <content>What keeps pipelines from new runs.</content>
internal static partial class FirstSchema
{
    // The scope is a pipeline, or empty for all of the project.
    private const string Schedules = """

        create table drains (
            scope text primary key,
            who text not null,
            reason text not null,
            at_ms bigint not null
        );
        """;
}
