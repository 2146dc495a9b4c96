"""Writes the table of a week's models: report.py TO."""

import csv
import json
import os
import sys

promoted = os.environ["PROMOTED"] == "success"
table = json.loads(os.environ["TABLE"])
best = min((line for line in table if not line["model"].startswith("champion")), key=lambda line: line["log_loss"])
with open(sys.argv[1], "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["week", "model", "auc", "log_loss", "promoted"])
    for line in table:
        out.writerow([os.environ["SIGNALBOX_PARTITION"], line["model"], line["auc"], line["log_loss"], "yes" if promoted and line is best else "no"])
print(open(sys.argv[1]).read(), end="")
