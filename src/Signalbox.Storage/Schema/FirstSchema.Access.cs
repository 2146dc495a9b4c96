namespace Signalbox.Storage.Schema;

/// <content>Who may ask, what was asked once only, and what was sent along with it.</content>
internal static partial class FirstSchema
{
    private const string Access = """

        create table users (
            name text primary key check (name <> ''),
            role text not null check (role in ('viewer', 'admin')),
            password text not null,
            created_ms bigint not null,
            changed_ms bigint not null
        );

        create table access_tokens (
            id {identity},
            kind text not null check (kind in ('api', 'session', 'link')),
            name text not null,
            hash text not null unique,
            role text not null check (role in ('viewer', 'admin')),
            user_name text references users (name),
            created_ms bigint not null,
            expires_ms bigint not null,
            used_ms bigint,
            revoked_ms bigint
        );
        create unique index access_tokens_named on access_tokens (name) where kind = 'api' and revoked_ms is null;

        create table idempotency_keys (
            sender text not null,
            idempotency_key text not null,
            body_hash text not null,
            request bigint not null references requests (id),
            created_ms bigint not null,
            primary key (sender, idempotency_key)
        );

        create index idempotency_keys_of_request on idempotency_keys (request);

        create table run_confs (
            run_number bigint primary key references runs (number),
            conf text,
            note text
        );
        """;
}
