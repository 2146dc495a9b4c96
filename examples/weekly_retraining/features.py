"""Customers of one week, made up from the name of the week: features.py WEEK TO. A real one would ask the warehouse."""

import csv
import random
import sys

SEGMENTS = {"new": 0.6, "casual": 0.9, "regular": 1.2, "power": 1.5, "dormant": 0.8}

week, target = sys.argv[1:]
with open(target, "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["segment", "visits", "stays"])
    for segment, difference in SEGMENTS.items():
        chance = random.Random(f"{week} {segment}")
        for _ in range(200):
            stays = chance.random() < 0.4
            visits = chance.gauss(difference if stays else 0.0, 1.0)
            table.writerow([segment, f"{visits:.4f}", int(stays)])
