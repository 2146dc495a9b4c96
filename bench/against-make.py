#!/usr/bin/env python3
"""Speed and memory of the built program, as ratios against make on the same graph in the same run.

    bench/against-make.py [--rounds N]

Prints one line per measure: what was measured, what make needed, the ratio, and the bound that must hold. Exits 1 when a bound is broken.
"""
import argparse
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts" / "app" / "signalbox"
BROKEN = []


def timed(command, folder):
    """Wall seconds and peak memory (MB, of the largest process) of a command that must succeed."""
    with open(folder / "out", "wb") as out:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{(folder / 'out').read_text()[-2000:]}")
    return wall, usage.ru_maxrss / 1024


def report(name, value, unit, bound, floor=None):
    broken = value > bound
    if broken:
        BROKEN.append(name)
    beside = f"  make {floor:6.2f} s" if floor is not None else ""
    print(f"{name:34} {value:8.2f} {unit:5} (at most {bound:g}){beside}{'  BROKEN' if broken else ''}", flush=True)


def write_pipeline(folder, name, tasks):
    (folder / "pipelines").mkdir(exist_ok=True)
    lines = [f"pipeline: {name}", "max_active_tasks: 4", "tasks:"]
    for task, needs in tasks:
        lines.append(f"  {task}: {{ run: 'true'{', needs: [' + ', '.join(needs) + ']' if needs else ''} }}")
    (folder / "pipelines" / f"{name}.yaml").write_text("\n".join(lines) + "\n")


def write_makefile(folder, name, tasks):
    lines = [f"all: {tasks[-1][0]}"]
    for task, needs in tasks:
        lines.append(f"{task}: {' '.join(needs)}\n\t@true")
    (folder / f"{name}.mk").write_text("\n".join(lines) + "\n")


def against_make(folder, name, tasks, rounds):
    """The medians of our and of make's wall seconds, in turn."""
    write_pipeline(folder, name, tasks)
    write_makefile(folder, name, tasks)
    ours, makes = [], []
    for round_ in range(rounds + 1):
        mine, _ = timed([PROGRAM, "run", name, "--date", "2001-01-05", "--json"], folder)
        floor, _ = timed(["make", "-s", "-j4", "-f", f"{name}.mk"], folder)
        if round_ > 0:
            ours.append(mine)
            makes.append(floor)
    return statistics.median(ours), statistics.median(makes)


def wide(folder, rounds):
    leaves = [f"t{i}" for i in range(1000)]
    tasks = [("start", [])] + [(leaf, ["start"]) for leaf in leaves] + [("end", leaves)]
    ours, floor = against_make(folder, "wide", tasks, rounds)
    report("1 -> 1000 -> 1, times make -j4", ours / floor, "x", 3, floor)


def chain(folder, rounds):
    tasks = [("t0", [])] + [(f"t{i}", [f"t{i - 1}"]) for i in range(1, 200)]
    ours, floor = against_make(folder, "chain", tasks, rounds)
    write_pipeline(folder, "one", [("t0", [])])
    single = statistics.median(timed([PROGRAM, "run", "one", "--date", "2001-01-05", "--json"], folder)[0] for _ in range(rounds))
    report("chain of 200, a hop", (ours - single) * 1000 / 199, "ms", 10, floor)


def fan_out(folder):
    (folder / "pipelines" / "fan.yaml").write_text(
        "pipeline: fan\nmax_active_tasks: 4\ntasks:\n"
        "  start:\n    python: |\n      import json, os\n"
        "      json.dump(list(range(10000)), open(os.environ['SIGNALBOX_RESULT'], 'w'))\n"
        "  each: { run: 'true', needs: [start], for_each: '{{ tasks.start.result }}' }\n"
        "  end: { run: 'true', needs: [each] }\n"
    )
    wall, peak = timed([PROGRAM, "run", "fan", "--date", "2001-01-05", "--json"], folder)
    report("fan-out of 10000, peak memory", peak, "MB", 400)
    report("fan-out of 10000", wall, "s", 120)


def version(folder, rounds):
    walls = [timed([PROGRAM, "--version"], folder)[0] for _ in range(rounds + 2)]
    report("--version", statistics.median(walls), "s", 0.15)


def serve(folder):
    started = time.monotonic()
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        address = None
        for line in process.stdout:
            address = next((word for word in line.split() if word.startswith("http://")), None)
            if address:
                break
        urllib.request.urlopen(address.rstrip("/.,") + "/healthz", timeout=5).read()
        report("serve, ready", time.monotonic() - started, "s", 1.5)
        time.sleep(3)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        report("serve, idle", resident / 1024, "MB", 120)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if not shutil.which("make"):
        sys.exit("make is needed as the floor: apt-get install make")
    subprocess.run([ROOT / "signalbox", "--version"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "signalbox.yaml").touch()
        wide(folder, rounds)
        chain(folder, rounds)
        fan_out(folder)
        version(folder, rounds)
        serve(folder)
    sys.exit(1 if BROKEN else 0)


main()
