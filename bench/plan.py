#!/usr/bin/env python3
"""How long it takes to foresee 90 days of 500 pipelines over each of London's two clock changes, on one core.

    bench/plan.py

Makes a project of 500 pipelines of five tasks (490 daily at different times, half of them in London; ten hourly) with a history of three runs of some of
them, and asks `plan --json` for 90 days around each change. Prints the processor's seconds of the whole program: start, reading the files, ticks, the
course of all tasks twice, JSON. The bound is 2 s a window; exits 1 when it is broken.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts" / "app" / "signalbox"
WINDOWS = [("2026-02-12", "2026-05-13", "2026-03-29"), ("2026-09-10", "2026-12-09", "2026-10-25")]
BOUND = 2.0


def pipelines(folder):
    (folder / "pipelines").mkdir()
    (folder / "signalbox.yaml").write_text("")
    for i in range(500):
        cron = f"{i * 7 % 60} * * * *" if i % 50 == 7 else "30 1 * * *" if i % 50 == 3 else f"{i * 7 % 60} {i % 24} * * *"
        zone = "Europe/London" if i % 2 else "UTC"
        (folder / "pipelines" / f"p{i:03}.yaml").write_text(
            f"pipeline: p{i:03}\nschedule: {{ cron: \"{cron}\", timezone: {zone} }}\ntimeout: 1h\nsla: {{ by: \"06:00\" }}\n"
            "tasks:\n  extract: { run: \"true\" }\n  clean: { needs: extract, run: \"true\" }\n  features: { needs: clean, run: \"true\" }\n"
            "  train: { needs: features, run: \"true\" }\n  publish: { needs: train, run: \"true\" }\n"
        )


def main():
    subprocess.run([ROOT / "signalbox", "--version"], check=True, stdout=subprocess.DEVNULL)
    core = min(os.sched_getaffinity(0))
    broken = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pipelines(folder)
        for i in range(0, 30):
            subprocess.run([PROGRAM, "run", f"p{i:03}"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for begin, end, change in WINDOWS:
            seconds = []
            for _ in range(3):
                with open(folder / "plan.json", "wb") as out:
                    process = subprocess.Popen(
                        [PROGRAM, "plan", "--from", begin, "--to", end, "--json"],
                        cwd=folder,
                        stdout=out,
                        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
                    )
                    _, status, usage = os.wait4(process.pid, 0)
                if status != 0:
                    sys.exit(f"plan failed: {status}")
                seconds.append(usage.ru_utime + usage.ru_stime)
            with open(folder / "plan.json", "rb") as text:
                ticks = json.load(text)["ticks"]
            marked = sum(1 for tick in ticks if tick["dst"])
            best = min(seconds)
            broken |= best > BOUND
            print(f"90 days over {change}: {len(ticks)} ticks, {marked} marked by the change, {best:.2f} s of one core (bound {BOUND} s)")
    sys.exit(1 if broken else 0)


main()
