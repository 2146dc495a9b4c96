"""A reader outside the product: which file serves a date, by the pointer file that is replaced at every switch.

    router.py 2024-01-15
"""
import json
import pathlib
import sys

project = pathlib.Path(__file__).parent
pointer = project / ".signalbox" / "active" / "revenue.json"

# No pointer means that nothing was ever switched: blue.
active = json.loads(pointer.read_text()) if pointer.exists() else {"active": "blue", "root": "."}
path = pathlib.Path("data/total") / f"date={sys.argv[1]}" / "part-0.csv"
served = project / active["root"] / path
name = active["active"]
if not served.exists():
    # The active version never made this date: the live one is served in its place.
    served, name = project / path, "blue"
print(name, served.read_text().splitlines()[1])
