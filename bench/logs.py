#!/usr/bin/env python3
"""Reads a log of 1 GB in every way there is, and measures what that adds to the server's resident memory.

    bench/logs.py [--bytes 1000000000] [--lines 100000]

A task writes the log, another one, which is given a secret, a log of a quarter of the size, and a third one so many lines a second for ten seconds. Then
each way is asked in turn; the peak of the server's memory above what it was before (VmHWM, reset) is printed. The bound is 50 MB. The lines must all be there.
"""
import argparse
import hashlib
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOUND = 50_000_000

PIPELINE = """pipeline: logs
tasks:
  plain: {{ timeout: 1h, run: "yes 'some words that stand in a line of a log' | head -c {bytes}" }}
  secret: {{ timeout: 1h, env: {{ TOKEN: "secret:token" }}, run: "yes 'some words that stand in a line of a log' | head -c {quarter}; echo $TOKEN" }}
  fast: {{ timeout: 1h, run: "python3 fast.py {lines}" }}
"""

FAST = """import sys, time
lines, begun = int(sys.argv[1]), time.time()
for tenth in range(100):
    sys.stdout.write("".join(f"line {n} of a fast task\\n" for n in range(tenth * lines // 10, (tenth + 1) * lines // 10)))
    sys.stdout.flush()
    time.sleep(max(0, begun + (tenth + 1) / 10 - time.time()))
"""


def status(pid, field):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", text)[1]) * 1024


def processor(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bytes", type=int, default=1_000_000_000)
    arguments.add_argument("--lines", type=int, default=100_000)
    asked = arguments.parse_args()
    program = ROOT / "artifacts/app/signalbox"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "pipelines").mkdir()
        (folder / "signalbox.yaml").write_text("")
        (folder / "fast.py").write_text(FAST)
        (folder / "pipelines/logs.yaml").write_text(PIPELINE.format(bytes=asked.bytes, quarter=asked.bytes // 4, lines=asked.lines))
        secrets = folder / ".signalbox/secrets"
        secrets.mkdir(parents=True)
        (secrets / "token").write_text("a-secret-of-the-bench")
        (secrets / "token").chmod(0o600)
        server = subprocess.Popen([program, "serve", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            address = next(found[1] for line in server.stdout if (found := re.search(r"serving .* at (http://\S+)", line)))
            call = lambda *words: subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, text=True).stdout
            token = call("tokens", "create", "bench").strip().splitlines()[-1]
            before, begun = processor(server.pid), time.time()
            call("run", "logs")
            print(f"the run: {time.time() - begun:.1f} s, {processor(server.pid) - before:.2f} s of the server's processor")
            return measure(server.pid, address, token, folder, asked)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def measure(pid, address, token, folder, asked):
    def get(path, **headers):
        return urllib.request.urlopen(urllib.request.Request(address + path, headers={"Authorization": f"Bearer {token}", **headers}))

    log = "/api/runs/1/tasks/{}/attempts/1/log"
    run = get("/api/v1/dags/logs/dagRuns").read().decode()
    airflow = f"/api/v1/dags/logs/dagRuns/{re.search(r'dag_run_id.: *.([^,]*?).,', run)[1]}/taskInstances/plain/logs/1"
    ways = [
        ("the last 256 KiB", log.format("plain"), {"Range": "bytes=-262144"}),
        ("256 KiB in the middle", log.format("plain"), {"Range": f"bytes={asked.bytes // 2}-{asked.bytes // 2 + 262143}"}),
        ("the whole", log.format("plain"), {}),
        ("the end, with secrets", log.format("secret"), {"Range": "bytes=-262144"}),
        ("the same again", log.format("secret"), {"Range": "bytes=-262144"}),
        ("the whole, with secrets", log.format("secret"), {}),
        ("events from the beginning", log.format("plain") + "/events?after=0", {}),
        ("Airflow, plain", airflow, {"Accept": "text/plain"}),
        ("Airflow, a part", airflow + "?full_content=true", {"Accept": "application/json"}),
    ]
    kept = True
    for name, path, headers in ways:
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
        resident, begun, count = status(pid, "VmRSS"), time.time(), 0
        with get(path, **headers) as answer:
            while piece := answer.read(1 << 20):
                count += len(piece)
        grown = status(pid, "VmHWM") - resident
        kept &= grown < BOUND
        print(f"{name:28} {count:12,} bytes  {time.time() - begun:6.2f} s  +{grown / 1e6:5.1f} MB")
    fast = get(log.format("fast")).read()
    wanted = "".join(f"line {n} of a fast task\n" for n in range(10 * asked.lines)).encode()
    whole = hashlib.sha256(fast).digest() == hashlib.sha256(wanted).digest()
    print(f"{asked.lines:,} lines a second: {'all there' if whole else 'LINES ARE MISSING'}; bound of {BOUND / 1e6:.0f} MB {'kept' if kept else 'BROKEN'}")
    return 0 if kept and whole else 1


if __name__ == "__main__":
    sys.exit(main())
