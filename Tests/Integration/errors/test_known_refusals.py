"""Extension modules that refuse sub-interpreters, and forks that CPython cannot do."""

import pytest

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ threads=3
WSGIProcessGroup main
WSGIScriptAlias /named @APPS@/refusing/app.wsgi application-group=named
WSGIScriptAlias /main @APPS@/refusing/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /late @APPS@/refusing/late.wsgi application-group=named
WSGIScriptAlias /hello @APPS@/hello/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /fork @APPS@/refusing/fork.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /fork-named @APPS@/refusing/fork.wsgi application-group=named
"""

TEXTS = [
    "PyO3 modules do not yet support subinterpreters, see https://github.com/PyO3/pyo3/issues/576",
    "PyO3 modules compiled for CPython 3.8 or older may only be initialized once per interpreter process",
    "cannot load module more than once per process",
    "Interpreter change detected - this module can only be loaded into one interpreter per process.",
    "module _ctypes does not support loading in subinterpreters",
]

FORK = """
import multiprocessing, os, subprocess, sys


def application(environ, start_response):
    try:
        if "pool" in environ["QUERY_STRING"]:
            with multiprocessing.get_context("fork").Pool(1) as pool:
                text = str(pool.apply(abs, (-3,)))
        elif "pty" in environ["QUERY_STRING"]:
            import pty
            pty.fork()
        elif "subprocess" in environ["QUERY_STRING"]:
            text = subprocess.run(["/bin/echo", "said"], capture_output=True, text=True).stdout.strip()
        else:
            child = os.fork()
            if child == 0:
                os._exit(7)
            text = str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    except RuntimeError as error:
        text = f"RuntimeError: {error}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
"""


@pytest.fixture
def begin(launch):
    def create(text=""):
        server = launch(CONFIG, start=False)
        folder = server.apps / "refusing"
        folder.mkdir()
        refuse = f"raise ImportError({text!r})\n"
        (folder / "app.wsgi").write_text(refuse)
        (folder / "late.wsgi").write_text("def application(environ, start_response):\n    " + refuse)
        (folder / "fork.wsgi").write_text(FORK)
        return server.start() or server

    return create


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("path", ["/named", "/late"])
def test_module_that_refuses_sub_interpreters_is_followed_by_the_line_to_add(begin, text, path):
    server = begin(text)
    assert server.get(path).status == 500
    server.log.expect(r"WSGI(0109|0174)", r"WSGI1080: .* in the application group 'named'\. Add process-group=main application-group=%\{GLOBAL\}")
    server.log.allow("Traceback", "File ", "ImportError", "    raise ")


def test_no_advice_where_it_would_not_help(begin):
    server = begin(TEXTS[0])
    assert server.get("/main").status == 500
    server.log.expect("WSGI0109")
    server.log.allow("Traceback", "File ", "ImportError", "    raise ")
    assert "WSGI1080" not in server.log.text()


@pytest.mark.pythons
def test_fork_raises_once_there_are_sub_interpreters(begin):
    server = begin()
    assert server.get("/fork").text == "7" and server.get("/fork?pool").text == "3"
    assert server.get("/fork-named?subprocess").text == "said"
    for path in ("/fork", "/fork-named", "/fork?pool", "/fork?pty", "/fork-named?pool"):
        assert server.get(path).text.startswith("RuntimeError: fork"), path
    assert "application-group=%{GLOBAL}" in server.get("/fork").text
    for path in ("/fork?subprocess", "/fork-named?subprocess"):
        assert server.get(path).text == "said"
