"""Many application groups in one process, and an interpreter that cannot be created."""

import concurrent.futures
import re

import pytest

from evaluation import ask, configuration
from shared_server import hosting

GROUPS = 200

#: The process has hardly any memory left, until it is asked to give back what it holds.
LIMIT = """
import re, resource, sys
used = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) << 10
sys.held = []
resource.setrlimit(resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))
try:
    while True:
        sys.held.append(bytearray(8 << 10))
except MemoryError:
    del sys.held[-64:]
"""
NO_LIMIT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
del sys.held
"""


def test_two_hundred_application_groups(launch, mode):
    """Each has its own modules; the process ends in time with all of them."""
    aliases = "".join(f"WSGIScriptAlias /group{number} @APPS@/evaluate/app.wsgi application-group=group{number}\n"
                      for number in range(GROUPS))
    server = launch(hosting(mode, "threads=4 shutdown-timeout=20", runs_as=False) + aliases)
    server.wait_ready("/ready.txt")

    def visit(number: int):
        return ask(server, f"import os, sys\nsys.mine = {number}\nos.getpid()", f"/group{number}", timeout=120)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        pids = set(pool.map(visit, range(GROUPS)))
        assert list(pool.map(lambda number: ask(server, "import sys\nsys.mine", f"/group{number}"), range(GROUPS))) == \
            list(range(GROUPS)), "an interpreter saw another one's modules"
    assert len(pids) == 1
    server.stop(timeout=40)
    text = "\n".join(server.log.lines())
    assert not re.search(r"WSGI1016|Fatal Python error|SIGKILL|AH00046", text)


@pytest.mark.pythons
def test_an_interpreter_that_cannot_be_created(launch, platform):
    """The request fails with 500 and a record, others are served, and the next attempt succeeds."""
    if tuple(map(int, platform.python.short.split("."))) < (3, 12):
        pytest.skip("Python 3.11 ends the process when it cannot create an interpreter")
    server = launch(configuration("daemon", "threads=1"))  # httpd itself ends when it has no memory
    pid = ask(server, "import os\nos.getpid()")
    ask(server, LIMIT + "\nNone")
    try:
        answer = server.request("POST", "/one", body=b"1")
        assert answer.status == 500, answer
        server.log.wait_for("WSGI0035: Cannot create the interpreter of application group 'one'")
    finally:
        ask(server, NO_LIMIT + "\nNone")
    assert ask(server, "2 + 2", "/one") == 4
    assert ask(server, "import os\nos.getpid()") == pid
