"""Measures all models, and the champion, on the same held-out flights; the best becomes a version: evaluate.py HELD_OUT TO."""

import json
import os
import sys

import delay_model

held_out, target = delay_model.rows(sys.argv[1]), sys.argv[2]
table = []
for model in json.loads(os.environ["MODELS"]):
    table.append({"model": "+".join(model["features"]), **delay_model.measure(model, held_out), "weights": model["weights"]})
best = min(table, key=lambda line: line["log_loss"])

flights = sum(row["flights"] for row in held_out)
metrics = {"auc": best["auc"], "log_loss": best["log_loss"], "flights": flights, "late_share": sum(row["late"] for row in held_out) / flights}
if os.environ["CHAMPION"]:
    with open(os.environ["CHAMPION"]) as file:
        champion = json.load(file)
    measured = delay_model.measure(champion, held_out)
    metrics |= {"champion_auc": measured["auc"], "champion_log_loss": measured["log_loss"]}
    table.append({"model": "champion: " + "+".join(champion["features"]), **measured})

for line in table:
    print(f"{line['model']:<45} AUC {line['auc']:.4f}  log loss {line['log_loss']:.4f}{'  best' if line is best else ''}")

with open(target, "w") as file:
    json.dump({"features": best["model"].split("+"), "weights": best["weights"]}, file)
with open(os.environ["SIGNALBOX_METRICS"], "w") as file:
    json.dump(metrics, file)
with open(os.environ["SIGNALBOX_RESULT"], "w") as file:
    json.dump([{name: line[name] for name in ("model", "auc", "log_loss")} for line in table], file)
