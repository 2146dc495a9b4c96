"""Puts the features of a day into the online store: a row for each user, the newest day wins.

All rows go in one transaction, so whoever serves a model reads the old features or the new ones. Pushing a day again, or
an older day after a newer one, changes nothing: a backfill of the offline store leaves the online one as it is.
"""

import argparse
import contextlib
import csv
import sqlite3

parser = argparse.ArgumentParser()
parser.add_argument("--rows", required=True)
parser.add_argument("--store", required=True)
args = parser.parse_args()

with open(args.rows, newline="", encoding="utf-8") as file:
    rows = [(int(row["user_id"]), row["feature_date"], int(row["events"]), float(row["spent"]), row["last_seen"]) for row in csv.DictReader(file)]

with contextlib.closing(sqlite3.connect(args.store, timeout=30)) as store, store:
    store.execute(
        "create table if not exists user_features ("
        "user_id integer primary key, feature_date text not null, events integer not null, spent real not null, last_seen text not null)"
    )
    store.executemany(
        "insert into user_features values (?, ?, ?, ?, ?) on conflict (user_id) do update set "
        "feature_date = excluded.feature_date, events = excluded.events, spent = excluded.spent, last_seen = excluded.last_seen "
        "where excluded.feature_date >= user_features.feature_date",
        rows,
    )
