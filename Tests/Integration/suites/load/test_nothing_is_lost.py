"""Under load no request is lost: at touches, graceful restarts, kills between requests and maximum-requests."""

import time

import pytest

from load.traffic import Traffic
from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ processes=2 threads=4 @OPTIONS@
WSGIProcessGroup main
WSGIScriptAlias /pid @APPS@/pid/app.wsgi application-group=%{GLOBAL}
"""


@pytest.fixture
def begin(launch):
    def create(options=""):
        server = launch(CONFIG, OPTIONS=options)
        server.wait_ready("/pid")
        return server
    return create


def is_a_pid(answer) -> bool:
    return answer.status == 200 and answer.body.isdigit()


def report(capsys, what: str, figures) -> None:
    with capsys.disabled():
        print(f"\n    {what}: {figures}")
    assert not figures.failures, figures.failures[:10]


def test_fifty_touches(begin, capsys):
    """Half of them as an editor saves, with a moment in which the file is empty: the running process goes on then."""
    server = begin()
    server.log.allow("WSGI0028", "WSGI1011", "WSGI1013", "WSGI0089")
    script = server.apps / "pid" / "app.wsgi"
    with Traffic(server, "/pid", is_a_pid) as traffic:
        for number in range(50):
            text = script.read_text() + f"# {number}\n"
            if number % 2:
                script.write_text(text)
            else:
                new = script.with_suffix(".new")
                new.write_text(text)
                new.replace(script)
            traffic.wait_for(20)
    report(capsys, "50 touches", traffic.figures)


def test_thirty_graceful_restarts(begin, capsys):
    server = begin()
    server.log.allow("AH00045")
    with Traffic(server, "/pid", is_a_pid) as traffic:
        for _ in range(30):
            server.graceful()
            traffic.wait_for(50)
    report(capsys, "30 graceful restarts", traffic.figures)


def test_thirty_kills_between_requests(begin, capsys):
    server = begin()
    server.log.allow(r"wsgi:(warn|error)|WSGI\d{4}")
    with Traffic(server, "/pid", is_a_pid) as traffic:
        for _ in range(30):
            traffic.wait_for(20)
            traffic.pause()
            answer = server.get("/pid")
            if not is_a_pid(answer):
                traffic.figures.failures.append(f"{answer.status} {answer.body[:60]!r}")
            if traffic.figures.failures:
                break
            server.kill(int(answer.text))
            traffic.resume()
    report(capsys, "30 kills between requests", traffic.figures)


def test_maximum_requests(begin, capsys):
    server = begin("maximum-requests=200")
    pids = set()

    def accept(answer):
        pids.add(answer.body)
        return is_a_pid(answer)

    with Traffic(server, "/pid", accept) as traffic:
        until(lambda: traffic.figures.requests > 4000 and len(pids) >= 4 or traffic.figures.failures,
              "4000 requests, four processes", timeout=60)
    report(capsys, f"maximum-requests=200, {len(pids)} processes", traffic.figures)
    assert len(pids) >= 4


def test_nothing_happens(begin, capsys):
    """The control: the same clients with nothing going on."""
    server = begin()
    with Traffic(server, "/pid", is_a_pid) as traffic:
        time.sleep(1)
    report(capsys, "control, 1 s", traffic.figures)
