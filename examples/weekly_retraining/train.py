"""Finds the threshold that tells best who stays: train.py SEGMENT FROM TO. Half of the customers are held out to measure it."""

import csv
import json
import os
import sys

segment, source, target = sys.argv[1:]
with open(source, newline="") as file:
    rows = [(float(row["visits"]), row["stays"] == "1") for row in csv.DictReader(file) if row["segment"] == segment]
known, held_out = rows[::2], rows[1::2]
threshold = max((visits for visits, _ in known), key=lambda t: sum((visits > t) == stays for visits, stays in known))
stayed, left = [v for v, stays in held_out if stays], [v for v, stays in held_out if not stays]
metrics = {
    "accuracy": round(sum((visits > threshold) == stays for visits, stays in held_out) / len(held_out), 4),
    "auc": round(sum(a > b for a in stayed for b in left) / (len(stayed) * len(left)), 4),
}

with open(target, "w") as file:
    json.dump({"segment": segment, "threshold": threshold}, file)
with open(os.environ["SIGNALBOX_METRICS"], "w") as file:
    json.dump(metrics, file)
print(segment, metrics)
