#!/usr/bin/env python3
"""A week and a year of history beside a live schedule, on one pool: are limits kept, and does the live run get its turn?

    bench/backfill-beside-live.py [--days 365] [--max-active 4] [--period 15]

The tasks themselves write when they begin and end; what is said of limits is counted from that, and not from what the server believes. The server
is ended by SIGKILL once in the middle. Bounds: no more runs of the backfill at one time than its max-active, no more tasks at one time than the pool
has slots, each date once, every live tick one run, and each live run's task begun within one period of its tick.
"""

import argparse
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts" / "app" / "signalbox"
NOTE = 'for at in + -; do echo "$at NAME $SIGNALBOX_RUN_ID $(date +%s.%N)" >> ledger.txt; test $at = - || sleep 0.5; done'


def call(project, *words):
    done = subprocess.run([PROGRAM, *words, "--project", str(project)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def serve(project):
    path = project / "server.log"
    before = path.stat().st_size if path.exists() else 0
    with open(path, "ab") as log:
        server = subprocess.Popen([PROGRAM, "serve", "--port", "0"], cwd=project, stdout=log, stderr=log, start_new_session=True)
    while "serving " not in path.read_text()[before:]:
        if server.poll() is not None:
            raise SystemExit(path.read_text()[-2000:])
        time.sleep(0.1)
    return server


def kill(server, project):
    with open(project / ".signalbox" / "signalbox.db.lock") as lock:
        os.kill(int(lock.read().split()[0]), signal.SIGKILL)
    server.wait(60)


def fill(project, server, days, most, is_killed):
    """Runs so many days, and returns the server, the number of the backfill, what was foretold and what it took."""
    words = ["backfill", "history", "--last", f"{days}d", "--max-active", str(most)]
    plan = json.loads(call(project, *words, "--dry-run", "--json"))
    begun = time.monotonic()
    number = json.loads(call(project, *words, "--detach", "--json"))["backfill_id"]
    while True:
        seen = json.loads(call(project, "backfill", "show", str(number), "--json"))
        if is_killed and seen["progress"].get("success", 0) > days / 2:
            kill(server, project)
            server, is_killed = serve(project), False
        if seen["state"] not in ("running", "paused"):
            return server, number, plan["estimated_seconds"], time.monotonic() - begun, seen
        time.sleep(2)


def most_at_once(lines, pipeline):
    """The most tasks that ran at one time, by their own account."""
    active = most = 0
    for sign, name, _, _ in sorted(lines, key=lambda line: (float(line[3]), line[0] == "+")):
        if pipeline in (None, name):
            active += 1 if sign == "+" else -1
            most = max(most, active)
    return most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--max-active", type=int, default=4)
    parser.add_argument("--period", type=int, default=15)
    given = parser.parse_args()
    slots = given.max_active
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as folder:
        project = pathlib.Path(folder)
        (project / "pipelines").mkdir()
        (project / "signalbox.yaml").write_text(f"pools: {{ warehouse: {slots} }}\n")
        (project / "pipelines/history.yaml").write_text(
            f"pipeline: history\npartition: day\nmax_active_runs: {given.max_active * 4}\ntasks:\n"
            f"  a:\n    pool: warehouse\n    run: |\n      {NOTE.replace('NAME', 'history')}     # signalbox: allow append, for each line is a witness\n"
        )
        (project / "pipelines/live.yaml").write_text(
            f"pipeline: live\nschedule: {{ every: {given.period}s }}\ntasks:\n"
            f"  a:\n    pool: warehouse\n    run: |\n      {NOTE.replace('NAME', 'live')}     # signalbox: allow append, for each line is a witness\n"
        )
        server = serve(project)
        try:
            time.sleep(given.period)
            wrong = []
            for days, is_killed in ((7, False), (given.days, True)):
                server, number, foretold, took, seen = fill(project, server, days, given.max_active, is_killed)
                told = "no history yet" if foretold is None else f"foretold {foretold:.0f} s"
                print(f"{days} days: {took:.0f} s ({told}), {seen['progress']}{', killed once' if is_killed else ''}")
                if seen["progress"] != {"success": days}:
                    wrong.append(f"backfill {number}: {seen['progress']}")
            time.sleep(given.period)
            store = sqlite3.connect(f"file:{project}/.signalbox/signalbox.db?mode=ro", uri=True)
            ticks = store.execute("select at_ms, run_number, skipped from ticks where pipeline = 'live' order by at_ms").fetchall()
            names = dict(store.execute("select number, run_id from runs where pipeline = 'live'"))
            runs = store.execute("select count(*), count(distinct logical_ms || '/' || backfill) from runs where pipeline = 'history'").fetchone()
        finally:
            server.terminate()
            server.wait(60)
        lines = [line.split() for line in (project / "ledger.txt").read_text().splitlines()]
        begun = {line[2]: float(line[3]) for line in lines if line[0] == "+" and line[1] == "live"}
        late = sorted(begun[names[run]] - at / 1000 for at, run, _ in ticks if run in names and names[run] in begun)
        history, everything = most_at_once(lines, "history"), most_at_once(lines, None)
        print(f"at one time, counted by the tasks: {history} of history (bound {given.max_active}), {everything} of the pool (bound {slots})")
        print(f"{len(late)} live runs of {len(ticks)} ticks; from tick to begin: p50 {late[len(late) // 2]:.1f} s, most {late[-1]:.1f} s (bound {given.period} s)")
        if history > given.max_active or everything > slots:
            wrong.append("a limit was exceeded")
        if runs[0] != 7 + given.days or runs[1] != runs[0] or sum(line[:2] == ["+", "history"] for line in lines) != runs[0]:
            wrong.append(f"{runs[0]} runs of {7 + given.days} dates, {runs[1]} of them different")
        if late[-1] > given.period:
            wrong.append("a live run waited longer than its period")
        print("NOT KEPT: " + "; ".join(wrong) if wrong else "kept")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
