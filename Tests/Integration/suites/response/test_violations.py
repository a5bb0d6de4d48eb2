"""Applications that break PEP 3333 or raise: what the client and the log get."""

import pytest

import client

pytestmark = pytest.mark.pythons

BROKEN = {
    "no_start_response": "RuntimeError|AssertionError", "no_start_response_empty": "RuntimeError|AssertionError",
    "none": "TypeError", "status_bytes": "TypeError", "status_short": "ValueError", "status_text": "ValueError",
    "status_newline": "ValueError", "status_unicode": "UnicodeEncodeError|ValueError", "headers_tuple": "TypeError",
    "header_list": "TypeError", "header_three": "ValueError|TypeError", "header_bytes": "TypeError",
    "header_empty_name": "ValueError", "header_space_name": "ValueError", "header_newline_name": "ValueError",
    "header_newline_value": "ValueError", "header_unicode_value": "UnicodeEncodeError|ValueError",
    "length_negative": "ValueError", "length_text": "ValueError", "str_block": "TypeError",
    "bytearray_write": "TypeError", "str_write": "TypeError", "exc_info_type": "RuntimeError|TypeError",
    "status_interim": "ValueError", "hop_by_hop": "ValueError: .*hop-by-hop response header: 'Transfer-Encoding'",
    "twice": "AssertionError", "raise": "ValueError: raised on purpose", "raise_after_start": "ValueError: raised on purpose",
}


@pytest.mark.parametrize("rule", BROKEN)
def test_violation_is_a_500_and_a_traceback(server, rule):
    server.log.expect_traceback(BROKEN[rule])
    answer = server.get(f"/violate?{rule}")
    assert answer.status == 500
    assert answer.reason == "Internal Server Error"
    assert b"on purpose" not in answer.body and not answer.all("Set-Cookie")


def test_system_exit_is_a_500(server):
    server.log.expect_traceback("SystemExit", tag="WSGI0175")
    assert server.get("/violate?exit").status == 500


def test_server_answers_after_a_violation(server):
    server.log.expect_traceback("ValueError: raised on purpose")
    assert server.get("/violate?raise").status == 500
    assert server.get("/hello").body == b"hello\n"


def test_replaced_response_is_the_one_sent(server):
    answer = server.get("/replace_start")
    assert (answer.status, answer.reason) == (503, "Later")
    assert answer.header("X-Second") == "2" and not answer.all("X-First") and answer.body == b"replaced"


CUTS = {"raise": "ValueError: raised on purpose", "str": "TypeError", "restart": "RuntimeError|AssertionError",
        "exc_info": "KeyError: 'reraised on purpose'"}


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("kind", ["chunked", "length"])
def test_failure_after_the_first_block_is_visible(server, how, kind):
    server.log.expect_traceback(CUTS[how])
    with pytest.raises(client.Cut) as cut:
        server.get(f"/cut?{kind}_{how}")
    assert cut.value.partial.status == 200 and cut.value.partial.body == b"first block\n"


@pytest.mark.parametrize("kind", ["chunked", "length"])
def test_curl_sees_that_an_answer_was_cut(server, kind):
    server.log.expect_traceback("ValueError: raised on purpose")
    done = server.curl(f"/cut?{kind}_raise")
    assert done.returncode in (18, 56) and done.stdout == b"first block\n"


def test_curl_accepts_a_whole_answer(server):
    assert server.curl("/blocks?10,1000").returncode == 0


def test_exit_after_the_first_block_is_visible(server):
    server.log.expect_traceback("SystemExit", tag="WSGI0175")
    with pytest.raises(client.Cut):
        server.get("/cut?exit")
