"""The segments, as the task's result: JSON in the file $SIGNALBOX_RESULT."""

import json
import os

names = ["new", "casual", "regular", "power", "dormant"]
with open(os.environ["SIGNALBOX_RESULT"], "w") as file:
    json.dump([{"segment": name, "seed": seed} for seed, name in enumerate(names)], file)
