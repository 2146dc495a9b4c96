"""Level 2: the whole pipeline into a real PostgreSQL, which the test starts and always removes: python3 -m unittest discover tests

With Docker it is postgres:16 on port 5433; else the server's own programs, where they are installed; else the test is skipped and says why.
The orchestrator is the program `signalbox` of the PATH, or what $SIGNALBOX names.
"""

import glob
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
SIGNALBOX = os.environ.get("SIGNALBOX") or shutil.which("signalbox")
PORT = 5433


def docker_works():
    return shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True).returncode == 0


def programs():
    """The folder of initdb and postgres; None where they are not installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [path for path in [shutil.which("initdb")] if path]
    return os.path.dirname(found[-1]) if found else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """A server of its own for one test class; `address` is how to reach it."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="testing-levels-")
        self.container = self.process = None
        try:
            (self.start_container if docker_works() else self.start_programs)()
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_container(self):
        self.port, user, password = PORT, "postgres", "test"
        self.container = f"testing-levels-{os.getpid()}"
        command = ["docker", "run", "--rm", "-d", "--name", self.container, "-p", f"127.0.0.1:{PORT}:5432", "-e", f"POSTGRES_PASSWORD={password}"]
        subprocess.run([*command, "postgres:16"], check=True, capture_output=True)
        self.address = f"postgresql://{user}:{password}@127.0.0.1:{PORT}/postgres"

    def start_programs(self):
        self.port = free_port()
        data = os.path.join(self.folder, "data")
        # PostgreSQL refuses to run as root.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if user:
            shutil.chown(self.folder, "postgres")
        initdb = [*user, f"{programs()}/initdb", "-D", data, "-A", "trust", "-U", "test", "-E", "UTF8", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
        server = [*user, f"{programs()}/postgres", "-D", data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        quiet = ["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "log_min_messages=panic"]
        self.process = subprocess.Popen([*server, *quiet], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.address = f"postgresql://test@127.0.0.1:{self.port}/postgres"

    def wait_until_ready(self):
        """Asks until it answers: no guess of how many seconds it takes."""
        deadline = time.monotonic() + 60
        while True:
            answer = subprocess.run(["psql", self.address, "-c", "select 1"], capture_output=True, text=True)
            if answer.returncode == 0:
                return
            if time.monotonic() > deadline or (self.process and self.process.poll() is not None):
                raise RuntimeError(f"PostgreSQL does not answer: {answer.stderr.strip()}")
            time.sleep(0.05)

    def ask(self, query):
        return subprocess.run(["psql", self.address, "-At", "-c", query], check=True, capture_output=True, text=True).stdout.strip()

    def __exit__(self, *_):
        if self.container:
            subprocess.run(["docker", "rm", "-f", self.container], capture_output=True)
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@unittest.skipUnless(SIGNALBOX, "there is no `signalbox` in the PATH, and $SIGNALBOX names none")
@unittest.skipUnless(shutil.which("psql"), "there is no psql: apt-get install postgresql-client")
@unittest.skipUnless(docker_works() or programs(), "there is neither Docker nor a PostgreSQL server here: apt-get install postgresql")
class UserFeaturesInPostgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres().__enter__()
        cls.addClassCleanup(cls.postgres.__exit__)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.project = os.path.join(folder.name, "project")
        shutil.copytree(EXAMPLE, cls.project, ignore=shutil.ignore_patterns(".signalbox", "data", "tests"))
        cls.postgres.ask("create table user_features (user_id text, feature_date date, event_count bigint, total_amount double precision)")

    def run_pipeline(self, date):
        environment = {**os.environ, "SIGNALBOX_SECRET_WAREHOUSE": self.postgres.address}
        command = [SIGNALBOX, "run", "user_features", "--date", date, "--project", self.project]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def rows(self, date):
        return int(self.postgres.ask(f"select count(*) from user_features where feature_date = '{date}'"))

    def test_a_hundred_users_of_twenty_events_are_a_hundred_rows(self):
        self.run_pipeline("2024-01-15")
        self.assertEqual(self.rows("2024-01-15"), 100)
        self.assertEqual(self.postgres.ask("select distinct event_count from user_features where feature_date = '2024-01-15'"), "20")

    def test_running_again_changes_nothing_and_another_day_stays(self):
        self.run_pipeline("2024-01-16")
        self.run_pipeline("2024-01-15")
        before = self.postgres.ask("select * from user_features order by 1, 2")
        self.run_pipeline("2024-01-15")
        self.assertEqual((self.rows("2024-01-15"), self.rows("2024-01-16")), (100, 100))
        self.assertEqual(self.postgres.ask("select * from user_features order by 1, 2"), before)


if __name__ == "__main__":
    unittest.main()
