"""A real httpd on a free loopback port, with its own ServerRoot, which is stopped by its pid."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import uuid

import client
import env
import httpd_config
import leaks
import processes
from error_log import ErrorLog
from polling import PATIENCE, STOP, until
from pythons import Python


@dataclasses.dataclass(frozen=True)
class Platform:
    """The MPM, the Python and the module of a test."""

    mpm: str
    python: Python
    module: pathlib.Path

    def __str__(self):
        return f"{self.mpm}-{self.python.short}"


class StartFailed(AssertionError):
    """httpd did not start. The text contains its output and its error log."""


class Server:
    """One httpd. `configure` adds directives to its configuration."""

    def __init__(self, platform: Platform):
        self.platform = platform
        self.marker = uuid.uuid4().hex
        #: Additional environment variables of httpd.
        self.environment: dict[str, str] = {}
        #: The words of a command that runs httpd, if any.
        self.wrapper: list[str] = []
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="wsgi-", dir="/tmp"))
        self.port = env.free_port()
        self.pid: int | None = None
        self.leaders: list[int] = []
        self._kept: set[pathlib.Path] = set()
        self.shared_memory_before = leaks.shared_memory()
        self._popen: subprocess.Popen | None = None
        self._lay_out()
        self.log = ErrorLog(self.root / "logs")
        self._body = ""

    def _lay_out(self) -> None:
        self.root.chmod(0o755)
        for name in ("logs", "run", "htdocs", "scratch", "cores"):
            (self.root / name).mkdir()
        env.give_to_httpd(self.root / "scratch")
        env.give_to_httpd(self.root / "cores")
        shutil.copytree(env.APPS, self.root / "apps", ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["chmod", "-R", "a+rX", self.root / "apps"], check=True)
        (self.root / "htdocs" / "ready.txt").write_text("ready\n")

    # Paths

    @property
    def apps(self) -> pathlib.Path:
        return self.root / "apps"

    @property
    def scratch(self) -> pathlib.Path:
        """A directory that applications can write to."""
        return self.root / "scratch"

    @property
    def config_file(self) -> pathlib.Path:
        return self.root / "httpd.conf"

    # Configuration

    def configure(self, text: str, **values) -> "Server":
        """Adds directives. @ROOT@, @APPS@, @VENV@, @PORT@, @SCRATCH@, @USER@ and @OTHER@ are filled in."""
        known = {
            "ROOT": self.root, "APPS": self.apps, "VENV": self.platform.python.venv(), "PORT": self.port,
            "SCRATCH": self.scratch, "USER": env.httpd_user(), "OTHER": env.other_user(),
        }
        self._body += httpd_config.fill(text, known | values) + "\n"
        return self

    def reconfigure(self, text: str, **values) -> "Server":
        """Replaces the directives that `configure` added. httpd reads them at its next restart."""
        self._body = ""
        self.configure(text, **values)
        self.write_config()
        return self

    def write_config(self) -> None:
        base = httpd_config.base(self.root, self.port, self.platform.mpm, self.platform.module)
        # The file is replaced in one step, because httpd may be restarting.
        new = self.config_file.with_suffix(".new")
        new.write_text(base + self._body)
        new.replace(self.config_file)

    def line_of(self, text: str) -> int:
        """The number of the first line of the configuration that contains `text`."""
        lines = self.config_file.read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def test_config(self) -> subprocess.CompletedProcess:
        """Runs httpd -t."""
        self.write_config()
        return self._run("-t")

    def _run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([env.httpd(), "-f", self.config_file, *words], env=self._environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", env.MARKER: self.marker} | self.environment

    # Life

    def start(self, *, wait: bool = True, daemonise: bool = False, single: bool = False, stdin=None) -> "Server":
        """Starts httpd and waits until it responds. `single`: runs httpd -X."""
        self.write_config()
        if daemonise:
            done = self._run("-k", "start")
            if done.returncode:
                raise StartFailed(done.stdout)
            self._adopt(int(until(self._pid_file, "the PidFile")))
        else:
            output = (self.root / "logs" / "output.txt").open("ab")
            words = [*self.wrapper, env.httpd(), "-f", self.config_file, "-X" if single else "-DFOREGROUND"]
            self._popen = subprocess.Popen(words, stdin=stdin, stdout=output, stderr=output, env=self._environment(),
                                           start_new_session=True)
            output.close()
            processes.own_children.add(self._popen.pid)
            self._adopt(self._popen.pid)
        if wait:
            self.wait_ready()
        return self

    def _adopt(self, pid: int) -> None:
        self.pid = pid
        self.leaders.append(pid)

    def _pid_file(self) -> str:
        path = self.root / "httpd.pid"
        return path.read_text().strip() if path.exists() else ""

    def wait_ready(self, path: str = "/ready.txt", timeout: float = PATIENCE) -> None:
        """Waits until the response for `path` has the status 200."""
        def answers():
            if not self.is_alive():
                raise StartFailed(f"httpd ended:\n{self.output()}")
            try:
                return self.get(path).status == 200
            except (OSError, client.Cut):
                return False

        try:
            until(answers, f"{path} to answer 200", timeout=timeout)
        except AssertionError as failure:
            raise StartFailed(f"{failure}\n{self.output()}") from None

    def wait_answering(self, timeout: float = PATIENCE) -> None:
        """Waits until httpd responds, with any status."""
        def answers():
            if not self.is_alive():
                raise StartFailed(f"httpd ended:\n{self.output()}")
            try:
                return self.get("/ready.txt").status
            except (OSError, client.Cut):
                return False

        try:
            until(answers, "an answer", timeout=timeout)
        except AssertionError as failure:
            raise StartFailed(f"{failure}\n{self.output()}") from None

    def output(self) -> str:
        """Output and logs of httpd."""
        files = sorted((self.root / "logs").glob("*"))
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-6000:]}" for path in files
                         if path.name != "access.log")

    def is_alive(self) -> bool:
        if self._popen:
            return self._popen.poll() is None
        found = processes.process(self.pid)
        return bool(found and found.state not in "ZX")

    def graceful(self) -> None:
        """Runs apachectl graceful, which may return before the new generation has started."""
        done = self._run("-k", "graceful")
        assert done.returncode == 0, done.stdout

    def restart(self) -> None:
        done = self._run("-k", "restart")
        assert done.returncode == 0, done.stdout

    def signal_stop(self) -> None:
        if self.is_alive():
            os.kill(self.pid, signal.SIGTERM)

    def stop(self, timeout: float = STOP) -> None:
        """Stops httpd by its pid and waits. If it does not end, kills it and fails."""
        if not self.pid:
            return
        self.signal_stop()
        try:
            self.wait_gone(timeout)
        except AssertionError:
            os.kill(self.pid, signal.SIGKILL)
            raise

    def wait_gone(self, timeout: float = STOP) -> None:
        until(lambda: not self.is_alive(), f"httpd {self.pid} to end", timeout=timeout)

    def crash(self) -> None:
        """Kills httpd's parent process and waits for it, but leaves its children running. `start` may follow."""
        os.kill(self.pid, signal.SIGKILL)
        self._popen.wait()
        processes.own_children.discard(self._popen.pid)

    def dispose(self) -> list[str]:
        """Stops httpd, kills leftover processes, removes the ServerRoot and returns the leftovers."""
        faults = []
        try:
            self.stop()
        except AssertionError as failure:
            faults.append(str(failure))
        if self.pid:
            faults += leaks.left_after_stop(self)
        for one in self.processes():
            os.kill(one.pid, signal.SIGKILL)
        if self._popen:
            self._popen.wait()
            processes.own_children.discard(self._popen.pid)
        self.processes()
        if not os.environ.get("WSGI_TEST_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
        return faults

    def dispose_audited(self) -> list[str]:
        """Stops httpd, disposes of it, and returns the faults of the log and the leftovers."""
        try:
            self.stop()
        except AssertionError:
            pass  # dispose() reports it
        faults = self.log.faults() if self.pid else []
        return faults + self.dispose()

    # Processes

    def supervisors(self) -> list[processes.Process]:
        """The supervisor of httpd, if any. Processes that it has just forked have its name for a moment."""
        return [one for one in self.processes() if one.name.startswith("wsgi-super") and one.parent == self.pid]

    def processes(self) -> list[processes.Process]:
        return processes.of_server(self.marker, self.root, self.pid)

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Sends a signal to a process that must be this server's."""
        assert pid in {one.pid for one in self.processes()}, f"{pid} is not a process of this server"
        os.kill(pid, number)

    # Requests

    def connect(self, **options) -> client.Connection:
        return client.Connection(self.port, **options)

    def request(self, method: str, path: str, headers=(), body: bytes | None = None, **options) -> client.Response:
        """One request on its own connection. Raises client.Cut if the response is incomplete."""
        with self.connect(**options) as connection:
            return connection.request(method, path, headers, body, close=True)

    def get(self, path: str, headers=(), **options) -> client.Response:
        return self.request("GET", path, headers, **options)

    def curl(self, path: str, *words: str) -> subprocess.CompletedProcess:
        """One request by curl, whose exit code shows whether the response was complete."""
        return subprocess.run(["curl", "-s", "--max-time", str(PATIENCE), *words, f"http://127.0.0.1:{self.port}{path}"],
                              capture_output=True)

    # The application's side

    def keep_scratch(self) -> None:
        """Marks the present files of the scratch directory as a part of the server."""
        self._kept = set(self.scratch.iterdir())

    def clear_scratch(self) -> None:
        """Removes the files that a test has left in the scratch directory."""
        for path in set(self.scratch.iterdir()) - self._kept:
            path.unlink(missing_ok=True)

    def note(self, name: str, timeout: float = PATIENCE) -> str:
        """Waits for a file that an application wrote to the scratch directory."""
        path = self.scratch / name
        until(path.exists, f"the application to write {name}", timeout=timeout)
        # The application creates the file a moment before it writes to it.
        with contextlib.suppress(AssertionError):
            until(lambda: path.stat().st_size, "", timeout=0.5)
        return path.read_text()

    def tell(self, name: str, text: str = "") -> None:
        """Writes a file for which an application waits."""
        temporary = self.scratch / f".{name}"
        temporary.write_text(text)
        temporary.rename(self.scratch / name)

    def forget(self, *names: str) -> None:
        for name in names:
            (self.scratch / name).unlink(missing_ok=True)
