#!/usr/bin/env python3
"""A storm of webhooks while the server is killed and started, against the sender's own ledger.

    bench/webhook-storm.py [--calls 20000] [--kills 10] [--senders 8]

Each sender posts numbers, each under a delivery id of its own, until it is told that the message is kept; what it was told is the ledger. The
server is ended by SIGKILL again and again meanwhile. In the end every number of the ledger must be one message and one run that succeeded, the
message must be the one that the sender was told of, and the commands themselves, each of which leaves a line, must have seen each number once.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts" / "app" / "signalbox"
PIPELINE = """pipeline: landing
triggers: [{ webhook: { bearer: secret:hook, max_per_minute: 1000000 } }]
params: { n: { type: integer } }
max_active_runs: 8
run: echo {{ params.n }} >> seen.txt     # signalbox: allow append, for each line is a witness
"""


def serve(project, port):
    """Starts a server, and says which process it is."""
    log = open(project / "server.log", "ab")
    server = subprocess.Popen([PROGRAM, "serve", "--port", str(port)], cwd=project, stdout=log, stderr=log, start_new_session=True)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"the server ended by itself: {(project / 'server.log').read_text()[-2000:]}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return server
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server does not serve")


def kill(server, project):
    """As a machine that loses its power would: no warning. The commands that run are left to themselves."""
    with open(project / ".signalbox" / "signalbox.db.lock") as lock:
        os.kill(int(lock.read().split()[0]), signal.SIGKILL)
    server.wait(60)


class Sender(threading.Thread):
    def __init__(self, port, numbers, ledger, times):
        super().__init__(daemon=True)
        self.port, self.numbers, self.ledger, self.times = port, numbers, ledger, times
        self.again = 0

    def run(self):
        connection = None
        while True:
            try:
                number = self.numbers.get_nowait()
            except queue.Empty:
                return
            while True:
                begun = time.monotonic()
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                    connection.request(
                        "POST",
                        "/hooks/landing",
                        json.dumps({"n": number}),
                        {"Authorization": "Bearer s3cret", "Content-Type": "application/json", "X-Signalbox-Delivery": f"d-{number}"},
                    )
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status == 202:
                        self.ledger[number] = json.loads(body)["messages"][0]["message"]
                        self.times.append(time.monotonic() - begun)
                        break
                    if answer.status < 500:
                        raise SystemExit(f"{answer.status}: {body.decode()}")
                except (OSError, http.client.HTTPException):
                    connection = None
                self.again += 1
                time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--senders", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as folder:
        project = pathlib.Path(folder)
        (project / "pipelines").mkdir()
        (project / "signalbox.yaml").write_text("")
        (project / "pipelines/landing.yaml").write_text(PIPELINE)
        secrets = project / ".signalbox" / "secrets"
        secrets.mkdir(parents=True)
        (secrets / "hook").write_text("s3cret")
        (secrets / "hook").chmod(0o600)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        numbers, ledger, times = queue.Queue(), {}, []
        for number in range(given.calls):
            numbers.put(number)
        server = serve(project, port)
        try:
            begun = time.monotonic()
            senders = [Sender(port, numbers, ledger, times) for _ in range(given.senders)]
            for sender in senders:
                sender.start()
            away = []
            for number in range(1, given.kills + 1):
                while len(ledger) < given.calls * number / (given.kills + 1):
                    time.sleep(0.05)
                since = time.monotonic()
                kill(server, project)
                server = serve(project, port)
                away.append(time.monotonic() - since)
            for sender in senders:
                sender.join()
            sent = time.monotonic() - begun
            store = sqlite3.connect(f"file:{project}/.signalbox/signalbox.db?mode=ro", uri=True)
            last, changed = -1, time.monotonic()
            while True:
                ended = store.execute("select count(*) from runs where ended_ms is not null").fetchone()[0]
                if ended >= given.calls:
                    break
                if ended != last:
                    last, changed = ended, time.monotonic()
                if time.monotonic() - changed > 300:
                    print(f"only {ended} of {given.calls} runs have ended, and none for 300 s")
                    break
                time.sleep(0.5)
            done = time.monotonic() - begun
            rows = store.execute(
                "select i.id, i.payload, i.state, r.state from inbox i left join runs r on r.number = i.run_number"
            ).fetchall()
            runs = store.execute("select count(*) from runs").fetchone()[0]
        finally:
            server.terminate()
            server.wait(60)
        mistakes = collections.Counter()
        kept = collections.defaultdict(list)
        for message, payload, state, run in rows:
            kept[json.loads(payload)["body"]["n"]].append(message)
            if (state, run) != ("started", "success"):
                mistakes[f"messages {state} whose run is {run}"] += 1
        mistakes["numbers that are not one message"] = sum(len(kept[number]) != 1 for number in range(given.calls))
        mistakes["messages other than the sender was told"] = sum(kept[number] != [ledger[number]] for number in range(given.calls))
        mistakes["runs too many or too few"] = abs(runs - given.calls)
        seen = collections.Counter(int(line) for line in (project / "seen.txt").read_text().split())
        mistakes["numbers that no command saw"] = sum(seen[number] == 0 for number in range(given.calls))
        mistakes["numbers that more than one command saw"] = sum(count > 1 for count in seen.values())
        times.sort()
        print(f"{given.calls} calls by {given.senders} senders, {given.kills} kills, {sum(each.again for each in senders)} calls sent again")
        print(f"all kept after {sent:.0f} s, all run after {done:.0f} s; away {max(away, default=0):.1f} s at most, killed to serving")
        print(f"a call: p50 {times[len(times) // 2] * 1000:.0f} ms, p99 {times[len(times) * 99 // 100] * 1000:.0f} ms")
        wrong = {what: count for what, count in mistakes.items() if count}
        print("the ledger, the inbox, the runs and the commands agree" if not wrong else f"NOT KEPT: {wrong}")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
