"""Options, fixtures and the audits that follow each test. README: the docstrings of env, server, error_log, leaks."""

import pathlib
import signal
import zlib

import pytest

import audit
import crashes
import env
import processes
import pythons
from options import MORE_PYTHONS, MPMS
from server import Platform, Server
from shared_server import audited, serving, shared_config

MODES = ("embedded", "daemon")


def pytest_configure(config):
    config.addinivalue_line("markers", "mpms: runs under another MPM, too")
    config.addinivalue_line("markers", "pythons: runs on another Python version, too")
    if not config.option.module.exists():
        raise pytest.UsageError(f"{config.option.module} does not exist: build it, or name another with --module")
    crashes.allow_cores()
    config.option.module = env.readable_module(config.option.module.resolve())
    processes.adopt_orphans()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers are stopped then, too
    for number in (signal.SIGHUP, signal.SIGQUIT):  # so that servers begin as from a terminal, also under nohup or behind &
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header(config):
    here, absent = pythons.others(MORE_PYTHONS)
    found = f"Pythons: {pythons.at(str(env.DEFAULT_PYTHON)).version} (default)"
    return ", ".join([found, *here]) + (f"; not on this machine: {', '.join(absent)}" if absent else "")


def _platforms(metafunc) -> list:
    """(mpm, python) pairs of a test, a python being a path or a version; the first pair is the default one.

    Of the others a test gets one MPM and one Python, dealt by the name of its file, or all with --everywhere.
    """
    config = metafunc.config.option
    mpm, python = config.mpm or MPMS[0], config.python or str(env.DEFAULT_PYTHON)
    pairs = [(mpm, python)]
    marks = {mark.name for mark in metafunc.definition.iter_markers()}

    def dealt(choices):
        first = zlib.crc32(metafunc.definition.path.name.encode()) % max(len(choices), 1)
        return choices if config.everywhere else choices[first:first + 1]

    if "mpms" in marks and not config.mpm:
        pairs += [(other, python) for other in dealt(MPMS[1:])]
    if "pythons" in marks and not config.python:
        pairs += [(mpm, other) for other in dealt(pythons.others(MORE_PYTHONS)[0])]
    return [pytest.param(pair, id="-".join((pair[0], pathlib.Path(pair[1]).name))) for pair in pairs]


def pytest_generate_tests(metafunc):
    if "platform" in metafunc.fixturenames:
        metafunc.parametrize("platform", _platforms(metafunc), indirect=True, scope="session")
    if "mode" in metafunc.fixturenames:
        metafunc.parametrize("mode", MODES, indirect=True, scope="session")


@pytest.fixture(scope="session")
def platform(request) -> Platform:
    """The MPM and the Python of a test."""
    mpm, python = request.param
    if not (env.module_directory() / f"mod_mpm_{mpm}.so").exists():
        pytest.skip(f"httpd here has no MPM {mpm}")
    try:
        found = pythons.at(python) if "/" in python else pythons.of_version(python)
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))
    return Platform(mpm, found, request.config.option.module)


@pytest.fixture(scope="session")
def mode(request) -> str:
    """Where the application runs: "embedded" in httpd's children or in a "daemon" process."""
    return request.param


@pytest.fixture(scope="session")
def hosted(platform, mode):
    """A server with every application of apps/ at /<its folder>; it lives as long as tests of its kind follow.

    A module whose tests need another configuration has a fixture of this name.
    """
    with serving(platform, shared_config(mode), "/hello") as server:
        yield server


@pytest.fixture
def server(hosted):
    """The server that is hosted; the log and the descriptors are audited after the test."""
    hosted.clear_scratch()
    with audited(hosted) as server:
        yield server


@pytest.fixture
def launch(platform):
    """Starts servers of a test's own: launch(configuration) or launch(configuration, start=False)."""
    servers: list[Server] = []

    def create(configuration: str = "", *, start: bool = True, **values) -> Server:
        one = Server(platform).configure(configuration, **values)
        servers.append(one)
        if start:
            one.start()
        return one

    create.servers = servers
    yield create
    faults = []
    for one in servers:
        faults += one.dispose_audited()
    audit.require_none(faults)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds what httpd said to the report of a failure."""
    report = (yield).get_result()
    if not report.failed:
        return
    found = getattr(item, "funcargs", {})
    servers = getattr(found.get("launch"), "servers", []) or [found.get("server") or found.get("hosted")]
    for server in servers:
        if isinstance(server, Server):
            report.sections.append((f"error log of httpd {server.pid}", server.log.text()[-8000:]))
