"""HEAD of bodies that are made bit by bit."""

import time

import pytest

from shared_server import hosting

STREAMS = """
WSGIScriptAlias /plain @APPS@/stream/app.wsgi
WSGIScriptAlias /deflate @APPS@/stream/app.wsgi
<Location /deflate>
    SetOutputFilter DEFLATE
</Location>
"""


@pytest.mark.mpms
@pytest.mark.parametrize("path", ["/plain", "/deflate"])
def test_head_of_an_endless_stream_is_answered_and_keeps_no_thread(launch, mode, path):
    server = launch(hosting(mode) + STREAMS)
    for _ in range(3):
        for _ in range(8):
            with server.connect() as connection:
                start = time.monotonic()
                assert connection.request("HEAD", f"{path}?endless").status == 200
                assert time.monotonic() - start < 1
        # The threads are free again although the streams have no end.
        time.sleep(1.3)
        assert server.get(path).body == b"whole\n"


@pytest.mark.parametrize("path", ["/plain", "/deflate"])
def test_connection_goes_on_after_head(launch, mode, path):
    server = launch(hosting(mode) + STREAMS)
    with server.connect() as connection:
        for _ in range(3):
            assert connection.request("HEAD", f"{path}?write").status == 200
            assert connection.get(f"{path}?write").body == b"block 0\nblock 1\nblock 2\n"
