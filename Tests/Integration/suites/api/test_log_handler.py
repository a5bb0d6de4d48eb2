"""mod_wsgi.LogHandler: records go to the log of the request's virtual host, at its level."""

import pytest

from shared_server import audited, hosting, serving

pytestmark = pytest.mark.pythons

APP = """
import logging, mod_wsgi, threading
logger = logging.getLogger("app")
logger.setLevel(1)
logger.propagate = False
if not logger.handlers:
    handler = mod_wsgi.LogHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s to httpd: %(message)s"))
    logger.addHandler(handler)

class Text:
    formatted = 0
    def __init__(self, text): self.text = text
    def __str__(self):
        Text.formatted += 1
        return self.text

def log(name):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "%s", Text(name))

def application(environ, start_response):
    name, _, thread = environ["QUERY_STRING"].partition("&")
    Text.formatted = 0
    if thread:
        one = threading.Thread(target=log, args=(name,))
        one.start()
        one.join()
    else:
        log(name)
    start_response("200 OK", [])
    return [b"%d" % Text.formatted]
"""

CONFIG = """
WSGIScriptAlias /app @APPS@/app.wsgi application-group=%{GLOBAL}
LogLevel warn wsgi:info
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName one.test
    ErrorLog logs/error_one.log
    LogLevel wsgi:error
</VirtualHost>
"""

LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "crit"}


@pytest.fixture(scope="module")
def hosted(platform, mode):
    def prepare(server):
        (server.apps / "app.wsgi").write_text(APP)

    with serving(platform, hosting(mode, "threads=2", runs_as=False) + CONFIG, "/app?ready", prepare=prepare) as server:
        yield server


@pytest.fixture
def server(hosted):
    with audited(hosted) as server:
        server.log.allow("to httpd: ")
        yield server


def logged(server, name, file):
    """The levels of the logging module whose record is in the file at the right level of httpd."""
    lines = [line for line in server.log.lines(file) if line.endswith(f" to httpd: {name}")]
    found = [(level, line) for level in LEVELS for line in lines if f"{level} to httpd" in line]
    assert all(f"[wsgi:{LEVELS[level]}]" in line for level, line in found), found
    return [level for level, _ in found]


@pytest.mark.parametrize("host, file, other, levels", [
    ("localhost", "error.log", "error_one.log", ["INFO", "WARNING", "ERROR", "CRITICAL"]),
    ("one.test", "error_one.log", "error.log", ["ERROR", "CRITICAL"])])
def test_records_of_a_request(server, host, file, other, levels):
    name = f"of-{host}"
    answer = server.get(f"/app?{name}", {"Host": host})
    server.log.wait_for(f"CRITICAL to httpd: {name}", name=file)
    assert logged(server, name, file) == levels
    assert logged(server, name, other) == []
    assert "[client 127.0.0.1:" in server.log.wait_for(f".*CRITICAL to httpd: {name}", name=file)[0]
    # What is not logged is not formatted.
    assert int(answer.text) == len(levels)


def test_source(launch, mode):
    server = launch(hosting(mode, "threads=2", runs_as=False) + """
WSGIScriptAlias /app @APPS@/app.wsgi application-group=%{GLOBAL}
LogLevel warn wsgi:debug
ErrorLogFormat "[%l] %F: %M"
""", start=False)
    (server.apps / "app.wsgi").write_text(APP)
    server.start()
    server.log.allow("to httpd: ")
    server.get("/app?placed")
    lines = [number for number, line in enumerate(APP.split("\n"), 1) if "logger.log(" in line]
    for level in LEVELS.values():
        server.log.wait_for(rf"^\[(wsgi:)?{level}\] app\.wsgi\({lines[0]}\): [A-Z]+ to httpd: placed$")


def test_source_in_the_default_format(launch, mode):
    server = launch(hosting(mode, "threads=2", runs_as=False) + """
WSGIScriptAlias /app @APPS@/app.wsgi application-group=%{GLOBAL}
LogLevel warn wsgi:debug
""", start=False)
    (server.apps / "app.wsgi").write_text(APP)
    server.start()
    server.log.allow("to httpd: ")
    server.get("/app?placed")
    server.log.wait_for(r"\[wsgi:debug\].* app\.wsgi\(\d+\): .*DEBUG to httpd: placed$")
    server.get("/app?threaded&thread")
    server.log.wait_for(r"\[wsgi:debug\].* app\.wsgi\(\d+\): DEBUG to httpd: threaded$")
    assert "WARNING to httpd: threaded" in server.log.wait_for(r"\[wsgi:warn\] \[pid [^]]*\] .*threaded$")[0]


def test_records_of_other_threads(server):
    answer = server.get("/app?of-a-thread&thread", {"Host": "one.test"})
    found = server.log.wait_for(".*CRITICAL to httpd: of-a-thread", name="error.log")[0]
    assert "[client" not in found
    assert logged(server, "of-a-thread", "error.log") == ["INFO", "WARNING", "ERROR", "CRITICAL"]
    assert int(answer.text) == 4
