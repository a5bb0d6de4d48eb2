"""The environ dictionary: keys, types and values of PEP 3333, CGI, Apache and mod_wsgi."""

import re

import pytest

import env
from shared_server import hosting

pytestmark = [pytest.mark.mpms, pytest.mark.pythons]

FLOATS = ["request_start", "queue_start", "daemon_start", "application_start"]
ABSENT = ["PATH", "PATH_TRANSLATED", "GATEWAY_INTERFACE", "SERVER_SIGNATURE", "REMOTE_HOST", "REMOTE_IDENT",
          "LD_LIBRARY_PATH", "HTTPS"]


def fetch(server, path="/environ", headers=(), **options):
    return server.request("GET", path, headers, **options).json["environ"]


def value(told, key):
    return told[key]["value"]


def test_environ_is_a_plain_dict(server):
    assert server.get("/environ").json["dict"]


@pytest.mark.parametrize("key, expected", [
    ("REQUEST_METHOD", "GET"), ("SCRIPT_NAME", "/environ"), ("PATH_INFO", "/a/b"), ("QUERY_STRING", "x=1&y=%20z"),
    ("REQUEST_URI", "/environ/a/b?x=1&y=%20z"), ("SERVER_PROTOCOL", "HTTP/1.1"), ("SERVER_ADDR", "127.0.0.1"),
    ("REMOTE_ADDR", "127.0.0.1"), ("REQUEST_SCHEME", "http"), ("CONTEXT_PREFIX", ""), ("HTTP_HOST", "example.test:80"),
    ("HTTP_X_ONE", "first"),
])
def test_cgi_value(server, key, expected):
    told = fetch(server, "/environ/a/b?x=1&y=%20z", {"Host": "example.test:80", "X-One": "first"})
    assert value(told, key) == expected


def test_server_name_and_port_are_those_of_the_request(server):
    told = fetch(server, headers={"Host": "example.test:8123"})
    assert value(told, "SERVER_NAME") == "example.test"
    assert value(told, "SERVER_PORT") == "8123"


def test_remote_port_is_that_of_the_client(server):
    with server.connect() as connection:
        told = connection.get("/environ").json["environ"]
        assert value(told, "REMOTE_PORT") == str(connection._socket.getsockname()[1])


def test_script_and_document_root_are_paths(server):
    told = fetch(server)
    assert value(told, "SCRIPT_FILENAME") == str(server.apps / "environ" / "app.wsgi")
    assert value(told, "DOCUMENT_ROOT") == str(server.root / "htdocs")
    assert "CONTEXT_DOCUMENT_ROOT" in told


def test_server_software_names_apache(server):
    assert value(fetch(server), "SERVER_SOFTWARE").startswith("Apache/2.4")


def test_every_cgi_value_is_a_str(server):
    told = fetch(server, headers={"X-One": "1"})
    wrong = {key: entry for key, entry in told.items() if key.isupper() and entry["type"] != "str"}
    assert not wrong


@pytest.mark.parametrize("key", ABSENT)
def test_key_is_absent(server, key):
    assert key not in fetch(server)


def test_content_keys_are_absent_without_a_body(server):
    told = fetch(server)
    assert not {"CONTENT_TYPE", "CONTENT_LENGTH"} & set(told)


def test_content_keys_of_a_body(server):
    answer = server.request("POST", "/environ", {"Content-Type": "text/x-test; charset=utf-8"}, b"12345")
    told = answer.json["environ"]
    assert value(told, "CONTENT_TYPE") == "text/x-test; charset=utf-8"
    assert value(told, "CONTENT_LENGTH") == "5"
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & set(told)


def test_setenv_reaches_the_environ(server):
    assert value(fetch(server), "TEST_SCRATCH") == str(server.scratch)


# wsgi.* and apache.*

def test_wsgi_version(server):
    assert fetch(server)["wsgi.version"]["repr"] == "(1, 0)"


def test_wsgi_url_scheme(server):
    assert value(fetch(server), "wsgi.url_scheme") == "http"


def test_wsgi_input_is_terminated(server):
    assert value(fetch(server), "wsgi.input_terminated") is True


def test_wsgi_stream_types(server):
    told = fetch(server)
    assert told["wsgi.input"]["type"] == "Input"
    assert told["wsgi.errors"]["type"] == "TextIOWrapper"
    assert told["wsgi.file_wrapper"]["type"] == "type"
    assert "FileWrapper" in told["wsgi.file_wrapper"]["repr"]


def test_wsgi_multithread(server, platform, mode):
    assert value(fetch(server), "wsgi.multithread") is (mode == "daemon" or platform.mpm != "prefork")


def test_wsgi_multiprocess(server):
    assert value(fetch(server), "wsgi.multiprocess") is True


def test_wsgi_run_once(server):
    assert value(fetch(server), "wsgi.run_once") is False


def test_apache_version(server):
    assert re.fullmatch(r"\(2, 4, \d+\)", fetch(server)["apache.version"]["repr"])


def test_apache_request_rec_is_absent(server):
    assert "apache.request_rec" not in fetch(server)


# mod_wsgi.*

def test_mod_wsgi_version(server):
    assert re.fullmatch(r"\(\d+, \d+, \d+\)", fetch(server)["mod_wsgi.version"]["repr"])


def test_process_group(server, mode):
    assert value(fetch(server), "mod_wsgi.process_group") == ("main" if mode == "daemon" else "")


def test_application_group_is_the_resource(server):
    assert value(fetch(server), "mod_wsgi.application_group") == "localhost|/environ"


def test_application_group_has_a_port_that_is_not_the_default(server):
    told = fetch(server, headers={"Host": "localhost:8123"})
    assert value(told, "mod_wsgi.application_group") == "localhost:8123|/environ"


@pytest.mark.parametrize("key, expected", [
    ("callable_object", "application"), ("request_handler", "wsgi-script"), ("handler_script", ""),
    ("script_name", "/environ"), ("path_info", "/x"),
])
def test_mod_wsgi_value(server, key, expected):
    assert value(fetch(server, "/environ/x"), f"mod_wsgi.{key}") == expected


def test_listener_is_that_of_the_connection(server):
    told = fetch(server)
    assert value(told, "mod_wsgi.listener_port") == str(server.port)
    assert told["mod_wsgi.listener_host"]["type"] == "str"


def test_server_pid_is_that_of_an_httpd_child(server):
    pid = int(value(fetch(server), "mod_wsgi.server_pid"))
    assert pid in {one.pid for one in server.processes()} - {server.pid}


def test_request_ids_differ(server):
    first, second = (value(fetch(server), "mod_wsgi.request_id") for _ in range(2))
    assert first and second and first != second


def test_thread_id_is_an_int(server):
    told = fetch(server)["mod_wsgi.thread_id"]
    assert told["type"] == "int" and told["value"] >= 0


@pytest.mark.parametrize("name", FLOATS)
def test_time_is_a_float(server, name):
    assert fetch(server)[f"mod_wsgi.{name}"]["type"] == "float"


def test_times_are_in_order(server, mode):
    told = fetch(server)
    request, queue, daemon, application = (value(told, f"mod_wsgi.{name}") for name in FLOATS)
    assert 0 < request <= application
    if mode == "daemon":
        assert request <= queue <= daemon <= application
    else:
        assert queue == daemon == 0.0


def test_no_hidden_carrier_is_visible(server):
    assert not [key for key in fetch(server) if key.startswith("mod_wsgi.x-")]


def test_user_of_the_process(server, mode):
    """The processes that serve are not root's: httpd's user, or the daemon's own."""
    if not env.is_root():
        pytest.skip("not started by root")
    names = {one.user for one in server.processes() if one.pid != server.pid}
    assert env.httpd_user() in names
    assert mode == "embedded" or env.other_user() in names


@pytest.mark.parametrize("qualified", [False, True], ids=["plain", "qualified"])
def test_redirected_request_knows_where_it_came_from(launch, mode, qualified):
    server = launch(hosting(mode) + f"""
WSGIScriptAlias /environ @APPS@/environ/app.wsgi
ErrorDocument 404 /environ/after
QualifyRedirectURL {"On" if qualified else "Off"}
""")
    told = server.get("/missing?a=1").json["environ"]
    prefix = "http://" + value(told, "HTTP_HOST") if qualified else ""
    assert value(told, "REDIRECT_URL") == prefix + "/missing"
    assert value(told, "REDIRECT_QUERY_STRING") == "a=1"
    assert value(told, "REQUEST_URI") == "/missing?a=1" and value(told, "PATH_INFO") == "/after"
