"""Locations on this machine: httpd, its modules, the module under test, users and caches."""

import atexit
import functools
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

HARNESS = pathlib.Path(__file__).resolve().parent
HERE = HARNESS.parent
REPOSITORY = HERE.parent.parent
APPS = HERE / "apps"
DEFAULT_MODULE = REPOSITORY / "build" / "mod_wsgi.so"
DEFAULT_PYTHON = pathlib.Path("/usr/bin/python3")
CACHE = pathlib.Path(os.environ.get("WSGI_TEST_CACHE", "/var/tmp/mod-wsgi-tests"))

#: An environment variable of every process of a server under test, by which reparented processes are found.
MARKER = "WSGI_TEST_SERVER"


@functools.cache
def httpd() -> str:
    """The httpd program, which Debian calls apache2."""
    for name in ("apache2", "httpd"):
        if found := shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"):
            return found
    raise RuntimeError("neither apache2 nor httpd is on PATH")


@functools.cache
def module_directory() -> pathlib.Path:
    """The directory of httpd's own modules, according to apxs or, without apxs, that of Debian."""
    apxs = shutil.which("apxs") or shutil.which("apxs2")
    if not apxs:
        debian = pathlib.Path("/usr/lib/apache2/modules")
        if not debian.is_dir():
            raise RuntimeError("apxs is not on PATH")
        return debian
    return pathlib.Path(subprocess.check_output([apxs, "-q", "LIBEXECDIR"], text=True).strip())


@functools.cache
def mime_types() -> pathlib.Path:
    return pathlib.Path("/etc/mime.types")


def is_root() -> bool:
    return os.geteuid() == 0


def httpd_user() -> str:
    """The account of httpd's children: www-data if started by root, otherwise the caller's."""
    return "www-data" if is_root() else pwd.getpwuid(os.geteuid()).pw_name


def other_user() -> str:
    """An account with a home directory for daemon processes, neither root nor httpd's. Used only as root."""
    return "daemon"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def give_to_httpd(path: pathlib.Path) -> None:
    """Allows httpd's children to write to `path`."""
    if is_root():
        shutil.chown(path, httpd_user())
    path.chmod(0o777)


def readable_module(module: pathlib.Path) -> pathlib.Path:
    """A copy of the module and its companions that httpd's user can read, unlike the checkout in some places."""
    target = pathlib.Path(tempfile.mkdtemp(prefix="wsgi-module-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    companions = module.with_suffix("")
    shutil.copy2(module, target)
    if companions.is_dir():
        shutil.copytree(companions, target / companions.name, ignore=shutil.ignore_patterns("*.debug"))
    subprocess.run(["chmod", "-R", "a+rX", target], check=True)
    return target / module.name
