"""Which of several settings a request gets, by effect: host over server, directory over host, inner over outer."""

import contextlib
import functools

import pytest

import env
import httpd_config
from settings import HOOKS, TABLES, Asked
from shared_server import audited, serving

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
    return [json.dumps(told | {
        "request_rec": "apache.request_rec" in environ, "loaded": LOADED, "length": len(body)}).encode()]

other = application
'''

# Every @0@ and @1@ stands for one of the two values of each directive; a second server has them the other way round.
CONFIG = """
@server 0@
<Directory @ROOT@/htdocs>
    Options +ExecCGI
    AllowOverride FileInfo AuthConfig
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
    @server 1@
    <Directory @ROOT@/htdocs/outer>
        @0@
    </Directory>
</VirtualHost>
"""

SCRIPTS = ["script.wsgi", "outer/script.wsgi", "outer/inner/script.wsgi", "outer/inner/plain/script.wsgi",
           "outer/named.wsgi", "outer/located.wsgi", "outer/conditional.wsgi", "outer/htaccess/script.wsgi"]

#: What is asked: host, path, and which of the two values it must have.
PLACES = {
    "server": ("localhost", "/script.wsgi", 0),
    "host over server": ("own.test", "/script.wsgi", 1),
    "directory alone or over its surroundings": ("localhost", "/outer/script.wsgi", 1),
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


def statements(settings, index, **where):
    """One line for each setting that may stand `where`."""
    return "\n".join(f"{name} {list(setting.values)[index]}" for name, setting in settings.items()
                     if all(getattr(setting, place) for place in where))


def shows(setting, place):
    if place.startswith(".htaccess"):
        return setting.in_htaccess
    return setting.in_server or "server" not in place and place not in ("alias", "alias of a host")


@contextlib.contextmanager
def showing(platform, name, is_reversed):
    """A server with all settings of a table in all places."""
    table = TABLES[name]

    def lay_out(server):
        files = {f"htdocs/{script}": SCRIPT for script in SCRIPTS}
        files |= {f"hooks/{name}.py": f"NAME = {name!r}\n{HOOKS}" for name in ("first", "second")}
        files["htdocs/outer/htaccess/.htaccess"] = httpd_config.fill(
            statements(table.settings, is_reversed, in_htaccess=True), {"ROOT": server.root})
        for path, text in files.items():
            (server.root / path).parent.mkdir(parents=True, exist_ok=True)
            (server.root / path).write_text(text)

    text = table.configuration + CONFIG
    for index in (0, 1):
        text = text.replace(f"@server {index}@", statements(table.settings, index ^ is_reversed, in_server=True))
        text = text.replace(f"@{index}@", statements(table.settings, index ^ is_reversed))
    with serving(platform, text, prepare=lay_out, MODULES=env.module_directory()) as server:
        yield server


@pytest.fixture(scope="module")
def servers(platform):
    """The servers of the tables, each started when it is first asked for."""
    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda *key: stack.enter_context(showing(platform, *key)))


CASES = [pytest.param(table, is_reversed, name, place, id=f"{table}{', reversed' * is_reversed}-{name}-{place}")
         for table in TABLES for is_reversed in (False, True)
         for name, setting in TABLES[table].settings.items() for place in PLACES if shows(setting, place)]


@pytest.mark.parametrize("table, is_reversed, name, place", CASES)
def test_setting(servers, table, is_reversed, name, place):
    setting = TABLES[table].settings[name]
    host, path, index = PLACES[place]
    with audited(servers(table, is_reversed)) as site:
        assert setting.observe(Asked(site, host, path)) == list(setting.values.values())[index ^ is_reversed]
