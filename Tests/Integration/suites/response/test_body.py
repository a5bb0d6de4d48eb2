"""Response bodies: blocks, write(), flushing, sizes, close()."""

import pytest

import client
from polling import until

pytestmark = [pytest.mark.mpms, pytest.mark.pythons]


def test_write_comes_before_the_returned_blocks(server):
    assert server.get("/write_callable").text == "written 0\nwritten 1\nwritten 2\nreturned\n"


def test_empty_blocks_are_skipped(server):
    assert server.get("/empty_blocks").body == b"onetwo"


def test_block_arrives_before_the_next_is_produced(server):
    with server.connect() as connection:
        connection.send_request("GET", "/stepwise")
        response = connection.read_head()
        blocks = connection.blocks(response)
        assert next(blocks) == b"block 1\n"
        server.tell("go2")
        assert next(blocks) == b"block 2\n"
        server.tell("go3")
        assert list(blocks) == [b"block 3\n"]


def test_written_data_arrives_before_more_is_produced(server):
    with server.connect() as connection:
        connection.send_request("GET", "/stepwise?write")
        response = connection.read_head()
        blocks = connection.blocks(response)
        assert next(blocks) == b"block 1\n"
        server.tell("go2")
        assert list(blocks) == [b"block 2\n"]


@pytest.mark.parametrize("count, size", [(1, 1), (1, 65_536), (1, 65_537), (1000, 10), (17, 100_000), (256, 65_536),
                                         (1, 16_777_216)])
@pytest.mark.parametrize("length", ["", ",length"])
def test_body_of_any_size(server, count, size, length):
    answer = server.get(f"/blocks?{count},{size}{length}")
    assert answer.body == b"".join(bytes([number % 251]) * size for number in range(count))
    assert not length or answer.header("Content-Length") == str(count * size)


def test_slow_reader_gets_everything(server):
    with server.connect(receive_buffer=4096) as connection:
        connection.send_request("GET", "/blocks?64,65536", close=True)
        response = connection.read_head()
        assert not connection.is_silent(0.5)
        connection.read_body(response)
    assert len(response.body) == 64 * 65536


def test_excess_bytes_are_dropped(server):
    with server.connect() as connection:
        assert connection.get("/length?20").body == b"x" * 10
        assert connection.get("/hello").body == b"hello\n"


def test_exact_length(server):
    assert server.get("/length?10").body == b"x" * 10


@pytest.mark.parametrize("count", [0, 4])
def test_shortfall_is_visible(server, count):
    """The client must not wait for bytes that never come, and must not take the answer for complete."""
    server.log.expect("WSGI1101")
    with pytest.raises(client.Cut) as cut:
        server.get(f"/length?{count}")
    assert cut.value.partial.status == 200 and len(cut.value.partial.body) == count


@pytest.mark.parametrize("how, count", [("", 1), ("empty", 1)])
def test_close_is_called_once(server, how, count):
    server.get(f"/closing?{how}")
    assert server.note("closed") == "closed\n" * count


def test_close_is_called_after_an_exception_in_the_first_block(server):
    server.log.expect_traceback("ValueError: raised on purpose")
    assert server.get("/closing?raise_first").status == 500
    assert server.note("closed") == "closed\n"


def test_close_is_called_after_a_later_exception(server):
    server.log.expect_traceback("ValueError: raised on purpose")
    with pytest.raises(client.Cut):
        server.get("/closing?raise_later")
    assert server.note("closed") == "closed\n"


def test_close_is_called_without_start_response(server):
    server.log.expect_traceback("RuntimeError|AssertionError")
    assert server.get("/closing?no_start").status == 500
    assert server.note("closed") == "closed\n"


def test_exception_in_close_is_logged_and_the_answer_is_whole(server):
    server.log.expect_traceback("ValueError: raised on purpose", tag=r"WSGI\d{4}")
    try:
        assert server.get("/closing?close_raises").body == b"x" * 15
    except client.Cut as cut:
        assert cut.partial.body == b"x" * 15


def test_close_is_called_when_the_client_leaves(server):
    with server.connect(receive_buffer=4096) as connection:
        connection.send_request("GET", "/closing?endless")
        assert connection.read_head().status == 200
        connection.reset()
    assert server.note("closed") == "closed\n"


def test_client_that_leaves_costs_no_thread(server):
    for _ in range(20):
        server.forget("closed")
        with server.connect(receive_buffer=4096) as connection:
            connection.send_request("GET", "/closing?endless")
            connection.read_head()
            connection.reset()
        server.note("closed")
    assert server.get("/hello").body == b"hello\n"


def test_half_closed_client_gets_its_answer(server):
    with server.connect() as connection:
        connection.send_request("GET", "/hello", close=True)
        connection.half_close()
        assert connection.read_response().body == b"hello\n"


def test_many_connections_at_once(server):
    server.log.allow("AH00161")  # prefork has fewer processes than there are connections
    connections = [server.connect() for _ in range(40)]
    for connection in connections:
        connection.send_request("GET", "/blocks?3,1000", close=True)
    assert {len(connection.read_response().body) for connection in connections} == {3000}
    for connection in connections:
        connection.close()
    until(lambda: server.get("/hello").status == 200, "the server to answer")
