create table if not exists customers (
    customer_id bigint primary key,
    name text not null,
    spent numeric(12, 2) not null,
    last_order date,
    note text not null default ''
);
