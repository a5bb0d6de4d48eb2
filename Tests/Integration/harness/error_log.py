"""The error log as an assertion: a test declares the messages that it causes. All other warnings and errors fail it."""

import pathlib
import re

import crashes
from audit import Damage
from polling import PATIENCE, until

_BAD = [
    re.compile(r"\[[\w-]*:(warn|error|crit|alert|emerg)\]"),
    re.compile(r"\bWSGI\d{4}\b"),
    re.compile(r"AH0005[12]|exit signal"),
    re.compile(r"Fatal|AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|Traceback|Exception ignored"),
]

#: Messages of httpd itself, with any module: a child that ends drops lingering connections, and closes the connections
#: of its threads, which also close them.
_HTTPD = re.compile(r"AH03092: process_lingering_close: apr_pollset_add failure|AH00468: error closing socket|"
                    r"Bad file descriptor: AH03093: process_socket: apr_pollset_add failure for keep alive")

#: A child that crashed. `crashes` decides whether httpd itself is the cause.
_SEGFAULT = re.compile(r"AH0005[12]: .*exit signal Segmentation fault")

#: Messages that a rerun never clears.
_CRASH = re.compile(r"AH0005[12]|exit signal|Fatal|Sanitizer|^#\d+ ")

#: The lines of a traceback, after the header that httpd adds to each line.
_TRACEBACK = re.compile(
    r"(\]|^|: )\s*(Traceback \(most recent call last\)|During handling of the above|The above exception was"
    r"|\s+File \"|\s{2,}\S|\s*$|\s*[\^~]+)")

#: The lines of the stacks of a process that ends or hangs, after the header that each line has. Lines that Python writes
#: itself have no header.
_STACKS = re.compile(
    r"(?:\] |^)(Fatal Python error: |Current thread|Thread 0x|  File |  <|  Binary file |Extension modules: |WSGI\d{4} \(continued\)"
    r"|  \(no Python code\)|    \S|\[\S+\] [A-Z]+ \S+, for \d+\.\d s$|The GIL cannot be acquired\. |$)")


class ErrorLog:
    """All error logs of one server (its own and those of its virtual hosts)."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        self._offsets: dict[pathlib.Path, int] = {}
        self._expected: list[re.Pattern] = []
        self._allowed: list[re.Pattern] = []

    # Reading

    def lines(self, name: str | None = None) -> list[str]:
        """The lines logged since the test began, in all error logs or in the one called `name`."""
        found = []
        for path in [self._folder / name] if name else sorted(self._folder.glob("error*.log")):
            if path.exists():
                with path.open("rb") as file:
                    file.seek(self._offsets.get(path, 0))
                    found += file.read().decode(errors="replace").splitlines()
        return found

    def text(self, name: str | None = None) -> str:
        return "\n".join(self.lines(name))

    def wait_for(self, pattern: str, *, name: str | None = None, timeout: float = PATIENCE) -> re.Match:
        """Waits until a line matches, and returns the match. The line is then expected."""
        compiled = re.compile(pattern)
        self._allowed.append(compiled)

        def search():
            return next((match for line in self.lines(name) if (match := compiled.search(line))), None)

        try:
            return until(search, pattern, timeout=timeout)
        except AssertionError:
            raise AssertionError(f"no line of the error log matches {pattern!r}:\n{self.text(name)}") from None

    # Declaring

    def expect(self, *patterns: str) -> None:
        """Declares lines that must appear before the test ends."""
        self._expected += map(re.compile, patterns)

    def allow(self, *patterns: str) -> None:
        """Declares lines that may appear."""
        self._allowed += map(re.compile, patterns)

    def expect_traceback(self, text: str, tag: str = "WSGI0174") -> None:
        """Declares that an exception with this text is logged with `tag` and a traceback."""
        self.expect(tag, text)
        self._allowed += [_TRACEBACK, re.compile("WSGI0119: .*the response is incomplete")]

    def allow_stacks(self) -> None:
        """Declares that the stacks of a process that crashes, hangs or is killed may be logged after its message."""
        self._allowed.append(_STACKS)

    # Auditing

    def start_test(self) -> None:
        self._offsets = {path: path.stat().st_size for path in self._folder.glob("error*.log")}
        self._expected, self._allowed = [], []

    def faults(self) -> list[str]:
        """Messages that were not declared, and expected messages that were not logged."""
        missing = [f"expected, not logged: {one.pattern}" for one in self._expected if not self._arrived(one)]
        known = [*self._expected, *self._allowed, _HTTPD]
        found = [line for line in self.lines()
                 if any(bad.search(line) for bad in _BAD) and not any(one.search(line) for one in known)]
        if any(map(_SEGFAULT.search, found)):
            stacks = crashes.stacks(self._folder.parent / "cores")
            ours = [stack for stack in stacks if not crashes.is_httpds_own(stack)]
            if stacks and not ours:
                found = [line for line in found if not _SEGFAULT.search(line)]
            found += ours
        found = [Damage(line) if _CRASH.search(line) else line for line in found]
        return missing + found

    def _arrived(self, pattern: re.Pattern) -> bool:
        try:
            return bool(until(lambda: any(map(pattern.search, self.lines())), ""))
        except AssertionError:
            return False
