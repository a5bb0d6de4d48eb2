"""What the system holds daemon processes to: time, memory, priority, accounts."""

import concurrent.futures
import grp
import os
import pwd
import resource
import textwrap
import time

import pytest

import env
from evaluation import ask, configuration
from polling import LATE, until

LIMITS = "import resource\n[resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in ('CPU', 'DATA', 'AS')]"


def limits(server):
    return [tuple(pair) for pair in ask(server, LIMITS)]


def as_root():
    if not env.is_root():
        pytest.skip("not started by root")


def test_limits_are_set(launch):
    server = launch(configuration(
        "daemon", "cpu-time-limit=100 shutdown-timeout=3 memory-limit=700M virtual-memory-limit=5G"))
    assert limits(server) == [(100, 104), (700 << 20,) * 2, (5 << 30,) * 2]


def test_without_options_limits_are_inherited(launch):
    ours = [resource.getrlimit(name) for name in (resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_AS)]
    # No limit is -1 up to Python 3.14, and 2 ** 64 - 1 afterwards.
    assert [[one % 2**64 for one in pair] for pair in limits(launch(configuration("daemon")))] == [
        [one % 2**64 for one in pair] for pair in ours]


@pytest.mark.parametrize("option", ["memory-limit=500M", "virtual-memory-limit=1500M"])
def test_memory_beyond_the_limit_is_refused(launch, option):
    server = launch(configuration("daemon", "threads=1 " + option))
    source = "def attempt():\n    try:\n        return len(bytearray({}))\n    except MemoryError:\n        return 'refused'\nattempt()"
    assert ask(server, source.format(10_000_000)) == 10_000_000
    assert ask(server, source.format(2_000_000_000)) == "refused"


BURN = """
import os, time
end = time.process_time() + {}
while time.process_time() < end: pass
os.getpid()
"""


def test_a_process_that_has_used_its_cpu_time_is_replaced(launch):
    server = launch(configuration("daemon", "cpu-time-limit=2 graceful-timeout=5 shutdown-timeout=5"))
    first = ask(server, "import os\nos.getpid()")
    # The request during which the time ends is served.
    assert ask(server, BURN.format(2.2)) == first
    start = time.monotonic()
    server.log.wait_for(r"was started: it has used its CPU time of 2 s \(cpu_time_limit\)")
    assert time.monotonic() - start < LATE
    until(lambda: ask(server, "import os\nos.getpid()") != first, "another process")


def test_a_process_that_does_not_end_is_killed_at_the_hard_limit(launch):
    server = launch(configuration("daemon", "cpu-time-limit=1 shutdown-timeout=0 graceful-timeout=60"))
    assert server.request("POST", "/main", body=BURN.format(60).encode()).status == 502
    server.log.wait_for("WSGI1011: .*SIGKILL")
    server.log.allow("WSGI0146: ", "WSGI0119: ")


def test_priority(launch):
    assert ask(launch(configuration("daemon")), "import os\nos.nice(0)") == os.nice(0)
    server = launch(configuration("daemon", "cpu-priority=7"))
    assert ask(server, "import os\nos.nice(0)") == 7
    threads = ask(server, "import os\n[open(f'/proc/self/task/{t}/stat').read().rsplit(')')[1].split()[16] "
                          "for t in os.listdir('/proc/self/task')]")
    assert set(threads) == {"7"}


def test_a_higher_priority_needs_root(launch):
    as_root()
    assert ask(launch(configuration("daemon", "cpu-priority=-3")), "import os\nos.nice(0)") == -3


def test_what_cannot_be_had_is_told_and_the_group_lives(launch):
    as_root()
    server = launch(configuration(
        "daemon", "cpu-priority=-3 cpu-time-limit=5000 memory-limit=9G virtual-memory-limit=10G"), start=False)
    server.wrapper = ["setpriv", "--bounding-set=-sys_resource,-sys_nice", "prlimit", "--cpu=1000", "--data=8000000000",
                      "--as=9000000000"]
    server.start()
    for tag, option in (("0076", "cpu-time-limit=5000"), ("0077", f"memory-limit={9 << 30}"),
                        ("0078", f"virtual-memory-limit={10 << 30}"), ("1041", "cpu-priority=-3")):
        server.log.wait_for(rf"\[wsgi:warn\].*WSGI{tag}: .*group 'main'.*{option} \(")
    assert limits(server) == [(1000, 1000), (8_000_000_000,) * 2, (9_000_000_000,) * 2]


def test_supplementary_groups(launch):
    as_root()
    primary = pwd.getpwnam(env.httpd_user()).pw_gid
    server = launch(configuration("daemon", "supplementary-groups=adm,#24"))
    assert ask(server, "import os\nos.getgroups()") == sorted([primary, grp.getgrnam("adm").gr_gid, 24])
    assert ask(server, "import os\nos.getgid()") == primary


def test_an_unknown_supplementary_group_stops_its_group(launch):
    server = launch(configuration("daemon", "supplementary-groups=adm,nobody-has-this"))
    server.log.wait_for(r"WSGI1005: .*'nobody-has-this'.*supplementary-groups=")
    server.log.allow("WSGI0117: ")
    assert server.get("/main").status == 503


def sockets(server):
    return sorted((server.root / "run").glob("wsgi.*.sock"))


def test_owner_of_sockets(launch):
    as_root()
    server = launch(configuration("daemon", "processes=2"))
    assert {path.stat().st_uid for path in sockets(server)} == {pwd.getpwnam(env.httpd_user()).pw_uid}
    other = pwd.getpwnam(env.other_user()).pw_uid
    server.reconfigure(configuration("daemon", "processes=2 socket-user=@OTHER@"))
    server.graceful()
    until(lambda: {path.stat().st_uid for path in sockets(server)} == {other}, "sockets of the other user")
    assert {path.stat().st_mode & 0o777 for path in sockets(server)} == {0o600}
    # httpd's own user may not connect any more.
    until(lambda: server.get("/main").status == 503, "httpd's user to be refused")
    server.log.wait_for("WSGI0117: .*Permission denied")


def test_an_unknown_owner_of_sockets_stops_its_group(launch):
    as_root()
    server = launch(configuration("daemon", "socket-user=nobody-has-this"))
    server.log.wait_for(r"WSGI1005: .*'nobody-has-this'.*socket-user=")
    server.log.allow("WSGI0117: ")
    assert server.get("/main").status == 503


def test_time_of_the_cpu_counts_for_each_process_anew(launch):
    server = launch(configuration("daemon", "cpu-time-limit=2 graceful-timeout=10"))
    pids = set()
    deadline = time.monotonic() + 20
    while len(pids) < 3 and time.monotonic() < deadline:
        pids.add(ask(server, BURN.format(0.5)))
    assert len(pids) == 3


BESIDE = """
WSGIDaemonProcess beside python-home=@VENV@
WSGIScriptAlias /beside @APPS@/evaluate/app.wsgi process-group=beside application-group=%{GLOBAL}
"""
PID = "import os\nos.getpid()"


def test_nobody_is_disturbed_when_the_cpu_time_is_over(launch):
    """Requests are answered all the while; the other processes of the group and other groups stay."""
    server = launch(configuration("daemon", "processes=2 threads=2 cpu-time-limit=2 graceful-timeout=10") + BESIDE)
    beside = ask(server, PID, "/beside")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        burning = pool.submit(ask, server, BURN.format(2.2))
        answers = []
        while not burning.done():
            answers.append(server.request("POST", "/main", body=PID.encode()).status)
            time.sleep(0.02)
    burnt = burning.result()
    server.log.wait_for(r"was started: it has used its CPU time of 2 s \(cpu_time_limit\)")
    server.log.wait_for(rf"\[wsgi:info\].*Process {burnt} .*has ended")
    assert set(answers) == {200}
    ended = [line for line in server.log.lines() if "has ended" in line]
    assert len(ended) == 1 and ask(server, PID, "/beside") == beside


@pytest.mark.parametrize("option", ["memory-limit=300M", "virtual-memory-limit=1500M"])
def test_a_request_that_wants_too_much_memory_fails_alone(launch, option):
    server = launch(configuration("daemon", f"processes=1 threads=2 {option}") + BESIDE)
    pid, beside = ask(server, PID), ask(server, PID, "/beside")
    assert server.request("POST", "/main", body=b"len(bytearray(2_000_000_000))").status == 500
    server.log.expect_traceback("MemoryError")
    # The process goes on with what it has; the limit is no other group's.
    assert ask(server, PID) == pid
    reserve = "import mmap\nlen(mmap.mmap(-1, 2_000_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))"
    assert ask(server, reserve, "/beside") == 2_000_000_000
    assert ask(server, PID, "/beside") == beside


@pytest.mark.parametrize("option", ["memory-limit=300M", "virtual-memory-limit=1500M"])
def test_a_process_that_dies_of_its_memory_is_replaced(launch, option):
    """An extension module that cannot live without memory ends the process: 502, a record, a successor."""
    server = launch(configuration("daemon", f"processes=1 threads=2 {option}") + BESIDE)
    pid, beside = ask(server, PID), ask(server, PID, "/beside")
    source = """
        import ctypes, os
        library = ctypes.CDLL(None)
        library.malloc.restype = ctypes.c_void_p
        library.malloc.argtypes = [ctypes.c_size_t]
        library.malloc(2_000_000_000) or os.abort()
        """
    assert server.request("POST", "/main", body=textwrap.dedent(source).encode()).status == 502
    server.log.expect(rf"WSGI1011: Process {pid} of group 'main'.*SIGABRT", "WSGI0146: ")
    server.log.allow_stacks()
    assert ask(server, PID) != pid
    assert ask(server, PID, "/beside") == beside


def test_a_limit_that_leaves_no_room_for_threads_says_so(launch):
    server = launch(configuration("daemon", "threads=15 memory-limit=140M stack-size=64M"))
    server.log.allow("WSGI1014: ", "WSGI0117: ", "WSGI1011: ")
    server.log.wait_for(r"WSGI0028: .*pthread_create")
    assert server.request("POST", "/main", body=b"1").status == 503
