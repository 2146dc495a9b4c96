"""Pretends to read sensors: the same day always gives the same readings."""

import argparse
import csv
import math
import random

parser = argparse.ArgumentParser()
parser.add_argument("--date", required=True)
parser.add_argument("--sensors", type=int, required=True)
parser.add_argument("--output", required=True)
args = parser.parse_args()

chance = random.Random(args.date)
with open(args.output, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["sensor", "hour", "celsius"])
    for sensor in range(args.sensors):
        base = chance.uniform(5, 15)
        for hour in range(24):
            warmth = 6 * math.sin((hour - 8) / 24 * 2 * math.pi)
            writer.writerow([f"s{sensor}", hour, round(base + warmth + chance.gauss(0, 0.5), 2)])

print(f"{args.sensors * 24} readings for {args.date}")
