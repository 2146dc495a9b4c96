"""What a user did on one day, from the events of that day. Knows nothing of any orchestrator: rows in, rows out."""

import csv
import sys
from collections import defaultdict


def user_features(events, feature_date):
    """One row a user who did something on the day: how many events, and what they came to."""
    count, amount = defaultdict(int), defaultdict(float)
    for event in events:
        if event["event_time"].startswith(feature_date):
            count[event["user_id"]] += 1
            amount[event["user_id"]] += float(event["amount"])
    return [
        {"user_id": user, "feature_date": feature_date, "event_count": count[user], "total_amount": round(amount[user], 2)}
        for user in sorted(count)
    ]


def main(source, feature_date, target):
    with open(source, newline="") as file:
        rows = user_features(csv.DictReader(file), feature_date)
    with open(target, "w", newline="") as file:
        table = csv.DictWriter(file, ["user_id", "feature_date", "event_count", "total_amount"])
        table.writeheader()
        table.writerows(rows)
    print(f"{len(rows)} users on {feature_date}")


if __name__ == "__main__":
    main(*sys.argv[1:])
