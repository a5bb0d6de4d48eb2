"""httpd's other modules around applications: TLS, HTTP/2, filters, error documents, timeouts, caches."""

import gzip
import hashlib
import json
import re
import socket
import ssl
import subprocess
import time
import zlib

import pytest

import client
import httpd_config
from polling import until
from shared_server import hosting, serving

_CONFIG = """
@MODULES@
Listen 127.0.0.1:@TLS@ https
SetEnv TEST_SCRATCH @SCRATCH@
@ALIASES@
Protocols h2 h2c http/1.1
H2EarlyHints On
SSLRandomSeed startup builtin
<VirtualHost 127.0.0.1:@TLS@>
    ServerName localhost
    SSLEngine On
    SSLCertificateFile @ROOT@/tls.pem
    <Location /environ>
        SSLOptions +StdEnvVars
    </Location>
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<LocationMatch ^/deflated>
    SetOutputFilter DEFLATE
</LocationMatch>
<Location /inflated>
    SetInputFilter DEFLATE
</Location>
<Location /limited>
    SetOutputFilter RATE_LIMIT
    SetEnv rate-limit 40
</Location>
<Location /headers>
    Header onsuccess set X-Success seen
    Header always set X-Always seen
    Header edit X-Mine ^ours$ theirs
    Header unset X-Dropped
</Location>
<Location /documented>
    ErrorDocument 500 "a document of httpd's"
    ErrorDocument 404 "another document of httpd's"
</Location>
<Location /substituted>
    SetOutputFilter SUBSTITUTE
    Substitute s/block/piece/n
</Location>
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
CacheRoot @ROOT@/cache
CacheQuickHandler Off
<Location /cached>
    CacheEnable disk
</Location>
"""

#: Where applications are mounted: URL path, folder of apps/.
_MOUNTS = {
    "hello": "hello", "environ": "environ", "blocks": "blocks", "stepwise": "stepwise", "deflated": "blocks",
    "deflated_steps": "stepwise", "inflated": "input_digest", "limited": "blocks", "headers": "respond",
    "documented": "broken_import", "documented_ours": "respond", "substituted": "stepwise", "cached": "counted",
    "digest": "input_digest", "cut": "cut", "respond": "respond", "hints": "hints",
}

_MODULES = ["ssl", "socache_shmcb", "http2", "ratelimit", "remoteip", "cache", "cache_disk", "substitute"]


@pytest.fixture(scope="session")
def tls_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def hosted(platform, mode, tls_port):
    aliases = "\n".join(f"WSGIScriptAlias /{url} @APPS@/{folder}/app.wsgi" for url, folder in _MOUNTS.items())
    configuration = hosting(mode, "processes=1 threads=8") + _CONFIG.replace("@ALIASES@", aliases)
    with serving(platform, configuration, "/hello", prepare=prepare, TLS=tls_port,
                 MODULES="\n".join(map(httpd_config.load, _MODULES))) as server:
        yield server


def prepare(server):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", server.root / "tls.key", "-out", server.root / "tls.crt"], check=True, capture_output=True)
    (server.root / "tls.pem").write_text((server.root / "tls.key").read_text() + (server.root / "tls.crt").read_text())
    (server.root / "cache").mkdir()
    (server.root / "cache").chmod(0o777)


def curl(server, path, *words):
    """An answer as curl sees it: its exit code, the head and the body."""
    url = path if path.startswith("http") else f"http://127.0.0.1:{server.port}{path}"
    done = subprocess.run(["curl", "-sk", "-i", "--max-time", "30", *words, url], capture_output=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    return done.returncode, head.decode("latin-1"), body


def respond(server, path, headers=(), status="200 OK", blocks=("body",), **more):
    wanted = json.dumps({"status": status, "headers": list(headers), "blocks": list(blocks)}).encode()
    return server.request("POST", path, body=wanted, **more)


# TLS

def test_tls_is_seen(server, tls_port):
    code, head, body = curl(server, f"https://127.0.0.1:{tls_port}/environ?x", "--http1.1")
    environ = json.loads(body)["environ"]
    assert code == 0 and " 200 " in head
    assert environ["wsgi.url_scheme"]["value"] == "https"
    assert environ["REQUEST_SCHEME"]["value"] == "https"
    assert environ["SERVER_PORT"]["value"] == str(tls_port)
    assert environ["SSL_PROTOCOL"]["value"].startswith("TLSv1")
    assert "HTTPS" not in environ


def test_upload_and_download_over_tls(server, tls_port):
    context = ssl._create_unverified_context()
    body = bytes(range(256)) * 4096
    with context.wrap_socket(socket.create_connection(("127.0.0.1", tls_port), timeout=20)) as connection:
        connection.sendall(client.request_bytes("POST", "/digest?8192", body=body, close=True))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.endswith(f" {hashlib.sha256(body).hexdigest()}".encode())
    code, _, body = curl(server, f"https://127.0.0.1:{tls_port}/blocks?64,65536", "--http1.1")
    assert code == 0 and len(body) == 64 * 65536


# HTTP/2

@pytest.mark.parametrize("words", [["--http2-prior-knowledge"], ["--http2"]])
def test_http2(server, words):
    code, head, body = curl(server, "/environ?x=1", *words)
    assert code == 0 and "HTTP/2 200" in head + body.decode(errors="replace")
    text = body.decode()
    environ = json.loads(text[text.index("{"):])["environ"]
    assert environ["SERVER_PROTOCOL"]["value"] == "HTTP/2.0"
    assert environ["QUERY_STRING"]["value"] == "x=1"


def test_http2_over_tls(server, tls_port):
    code, head, body = curl(server, f"https://127.0.0.1:{tls_port}/blocks?100,10000", "--http2")
    assert code == 0 and head.startswith("HTTP/2 200") and len(body) == 1_000_000


def test_http2_upload(server):
    body = b"x" * 3_000_000
    done = subprocess.run(
        ["curl", "-s", "--http2-prior-knowledge", "--max-time", "30", "--data-binary", "@-",
         f"http://127.0.0.1:{server.port}/digest?65536"], input=body, capture_output=True)
    assert done.stdout.startswith(b"3000000 ")


def test_http2_cut_response_looks_cut(server):
    server.log.expect_traceback("raised on purpose")
    code, head, _ = curl(server, "/cut?raise", "--http2-prior-knowledge")
    # The stream may be reset before its head has left.
    assert code != 0 and (head == "" or head.startswith("HTTP/2 200"))


def test_http2_block_arrives_before_the_next_is_produced(server):
    arrives_stepwise(server, "/stepwise", ["--http2-prior-knowledge"])


def test_early_hints_over_http2(server):
    server.tell("go")
    done = subprocess.run(["curl", "-si", "--http2-prior-knowledge", f"http://127.0.0.1:{server.port}/hints"],
                          capture_output=True, text=True)
    assert re.findall(r"^HTTP/2 (\d+)|^link: (.*)$|^x-own: (a)", done.stdout, re.M) == [
        ("103", "", ""), ("", "</style.css>; rel=preload", ""), ("103", "", ""), ("", "</script.js>; rel=preload", ""),
        ("200", "", ""), ("", "", "a")]


def arrives_stepwise(server, path, words, decode=lambda data: data):
    """Each block must arrive while the application waits for the test."""
    with subprocess.Popen(["curl", "-sN", "--max-time", "30", *words, f"http://127.0.0.1:{server.port}{path}"],
                          stdout=subprocess.PIPE) as done:
        received = b""
        for number in (1, 2, 3):
            received += read_until(done.stdout, lambda data: b"%d\n" % number in decode(received + data))
            server.tell(f"go{number + 1}")
        received += done.stdout.read()
    assert done.returncode == 0
    return decode(received)


def read_until(stream, condition):
    data = b""
    deadline = time.monotonic() + 10
    while not condition(data):
        assert time.monotonic() < deadline, data
        block = stream.read1(65536)
        assert block, data
        data += block
    return data


# Filters

def test_deflate(server):
    answer = server.get("/deflated?3,1000", {"Accept-Encoding": "gzip"})
    assert answer.header("Content-Encoding") == "gzip"
    assert gzip.decompress(answer.body) == b"".join(bytes([number]) * 1000 for number in range(3))


def test_deflated_blocks_arrive_as_they_are_produced(server):
    def decode(data):
        return zlib.decompressobj(wbits=31).decompress(data)

    text = arrives_stepwise(server, "/deflated_steps", ["-H", "Accept-Encoding: gzip"], decode)
    assert text == b"block 1\nblock 2\nblock 3\n"


def test_deflated_head_is_that_of_get(server):
    with server.connect() as connection:
        answer = connection.request("HEAD", "/deflated?3,1000", {"Accept-Encoding": "gzip"})
        assert answer.status == 200 and answer.header("Content-Encoding") == "gzip"
        assert connection.get("/hello").status == 200


def test_inflated_request(server):
    body = b"some words " * 1000
    answer = server.request("POST", "/inflated?1000", {"Content-Encoding": "gzip"}, gzip.compress(body))
    assert answer.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def test_rate_limit(server):
    begin = time.monotonic()
    assert len(server.get("/limited?8,10240").body) == 81920
    assert time.monotonic() - begin > 0.8


def test_substitute(server):
    for name in ("go2", "go3"):
        server.tell(name)
    assert server.get("/substituted").text == "piece 1\npiece 2\npiece 3\n"


# Headers

def test_headers_onsuccess_and_always(server):
    answer = respond(server, "/headers", [("X-Mine", "ours"), ("X-Dropped", "x")])
    assert answer.header("X-Success") == "seen" and answer.header("X-Always") == "seen"
    assert answer.header("X-Mine") == "theirs" and answer.header("X-Dropped") is None


def test_headers_of_an_error(server):
    answer = respond(server, "/headers", [("X-Mine", "ours"), ("WWW-Authenticate", "Basic realm=x")], "401 Who")
    assert answer.status == 401 and answer.text == "body"
    assert answer.header("X-Always") == "seen"
    assert answer.header("WWW-Authenticate") == "Basic realm=x"


# Error documents

def test_error_document_when_the_application_cannot_be_loaded(server):
    server.log.expect_traceback("", "WSGI0109")
    server.log.allow("broken_import")
    answer = server.get("/documented")
    assert answer.status == 500 and answer.text == "a document of httpd's"


def test_error_pages_of_the_application_stay_its_own(server):
    answer = respond(server, "/documented_ours", status="404 Not Found", blocks=["ours"])
    assert answer.status == 404 and answer.text == "ours"


# The client

def test_remote_address_behind_a_proxy(server):
    answer = server.get("/environ", {"X-Forwarded-For": "192.0.2.7"})
    assert answer.environ["REMOTE_ADDR"] == "192.0.2.7"


def test_request_that_does_not_arrive_in_time(launch, mode):
    server = launch(hosting(mode) + "WSGIScriptAlias /digest @APPS@/input_digest/app.wsgi\n"
                    "RequestReadTimeout header=5 body=1\n")
    server.log.allow("AH01382")
    server.log.expect_traceback("mod_wsgi request data read error: the client did not send the data in time")
    server.log.allow("WSGI0126")
    begin = time.monotonic()
    with server.connect() as connection:
        connection.send(client.request_bytes("POST", "/digest", {"Content-Length": "200000"}) + b"x" * 100_000)
        answer = connection.read_response()
    assert answer.status == 408 and time.monotonic() - begin < 6


def test_cache_in_front(server):
    first = server.get("/cached?a")
    assert re.fullmatch(r"\d+", first.text)
    # mod_cache stores an answer after it has been sent.
    until(lambda: server.get("/cached?a").header("Age") is not None, "an answer from the cache")
    assert server.get("/cached?b").text != first.text
