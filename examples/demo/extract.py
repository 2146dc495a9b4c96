"""Takes the file of a day from where it landed, whole: extract.py FROM TO."""

import hashlib
import json
import os
import pathlib
import shutil
import sys

source, target = map(pathlib.Path, sys.argv[1:])

# The demo plants one fault: a file in faults/ stands for a file server that is busy. It is so once, then no more.
fault = pathlib.Path("faults", os.environ["SIGNALBOX_DS"])
if fault.exists():
    fault.unlink()
    message = f"the file server is busy (503); the demo planted this fault in {fault}"
    print(message, file=sys.stderr)
    pathlib.Path(os.environ["SIGNALBOX_ERROR"]).write_text(json.dumps({"class": "transient", "message": message}))
    sys.exit(os.EX_TEMPFAIL)

shutil.copyfile(source, target)
digest = hashlib.sha256(target.read_bytes()).hexdigest()
print(f"{source}: {target.stat().st_size} bytes, sha256 {digest}")
pathlib.Path(os.environ["SIGNALBOX_RESULT"]).write_text(json.dumps({"bytes": target.stat().st_size, "sha256": digest}))
