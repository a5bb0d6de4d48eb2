"""Signals that somebody sends to a daemon process or to the supervisor."""

import concurrent.futures
import signal
import time

import pytest

from evaluation import ask, configuration
from polling import LATE, until

WAIT = "SetEnv TEST_SCRATCH @SCRATCH@\nWSGIScriptAlias /wait @APPS@/wait/app.wsgi application-group=%{GLOBAL}\n"
PID = "import os\nos.getpid()"


def begin(launch, options=""):
    return launch(configuration("daemon", options, WAIT))


def supervisor(server) -> int:
    (found,) = server.supervisors()
    return found.pid


def workers(server) -> set[int]:
    parent = supervisor(server)
    return {one.pid for one in server.processes() if one.parent == parent and "python" in one.name}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1", "SIGXCPU"])
def test_a_process_ends_after_its_request_and_is_replaced(launch, name):
    server = begin(launch, "cpu-time-limit=1000")
    first = ask(server, PID)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/wait?one")
        assert server.note("began-one") == str(first)
        server.kill(first, getattr(signal, name))
        reason = {"SIGUSR1": r"a signal asked for it \(SIGUSR1\) \(graceful_signal\)",
                  "SIGXCPU": r"it has used its CPU time of 1000 s \(cpu_time_limit\)"}
        told = reason.get(name, rf"the former process received {name} \(shutdown_signal\)")
        server.log.wait_for(rf"\[wsgi:info\].*group 'main' .*was started: {told}\.")
        second = until(lambda: (found := ask(server, PID)) != first and found, "another process")
        server.tell("go")
        answer = slow.result()
    assert (answer.status, answer.text) == (200, str(first))
    server.log.wait_for(rf"\[wsgi:info\].*Process {first} of group 'main' .*has ended")
    until(lambda: workers(server) == {second}, "the former process to end")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_process_that_is_told_to_end_cuts_requests_after_its_shutdown_timeout(launch, name):
    server = begin(launch, "shutdown-timeout=1 graceful-timeout=30")
    first = ask(server, PID)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/wait?one")
        server.note("began-one")
        start = time.monotonic()
        server.kill(first, getattr(signal, name))
        assert slow.result().status == 502
        assert 1 <= time.monotonic() - start < 1 + LATE
    server.log.allow_stacks()
    server.log.expect("WSGI1016: .*1 request under way", "WSGI0146: ")
    assert ask(server, PID) != first


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR2"])
def test_a_signal_for_applications_does_not_end_a_process(launch, name):
    server = begin(launch)
    first = ask(server, PID)
    server.kill(first, getattr(signal, name))
    server.log.wait_for(rf"\[wsgi:info\] \[pid {first}\] {name} ")
    assert ask(server, PID) == first and workers(server) == {first}


def test_a_signal_that_ends_a_process_is_reported(launch):
    server = begin(launch)
    first = ask(server, PID)
    server.kill(first, signal.SIGALRM)
    server.log.wait_for(rf"WSGI1011: Process {first} of group 'main' .*was ended by SIGALRM")
    assert ask(server, PID) != first


def test_writing_to_a_closed_pipe_is_an_error_and_no_end(launch):
    server = begin(launch)
    assert ask(server, """
        import os
        def attempt():
            reading, writing = os.pipe()
            os.close(reading)
            try:
                os.write(writing, b'x')
            except BrokenPipeError:
                return 'broken'
            finally:
                os.close(writing)
        attempt()
        """) == "broken"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_supervisor_that_is_told_to_end_takes_its_processes_along_and_comes_back(launch, name):
    server = begin(launch)
    first, former = ask(server, PID), supervisor(server)
    server.kill(former, getattr(signal, name))
    server.log.wait_for(r"\[wsgi:info\].*The daemon processes are stopped: the supervisor received a signal")
    server.log.wait_for("WSGI1010: .*is started again")
    server.log.allow("WSGI0117: ", "WSGI0116: ")
    second = until(lambda: answers(server), "an answer")
    assert second != first and supervisor(server) != former
    assert workers(server) == {second}


def answers(server):
    answer = server.request("POST", "/main", body=PID.encode())
    return answer.status == 200 and answer.json


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE"])
def test_other_signals_leave_the_supervisor_alone(launch, name):
    server = begin(launch)
    first, former = ask(server, PID), supervisor(server)
    server.kill(former, getattr(signal, name))
    server.kill(first)
    server.log.wait_for("WSGI1011: .*SIGKILL")
    assert ask(server, PID) != first and supervisor(server) == former


def test_a_processor_limit_of_the_supervisor_itself(launch):
    server = launch(configuration("daemon"), start=False)
    server.wrapper = ["prlimit", "--core=0"]
    former = supervisor(server.start())
    server.kill(former, signal.SIGXCPU)
    server.log.wait_for("WSGI1010: .*is started again")
    server.log.allow("WSGI0117: ", "WSGI0116: ", "AH0005[12]: .*cpu limit")
    # The processes of the former supervisor end by themselves; it may be a moment until the parent has reaped it.
    until(lambda: answers(server) and former not in {one.pid for one in server.processes()}, "another supervisor")
    assert supervisor(server) != former


def test_a_signal_while_a_process_starts(launch):
    """A preload takes its time: the process ends once it is through, and nobody notices."""
    server = launch(configuration("daemon", directives="""
        WSGIImportScript @APPS@/slow.py process-group=main application-group=%{GLOBAL}"""), start=False)
    (server.apps / "slow.py").write_text(f"""
import os, time
path = '{server.scratch}/first'
if not os.path.exists(path):
    with open(path, 'w') as file:
        file.write(str(os.getpid()))
    time.sleep(0.5)
""")
    server.start()
    first = int(server.note("first"))
    server.kill(first, signal.SIGTERM)
    server.log.wait_for(f"Process {first} .*has ended", timeout=3)
    assert ask(server, PID) != first


def test_handlers_of_the_application_get_every_signal(launch):
    """Where they are allowed: signals during a request, during a system call, and in a row."""
    server = launch(configuration("daemon", "env=SCRATCH=@SCRATCH@", """
        WSGIRestrictSignal Off
        WSGIImportScript @APPS@/handlers.py process-group=main application-group=%{GLOBAL}"""), start=False)
    (server.apps / "handlers.py").write_text("""
import os, signal, threading
assert threading.current_thread() is threading.main_thread()
seen = []
def handle(number, frame):
    with open(os.environ['SCRATCH'] + '/' + signal.Signals(number).name, 'a') as file:
        file.write('x')
for name in ('SIGHUP', 'SIGUSR2', 'SIGALRM', 'SIGWINCH'):
    signal.signal(getattr(signal, name), handle)
""")
    server.start()
    pid = ask(server, PID)
    for name in ("SIGHUP", "SIGUSR2", "SIGWINCH"):
        for count in (1, 2):
            server.kill(pid, getattr(signal, name))
            until(lambda: (server.scratch / name).exists() and (server.scratch / name).read_text() == "x" * count,
                  f"{name} to be handled")
    ask(server, "import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\ntime.sleep(0.3)\n1")
    assert server.note("SIGALRM") == "x"
    assert ask(server, PID) == pid
