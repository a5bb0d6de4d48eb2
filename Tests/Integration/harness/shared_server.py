"""Servers that many tests share, their configuration, and the audit after each test."""

import contextlib
import grp
import pwd
import time

import audit
import env
from leaks import DescriptorAudit
from server import Platform, Server

_DAEMON = """
WSGIDaemonProcess main python-home=@VENV@ @AS@
WSGIProcessGroup main
"""

_EMBEDDED = """
WSGIPythonHome @VENV@
"""

_COMMON = """
SetEnv TEST_SCRATCH @SCRATCH@
Alias /static @ROOT@/htdocs
@ALIASES@
WSGIScriptAlias /no_script @APPS@/hello/absent.wsgi
WSGIScriptAlias /a_directory @APPS@
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName one.test
    ErrorLog logs/error_one.log
</VirtualHost>
<Location /environ_authorised>
    WSGIPassAuthorization On
</Location>
<Location /input_chunked>
    WSGIChunkedRequest On
</Location>
<Location /input_limited>
    LimitRequestBody 1000
</Location>
"""

#: Further mounts of applications: URL path, application folder.
_ALSO = {
    "environ_authorised": "environ",
    "deep/er/mount": "environ",
    "spaced": "environ",
    "input_limited": "input_digest",
}


def hosting(mode: str, options: str = "", runs_as: bool = True) -> str:
    """The directives for applications in `mode`. `options` are those of the daemon process group "main"."""
    if mode == "embedded":
        return _EMBEDDED
    other = env.other_user()
    account = f"user={other} group={group_of(other)}" if runs_as and env.is_root() else ""
    return _DAEMON.replace("@AS@", f"{account} {options}")


def shared_config(mode: str) -> str:
    """Mounts every folder of apps/ at its name, and a few folders at other names."""
    folders = {path.parent.name: path.parent.name for path in sorted(env.APPS.glob("*/app.wsgi"))
               if not path.parent.name.endswith("_site")} | _ALSO
    aliases = "\n".join(f"WSGIScriptAlias /{url} @APPS@/{folder}/app.wsgi" for url, folder in folders.items())
    return hosting(mode, "processes=1 threads=8 display-name=%{GROUP}") + _COMMON.replace("@ALIASES@", aliases)


def group_of(user: str) -> str:
    """The name of the user's primary group."""
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


@contextlib.contextmanager
def serving(platform: Platform, configuration: str, *paths: str, prepare=None, **values):
    """A server for several tests, which responds to `paths` with 200. It is audited after its stop.

    `prepare` is called with the server before it starts, to create files.
    """
    server = Server(platform).configure(configuration, **values)
    try:
        if prepare:
            prepare(server)
        server.start()
        for path in paths:
            server.wait_ready(path)
        server.keep_scratch()
    except AssertionError:
        server.dispose()
        raise
    yield server
    server.log.start_test()
    faults = server.dispose_audited()
    audit.require_none(faults)


@contextlib.contextmanager
def audited(server: Server):
    """One test on a shared server, whose log and descriptors are audited after the test."""
    server.log.start_test()
    assert server.is_alive(), f"the shared server has ended:\n{server.output()}"
    if not getattr(server, "is_settled", False):
        time.sleep(1.5)  # Processes that are still starting have yet to open their descriptors.
        server.is_settled = True
    descriptors = DescriptorAudit(server)
    yield server
    faults = server.log.faults() + descriptors.faults()
    audit.require_none(faults)
