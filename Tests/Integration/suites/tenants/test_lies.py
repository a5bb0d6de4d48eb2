"""A worker that lies or dies costs its own site's request, and nothing and nobody else."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import struct
import time

import pytest

import audit
import client
from polling import until
from server import Server
from shared_server import audited
from tenants import fuse
from tenants.lying import ABOUT_IT, ask, deaths, install, lies, require_outcome
from tenants.neighbours import HOSTILE, Neighbours, requires_root

#: `make hostile`: all of them.
EVERYTHING = bool(os.environ.get("WSGI_HOSTILE"))


@pytest.fixture(scope="module")
def server(platform):
    if not requires_root():
        pytest.skip("sites of two users need root, and the accounts games and backup")
    site = Neighbours(Server(platform))
    try:
        install(site)
        site.start()
        site.server.wait_ready("/hostile")
    except AssertionError:
        site.server.dispose()
        raise
    yield site
    site.server.log.start_test()
    site.server.log.allow(*ABOUT_IT)
    audit.require_none(site.server.dispose_audited())


@pytest.fixture
def site(server):
    with audited(server.server):
        server.server.log.allow(*ABOUT_IT)
        server.remember()
        yield server


@pytest.mark.parametrize("name", list(lies.LIES) if EVERYTHING else lies.SAMPLE)
def test_a_lie(site, name):
    require_outcome(ask(site, name), lies.LIES[name].outcome)
    # The next request is answered right, whatever is left of the connection.
    answer = site.server.get("/hostile/next", timeout=20)
    assert answer.status == 200 and answer.body.endswith(b" /next"), answer
    site.require_unharmed(kill=False)


@pytest.mark.parametrize("name", list(deaths.DEATHS) if EVERYTHING else deaths.DEATH_SAMPLE)
def test_a_death(site, name):
    answer = ask(site, name)
    assert isinstance(answer, client.Cut) or answer.status in (200, 502, 503, 504), answer

    def is_back():
        again = ask(site, "again")
        return not isinstance(again, client.Cut) and again.status == 200

    until(is_back, "the hostile site's process to be back", timeout=15)
    site.require_unharmed(kill=False)


def test_lies_are_told_once_a_second(site):
    """A flood of answers that are none does not fill the log."""
    begin, asked = time.monotonic(), 0
    while time.monotonic() - begin < 2.5 or asked < 20:
        require_outcome(ask(site, "an end alone"), lies.REFUSED)
        asked += 1
    records = [line for line in site.server.log.lines() if "WSGI0148" in line]
    # The second before belongs to another test; each record tells of those in between.
    assert 1 <= len(records) <= time.monotonic() - begin + 1, records
    assert any("such responses since the last such message" in line for line in records), records


def test_the_other_site_has_its_process_back_in_time(site):
    for name in lies.SAMPLE[:5]:
        ask(site, name)
    site.require_unharmed()


def test_files_whose_close_waits_for_a_program(site):
    """None of httpd's threads waits for it. The worker's own threads do: there are not many more than these."""
    folder = site.hostile.home / "lying" / "bin" / "slow"
    folder.mkdir(exist_ok=True)
    with fuse.flushless(folder):
        for name in lies.MOUNTED:
            begin = time.monotonic()
            require_outcome(ask(site, name), lies.MOUNTED[name].outcome)
            assert time.monotonic() - begin < 2.5, name
            assert site.server.get("/other", timeout=2).status == 200
    # The descriptors go with the file system.
    until(lambda: site.is_unharmed(), "httpd's child to have closed them")


@pytest.mark.parametrize("name", ["lingering sockets, one after the other", "lingering sockets behind the answer"])
def test_sockets_that_linger_in_the_queue_of_a_connection(site, name):
    """Whoever closes the connection closes them, and would wait for an hour."""
    for _ in range(6):
        begin = time.monotonic()
        require_outcome(ask(site, name), lies.LIES[name].outcome)
        # What comes behind an answer is seen before the next request, or by it.
        assert site.server.get("/hostile/next", timeout=20).status in (200, 502)
        assert time.monotonic() - begin < 2.5
        site.require_unharmed(kill=False)


def test_a_connection_in_other_hands_ends_with_its_process(site):
    """Nothing counts the thread any more that waits there; whoever has the connection could go on for ever."""
    path = site.hostile.home / "lying" / "bin" / "hands"
    with socket.socket(socket.AF_UNIX) as listener, concurrent.futures.ThreadPoolExecutor(1) as pool:
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen()
        answer = pool.submit(ask, site, *lies.HANDED_ON)
        number, hands, _, _ = socket.recv_fds(listener.accept()[0], 4, 1)
        with socket.socket(fileno=hands[0]) as connection:
            for worker in site.workers(HOSTILE):
                os.kill(worker.pid, signal.SIGKILL)
            begin = time.monotonic()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while time.monotonic() - begin < 60:
                    connection.sendall(lies.log(b"alive").numbered(struct.unpack("=I", number)[0]))
                    time.sleep(0.5)
        # graceful-timeout, shutdown-timeout, and a moment more.
        assert time.monotonic() - begin < 12
        require_outcome(answer.result(), lies.REFUSED)
    path.unlink()
    until(lambda: getattr(ask(site, "again"), "status", 0) == 200, "the hostile site's process to be back", timeout=15)
