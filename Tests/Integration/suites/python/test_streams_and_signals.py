"""What applications are kept from: the standard streams, and signal handlers."""

import os

import pytest

from evaluation import ask, configuration

pytestmark = pytest.mark.pythons


def attempts(name):
    """The messages of what is done with a stream."""
    return f"""
        import sys
        stream = sys.{name}
        found = []
        for attempt in (lambda: stream.read(), lambda: stream.write('x'), lambda: stream.fileno(), lambda: next(stream),
                        lambda: list(stream), lambda: print('x', file=stream), lambda: setattr(stream, 'x', 1)):
            try:
                attempt()
                found.append('nothing')
            except OSError as error:
                found.append(str(error))
        found
        """


@pytest.mark.parametrize("name", ["stdin", "stdout"])
def test_restricted_streams_raise(launch, mode, name):
    server = launch(configuration(mode, directives=f"WSGIRestrict{name.title()} On"))
    for path in ("/main", "/one"):
        found = ask(server, attempts(name), path)
        assert found == [f"sys.{name} access restricted by mod_wsgi (WSGIRestrict{name.title()} is On)"] * 7
    other = "stdout" if name == "stdin" else "stdin"
    assert ask(server, f"import sys\n'restricted' in repr(sys.{other})") is False


def test_print_and_input_raise(launch, mode):
    server = launch(configuration(mode, directives="WSGIRestrictStdout On\nWSGIRestrictStdin On"))
    source = "def attempt():\n    try:\n        {}\n    except OSError as error:\n        return str(error)\nattempt()"
    assert "sys.stdout access restricted" in ask(server, source.format("print('x')"))
    assert "access restricted" in ask(server, source.format("input()"))


def test_streams_are_usable_by_default(launch, mode):
    server = launch(configuration(mode))
    assert ask(server, "import sys\nprint('a printed line')\nsys.stdin.fileno()") == 0
    server.log.wait_for("a printed line")


def test_restrictions_of_one_interpreter(launch, mode):
    server = launch(configuration(mode, directives="""
        <WSGIInterpreterOptions application-group=one>
            WSGIRestrictStdout On
        </WSGIInterpreterOptions>"""))
    restricted = {path: ask(server, "import sys\n'restricted' in repr(sys.stdout)", path)
                  for path in ("/main", "/one", "/two")}
    assert restricted == {"/main": False, "/one": True, "/two": False}


def test_a_single_process_keeps_the_terminal(launch):
    server = launch(configuration("embedded", directives="WSGIRestrictStdin On\nWSGIRestrictStdout On"), start=False)
    reading, writing = os.pipe()
    try:
        server.start(single=True, stdin=reading)
        os.write(writing, b"from the terminal\n")
        ask(server, "import sys\nprint('read:', sys.stdin.readline().strip(), flush=True)\n1")
        assert "read: from the terminal" in (server.root / "logs" / "output.txt").read_text()
        assert "read:" not in server.log.text()
    finally:
        os.close(reading)
        os.close(writing)


SET = """
import signal
before = signal.getsignal(signal.SIGTERM)
def mine(number, frame): pass
told = signal.signal(signal.SIGTERM, mine)
[told == before, signal.getsignal(signal.SIGTERM) == before]
"""


def test_signal_handlers_are_not_installed(launch, mode):
    server = launch(configuration(mode))
    for path in ("/main", "/one"):
        assert ask(server, SET, path) == [True, True]
    server.log.wait_for(r"\[wsgi:info\].*signal\.signal\(SIGTERM, \.\.\.\) was ignored, because WSGIRestrictSignal is On")
    server.log.wait_for(r"\[wsgi:info\].*It was called in File \"<request>\", line 5, in <module>, called in File ")
    # httpd and its processes still end when they are told to.
    server.stop()


def test_a_refused_handler_is_one_line_for_each_place(launch, mode):
    server = launch(configuration(mode, "processes=1"), start=False)
    server.start(single=mode == "embedded")
    for _ in range(3):
        ask(server, SET)
        ask(server, "import signal\nfor number in range(3):\n    signal.signal(signal.SIGHUP, signal.SIG_DFL)\n1")
    text = server.log.text()
    lines = [line for line in text.splitlines() if "signal.signal" in line]
    assert len(lines) == 2 and "handler registration for signal 15" in lines[0] and "<string>" not in text, text


def test_a_refused_handler_is_told_to_nobody_above_the_level_info(launch, mode):
    server = launch(configuration(mode, directives="LogLevel warn"))
    assert ask(server, SET) == [True, True]
    server.stop()
    assert "signal.signal" not in server.log.text()


def test_arguments_are_checked_all_the_same(launch, mode):
    server = launch(configuration(mode))
    assert ask(server, """
        import signal
        found = []
        for arguments in ((), (signal.SIGTERM,), (1000, signal.SIG_DFL)):
            try:
                signal.signal(*arguments)
            except Exception as error:
                found.append(type(error).__name__)
        found
        """) == ["TypeError", "TypeError", "ValueError"]


def test_forked_processes_may_handle_signals(launch, mode):
    server = launch(configuration(mode))
    assert ask(server, """
        import os, signal
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2])
                signal.signal(signal.SIGUSR2, lambda number, frame: os.write(writing, b'handled'))
                os.kill(os.getpid(), signal.SIGUSR2)
            finally:
                os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        os.read(reading, 100).decode()
        """) == "handled"
    assert "was ignored" not in server.log.text()


HANDLER = """
import os, signal
signal.signal(signal.SIGUSR2, lambda number, frame: open(os.environ['SCRATCH'] + '/handled', 'w').write('yes'))
def application(environ, start_response):
    start_response('200 OK', [])
    return [str(os.getpid()).encode()]
"""


def test_unrestricted_handlers_run(launch):
    server = launch(configuration("daemon", "env=SCRATCH=@SCRATCH@", """
        WSGIRestrictSignal Off
        WSGIScriptAlias /handler @APPS@/handler.wsgi process-group=main application-group=%{GLOBAL}"""), start=False)
    (server.apps / "handler.wsgi").write_text(HANDLER)
    pid = int(server.start().get("/handler").text)
    server.kill(pid, 12)
    assert server.note("handled") == "yes"


def test_unrestricted_signals_are_pythons_own(launch, mode):
    server = launch(configuration(mode, directives="WSGIRestrictSignal Off"))
    assert ask(server, "import signal, inspect\ninspect.getsourcefile(signal.signal)").endswith("signal.py")
    # Handlers can be set on the main thread only, which serves requests in embedded mode under prefork alone.
    told = ask(server, """
        import signal, threading
        def attempt():
            try:
                return signal.signal(signal.SIGUSR2, signal.SIG_DFL) == signal.SIG_DFL
            except ValueError as error:
                return 'main thread' in str(error)
        [attempt(), threading.current_thread() is threading.main_thread()]
        """)
    assert told == [True, mode == "embedded" and server.platform.mpm == "prefork"]
