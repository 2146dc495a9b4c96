#!/usr/bin/env python3
"""Plays the scenes of tests/Signalbox.Faults.Tests at length and writes docs/fault-report.md.

    docs/make-fault-report.py                      all scenes; takes about two hours on two cores, and root for some
    docs/make-fault-report.py --beside 3           three scenes at a time
    docs/make-fault-report.py --minutes 10         each scene no longer than that
    docs/make-fault-report.py --scenes Kill Clock  these anew; of the others what was seen before
    docs/make-fault-report.py --more               what was seen before counts as well: the plays of a scene are added up
    docs/make-fault-report.py --write              writes only, from what artifacts/faults holds
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = ROOT / "tests" / "Signalbox.Faults.Tests"
SEEN = ROOT / "artifacts" / "faults"
REPORT = ROOT / "docs" / "fault-report.md"
ZERO = ["acknowledged lost", "published twice", "stuck"]

HEAD = """# Fault report

Made by `docs/make-fault-report.py`, which anybody can run again: it plays each scene at length against the built program. Last written on {machine}.

A harness has a server run schedules, webhooks, calls of the API and the command line, and publications of a file and a folder, does to it what the scene says, and
keeps a ledger of its own: what callers were told, and what the commands themselves wrote down outside of the project. In the end everything must
have ended, and ledger, rows and files must agree: nothing acknowledged is lost, nothing is published twice, nothing is stuck, no attempt began twice, no two attempts of a
task lived at one time, each tick is one run, each folder is of one attempt. How it works is told in [the decision](decisions/0021-fault-harness.md).

## What was done, and what was found
"""

def scenes():
    found = []
    for file in sorted((PROJECT / "Scenes").glob("*Scene.cs")):
        name = re.search(r': (?:Scene|OnPostgres)\(\s*"(\w+)"', file.read_text(encoding="utf-8"))
        found.append((file.stem, name.group(1)))
    return found


def plays(name):
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(SEEN.glob(f"{name}-*.json"))]


def play(only, minutes, more, beside):
    subprocess.run(["dotnet", "build", "-c", "Release", PROJECT, "-v", "quiet", "-nologo", "-clp:NoSummary"], check=True)
    subprocess.run([ROOT / "signalbox", "--version"], check=True)
    environment = {**os.environ, "SIGNALBOX_FAULTS": "long"}
    if minutes:
        environment["SIGNALBOX_FAULTS_MINUTES"] = str(minutes)
    program = PROJECT / "bin" / "Release" / "net10.0" / PROJECT.name

    def one(scene):
        kind, name = scene
        print(f"{kind} ...", flush=True)
        for file in SEEN.glob(f"{name}-*.json"):
            more or file.unlink()
        return subprocess.run([program, "-noLogo", "-noColor", "-class", f"*.{kind}"], env=environment).returncode

    wanted = [scene for scene in scenes() if not only or scene[0].removesuffix("Scene") in only]
    with concurrent.futures.ThreadPoolExecutor(max_workers=beside) as all_of_them:
        return [kind for (kind, _), code in zip(wanted, all_of_them.map(one, wanted)) if code]


def together(plays):
    """Several plays as one."""
    counts = {}
    for seen in plays:
        for what, count in seen["counts"].items():
            counts[what] = max(counts.get(what, 0), count) if what.endswith(", ms") else counts.get(what, 0) + count
    return {
        **plays[-1],
        "times": sum(seen["times"] for seen in plays),
        "seconds": sum(seen["seconds"] for seen in plays),
        "counts": dict(sorted(counts.items())),
        "findings": [finding for seen in plays for finding in seen["findings"]],
    }


def row(seen):
    counts = seen["counts"]
    rest = []
    if counts.get("commands alive at a kill"):
        rest.append(f"{counts['commands adopted']} of {counts['commands alive at a kill']} commands adopted")
    for what in counts:
        if what not in ["commands adopted", "commands alive at a kill", *ZERO] and counts[what]:
            rest.append(f"{what}: {counts[what]}")
    minutes = max(1, round(seen["seconds"] / 60))
    return f"| {seen['what'][0].upper()}{seen['what'][1:]} | {seen['times']} | " + " | ".join(
        str(counts.get(what, 0)) for what in ZERO
    ) + f" | {'; '.join(rest)} | {minutes} min, {seen['at']} |"


def guarantees():
    rows = []
    for line in (PROJECT / "guarantees.txt").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"(G\d+): (.*) \| (.*)", line):
            number, promise, names = match.groups()
            tests = [name for name in names.split() if not name.startswith(("bench/", "-"))]
            commands = ([f"`tests/one {' '.join(tests)}`"] if tests else []) + [f"`{name}`" for name in names.split() if name.startswith("bench/")]
            rows.append(f"| {number} | {promise} | {', '.join(commands) or 'nothing tests it'} |")
    return rows


def write():
    seen, missing = [], []
    for kind, name in scenes():
        seen.append(together(plays(name))) if plays(name) else missing.append(kind)
    lines = [HEAD.format(machine=f"{os.cpu_count()} cores, Linux {platform.release()}")]
    lines += ["| What is done | Times | Acknowledged, lost | Published twice | Stuck | Beside it | Took |", "|---|---|---|---|---|---|---|"]
    lines += [row(each) for each in seen]
    lines += ["", *(f"{kind} was not played." for kind in missing)]
    findings = [f"- {each['scene']}: {finding.splitlines()[0]}" for each in seen for finding in each["findings"]]
    lines += ["Promises that were broken:", "", *findings] if findings else ["No promise was broken in these plays."]
    lines += ["", (PROJECT / "findings.md").read_text(encoding="utf-8").strip(), ""]
    lines += ["## Each guarantee, and what tests it", ""]
    lines += ["`SIGNALBOX_FAULTS=long tests/one KillScene` plays a scene as long as for this report; without it as shortly as in `./check`."]
    lines += ["", "| | Promise | Command |", "|---|---|---|", *guarantees()]
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int)
    parser.add_argument("--beside", type=int, default=1)
    parser.add_argument("--scenes", nargs="*", default=[])
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.scenes) - {kind.removesuffix("Scene") for kind, _ in scenes()}:
        parser.error(f"there is no scene {', '.join(sorted(unknown))}")
    failed = [] if given.write else play(given.scenes, given.minutes, given.more, given.beside)
    write()
    print(f"written: {REPORT.relative_to(ROOT)}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


sys.exit(main())
