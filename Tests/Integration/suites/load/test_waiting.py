"""All threads are busy: who waits, in which order, for how long, and who does not."""

import subprocess
import time

import pytest

import client
import httpd_config
from polling import LATE, until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ processes=@PROCESSES@ threads=1 @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /pid @APPS@/pid/app.wsgi
WSGIScriptAlias /stuck @APPS@/stuck/app.wsgi
WSGIScriptAlias /turn @APPS@/turn/app.wsgi
WSGIScriptAlias /wait @APPS@/wait/app.wsgi
StartServers 3
<IfModule mpm_prefork_module>
    StartServers 20
    MinSpareServers 4
</IfModule>
@MORE@
"""


#: Within this time of its request a client that closes its half of the connection is one that waits for the answer.
HALF_CLOSE = 0.3


@pytest.fixture
def begin(launch):
    """A server of which every thread is busy until the test says go, with several children."""
    connections = []

    def create(options="", processes=1, more=""):
        server = launch(CONFIG, OPTIONS=options, PROCESSES=processes, MORE=more)
        server.wait_ready("/pid")
        number = 20 if server.platform.mpm == "prefork" else 3
        until(lambda: len(children(server)) >= number, "children")
        # All processes must be there, or the first one would get all that follows.
        until(lambda: sum("python" in one.name or "_wsgi_engine" in one.maps for one in server.processes()) == processes,
              "all processes")
        for number in range(processes):
            connections.append(ask(server, f"/wait?{number}"))
            server.note(f"began-{number}")
        return server

    yield create
    for connection in connections:
        connection.close()


def ask(server, path: str) -> client.Connection:
    """Sends a request and leaves the answer for later; a moment later it waits for its turn."""
    connection = server.connect()
    connection.send_request("GET", path, close=True)
    time.sleep(0.03)
    return connection


def children(server) -> list[int]:
    """The processes of httpd that serve connections."""
    parent = server.pid
    return [one.pid for one in server.processes() if one.pid != parent and one.name in ("apache2", "httpd")]


def access_log(server, query: str) -> str:
    def line():
        lines = (server.root / "logs" / "access.log").read_text().splitlines()
        return next((one for one in lines if query in one), "")

    return until(line, f"a line of the access log with {query}")


@pytest.mark.mpms
def test_requests_are_served_in_the_order_of_their_arrival(begin):
    """They wait in several children; under prefork each has one of its own."""
    server = begin("listen-backlog=20")
    names = [f"request-{number}" for number in range(16)]
    waiting = [ask(server, f"/turn?{name}") for name in names]
    server.tell("go")
    answers = [one.read_response() for one in waiting]
    assert [one.status for one in answers] == [200] * len(names)
    assert answers[-1].text.split() == names


def test_each_idle_thread_is_used_at_once(begin):
    server = begin("listen-backlog=20", processes=2)
    waiting = [ask(server, f"/turn?{number}") for number in range(4)]
    server.tell("go")
    assert [one.read_response().status for one in waiting] == [200] * 4


@pytest.mark.mpms
@pytest.mark.parametrize("backlog", [0, 2])
def test_burst_beyond_listen_backlog_waits(begin, backlog):
    server = begin(f"listen-backlog={backlog}")
    waiting = [ask(server, f"/turn?{number}") for number in range(16)]
    server.tell("go")
    assert [one.read_response().status for one in waiting] == [200] * 16


#: Ten threads in one child, so that each request is accepted while one is idle.
FEW_THREADS = """
ServerLimit 1
StartServers 1
ThreadsPerChild 10
ThreadLimit 10
MinSpareThreads 1
MaxSpareThreads 10
MaxRequestWorkers 10
"""


@pytest.mark.parametrize("waiting, is_closed", [(9, True), (4, False)])
def test_responses_close_their_connections_when_the_group_has_nearly_all_threads(launch, waiting, is_closed):
    """httpd accepts no connection meanwhile: clients with kept connections would be served again and again."""
    server = launch(CONFIG.replace("StartServers 3", ""), OPTIONS="listen-backlog=20", PROCESSES=1, MORE=FEW_THREADS)
    server.log.allow("AH00484: server reached MaxRequestWorkers")
    server.wait_ready("/pid")
    connections = [ask(server, "/wait?0")]
    server.note("began-0")
    for number in range(waiting):
        connections.append(server.connect())
        connections[-1].send_request("GET", f"/turn?{number}")
        time.sleep(0.1)
    server.tell("go")
    answers = [one.read_response() for one in connections][1:]
    assert [one.status for one in answers] == [200] * waiting
    # The first of nine leaves eight waiting and one running: nine tenths of the threads.
    assert (answers[0].header("Connection") == "close") == is_closed
    assert answers[-1].header("Connection") != "close"


def test_request_that_finds_no_thread_within_connect_timeout(begin):
    """As many as listen-backlog says go on waiting, as they do in the queue of a socket."""
    server = begin("listen-backlog=2 connect-timeout=1")
    waiting = [ask(server, f"/turn?{number}") for number in range(3)]
    start = time.monotonic()
    answer = waiting[2].read_response()
    assert (answer.status, answer.header("Retry-After")) == (503, "1")
    assert 0.8 < time.monotonic() - start < 1 + LATE
    server.log.expect(r"WSGI0116: Process group 'main': all threads are busy: no thread became free within 1 s "
                      r"\(connect-timeout\), and 2 or more requests wait before this one \(listen-backlog\). Raise")
    assert waiting[0].is_silent(0.5)
    server.tell("go")
    assert [one.read_response().status for one in waiting[:2]] == [200] * 2
    assert server.get("/turn?after").text.split() == ["0", "1", "after"]


@pytest.fixture
def queue(launch):
    """A server with a single thread, before which requests wait that take `service` seconds each."""
    connections = []

    def create(options, count, pause=0, service=0.1):
        server = launch(CONFIG, OPTIONS=options, PROCESSES=1, MORE="StartServers 4")
        server.wait_ready("/pid")
        for _ in range(count):
            connections.append(server.connect())
            connections[-1].send_request("GET", f"/stuck/sleep?{service}", close=True)
            time.sleep(pause)
        return server, connections

    yield create
    for connection in connections:
        connection.close()


def test_request_that_would_not_be_served_in_time_is_refused_at_once(queue):
    server, connections = queue("listen-backlog=5 connect-timeout=2", 45)
    time.sleep(1.3)
    start = time.monotonic()
    answer = server.get("/stuck/sleep?0.1")
    assert time.monotonic() - start < 0.5
    # About 33 requests wait, and 10 are served in a second.
    assert answer.status == 503 and answer.header("Retry-After") in ("3", "4", "5")
    server.log.expect(r"WSGI0116: Process group 'main': all threads are busy: the request would wait about "
                      r"[345] s; the limit is 2 s \(connect-timeout\)\. Raise")
    answers = [one.read_response().status for one in connections]
    assert answers.count(200) + answers.count(503) == 45 and answers.count(200) >= 18
    assert server.get("/stuck/sleep?0").status == 200


def test_group_whose_clients_leave_is_overloaded(queue):
    """Only so many wait as are served in a second, until nobody waits any more."""
    server, connections = queue("", 42, pause=0.04, service=0.3)
    for one in connections[18:]:
        one.reset()
        time.sleep(0.06)
    answer = server.get("/stuck/sleep?0.1")
    assert answer.status == 503 and int(answer.header("Retry-After")) in range(1, 6)
    server.log.expect(r"WSGI0116: Process group 'main': all threads are busy: the group is overloaded", "WSGI1060")
    assert [one.read_response().status for one in connections[:18]] == [200] * 18
    assert server.get("/stuck/sleep?0").status == 200


def test_crowd_that_leaves_together_is_no_overload(queue):
    """It says nothing about those who come next."""
    server, connections = queue("", 50)
    time.sleep(0.3)
    for one in connections[20:]:
        one.reset()
    time.sleep(0.8)
    more = []
    for _ in range(20):
        more.append(server.connect())
        more[-1].send_request("GET", "/stuck/sleep?0.02", close=True)
    assert [one.read_response().status for one in connections[:20] + more] == [200] * 40
    server.log.expect("WSGI1060")


def test_refusals_are_logged_once_a_second(queue):
    server, connections = queue("listen-backlog=5 connect-timeout=2", 45)
    time.sleep(1.2)
    assert {server.get("/stuck/sleep?0.1").status for _ in range(20)} == {503}
    assert len([line for line in server.log.lines() if "WSGI0116" in line]) <= 2
    for one in connections:
        one.read_response()
    server.log.expect("WSGI0116")


def test_queue_timeout(begin):
    server = begin("queue-timeout=1")
    server.log.expect(r"WSGI0084: Process group 'main': no thread became free within 1 s \(queue-timeout\); raise")
    start = time.monotonic()
    assert server.get("/turn?late").status == 504
    assert 1 <= time.monotonic() - start < 2
    server.tell("go")
    until(lambda: server.get("/turn?next").text.split()[0] == "next", "a thread to be idle")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_request_whose_client_has_gone_is_not_started(begin, leave):
    server = begin()
    gone = [ask(server, f"/turn?gone-{number}") for number in range(3)]
    waiting = ask(server, "/turn?stayed")
    time.sleep(HALF_CLOSE)
    for one in gone:
        getattr(one, leave)()
    server.tell("go")
    assert waiting.read_response().text.split() == ["stayed"]
    server.log.expect("WSGI1060: Process group 'main': the client disconnected while its request waited")
    for number in range(3):
        assert access_log(server, f"gone-{number}").endswith(" X")
        assert " 499 0 " in access_log(server, f"gone-{number}")


def test_request_whose_client_has_gone_leaves_the_queue_before_its_turn(begin):
    server = begin()
    gone = ask(server, "/turn?gone")
    time.sleep(HALF_CLOSE)
    gone.close()
    server.log.wait_for("WSGI1060")
    waiting = ask(server, "/turn?stayed")
    server.tell("go")
    assert waiting.read_response().text.split() == ["stayed"]


def test_client_that_closes_its_half_of_the_connection_is_served(begin):
    """As `nc -N` and old clients of HTTP/1.0 do, when they have sent their request."""
    server = begin()
    waiting = ask(server, "/turn?one")
    waiting.half_close()
    assert waiting.is_silent(1)
    server.tell("go")
    assert waiting.read_response().text.split() == ["one"]


def test_http2_stream_whose_client_has_gone_is_not_started(begin, platform):
    http2 = httpd_config.load("http2")
    if not http2 or platform.mpm == "prefork":
        pytest.skip("there is no mod_http2 here, or not under this MPM")
    server = begin(more=f"{http2}\nProtocols h2c http/1.1")
    done = subprocess.run(["curl", "-s", "--http2-prior-knowledge", "--max-time", "0.5",
                           f"http://127.0.0.1:{server.port}/turn?gone"], timeout=20)
    assert done.returncode == 28
    waiting = ask(server, "/turn?stayed")
    server.log.wait_for("WSGI1060")
    server.tell("go")
    assert waiting.read_response().text.split() == ["stayed"]


def test_killed_child_with_waiting_requests_leaves_no_trace(begin):
    """Its requests no longer count as waiting, and nobody waits behind them."""
    server = begin("listen-backlog=3")
    lost = [ask(server, f"/turn?lost-{number}") for number in range(3)]
    server.log.allow("AH0005[12]", "AH1039[23]: children are killed", "WSGI1060")
    before = children(server)
    for child in before:
        server.kill(child)
    until(lambda: set(children(server)) - set(before), "a new child")
    # The thread of the lost request counts as idle, so the first of these is on its way to the process.
    waiting = [ask(server, f"/turn?{number}") for number in range(4)]
    server.tell("go")
    assert [one.read_response().status for one in waiting] == [200] * 4
    assert server.get("/turn?after").text.split()[-5:] == ["0", "1", "2", "3", "after"]
    for one in lost:
        one.close()


def test_killed_child_does_not_keep_the_others_waiting(begin):
    """The requests of the killed child stand before that of another one; httpd may not have noticed yet."""
    server = begin()
    server.log.allow("AH0005[12]")
    waiting: dict[int, list[client.Connection]] = {}
    for number in range(30):
        before = descriptors(server)
        connection = ask(server, f"/turn?{number}")
        child = next(pid for pid, count in descriptors(server).items() if count > before.get(pid, count))
        waiting.setdefault(child, []).append(connection)
        if len(waiting) == 2:
            break
    assert len(waiting) == 2, "all connections went to one child"
    first, last = waiting
    server.kill(first)
    start = time.monotonic()
    server.tell("go")
    assert [one.read_response().status for one in waiting[last]] == [200] * len(waiting[last])
    assert time.monotonic() - start < 2


def descriptors(server) -> dict[int, int]:
    """How many descriptors each child has."""
    return {one.pid: len(one.descriptors) for one in server.processes() if one.pid in children(server)}
