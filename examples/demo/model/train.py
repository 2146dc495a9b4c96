"""Trains one model: train.py FEATURES EXAMPLES, the features joined by plus signs. The model is the task's result."""

import json
import os
import sys

import delay_model

features, examples = sys.argv[1].split("+"), delay_model.rows(sys.argv[2])
model = {"features": features, "weights": delay_model.fit(features, examples)}
measured = delay_model.measure(model, examples)
print(f"{sys.argv[1]}: {sum(row['flights'] for row in examples):,.0f} flights, on them AUC {measured['auc']}, log loss {measured['log_loss']}")

with open(os.environ["SIGNALBOX_METRICS"], "w") as file:
    json.dump(measured, file)
with open(os.environ["SIGNALBOX_RESULT"], "w") as file:
    json.dump(model, file)
