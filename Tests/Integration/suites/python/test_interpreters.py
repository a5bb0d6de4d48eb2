"""<WSGIInterpreterOptions>, and interpreters with a GIL of their own."""

import concurrent.futures

import pytest

from evaluation import ask, configuration

pytestmark = pytest.mark.pythons

OWN = "WSGIPerInterpreterGIL On"
#: An isolated interpreter may not have daemon threads.
IS_ISOLATED = """
import threading
def attempt():
    try:
        threading.Thread(daemon=True)
    except RuntimeError:
        return True
    return False
attempt()
"""


def has_own_gils(platform) -> bool:
    return tuple(map(int, platform.python.short.split("."))) >= (3, 12)


def test_interpreters_with_a_gil_of_their_own(launch, platform, mode):
    server = launch(configuration(mode, directives=OWN))
    own = has_own_gils(platform)
    assert [ask(server, IS_ISOLATED, path) for path in ("/main", "/one")] == [False, own]
    if not own:
        server.log.wait_for(r"\[wsgi:warn\].*WSGI0198: .*'one'.*3\.11")


def test_one_interpreter_with_a_gil_of_its_own(launch, platform, mode):
    server = launch(configuration(mode, directives=f"""
        <WSGIInterpreterOptions application-group=one>
            {OWN}
            WSGISwitchInterval 0.25
        </WSGIInterpreterOptions>"""))
    own = has_own_gils(platform)
    assert [ask(server, IS_ISOLATED, path) for path in ("/main", "/one", "/two")] == [False, own, False]
    intervals = [ask(server, "import sys\nround(sys.getswitchinterval(), 3)", path) for path in ("/main", "/one", "/two")]
    assert intervals == [0.005, 0.25 if own else 0.005, 0.005]
    if not own:
        server.log.wait_for("WSGI0198: ")
        server.log.wait_for("WSGI0199: ")


def test_the_switch_interval_of_the_process_applies_to_every_gil(launch, platform):
    server = launch(configuration("daemon", "switch-interval=0.03", OWN))
    server.log.allow("WSGI0198: ")
    for path in ("/main", "/one"):
        assert ask(server, "import sys\nround(sys.getswitchinterval(), 3)", path) == 0.03


def test_a_shared_gil_has_one_switch_interval(launch, mode):
    server = launch(configuration(mode, directives="""
        <WSGIInterpreterOptions application-group=one>
            WSGISwitchInterval 0.25
        </WSGIInterpreterOptions>"""))
    assert ask(server, "import sys\nround(sys.getswitchinterval(), 3)", "/one") == 0.005
    server.log.wait_for(r"\[wsgi:warn\].*WSGI0199: .*'one'")


WORK = """
import hashlib, json, os, tempfile, threading
found = []
def work():
    for number in range(20):
        found.append(json.loads(json.dumps({'n': [number] * 50, 's': hashlib.md5(b'x' * number).hexdigest()}))['n'][0])
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sum(found)
"""


def test_own_gils_under_load_and_their_end(launch, mode):
    server = launch(configuration(mode, "threads=8 processes=1", OWN))
    server.log.allow("WSGI0198: ")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: ask(server, WORK, ("/main", "/one", "/two")[n % 3]), range(90)))
    assert set(answers) == {570}
    server.stop()


def test_exceptions_and_output_of_an_isolated_interpreter(launch, mode):
    server = launch(configuration(mode, directives=OWN))
    server.log.allow("WSGI0198: ")
    ask(server, "import sys\nprint('from the second', file=environ['wsgi.errors'])\nprint('printed')\n1", "/one")
    server.log.wait_for("from the second")
    server.log.wait_for("printed")
    assert server.request("POST", "/one", body=b"1 / 0").status == 500
    server.log.expect_traceback("ZeroDivisionError")


def test_paths_of_sections(launch, mode):
    server = launch(configuration(mode, "python-path=@ROOT@/base home=@ROOT@/scratch", """
        WSGIPythonPath @ROOT@/base
        <WSGIInterpreterOptions process-group=@GROUP@ application-group=one>
            WSGIPythonPath @ROOT@/one
        </WSGIInterpreterOptions>
        <WSGIInterpreterOptions>
            WSGIPythonPath @ROOT@/all:@ROOT@/more
        </WSGIInterpreterOptions>
        <WSGIInterpreterOptions process-group=nobody>
            WSGIPythonPath @ROOT@/other
        </WSGIInterpreterOptions>"""), start=False, GROUP="main" if mode == "daemon" else "%{GLOBAL}")
    for name in ("base", "one", "all", "more", "other"):
        (server.root / name).mkdir()
    server.start()
    home = ["scratch"] if mode == "daemon" else []

    def names(path):
        entries = ask(server, "import sys\nsys.path", path)
        return [entry.rsplit("/", 1)[1] for entry in entries if entry.startswith(str(server.root))
                and "site-packages" not in entry]

    assert names("/main") == [*home, "all", "more", "base"]
    assert names("/one") == [*home, "one", "all", "more", "base"]


def test_sections_are_overruled_by_more_specific_ones(launch, mode):
    server = launch(configuration(mode, directives="""
        WSGIRestrictStdout On
        <WSGIInterpreterOptions process-group=@GROUP@ application-group=two>
            WSGIRestrictStdout Off
        </WSGIInterpreterOptions>
        <WSGIInterpreterOptions process-group=@GROUP@>
            WSGIRestrictStdout On
            WSGIRestrictSignal Off
        </WSGIInterpreterOptions>
        <WSGIInterpreterOptions application-group=one>
            WSGIRestrictStdout Off
            WSGIRestrictSignal On
        </WSGIInterpreterOptions>"""), GROUP="main" if mode == "daemon" else "%{GLOBAL}")
    found = {path: ask(server, "import sys, signal\n['restricted' in repr(sys.stdout), 'ignore' in repr(signal.signal)]",
                       path)[0] for path in ("/main", "/one", "/two")}
    assert found == {"/main": True, "/one": False, "/two": False}


def test_no_python_here_runs_without_its_gil(launch, mode):
    server = launch(configuration(mode, directives="""
        WSGIFreeThreading On
        <WSGIInterpreterOptions application-group=one>
            WSGIFreeThreading On
        </WSGIInterpreterOptions>"""))
    server.log.wait_for(r"\[wsgi:warn\].*WSGI0200: .*WSGIFreeThreading")
    server.log.wait_for(r"\[wsgi:warn\].*WSGI0201: .*httpd\.conf:\d+: ")
    assert ask(server, "1") == 1


def test_a_free_threaded_python_is_refused(launch):
    server = launch(configuration("daemon", "env=PYTHONPATH=@ROOT@/fake"), start=False)
    (server.root / "fake").mkdir()
    (server.root / "fake" / "sitecustomize.py").write_text("import sys\nsys.abiflags = 't'\n")
    server.start()
    server.log.wait_for("WSGI1001: .*free-threaded")
    server.log.allow("WSGI1011: ", "WSGI1014: ", "WSGI0117: ", "free-threaded")
    assert server.get("/main").status == 503
