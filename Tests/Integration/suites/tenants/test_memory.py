"""What an answer costs httpd does not depend on how it is cut up, nor on who reads it how slowly."""

import os
import time

import pytest

from polling import until
from processes import peaks
from shared_server import hosting
from tenants.lying import ABOUT_IT, ask, install, lies, require_outcome

EVERYTHING = bool(os.environ.get("WSGI_HOSTILE"))

#: How much more than promised a process may have at its peak for what else it does, in KiB: stacks of threads, pools.
BESIDES = 1 << 10

#: Blocks of each size, and their number: more than the system's own buffers take.
BLOCKS = [(10, 800_000), (1, 8_000_000), (100, 80_000), (1000, 8_000), (8001, 900)]


def grown(server, before: dict[int, int]) -> int:
    """By how many KiB the peak of any process of httpd has grown."""
    lasting = {one.pid for one in server.processes() if one.name in ("apache2", "httpd")}
    after = peaks(server)
    return max(after[pid] - before[pid] for pid in after if pid in before and pid in lasting)


def require_blocks(server, size: int, count: int, most: int, seconds: float) -> None:
    """A client takes the blocks after some time; httpd's processes have not grown by more than `most` KiB."""
    for _ in range(4):
        assert server.get("/blocks?20,1000").status == 200
    before = peaks(server)
    with server.connect(receive_buffer=4096) as connection:
        connection.send_request("GET", f"/blocks?{count},{size}", close=True)
        response = connection.read_head()
        time.sleep(seconds)
        body = connection.read_body(response).body
    assert len(body) == size * count
    assert all(body[number * size] == number % 251 for number in range(0, count, 997))
    cost = grown(server, before)
    print(f"{count} blocks of {size} bytes: httpd grew by {cost} KiB, {most} would be too much")
    assert cost < most, f"{cost} KiB"


@pytest.mark.parametrize("size, count", BLOCKS if EVERYTHING else BLOCKS[:1])
@pytest.mark.parametrize("limit", [1, 8])
def test_a_slow_client_costs_no_more_than_the_limit(launch, size, count, limit):
    server = launch(hosting("daemon", f"processes=1 threads=1 response-buffer-size={limit}M")
                    + "WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi\n")
    server.wait_ready("/blocks?1,1")
    require_blocks(server, size, count, (limit << 10) + 64 + BESIDES, 4 + count / 200_000)


@pytest.mark.parametrize("size, count", [(1, 300_000)])
def test_a_slow_client_of_an_embedded_application_costs_nothing(launch, size, count):
    server = launch(hosting("embedded") + "WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi\n")
    server.wait_ready("/blocks?1,1")
    require_blocks(server, size, count, 64 + BESIDES, 3)


@pytest.mark.parametrize("name", lies.FLOODS)
def test_a_flood(neighbours, name):
    """httpd takes what is bounded, and nothing of it stays."""
    install(neighbours)
    neighbours.start()
    server = neighbours.server
    server.wait_ready("/hostile")
    server.log.allow(*ABOUT_IT, "WSGI1102: ")
    neighbours.remember()
    for _ in range(2):
        require_outcome(ask(neighbours, name), lies.FLOODS[name].outcome)
    neighbours.require_unharmed(kill=False)
    if "log" in name:
        until(lambda: "WSGI1102" in server.log.text(), "a record of what was left out")
        assert (server.root / "logs" / "error.log").stat().st_size < 80 << 20
