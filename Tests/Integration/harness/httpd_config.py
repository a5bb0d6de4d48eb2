"""httpd's configuration files, written from Python."""

import pathlib

import env

_MODULES = ["authz_core", "authz_host", "authn_core", "authn_file", "authz_user", "auth_basic", "unixd", "alias", "env",
            "setenvif", "dir", "mime", "headers", "rewrite", "status", "reqtimeout", "log_config", "filter", "deflate"]

_BASE = """\
ServerRoot "@ROOT@"
ServerName localhost
PidFile httpd.pid
DefaultRuntimeDir run
CoreDumpDirectory cores
Mutex file:run default
Listen 127.0.0.1:@PORT@
@USER@
@LOAD@
LoadModule wsgi_module @MODULE@
# All processes exist when the first one responds, or a moment later: tests count them.
WSGIStartLimit 64

ErrorLog logs/error.log
LogLevel warn wsgi:info
CustomLog logs/access.log "%h %t \\"%r\\" %>s %B %{ms}T %X"
TypesConfig @MIME@
ServerTokens Full
ExtendedStatus On
Timeout 60
KeepAlive On
KeepAliveTimeout 20
MaxKeepAliveRequests 0
GracefulShutdownTimeout 60

@MPM@

<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory "@ROOT@/htdocs">
    Require all granted
</Directory>
<Directory "@APPS@">
    Require all granted
</Directory>
DocumentRoot htdocs
<Location /server-status>
    SetHandler server-status
</Location>
WSGISocketPrefix run/wsgi
"""

_MPMS = {
    "event": "StartServers 1\nServerLimit 8\nThreadLimit 16\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
             "MinSpareThreads 1\nMaxSpareThreads 64\nMaxConnectionsPerChild 0",
    "prefork": "StartServers 2\nServerLimit 24\nMaxRequestWorkers 24\nMinSpareServers 2\nMaxSpareServers 24\n"
               "MaxConnectionsPerChild 0",
}
_MPMS["worker"] = _MPMS["event"]


def load(name: str) -> str:
    """The line that loads one of httpd's modules; empty if there is no module of this name."""
    path = env.module_directory() / f"mod_{name}.so"
    return f"LoadModule {name}_module {path}" if path.exists() else ""


def base(root: pathlib.Path, port: int, mpm: str, module: pathlib.Path) -> str:
    """The part of the configuration that all servers share."""
    user = f"User {env.httpd_user()}\nGroup {env.httpd_user()}" if env.is_root() else ""
    values = {
        "ROOT": root, "PORT": port, "USER": user, "MODULE": module, "MIME": env.mime_types(), "MPM": _MPMS[mpm],
        "APPS": root / "apps", "LOAD": "\n".join(filter(None, map(load, [f"mpm_{mpm}", *_MODULES]))),
    }
    return fill(_BASE, values)


def fill(text: str, values: dict) -> str:
    """Replaces each @NAME@."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text
