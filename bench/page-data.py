#!/usr/bin/env python3
"""Times what the page asks of a server whose database holds 1,000,000 task instances.

    bench/page-data.py [--runs 20000] [--tasks 50] [--keep FOLDER]

A project of ten pipelines is made, its server started once to load them, and the rows of the runs written straight into SQLite by the shape of the
tables. Then the server runs again, and each address is asked eleven times; the first and the median of the others are printed. The bound is 500 ms.
"""
import argparse
import json
import pathlib
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOUND = 0.5
DAY = 86_400_000
FIRST = 1_420_070_400_000  # 2015-01-01


def write_project(folder, tasks):
    (folder / "pipelines").mkdir(parents=True)
    (folder / "signalbox.yaml").write_text("")
    for number in range(10):
        lines = [f"pipeline: bench_{number}", 'schedule: "0 3 * * *"', "start: 2099-01-01", "tags: [bench]", "tasks:"]
        for task in range(tasks):
            needs = f"needs: [t{task - 1}], " if task else ""
            lines.append(f'  t{task}: {{ {needs}run: "true" }}')
        (folder / f"pipelines/bench_{number}.yaml").write_text("\n".join(lines) + "\n")


class Server:
    """`serve` of a project, until the block ends."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, "serve", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if found := re.search(r"serving .* at (http://\S+)", line):
                self.address = found[1]
                return
        sys.exit("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def fill(database, runs, tasks):
    """Rows as the engine leaves them; columns that are not named here keep their defaults or null."""
    store = sqlite3.connect(database)
    store.execute("pragma synchronous = off")
    versions = dict(store.execute("select name, version from pipelines"))
    with store:
        for number in range(1, runs + 1):
            pipeline = f"bench_{number % 10}"
            start = FIRST + number // 10 * DAY
            # One run in a hundred failed, and the ten newest are under way.
            state = "running" if number > runs - 10 else "failed" if number % 100 == 0 else "success"
            ended = None if state == "running" else start + tasks * 1000
            partition = time.strftime("%Y-%m-%d", time.gmtime(start / 1000))
            insert(
                store, "runs", number=number, pipeline=pipeline, run_id=f"bench__{number}", version=versions[pipeline], logical_ms=start,
                interval_start_ms=start, interval_end_ms=start + DAY, partition_key=partition, started_by="backfill", state=state, priority=0,
                params="{}", only_tasks="[]", reason="bench", created_ms=start, started_ms=start, ended_ms=ended, revision=1, epoch=0,
            )
            for task in range(tasks):
                last = task == tasks - 1
                seen = "success" if not last or state == "success" else "failed" if state == "failed" else "none"
                over = None if seen == "none" else start + (task + 1) * 1000
                insert(
                    store, "tasks", run_number=number, task=f"t{task}", map_index=-1, state=seen, token=1, try_number=1, tries_before=0,
                    lost_count=0, started_ms=start + task * 1000, ended_ms=over, polls=0, failed_polls=0, failure_check=0,
                    revision=1,
                )
                if over is not None:
                    insert(
                        store, "attempts", run_number=number, task=f"t{task}", map_index=-1, number=1, token=1, state=seen,
                        submitted_ms=start, started_ms=start + task * 1000, ended_ms=over, exit_code=0, failure_check=0,
                    )
            insert(
                store, "history", run_number=number, at_ms=ended or start, map_index=-1, number=0, from_state="running", event="attempt_ended",
                to_state=state, reason="bench",
            )
        store.execute("update counters set value = ? where name = 'run'", (runs,))
    store.execute("analyze")
    store.close()


def insert(store, table, **row):
    store.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", tuple(row.values()))


def timed(address, path, token):
    request = urllib.request.Request(address + path, headers={"Authorization": f"Bearer {token}"})
    begin = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        size = len(answer.read())
    return time.perf_counter() - begin, size


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=20_000)
    options.add_argument("--tasks", type=int, default=50)
    options.add_argument("--keep", type=pathlib.Path, help="make the project here and leave it")
    told = options.parse_args()
    program = ROOT / "artifacts/app/signalbox"
    subprocess.run([ROOT / "signalbox", "--version"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as temporary:
        folder = told.keep or pathlib.Path(temporary) / "bench"
        database = folder / ".signalbox/signalbox.db"
        if not database.exists():
            write_project(folder, told.tasks)
            with Server(program, folder):
                pass
            begin = time.perf_counter()
            fill(database, told.runs, told.tasks)
            print(f"{told.runs * told.tasks:,} task instances written in {time.perf_counter() - begin:.0f} s, {database.stat().st_size / 1e9:.1f} GB")
        made = subprocess.run([program, "tokens", "create", f"bench-{time.time_ns()}", "--role", "viewer", "--json"], cwd=folder, check=True, capture_output=True, text=True)
        token = json.loads(made.stdout)["token"]
        with Server(program, folder) as server:
            slow = 0
            for path in [
                "/api/home",
                "/api/grid?limit=100",
                "/api/grid?limit=100&pipeline=bench_3",
                "/api/grid?limit=100&state=failed",
                f"/api/grid?limit=100&after={told.runs // 2}",
                f"/api/runs/{told.runs // 2}",
                f"/api/runs/{told.runs // 2}/outlook",
                f"/api/runs/{told.runs}/outlook",
                f"/api/runs/{told.runs // 2}/history",
                "/api/pipelines/bench_3/durations?limit=200",
                "/api/timetable?from=2099-01-01T00:00:00Z&to=2099-01-08T00:00:00Z",
            ]:
                first, size = timed(server.address, path, token)
                usual = statistics.median(timed(server.address, path, token)[0] for _ in range(10))
                slow += usual > BOUND
                print(f"{path:<46} first {first * 1000:6.0f} ms  then {usual * 1000:6.0f} ms  {size / 1000:8.1f} kB{'  OVER' if usual > BOUND else ''}")
        sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
