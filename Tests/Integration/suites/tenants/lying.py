"""The lying worker as a site's Python, and what a client sees of it."""

import importlib.util
import pathlib
import shutil
import sys
import urllib.parse

import client
from tenants.neighbours import Neighbours

HERE = pathlib.Path(__file__).parent


def _load():
    """The lies, and ways to die, which are modules of the worker's."""
    for name in ("worker_protocol", "deaths", "lies"):
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


lies = _load()
deaths = sys.modules["deaths"]

#: What httpd and the module say about a worker of this kind: that its answers are none, and how it ended.
ABOUT_IT = [r"WSGI(0148|0119|0146|0145|0147|1012|1014|1101|0117|0116): ", r"WSGI1011: .*'hostile'",
            r"AH024(28|29|30): ", "forged", "WSGI0028: .*'hostile'", r"AH01070|AH02611|AH00573"]


def install(site: Neighbours) -> None:
    """Makes the lying worker the Python of the hostile group."""
    folder = site.hostile.home / "lying" / "bin"
    folder.mkdir(parents=True)
    for name in ("lying_worker.py", "deaths.py", "lies.py", "worker_protocol.py"):
        shutil.copy(HERE / name, folder)
    (folder / "lying_worker.py").rename(folder / "python")
    (folder / "python").chmod(0o755)
    site.hostile.own()
    site.configure(options=f"python-home={folder.parent} socket-timeout=3 connect-timeout=3 "
                   "graceful-timeout=3 shutdown-timeout=1")


def ask(site: Neighbours, name: str) -> client.Response | client.Cut:
    """The answer, or how it broke off. Early hints before it are passed over."""
    with site.server.connect(timeout=20) as connection:
        connection.send_request("GET", "/hostile/" + urllib.parse.quote_plus(name), close=True)
        try:
            while (response := connection.read_head()).status == 103:
                require_no_injection(response)
            return connection.read_body(response)
        except client.Cut as cut:
            return cut
        except ConnectionResetError:
            return client.Cut(None, "reset")


def require_no_injection(response: client.Response) -> None:
    assert response.header("X-Injected") is None, response
    assert not any(word in response.body for word in (b"POISON", b"SECRET")), response


def require_outcome(answer, outcome) -> None:
    response = answer.partial if isinstance(answer, client.Cut) else answer
    if response:
        require_no_injection(response)
    match outcome:
        case lies.CUT: assert isinstance(answer, client.Cut), answer
        case lies.BROKEN: assert isinstance(answer, client.Cut) or answer.status == 502, answer
        case lies.ANY: assert isinstance(answer, client.Cut) or answer.status in (200, 502), answer
        case lies.REFUSED: assert getattr(answer, "status", answer) == 502, answer
        case int(): assert getattr(answer, "status", answer) == outcome, answer
        case bytes(): assert (answer.status, answer.body) == (200, outcome), answer
