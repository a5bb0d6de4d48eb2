"""What an application writes into httpd's connections is never the answer to somebody else's request."""

import concurrent.futures
import time

import pytest

import client
from polling import until
from tenants import wire
from tenants.neighbours import CONFIG, SOCKETS

#: Writes a whole answer into each connection to httpd, a moment after it was asked to, and again and again when it is to.
BLOG = wire.ANSWER + SOCKETS + '''
import threading, time

def write(text, times):
    time.sleep(0.3)
    for _ in range(times):
        for one in sockets(7):
            try:
                one.send(text, socket.MSG_DONTWAIT)
            except OSError:
                pass
            one.close()
        time.sleep(0.02)

writers = []

def application(environ, start_response):
    what, _, times = environ["QUERY_STRING"].partition(",")
    if what == "join":
        for one in writers:
            one.join()
        start_response("200 OK", [])
        return [b"joined"]
    text = {"answer": answer(0, b"FORGED"), "end": struct.pack("=IBBH", 0, 21, 0, 0), "noise": b"user=alice token=1\\n",
            "data": struct.pack("=IBBH", 6, 18, 0, 0) + b"FORGED"}[what]
    writers.append(threading.Thread(target=write, args=(text, int(times))))
    writers[-1].start()
    start_response("200 OK", [])
    return [b"blog"]
'''

BANK = '''
import time

def application(environ, start_response):
    time.sleep(float(environ["PATH_INFO"][1:] or 0))
    body = b"balance of " + environ["QUERY_STRING"].encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
'''

BOTH = CONFIG + """
WSGIScriptAlias /blog @HOSTILE_HOME@/blog.wsgi process-group=hostile application-group=blog
WSGIScriptAlias /bank @HOSTILE_HOME@/bank.wsgi process-group=hostile application-group=bank
"""


@pytest.fixture
def bank(neighbours):
    """Both applications in one process, with connections to httpd that are kept."""
    neighbours.hostile.write("blog.wsgi", BLOG)
    neighbours.hostile.write("bank.wsgi", BANK)
    neighbours.configure(BOTH)
    neighbours.start()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: neighbours.server.get("/bank/0.3").status, range(4))) == {200}
    return neighbours


def ask_writer(server):
    """Waits until no thread writes any more, in a request that may itself be lost to them."""
    try:
        return server.get("/blog?join", timeout=10).body
    except (OSError, client.Cut):
        return None


@pytest.mark.parametrize("what", ["answer", "end", "noise", "data"])
def test_what_comes_between_two_requests_is_no_answer(bank, what):
    assert bank.server.get(f"/blog?{what},1").body == b"blog"
    time.sleep(0.8)
    for customer in "abcdefghijklmnopqrst":
        answer = bank.server.get("/bank?" + customer)
        assert (answer.status, answer.body) == (200, f"balance of {customer}".encode())
    bank.require_unharmed()


@pytest.mark.parametrize("what", ["answer", "end", "data"])
def test_what_comes_during_a_request_is_no_answer(bank, what):
    """The request itself is lost, because nothing tells what else is wrong; the next ones are not."""
    server = bank.server
    server.log.allow("WSGI01(19|46|47|48)")
    server.get(f"/blog?{what},100")

    def ask(customer):
        try:
            found = server.get(f"/bank/0.5?{customer}", timeout=10)
        except (OSError, client.Cut):
            return None
        return found.status, found.body

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for customer, found in zip("abc", pool.map(ask, "abc")):
            assert found is None or found[0] >= 500 or found == (200, f"balance of {customer}".encode()), found
    server.log.wait_for("WSGI0148: .*does not belong to this request's answer")
    until(lambda: ask_writer(server) == b"joined", "the writer to end")
    for customer in "uvwxyz":
        assert server.get("/bank?" + customer).body == f"balance of {customer}".encode()
    bank.require_unharmed()
