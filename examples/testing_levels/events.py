"""The events that the product sends: 100 users of 20 events a day, some of the day before among them. The same day is always the same."""

import csv
import datetime
import random
import sys

day, target = datetime.date.fromisoformat(sys.argv[1]), sys.argv[2]
chance = random.Random(day.isoformat())
with open(target, "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["user_id", "event_time", "amount"])
    for user in range(100):
        for event in range(20):
            out.writerow([f"u{user:03}", f"{day}T{event:02}:{chance.randrange(60):02}:00", chance.randrange(100, 5000) / 100])
    # What came too late for its own day must not count for this one.
    for user in range(5):
        out.writerow([f"u{user:03}", f"{day - datetime.timedelta(days=1)}T23:59:00", 99.0])
