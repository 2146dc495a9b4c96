#!/usr/bin/env python3
"""Memory of a server with ten thousand waiting sensors: the resident set before and after, and what each adds.

Each is a run of its own with one task that waits for a file, begun by a backfill of ten thousand days. The bound is 200 MB for all of them.

    bench/waiting-sensors.py [--sensors 10000]
"""

import argparse
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts" / "app" / "signalbox"
BOUND = 200_000_000


def resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("the server is gone")


def program_under(pid):
    """The server itself, where the launcher in front of it is a process of its own."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return program_under(int(children[0])) if children and resident(pid) < 20_000_000 else pid


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sensors", type=int, default=10_000)
    wanted = parser.parse_args().sensors
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as folder:
        project = pathlib.Path(folder)
        (project / "pipelines").mkdir()
        (project / "signalbox.yaml").write_text("")
        (project / "pipelines/waits.yaml").write_text(
            "pipeline: waits\npartition: day\nmax_active_runs: 100000\ntasks:\n"
            "  landed: { wait_for: { file: 'landing/{{ ds }}.csv' }, every: 1h, timeout: 20h }\n"
        )
        server = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0", "--project", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            for line in server.stdout:
                if "serving " in line:
                    break
            pid = program_under(server.pid)
            time.sleep(3)
            before = resident(pid)
            first = subprocess.run(
                ["date", "-d", f"{wanted} days ago", "+%F"], check=True, capture_output=True, text=True
            ).stdout.strip()
            last = subprocess.run(["date", "-d", "yesterday", "+%F"], check=True, capture_output=True, text=True).stdout.strip()
            began = time.monotonic()
            subprocess.run(
                [PROGRAM, "backfill", "waits", "--from", first, "--to", last, "--max-active", str(wanted), "--detach", "--project", folder],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            store = sqlite3.connect(f"file:{project}/.signalbox/signalbox.db?mode=ro", uri=True)
            waiting = 0
            while waiting < wanted:
                time.sleep(0.5)
                waiting = store.execute("select count(*) from tasks where state = 'up_for_reschedule' and polls > 0").fetchone()[0]
                if time.monotonic() - began > 900:
                    raise SystemExit(f"only {waiting} of {wanted} wait")
            store.close()
            took = time.monotonic() - began
            time.sleep(5)
            after = resident(pid)
        finally:
            server.terminate()
            server.wait(30)
    added = after - before
    print(f"{wanted} waiting sensors, all waiting after {took:.0f} s")
    print(f"resident: {before / 1e6:.0f} MB before, {after / 1e6:.0f} MB after: {added / 1e6:.0f} MB more, {added / wanted:.0f} bytes each")
    bound = BOUND * wanted / 10_000
    print(f"bound: {bound / 1e6:.0f} MB; {'kept' if added < bound else 'NOT KEPT'}")
    return 0 if added < bound else 1


if __name__ == "__main__":
    sys.exit(main())
