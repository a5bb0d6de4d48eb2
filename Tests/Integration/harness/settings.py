"""Request-level directives with two values each, and how a client sees which value applies to a request."""

import base64
import dataclasses
import os
import typing

from shared_server import hosting


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request to one of the locations."""

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


def passes_authorization(asked):
    asked.site.log.allow("WSGI1020")
    return "HTTP_AUTHORIZATION" in asked.answer(headers=login("any")).json


def shows_httpds_page(asked):
    answer = asked.answer(headers=[("X-Action", "fail")])
    return answer.status == 503 and b"page of the application" not in answer.body


def client_address(asked):
    return asked.answer(headers=[("X-Forwarded-For", "10.9.8.7")]).json["REMOTE_ADDR"]


def forwarded_host(asked):
    told = asked.answer(headers=[("X-Forwarded-Host", "forwarded.test")]).json
    return told["HTTP_HOST"] if told["HTTP_HOST"] == "forwarded.test" else "hidden"


def reloads(asked):
    before = asked.answer().json["loaded"]
    os.utime(asked.script, ns=(0, asked.script.stat().st_mtime_ns + 1_000_000_000))
    return asked.answer().json["loaded"] != before


def status(asked):
    asked.site.log.allow("WSGI0149")
    return asked.answer().status


def may_enter(asked):
    asked.site.log.allow("WSGI0057")
    return asked.answer().status == 200


def password(asked):
    asked.site.log.allow("AH01617")
    return [word for word in ("first", "second") if asked.answer(headers=login(word)).status == 200]


def group(asked):
    asked.site.log.allow("WSGI0060", "AH01631")
    return "first" if asked.answer(headers=login("any")).status == 200 else "second"


def login(word):
    return [("Authorization", "Basic " + base64.b64encode(f"user:{word}".encode()).decode())]


@dataclasses.dataclass(frozen=True)
class Setting:
    """A directive with two values and the expected result of each. `observe` returns the result at a location."""

    values: dict
    observe: typing.Callable
    in_htaccess: bool = True
    in_server: bool = True


@dataclasses.dataclass(frozen=True)
class Table:
    """Settings that one server can show at the same time."""

    configuration: str
    settings: dict[str, Setting]


REQUESTS = {
    "WSGIApplicationGroup": Setting({"one": "one", "two": "two"},
                                    lambda asked: asked.answer().json["mod_wsgi.application_group"], in_htaccess=False),
    "WSGICallableObject": Setting({"application": "application", "other": "other"},
                                  lambda asked: asked.answer().json["mod_wsgi.callable_object"]),
    "WSGIPassAuthorization": Setting({"On": True, "Off": False}, passes_authorization),
    "WSGITraceContext": Setting({"On": True, "Off": False}, lambda asked: "HTTP_TRACEPARENT" in asked.answer().json),
    "WSGIChunkedRequest": Setting({"On": True, "Off": False}, takes_chunks),
    "WSGIScriptReloading": Setting({"On": True, "Off": False}, reloads),
    "WSGIMapHEADToGET": Setting({"On": "GET", "Off": "HEAD"},
                                lambda asked: asked.answer("HEAD").header("X-Method")),
    "WSGIErrorOverride": Setting({"On": True, "Off": False}, shows_httpds_page),
    "WSGITrustedProxyHeaders": Setting({"X-Forwarded-Host X-Forwarded-For": "forwarded.test",
                                        "X-Forwarded-For": "hidden"}, forwarded_host),
}

PROXIES = {
    "WSGITrustedProxies": Setting({"127.0.0.1": "10.9.8.7", "10.0.0.0/8 192.168.0.1": "127.0.0.1"}, client_address),
}

EMBEDDED_REQUESTS = {
    "WSGIPassApacheRequest": Setting({"On": True, "Off": False},
                                     lambda asked: asked.answer().json["request_rec"], in_htaccess=False),
}

PROCESSES = {
    "WSGIProcessGroup": Setting({"first": "first", "%{GLOBAL}": ""},
                                lambda asked: asked.answer().json["mod_wsgi.process_group"], in_htaccess=False),
    "WSGIDispatchScript": Setting({"@ROOT@/hooks/first.py": "first", "@ROOT@/hooks/second.py": "second"},
                                  lambda asked: asked.answer().json["mod_wsgi.application_group"], in_htaccess=False),
}

RESTRICTION = {
    "WSGIRestrictProcess": Setting({"first %{GLOBAL}": 200, "%{GLOBAL} other": 500}, status, in_htaccess=False),
}

HANDLERS = {
    "WSGIHandlerScript": Setting({"named @ROOT@/hooks/first.py": "first", "named @ROOT@/hooks/second.py": "second"},
                                 lambda asked: asked.answer().text, in_htaccess=False),
}

ACCESS = {
    "WSGIAccessScript": Setting({"@ROOT@/hooks/first.py": True, "@ROOT@/hooks/second.py": False}, may_enter,
                                in_server=False),
}

USERS = {
    "WSGIAuthUserScript": Setting({"@ROOT@/hooks/first.py": ["first"], "@ROOT@/hooks/second.py": ["second"]}, password,
                                  in_server=False),
}

GROUPS = {
    "WSGIAuthGroupScript": Setting({"@ROOT@/hooks/first.py": "first", "@ROOT@/hooks/second.py": "second"}, group,
                                   in_server=False),
}

HOOKS = """
def allow_access(environ, host):
    return NAME == "first"

def check_password(environ, user, password):
    return password == NAME

def groups_for_user(environ, user):
    return [NAME]

def application_group(environ):
    return NAME

def handle_request(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [NAME.encode()]
"""

HANDLER = """
<FilesMatch "\\.wsgi$">
    SetHandler named
</FilesMatch>
"""

def login_by(provider, requirement):
    return f"""
        <LocationMatch "^/(outer|alias/located)">
            AuthType Basic
            AuthName test
            AuthBasicProvider {provider}
            Require {requirement}
        </LocationMatch>"""


EVERYONE = """
LoadModule authn_anon_module @MODULES@/mod_authn_anon.so
<Location />
    Anonymous *
    Anonymous_MustGiveEmail Off
</Location>
"""

TABLES = {
    "requests, embedded": Table(hosting("embedded"), REQUESTS | EMBEDDED_REQUESTS),
    "requests, daemon": Table(hosting("daemon"), REQUESTS),
    "proxies, embedded": Table(hosting("embedded") + "WSGITrustedProxyHeaders X-Forwarded-For\n", PROXIES),
    "proxies, daemon": Table(hosting("daemon") + "WSGITrustedProxyHeaders X-Forwarded-For\n", PROXIES),
    "handlers, embedded": Table(hosting("embedded") + HANDLER, HANDLERS),
    "handlers, daemon": Table(hosting("daemon") + HANDLER, HANDLERS),
    "restriction": Table("WSGIDaemonProcess first python-home=@VENV@\nWSGIProcessGroup first\n", RESTRICTION),
    "processes": Table("WSGIPythonHome @VENV@\nWSGIDaemonProcess first python-home=@VENV@\n", PROCESSES),
    "access": Table(hosting("embedded"), ACCESS),
    "users": Table(hosting("embedded") + login_by("wsgi", "valid-user"), USERS),
    "groups": Table(hosting("embedded") + EVERYONE + login_by("anon", "wsgi-group first"), GROUPS),
}
