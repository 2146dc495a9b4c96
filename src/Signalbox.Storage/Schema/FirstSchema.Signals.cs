namespace Signalbox.Storage.Schema;

/// <content>Messages that tasks wait for.</content>
internal static partial class FirstSchema
{
    private const string Signals = """

        create table signals (
            id {identity},
            pipeline text not null,
            logical_ms bigint,
            run_number bigint references runs (number),
            name text not null check (name <> ''),
            data text,
            who text not null,
            at_ms bigint not null,
            check ((run_number is null) <> (logical_ms is null))
        );
        create index signals_of_pipeline on signals (pipeline, name, logical_ms);
        """;
}
