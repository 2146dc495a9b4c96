namespace Signalbox.Storage.Schema;

/// <content>Messages from outside, each before anything is done about it, and how far their sources have been read.</content>
internal static partial class FirstSchema
{
    private const string Inbox = """

        create table inbox (
            id {identity},
            pipeline text not null,
            source text not null check (source <> ''),
            kind text not null,
            message_key text not null check (message_key <> ''),
            payload text not null,
            state text not null check (state in ('waiting', 'started', 'signalled', 'ignored', 'dead', 'dropped')),
            reason text,
            run_number bigint references runs (number),
            received_ms bigint not null,
            decided_ms bigint,
            unique (pipeline, source, message_key),
            check ((run_number is null) = (state <> 'started')),
            check ((decided_ms is null) = (state = 'waiting')),
            check (reason is not null or state in ('waiting', 'started'))
        );
        create index inbox_waiting on inbox (pipeline, id) where state = 'waiting';
        create index inbox_dead on inbox (id) where state = 'dead';
        create index inbox_decided on inbox (decided_ms) where state in ('started', 'signalled', 'ignored', 'dropped') and kind <> 'file';
        create index inbox_of_pipeline on inbox (pipeline, id);
        create unique index inbox_of_run on inbox (run_number) where run_number is not null;

        create table source_cursors (
            pipeline text not null,
            source text not null,
            cursor text not null,
            moved_ms bigint not null,
            primary key (pipeline, source)
        );

        create table hook_signatures (
            pipeline text not null,
            source text not null,
            signature text not null,
            message bigint not null references inbox (id),
            seen_ms bigint not null,
            primary key (pipeline, source, signature)
        );
        create index hook_signatures_of_message on hook_signatures (message);
        create index hook_signatures_seen on hook_signatures (seen_ms);
        """;
}
