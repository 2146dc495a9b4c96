#!/usr/bin/env python3
"""How late the scheduler is, and what it costs, with many pipelines that are due every minute.

    bench/scheduler.py [--pipelines 10000] [--minutes 5] [--signalbox ./signalbox]

Makes a project in a temporary folder, serves it, lets two minutes go by (loading, first look) and then measures: the lateness of each run
against its tick, as the rows in the store say, and the processor time of the server, as the kernel says.
"""

import argparse, os, signal, sqlite3, subprocess, sys, tempfile, time

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--pipelines", type=int, default=10_000)
arguments.add_argument("--minutes", type=int, default=5)
arguments.add_argument("--signalbox", default=os.path.join(os.path.dirname(__file__), "..", "signalbox"))
given = arguments.parse_args()
program = os.path.abspath(given.signalbox)


def cpu(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(project):
    os.mkdir(f"{project}/pipelines")
    open(f"{project}/signalbox.yaml", "w").close()
    for number in range(given.pipelines):
        with open(f"{project}/pipelines/p{number:05}.yaml", "w") as file:
            file.write(f'pipeline: p{number:05}\nschedule: "* * * * *"\ntasks:\n  only: {{ noop: }}\n')

    with open(f"{project}/server.log", "w") as log:
        server = subprocess.Popen([program, "serve", "--port", "0"], cwd=project, stdout=log, stderr=log, start_new_session=True)
    try:
        begun = time.time()
        while "serving " not in (said := open(log.name).read()):
            if server.poll() is not None or time.time() - begun > 600:
                raise SystemExit(f"the server does not serve:\n{said[-2000:]}")
            time.sleep(0.5)
        print(f"{given.pipelines} pipelines loaded in {time.time() - begun:.1f} s")
        with open(f"{project}/.signalbox/signalbox.db.lock") as lock:
            pid = int(lock.read().split()[0])
        time.sleep(120 - time.time() % 60)
        start, used = time.time(), cpu(pid)
        time.sleep(60 * given.minutes)
        end, spent = time.time(), cpu(pid) - used
        time.sleep(20)
        report(f"{project}/.signalbox/signalbox.db", start, end)
        print(f"processor: {spent / (end - start):.2f} of a core")
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def report(database, start, end):
    store = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    late = sorted(
        row[0] / 1000
        for row in store.execute(
            "select runs.created_ms - ticks.at_ms from ticks join runs on runs.number = ticks.run_number where ticks.at_ms between ? and ?",
            (start * 1000, end * 1000),
        )
    )
    skipped = store.execute("select count(*) from ticks where skipped is not null and at_ms >= ?", (start * 1000,)).fetchone()[0]
    store.close()
    print(f"{len(late)} runs of {given.pipelines * given.minutes} ticks, {skipped} skipped")
    print("late: " + ", ".join(f"p{int(q * 100)} {late[min(len(late) - 1, int(q * len(late)))]:.2f} s" for q in (0.5, 0.9, 0.99)) + f", most {late[-1]:.2f} s")


# Who is told to stop leaves no server and no folder behind either.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
with tempfile.TemporaryDirectory(prefix="signalbox-bench-", ignore_cleanup_errors=True) as folder:
    measure(folder)
