"""Mean temperature of each sensor. Where to read and to write is in the environment."""

import csv
import json
import os
from collections import defaultdict

readings = defaultdict(list)
with open(os.environ["SIGNALBOX_INPUT_READINGS"], newline="") as file:
    for row in csv.DictReader(file):
        readings[row["sensor"]].append(float(row["celsius"]))

means = {sensor: round(sum(values) / len(values), 2) for sensor, values in readings.items()}

with open(os.environ["SIGNALBOX_OUTPUT_SUMMARY"], "w") as file:
    json.dump(means, file, indent=2)

# Small results for the tasks that come after, and numbers to keep.
with open(os.environ["SIGNALBOX_RESULT"], "w") as file:
    json.dump({"warmest": max(means, key=means.get)}, file)
with open(os.environ["SIGNALBOX_METRICS"], "w") as file:
    json.dump({"mean_celsius": round(sum(means.values()) / len(means), 2)}, file)
