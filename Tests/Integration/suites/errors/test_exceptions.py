"""Every kind of exception at every place: what the client gets, one record with the whole traceback, and life goes on."""

import pytest

import client
from shared_server import hosting, serving

CONFIG = """
SetEnv TEST_SCRATCH @SCRATCH@
WSGIScriptAlias /raising @APPS@/raising/app.wsgi
WSGIScriptAlias /import @APPS@/raising_import/app.wsgi
WSGIScriptAlias /wrong @APPS@/wrong/app.wsgi
WSGIScriptAlias /pid @APPS@/pid/app.wsgi
"""

#: What the log must say of each kind, in this order.
KINDS = {
    "exit": ["SystemExit: left on purpose"],
    "interrupt": ["KeyboardInterrupt: on purpose"],
    "recursion": ["Previous line repeated", "RecursionError: maximum recursion depth exceeded"],
    "memory": ["MemoryError"],
    "cause": ["KeyError: 'cause'", "The above exception was the direct cause", "ValueError: effect"],
    "context": ["KeyError: 'context'", "During handling of the above exception", "ValueError: effect"],
    "hidden": ["ValueError: effect"],
    "group": ["ExceptionGroup: several .2 sub-exceptions.", "ValueError: first", "TypeError: second"],
    "unprintable": ["Unprintable: <exception str.. failed>"],
    "own": ["Own: on purpose"],
    "generator": ["GeneratorExit: on purpose"],
}

#: For each place: whether the client has got something by then, and how often close() is called.
PLACES = {"call": (False, 0), "start": (False, 0), "iter": (False, 1), "next": (False, 1), "later": (True, 1),
          "write": (True, 0), "close": (True, 1)}

TAGS = ("WSGI0107", "WSGI0109", "WSGI0174", "WSGI0175")


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode, "threads=2") + CONFIG, "/pid") as server:
        yield server


@pytest.fixture
def server(server):
    pid = server.get("/pid").text
    yield server
    assert server.get("/pid").text == pid


def assert_logged(server, kind, tag):
    """One record, followed by all of the traceback and nothing else."""
    for text in KINDS[kind]:
        server.log.expect_traceback(text, tag)
    server.log.wait_for(KINDS[kind][-1])
    lines = [line for line in server.log.lines() if "oading WSGI script '" not in line]
    assert [found for line in lines for found in TAGS if f"{found}: " in line] == [tag], "\n".join(lines)
    at = [next(number for number, line in enumerate(lines) if text.replace("..", "()").replace(" .2", " (2")
               .replace("exceptions.", "exceptions)") in line) for text in KINDS[kind]]
    assert at == sorted(at) and f"{tag}: " in lines[0]
    assert sum("Traceback (most recent call last)" in line for line in lines) == (2 if kind in ("cause", "context") else 1)
    assert "<mod_wsgi>" not in server.log.text()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_exception(server, place, kind):
    is_begun, closes = PLACES[place]
    path = f"/raising?place={place}&kind={kind}"
    if place == "close":
        # All of the body was there before.
        assert server.get(path).body == b"first block\nsecond block\n"
    elif is_begun:
        with pytest.raises(client.Cut) as cut:
            server.get(path)
        assert (cut.value.partial.status, cut.value.partial.body) == (200, b"first block\n")
    else:
        answer = server.get(path)
        assert (answer.status, answer.reason) == (500, "Internal Server Error")
        assert b"first block" not in answer.body and b"purpose" not in answer.body
    assert_logged(server, kind, "WSGI0175" if kind == "exit" and place != "close" else "WSGI0174")
    assert closes == 0 or server.note("closed") == "closed\n"
    assert closes == 1 or not (server.scratch / "closed").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_exception_while_a_script_is_loaded(server, kind):
    server.tell("kind", kind)
    assert server.get("/import").status == 500
    assert_logged(server, kind, "WSGI0107" if kind == "exit" else "WSGI0109")


# What applications hand over

STARTED = 'start_response("200 OK", [("Content-Type", "text/plain")])\n'


def run(server, source):
    return server.request("POST", "/wrong", body=source.encode())


@pytest.mark.parametrize("item", ["'text'", "None", "1", "bytearray(b'x')", "memoryview(b'x')", "[b'x']", "object()"])
def test_items_that_are_not_bytes(server, item):
    server.log.expect_traceback("TypeError: (.*bytes, not|write.. takes one bytes object)")
    for source in (f"return [{item}]", f"return ({item},)", f"return iter([{item}])", f"return [b'', {item}]"):
        assert run(server, STARTED + source).status == 500, source
    assert run(server, f"start_response('200 OK', [])({item})\nreturn []").status == 500
    with pytest.raises(client.Cut) as cut:
        run(server, STARTED + f"return iter([b'first', {item}])")
    assert cut.value.partial.body == b"first"
    # The blocks of a list are looked at before the first one is sent.
    assert run(server, STARTED + f"return [b'first', {item}]").status == 500


@pytest.mark.parametrize("returned", ["None", "1", "'text'", "b'bytes'", "object()", "len", "{'key': 1}", "1.5", "True"])
def test_what_is_no_iterable_of_bytes(server, returned):
    server.log.expect_traceback("TypeError")
    assert run(server, STARTED + f"return {returned}").status == 500


@pytest.mark.parametrize("returned", ["{}", "''", "b''", "()", "set()", "iter(())", "{b'a': 1}", "{b'a'}"])
def test_odd_iterables_that_hold_nothing_wrong(server, returned):
    answer = run(server, STARTED + f"return {returned}")
    assert answer.status == 200 and answer.body == (b"a" if "b'a'" in returned else b"")


@pytest.mark.parametrize("words, error", [
    ("", "TypeError"), ("'200 OK'", "TypeError"), ("'200 OK', [], None, None", "TypeError"), ("None, []", "TypeError"),
    ("200, []", "TypeError"), ("b'200 OK', []", "TypeError"), ("'', []", "ValueError"), ("'200OK', []", "ValueError"),
    ("'2000 OK', []", "ValueError"), ("' 200 OK', []", "ValueError"), ("'200 OK', None", "TypeError"),
    ("'200 OK', {}", "TypeError"), ("'200 OK', iter([])", "TypeError"), ("'200 OK', 'text'", "TypeError"),
    ("'200 OK', [None]", "TypeError"), ("'200 OK', ['ab']", "TypeError"), ("'200 OK', [()]", "(Type|Value)Error"),
    ("'200 OK', [('a',)]", "(Type|Value)Error"), ("'200 OK', [('a', None)]", "TypeError"),
    ("'200 OK', [(None, 'a')]", "TypeError"), ("'200 OK', [('a', 1)]", "TypeError"),
    ("'200 OK', [(b'a', 'b')]", "TypeError"), ("'200 OK', [['a', 'b']]", "TypeError"),
    ("'200 OK', [], ValueError('x')", "(Type|Runtime)Error"),
    ("'200 OK', [], 1", "(Type|Runtime)Error"), ("'200 OK', [], []", "(Type|Runtime)Error"),
])
def test_start_response_is_called_wrongly(server, words, error):
    server.log.expect_traceback(error)
    answer = run(server, f"start_response({words})\nreturn [b'body']")
    assert answer.status == 500 and b"body" not in answer.body.replace(b"body>", b"")


# Logging

@pytest.mark.parametrize("written", ["b'bytes'", "None", "1", "bytearray()"])
def test_wsgi_errors_takes_text_only(server, written):
    server.log.expect_traceback("TypeError")
    assert run(server, f"environ['wsgi.errors'].write({written})").status == 500
    server.log.expect_traceback("TypeError")
    assert run(server, f"environ['wsgi.errors'].writelines([{written}])").status == 500


def test_a_logging_handler_that_raises(server):
    server.log.expect_traceback("ValueError: the handler fails")
    assert run(server, """\
class Handler(logging.Handler):
    def emit(self, record):
        raise ValueError("the handler fails")
logger = logging.Logger("failing")
logger.addHandler(Handler())
logger.error("never seen")
""").status == 500


def test_a_message_that_logging_cannot_format(server):
    server.log.expect("--- Logging error ---", "TypeError: not all arguments converted")
    server.log.allow("Traceback|Call stack|Message:|Arguments:|  File|^.{20,}]   +")
    answer = run(server, """\
logger = logging.Logger("formatting")
logger.addHandler(logging.StreamHandler(environ["wsgi.errors"]))
logger.error("no place for it", 1)
""" + STARTED + "return [b'whole']")
    assert answer.status == 200 and answer.body == b"whole"
