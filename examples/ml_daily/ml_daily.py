"""The three steps: extract TO, prep FROM TO, train FROM TO. The date comes from the run, never from the clock."""

import csv
import json
import os
import random
import sys


def extract(target):
    # The same date gives the same data, however often it is asked for.
    chance = random.Random(os.environ["SIGNALBOX_DS"])
    with open(target, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["visits", "spent"])
        for _ in range(500):
            visits = chance.randint(0, 20)
            out.writerow([visits, "" if chance.random() < 0.02 else round(3 + 2.5 * visits + chance.gauss(0, 4), 2)])


def prep(source, target):
    with open(source, newline="") as file, open(target, "w", newline="") as out:
        table = csv.DictWriter(out, ["visits", "spent"])
        table.writeheader()
        table.writerows(row for row in csv.DictReader(file) if row["spent"])


def train(source, target):
    with open(source, newline="") as file:
        rows = [(float(row["visits"]), float(row["spent"])) for row in csv.DictReader(file)]
    mean_x, mean_y = sum(x for x, _ in rows) / len(rows), sum(y for _, y in rows) / len(rows)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in rows) / sum((x - mean_x) ** 2 for x, _ in rows)
    with open(target, "w") as file:
        json.dump({"slope": slope, "intercept": mean_y - slope * mean_x}, file)
    with open(os.environ["SIGNALBOX_METRICS"], "w") as file:
        json.dump({"rows": len(rows), "slope": slope}, file)


step, *paths = sys.argv[1:]
{"extract": extract, "prep": prep, "train": train}[step](*paths)
