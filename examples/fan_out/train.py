"""Finds the best threshold of one number for one segment, on customers made up from a seed; measures it on others."""

import argparse
import json
import os
import random

parser = argparse.ArgumentParser()
parser.add_argument("segment")
parser.add_argument("--seed", type=int, required=True)
args = parser.parse_args()


def customers(count, chance):
    """Pairs of a score and whether the customer stayed; those who stay tend to score higher."""
    return [(chance.gauss(1.2 if stays else 0.0, 1.0), stays) for stays in (chance.random() < 0.4 for _ in range(count))]


chance = random.Random(args.seed)
known, held_out = customers(2000, chance), customers(1000, chance)
threshold = max((score for score, _ in known[::20]), key=lambda t: sum((score > t) == stays for score, stays in known))
accuracy = sum((score > threshold) == stays for score, stays in held_out) / len(held_out)
stayed, left = [s for s, stays in held_out if stays], [s for s, stays in held_out if not stays]
auc = sum(a > b for a in stayed for b in left) / (len(stayed) * len(left))

model = {"segment": args.segment, "threshold": round(threshold, 4), "accuracy": round(accuracy, 4), "auc": round(auc, 4)}
print(model)
with open(os.environ["SIGNALBOX_RESULT"], "w") as file:
    json.dump(model, file)
with open(os.environ["SIGNALBOX_METRICS"], "w") as file:
    json.dump({"accuracy": model["accuracy"], "auc": model["auc"]}, file)
