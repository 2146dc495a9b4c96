"""Stands for a source: the events of one day, always the same for the same day, with a few that are broken."""

import csv
import os
import random

ds = os.environ["SIGNALBOX_DS"]
trouble = os.environ["SIGNALBOX_PARAM_TROUBLE"]
chance = random.Random(ds)

rows = []
for user in range(1000 if trouble != "few" else 300):
    spent = chance.lognormvariate(3.0 if trouble != "shift" else 4.5, 0.6)
    rows.append([f"u{user:04}", chance.choice(["GB", "FR", "DE", "US"]), chance.randint(1, 40), f"{spent:.2f}"])

if trouble != "mended":
    rows[7][0] = ""  # nobody's events
    rows[8][1] = "XX"  # a country that is none
    rows[9][2] = -5  # fewer than no sessions

# Rows that were rejected before and have been mended by hand come in again.
mended = os.environ.get("SIGNALBOX_REJECTED")
if mended:
    with open(mended, newline="") as file:
        rows[7:10] = [[row["user"], row["country"], row["sessions"], row["spent"]] for row in csv.DictReader(file)]

with open(os.environ["SIGNALBOX_OUTPUT_EVENTS"], "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["user", "country", "sessions", "spent", "seen_at"])
    writer.writerows(row + [f"{ds} {hour % 24:02}:00:00"] for hour, row in enumerate(rows))
