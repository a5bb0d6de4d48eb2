"""Which of several settings a request gets, by their effects: host over server, directory over host, inner over outer."""

import contextlib
import dataclasses
import os
import typing

import pytest

from shared_server import audited, hosting, serving

SCRIPT = '''
import json, time
LOADED = time.time()

def application(environ, start_response):
    body = environ["wsgi.input"].read()
    headers = [("Content-Type", "application/json"), ("X-Method", environ["REQUEST_METHOD"])]
    if environ.get("HTTP_X_ACTION") == "fail":
        start_response("503 Down", headers)
        return [b"page of the application"]
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    start_response("200 OK", headers)
    return [json.dumps(told | {"loaded": LOADED, "length": len(body)}).encode()]

other = application
'''

# Every @0@ and @1@ stands for one of the two values of each directive; a second server has them the other way round.
CONFIG = """
@0@
<Directory @ROOT@/htdocs>
    Options +ExecCGI
    AllowOverride FileInfo
    AddHandler wsgi-script .wsgi
</Directory>
<Directory @ROOT@/htdocs/outer>
    @1@
</Directory>
<Directory @ROOT@/htdocs/outer/inner>
    @0@
</Directory>
<Files named.wsgi>
    @0@
</Files>
<Files located.wsgi>
    @1@
</Files>
<Location /outer/located.wsgi>
    @0@
</Location>
<Location /outer/conditional.wsgi>
    @1@
    <If "%{QUERY_STRING} == 'if'">
        @0@
    </If>
</Location>
<Location /alias/located>
    @1@
</Location>
WSGIScriptAlias /alias @ROOT@/htdocs/script.wsgi
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName own.test
    @1@
    <Directory @ROOT@/htdocs/outer>
        @0@
    </Directory>
</VirtualHost>
"""

SCRIPTS = ["script.wsgi", "outer/script.wsgi", "outer/inner/script.wsgi", "outer/inner/plain/script.wsgi",
           "outer/named.wsgi", "outer/located.wsgi", "outer/conditional.wsgi", "outer/htaccess/script.wsgi"]

#: What is asked: host, path, and which of the two values it must have.
PLACES = {
    "main server": ("localhost", "/script.wsgi", 0),
    "host over main server": ("own.test", "/script.wsgi", 1),
    "directory over main server": ("localhost", "/outer/script.wsgi", 1),
    "directory of a host over host": ("own.test", "/outer/script.wsgi", 0),
    "inner directory over outer": ("localhost", "/outer/inner/script.wsgi", 0),
    "inherited from an outer directory": ("localhost", "/outer/inner/plain/script.wsgi", 0),
    "files over directory": ("localhost", "/outer/named.wsgi", 0),
    "location over files": ("localhost", "/outer/located.wsgi", 0),
    "location over directory": ("localhost", "/outer/conditional.wsgi", 1),
    "condition over location": ("localhost", "/outer/conditional.wsgi?if", 0),
    "alias": ("localhost", "/alias", 0),
    "alias of a host": ("own.test", "/alias", 1),
    "location of an alias": ("localhost", "/alias/located", 1),
    ".htaccess over directory": ("localhost", "/outer/htaccess/script.wsgi", 0),
}


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request to one of the places."""

    site: typing.Any
    host: str
    path: str

    def answer(self, method="GET", headers=(), body=None):
        return self.site.request(method, self.path, [("Host", self.host), *headers], body)

    @property
    def script(self):
        name = "script.wsgi" if self.path.startswith("/alias") else self.path.partition("?")[0].strip("/")
        return self.site.root / "htdocs" / name


def takes_chunks(asked):
    asked.site.log.allow("WSGI0138")
    answer = asked.answer("POST", [("Transfer-Encoding", "chunked")], b"3\r\nabc\r\n0\r\n\r\n")
    return answer.status == 200 and answer.json["length"] == 3


def reloads(asked):
    before = asked.answer().json["loaded"]
    os.utime(asked.script, ns=(0, asked.script.stat().st_mtime_ns + 1_000_000_000))
    return asked.answer().json["loaded"] != before


#: Each directive: its two values with what is seen of them, and what tells; .htaccess counts where it may stand there.
SETTINGS = {
    "WSGIApplicationGroup": ({"one": "one", "two": "two"},
                             lambda asked: asked.answer().json["mod_wsgi.application_group"], False),
    "WSGICallableObject": ({"application": "application", "other": "other"},
                           lambda asked: asked.answer().json["mod_wsgi.callable_object"], True),
    "WSGIPassAuthorization": ({"On": True, "Off": False},
                              lambda asked: "HTTP_AUTHORIZATION" in asked.answer(
                                  headers=[("Authorization", "Bearer x")]).json, True),
    "WSGIChunkedRequest": ({"On": True, "Off": False}, takes_chunks, True),
    "WSGIScriptReloading": ({"On": True, "Off": False}, reloads, True),
}


#: Those that decide where a request runs.
PROCESS_SETTINGS = {
    "WSGIProcessGroup": ({"first": "first", "%{GLOBAL}": ""},
                         lambda asked: asked.answer().json["mod_wsgi.process_group"], False),
}

GROUPS = "WSGIPythonHome @VENV@\nWSGIDaemonProcess first python-home=@VENV@\n"


def statements(settings, index, in_htaccess=False):
    return "\n".join(f"{name} {list(values)[index]}" for name, (values, _, htaccess) in settings.items()
                     if htaccess or not in_htaccess)


@contextlib.contextmanager
def host(platform, configuration, settings, is_reversed):
    def lay_out(server):
        for name in SCRIPTS:
            path = server.root / "htdocs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SCRIPT)
        (server.root / "htdocs" / "outer" / "htaccess" / ".htaccess").write_text(
            statements(settings, is_reversed, in_htaccess=True))

    text = CONFIG.replace("@0@", statements(settings, is_reversed))
    text = text.replace("@1@", statements(settings, not is_reversed))
    with serving(platform, configuration + text, "/script.wsgi", prepare=lay_out) as server:
        server.is_reversed = is_reversed
        yield server


BOTH_WAYS = {"scope": "module", "params": [False, True], "ids": ["", "reversed"]}


@pytest.fixture(**BOTH_WAYS)
def hosted(request, platform, mode):
    with host(platform, hosting(mode), SETTINGS, request.param) as server:
        yield server


@pytest.fixture(**BOTH_WAYS)
def hosted_in_groups(request, platform):
    with host(platform, GROUPS, PROCESS_SETTINGS, request.param) as server:
        yield server


def check(server, settings, name, place):
    values, observe, in_htaccess = settings[name]
    if place.startswith(".htaccess") and not in_htaccess:
        pytest.skip(f"{name} may not stand in .htaccess")
    name, path, index = PLACES[place]
    with audited(server):
        assert observe(Asked(server, name, path)) == list(values.values())[index ^ server.is_reversed]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SETTINGS)
def test_setting(hosted, name, place):
    check(hosted, SETTINGS, name, place)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", PROCESS_SETTINGS)
def test_setting_of_processes(hosted_in_groups, name, place):
    check(hosted_in_groups, PROCESS_SETTINGS, name, place)
