"""mod_wsgi's variables in CustomLog, Header and the like."""

import base64
import re

import pytest

from polling import until
from shared_server import hosting

LOG = """
LogFormat "%U|%{mod_wsgi.process_group}e|%{mod_wsgi.application_group}e|%{mod_wsgi.callable_object}e|\\
%{mod_wsgi.request_id}e|%L|%{mod_wsgi.script_name}e|%{mod_wsgi.path_info}e|%{mod_wsgi.request_handler}e|\\
%{mod_wsgi.listener_port}e|%{mod_wsgi.server_pid}e|%P|%{mod_wsgi.request_start}e|%{mod_wsgi.x-queue_start_us}e|\\
%{mod_wsgi.x-daemon_connects}e|%{mod_wsgi.version}e" ours
CustomLog logs/ours.log ours
Header set X-Request-Group "%{mod_wsgi.application_group}e"
WSGIScriptAlias /app @APPS@/environ/app.wsgi application-group=group
"""


def logged(server, path):
    """The fields of the last record of a path; it is written when the client has its answer already."""
    def find():
        lines = (server.root / "logs" / "ours.log").read_text().splitlines()
        return next((line for line in reversed(lines) if line.startswith(path + "|")), None)

    return until(find, f"a record of {path}").split("|")


@pytest.mark.mpms
def test_variables_in_the_access_log(launch, mode):
    server = launch(hosting(mode) + LOG)
    answer = server.get("/app/info")
    told = {key: entry.get("value") for key, entry in answer.json["environ"].items()}
    assert answer.header("X-Request-Group") == "group"
    server.get("/ready.txt")
    line, other = (logged(server, path) for path in ("/app/info", "/ready.txt"))
    (path, process_group, group, callable_object, request_id, log_id, script_name, path_info, handler, port, pid, child,
     start, queued, connects, version) = line
    assert (process_group or "") == told["mod_wsgi.process_group"]
    assert group == "group" and callable_object == "application"
    assert request_id == log_id == told["mod_wsgi.request_id"]
    assert (script_name, path_info, handler) == ("/app", "/info", "wsgi-script")
    assert port == str(server.port) and pid == child == told["mod_wsgi.server_pid"]
    assert abs(float(start) - told["mod_wsgi.request_start"]) < 0.001
    if mode == "daemon":
        assert abs(int(queued) / 1e6 - told["mod_wsgi.queue_start"]) < 0.001 and connects == "1"
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert set(other[1:4]) == {"-"}


def test_the_environ_keeps_its_types(launch, mode):
    server = launch(hosting(mode) + LOG)
    told = server.get("/app").json["environ"]
    assert told["mod_wsgi.version"]["type"] == "tuple" and told["mod_wsgi.request_start"]["type"] == "float"
    assert not [key for key in told if key.startswith("mod_wsgi.x-")]


CGI = """
LogFormat "%U|%{REMOTE_USER}e|%{SCRIPT_NAME}e|%{PATH_INFO}e|%{REQUEST_METHOD}e|%{HTTP_X_TENANT}e|%{AUTH_TYPE}e" ours
CustomLog logs/ours.log ours
WSGIScriptAlias /app @APPS@/environ/app.wsgi
<Location /app>
    AuthType Basic
    AuthName x
    AuthUserFile @ROOT@/users
    Require valid-user
</Location>
"""


@pytest.mark.mpms
def test_cgi_variables_in_the_access_log(launch, mode):
    server = launch(hosting(mode) + CGI, start=False)
    (server.root / "users").write_text("jane:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=\n")  # 123456
    server.start()
    basic = {"Authorization": "Basic " + base64.b64encode(b"jane:123456").decode(), "X-Tenant": "acme"}
    for method in "GET", "POST":
        server.request(method, "/app/info", basic, b"x=1" if method == "POST" else None)
        until(lambda: logged(server, "/app/info")[4] == method, "the record")
        assert logged(server, "/app/info") == ["/app/info", "jane", "/app", "/info", method, "acme", "Basic"]
    server.get("/ready.txt")
    assert logged(server, "/ready.txt")[1:] == ["-"] * 6


@pytest.mark.parametrize("directive, seen", [
    ('Header set X-Seen "%{PATH_INFO}e"', "/info"), ('Header set X-Seen "%{http_x_tenant}e"', "acme"),
    ("Header set X-Seen yes env=HTTP_X_TENANT", "yes"), ("Header set X-Seen yes env=HTTP_X_OTHER", None),
    ("Header set X-Seen \"expr=%{reqenv:REQUEST_URI}\"", "/app/info?q"),
    ("Header set X-Seen yes \"expr=reqenv('QUERY_STRING') == 'q'\"", "yes"),
    ("<Location /app>\n<If \"true\">\nHeader set X-Seen %{REMOTE_ADDR}e\n</If>\n</Location>", "127.0.0.1")])
def test_cgi_variables_in_headers(launch, mode, directive, seen):
    server = launch(hosting(mode) + f"WSGIScriptAlias /app @APPS@/environ/app.wsgi\n{directive}\n")
    answer = server.get("/app/info?q", {"X-Tenant": "acme"})
    assert answer.header("X-Seen") == seen and answer.json["environ"]["PATH_INFO"]["value"] == "/info"


def test_nothing_is_set_when_nobody_asks(launch, mode):
    server = launch(hosting(mode) + """
        LogFormat "%U %{mod_wsgi_request}e" other
        CustomLog logs/other.log other
        WSGIScriptAlias /app @APPS@/hello/app.wsgi""")
    assert server.get("/app").status == 200
