"""Writes one table of all models: register.py TO."""

import csv
import json
import os
import sys

models = json.loads(os.environ["MODELS"])
with open(sys.argv[1], "w", newline="") as file:
    table = csv.DictWriter(file, ["segment", "threshold", "accuracy", "auc"])
    table.writeheader()
    table.writerows(models)
print(f"{len(models)} models: {', '.join(model['segment'] for model in models)}")
