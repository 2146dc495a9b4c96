#!/usr/bin/env python3
"""A million rows of six columns from Parquet into PostgreSQL by a `load:` task, against `psql \\copy` of the same rows in the same run.

    bench/load-postgres.py [--rounds N] [--rows N] [--address postgresql://user@host:port/database]

Without an address a server of this machine is started in a temporary folder, with PostgreSQL's own default settings, and ended again. Both sides
fill an empty table: ours through the whole program (start, run, staging table, publication in one transaction), psql with one `\\copy` of CSV. Prints
the medians and their ratio; exits 1 when ours takes more than twice as long.
"""
import argparse
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts" / "app" / "signalbox"
BOUND = 2.0
COLUMNS = "id bigint, name text, feature_date date, score double precision, visits integer, seen timestamp"
ROWS = """select i::bigint as id, 'user_' || (i % 50000) as name, date '2024-01-15' as feature_date, sqrt(i) * 3.7 as score,
    (i % 97)::integer as visits, timestamp '2024-01-15 00:00:00' + to_seconds(i % 86400) as seen from range({rows}) as t(i)"""


def start_server(folder):
    """A PostgreSQL server on a free port; gives its address and its process."""
    binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        sys.exit("no PostgreSQL server is installed: apt-get install postgresql")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    subprocess.run([*user, binaries[-1] / "initdb", "-D", data, "-A", "trust", "-U", "signalbox", "-E", "UTF8", "--no-instructions"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/")
    server = subprocess.Popen([*user, binaries[-1] / "postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                               "-c", "unix_socket_directories="], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"postgresql://signalbox@127.0.0.1:{port}/postgres"
    for _ in range(300):
        if subprocess.run(["psql", address, "-qc", "select 1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return address, server
        time.sleep(0.1)
    server.terminate()
    sys.exit("the PostgreSQL server did not start")


def psql(address, *commands):
    text = [part for command in commands for part in ("-c", command)]
    return subprocess.run(["psql", address, "-qAtX", "-v", "ON_ERROR_STOP=1", *text], check=True, capture_output=True, text=True).stdout.strip()


def timed(command, folder):
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    wall = time.monotonic() - started
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return wall


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--address")
    options = options.parse_args()
    subprocess.run([ROOT / "signalbox", "--version"], check=True, stdout=subprocess.DEVNULL)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="signalbox-bench-load-"))
    server = None
    try:
        address = options.address
        if address is None:
            (folder / "server").mkdir()
            folder.chmod(0o755)
            address, server = start_server(folder / "server")
        project = folder / "project"
        (project / "pipelines").mkdir(parents=True)
        (project / "signalbox.yaml").write_text(f"connections: {{ warehouse: {{ postgres: '{address}' }} }}\n")
        (project / "make.sql").write_text(f"copy ({ROWS.format(rows=options.rows)}) to 'rows.parquet' (format parquet);\n"
                                          "copy (from 'rows.parquet') to 'rows.csv' (header false);\n")
        (project / "pipelines" / "make.yaml").write_text("pipeline: make\ntasks: { rows: { sql: { file: make.sql }, timeout: 5m } }\n")
        (project / "pipelines" / "load.yaml").write_text(
            "pipeline: load\ntasks:\n  load:\n    timeout: 5m\n    load: { from: rows.parquet, into: warehouse.ours, mode: replace_partition, "
            "partition: \"feature_date = {{ ds }}\" }\n")
        timed([PROGRAM, "run", "make", "--date", "2024-01-15"], project)
        ours, copies = [], []
        for turn in range(options.rounds + 1):
            psql(address, "drop table if exists ours, theirs", f"create table ours ({COLUMNS})", f"create table theirs ({COLUMNS})", "checkpoint")
            copies.append(timed(["psql", address, "-qX", "-c", "\\copy theirs from rows.csv csv"], project))
            psql(address, "checkpoint")
            command = [PROGRAM, "run", "load", "--date", "2024-01-15"] if turn == 0 else [PROGRAM, "rerun", str(turn_run), "--only", "load"]
            ours.append(timed(command, project))
            turn_run = 2
            same = psql(address, "select count(*) from (table ours except all table theirs) as d", "select count(*) from ours")
            if same.split() != ["0", str(options.rows)]:
                sys.exit(f"the two tables differ: {same}")
            print(f"round {turn}: load {ours[-1]:.2f} s, psql \\copy {copies[-1]:.2f} s{'  (not counted)' if turn == 0 else ''}", flush=True)
        mine, floor = statistics.median(ours[1:]), statistics.median(copies[1:])
        broken = mine > BOUND * floor
        print(f"{options.rows:,} rows of six columns: load {mine:.2f} s, psql \\copy {floor:.2f} s, "
              f"ratio {mine / floor:.2f} x (at most {BOUND:g}){'  BROKEN' if broken else ''}")
        return 1 if broken else 0
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
