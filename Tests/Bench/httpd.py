"""An httpd for a measurement, in its own folder and with a copy of the module that httpd's user can read."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def modules(*names):
    """The lines that load modules of httpd, without those that are compiled into it."""
    folder = subprocess.check_output(["apxs", "-q", "LIBEXECDIR"], text=True).strip()
    files = {name: f"{folder}/mod_{name}.so" for name in names}
    return "\n".join(f"LoadModule {name}_module {file}" for name, file in files.items() if os.path.exists(file))


class Server:
    """One httpd and its companion programs, to be used as a context manager.

    files: names in the folder and their texts, in which @NAME@ stands for values["NAME"], @ROOT@, @PORT@ and @MODULE@.
    httpd.conf is one of them. beside: the commands of programs that are started before httpd. command: the command that
    starts httpd. Both have the same placeholders.
    """

    def __init__(self, module, files, values, beside=(), command=("apache2", "-f", "@ROOT@/httpd.conf", "-DFOREGROUND")):
        self.root = tempfile.mkdtemp(prefix="wsgi-bench-", dir="/tmp")
        os.chmod(self.root, 0o755)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._values = {"ROOT": self.root, "PORT": self.port, "MODULE": module and self._copy(pathlib.Path(module).resolve()),
                        **values}
        self._commands = [[self._fill(word) for word in words] for words in [*beside, command]]
        for name, text in files.items():
            pathlib.Path(self.root, name).write_text(self._fill(text))

    def _fill(self, text):
        for key, value in self._values.items():
            text = text.replace(f"@{key}@", str(value))
        return text

    def _copy(self, module):
        target = pathlib.Path(self.root, "module")
        target.mkdir()
        shutil.copy2(module, target)
        if (module.parent / "mod_wsgi" / "wsgi-supervisor").exists():
            shutil.copytree(module.parent / "mod_wsgi", target / "mod_wsgi", ignore=shutil.ignore_patterns("*.debug"))
        subprocess.run(["chmod", "-R", "a+rX", target], check=True)
        return target / module.name

    def __enter__(self):
        with open(f"{self.root}/output", "w") as output:
            self._processes = [subprocess.Popen(each, stdout=output, stderr=output) for each in self._commands]
        deadline = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > deadline:
                raise SystemExit(f"no answer:\n{pathlib.Path(self.root, 'output').read_text()}")
            time.sleep(0.1)
        return self

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(1000)
        except OSError:
            return False

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
