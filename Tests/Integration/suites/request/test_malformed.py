"""Requests that break the rules: the server lives, the log stays clean, and nobody is fooled about where one ends."""

import json
import random
import re
import socket

import pytest

import client

#: How many random requests each mode gets; both together are more than 2,000.
ROUNDS = 1050
SEED = 20_260_821

#: What httpd itself has to say about such requests, and an application whose request body breaks off.
HTTPD_COMPLAINS = [r"AH\d{5}", "WSGI0126", "WSGI0138", "WSGI0139", "WSGI0140", "WSGI0141"]


class Talk:
    """One connection on which bytes are sent, and everything that comes back."""

    def __init__(self, server, data: bytes, timeout: float = 5):
        self.data = b""
        with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while block := connection.recv(65536):
                    self.data += block
            except (ConnectionResetError, BrokenPipeError):
                pass

    @property
    def statuses(self) -> list[int]:
        return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", self.data)]


def seen(server) -> list[dict]:
    """What the application was called with since the test began."""
    path = server.scratch / "seen"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def post(*headers: str, body: bytes = b"") -> bytes:
    return ("POST /seen HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"{line}\r\n" for line in headers)
            + "\r\n").encode("latin-1") + body


NEXT = b"GET /seen?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"

#: A request whose end two readers may see in different places, followed by another one hidden in its body.
AMBIGUOUS = {
    "length and chunked": post("Content-Length: 6", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + NEXT),
    "chunked and length": post("Transfer-Encoding: chunked", f"Content-Length: {len(NEXT)}", body=NEXT),
    "two lengths": post("Content-Length: 0", f"Content-Length: {len(NEXT)}", body=NEXT),
    "list of lengths": post(f"Content-Length: 0, {len(NEXT)}", body=NEXT),
    "signed length": post(f"Content-Length: +{len(NEXT)}", body=NEXT),
    "hexadecimal length": post("Content-Length: 0x10", body=NEXT),
    "length with space": post("Content-Length: 1 0", body=NEXT),
    "space before colon": post("Content-Length : 0", body=NEXT),
    "spaced transfer encoding": post("Transfer-Encoding : chunked", body=b"0\r\n\r\n" + NEXT),
    "unknown encoding": post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + NEXT),
    "encodings": post("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n" + NEXT),
    "chunked twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"0\r\n\r\n" + NEXT),
    "vertical tab": post("Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n" + NEXT),
    "folded": post("X-Folded: a\r\n b", "Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n" + NEXT),
    "bare line feed": b"POST /seen HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n" + NEXT,
    "bare carriage return": post("X-A: b\rTransfer-Encoding: chunked", body=b"0\r\n\r\n" + NEXT),
    "zero in a value": post("X-A: b\x00Content-Length: 4", body=NEXT),
    "zero in a name": post("X-A\x00B: c", "Content-Length: 0", body=NEXT),
    "underscore length": post("Content_Length: 44", "Content-Length: 0", body=NEXT),
    "underscore encoding": post("Transfer_Encoding: chunked", "Content-Length: 0", body=NEXT),
    "large chunk": post("Transfer-Encoding: chunked", body=b"ffffffffffffffff1\r\nx\r\n0\r\n\r\n" + NEXT),
    "negative chunk": post("Transfer-Encoding: chunked", body=b"-1\r\nx\r\n0\r\n\r\n" + NEXT),
    "chunk extension": post("Transfer-Encoding: chunked", body=b"1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n" + NEXT),
    "chunk without end": post("Transfer-Encoding: chunked", body=b"1\r\nxy\r\n0\r\n\r\n" + NEXT),
    "trailers": post("Transfer-Encoding: chunked", body=b"1\r\nx\r\n0\r\nContent-Length: 9\r\n\r\n" + NEXT),
    "HTTP/1.0 chunked": b"POST /seen HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_nobody_is_fooled_about_where_a_request_ends(server, name):
    server.log.allow(*HTTPD_COMPLAINS)
    talk = Talk(server, AMBIGUOUS[name])
    calls = seen(server)
    # Every call of the application has an answer of its own on the wire, and no call saw the next request as its body
    # after another reader could have taken it for a request.
    assert len(calls) <= len(talk.statuses)
    smuggled = [call for call in calls if call["QUERY_STRING"] == "smuggled"]
    assert not (smuggled and any("smuggled" in call.get("body", "") for call in calls))
    if "and" in name:
        # RFC 9112, 6.3: a request with both may be served by its chunks, and the connection must then end.
        assert not smuggled
    for call in calls:
        assert not any(re.search(r"[\r\n\0]", value) for key, value in call.items() if key.startswith("HTTP_"))


@pytest.mark.parametrize("headers, key", [
    (["X_Real_User: mallory", "X-Real-User: alice"], "HTTP_X_REAL_USER"),
    (["X_Real_User: mallory"], "HTTP_X_REAL_USER"),
    (["X.Real.User: mallory"], "HTTP_X_REAL_USER"),
    (["Proxy: http://mallory"], "HTTP_PROXY"),
    (["Content_Type: text/mallory"], "CONTENT_TYPE"),
    (["Content_Length: 666"], "CONTENT_LENGTH"),
])
def test_headers_cannot_pass_for_others(server, headers, key):
    Talk(server, post(*headers, "Content-Length: 0", "Connection: close"))
    [call] = seen(server)
    assert call.get(key) in (None, "alice", "0")
    assert not any("mallory" in value for name, value in call.items() if name != "SCRATCH")


@pytest.mark.parametrize("hosts", [["Host: a", "Host: b"], [], ["Host: a b"], ["Host: a\x00b"], ["Host: a/b"],
                                   ["Host: " + "a" * 9000]])
def test_wrong_hosts_do_not_reach_the_application(server, hosts):
    server.log.allow(*HTTPD_COMPLAINS)
    head = "GET /seen HTTP/1.1\r\n" + "".join(f"{line}\r\n" for line in hosts) + "\r\n"
    assert Talk(server, head.encode("latin-1")).statuses == [400]
    assert seen(server) == []


def mutations(generator: random.Random) -> bytes:
    """A request that was right once."""
    body = generator.randbytes(generator.choice([0, 1, 7, 300]))
    lines = [b"%b /seen%b HTTP/1.1" % (generator.choice([b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"X"]),
                                       generator.choice([b"", b"/", b"/a/b", b"//x", b"?a=b&c", b"/%41%2f%00", b"/%zz"])),
             b"Host: localhost", b"User-Agent: fuzz", b"Cookie: a=b; c=d", b"X-Long: " + b"y" * generator.choice([1, 9000])]
    if generator.random() < 0.5:
        lines.append(b"Content-Length: %d" % len(body))
    elif generator.random() < 0.7:
        lines.append(b"Transfer-Encoding: chunked")
        body = client.chunked(*(body[at:at + 100] for at in range(0, len(body), 100)))
    generator.shuffle(rest := lines[1:])
    data = bytearray(b"\r\n".join([lines[0], *rest]) + b"\r\n\r\n" + body)
    for _ in range(generator.randint(0, 4)):
        at = generator.randrange(len(data))
        match generator.randrange(6):
            case 0: data[at] = generator.randrange(256)
            case 1: del data[at:at + generator.randint(1, 40)]
            case 2: data[at:at] = generator.choice([b"\0", b"\r", b"\n", b"\r\n", b" ", b":", b"\x7f", b"\xff\xfe"])
            case 3: data[at:at] = data[at:at + generator.randint(1, 200)]
            case 4: data[at:at] = generator.choice([b"Expect: 100-continue\r\n", b"Range: bytes=0-\r\n",
                                                    b"Connection: upgrade\r\nUpgrade: h2c\r\n"])
            case 5: data = data[:max(1, at)]
        if not data:
            data = bytearray(b"\r\n")
    return bytes(data)


def test_random_requests(server):
    """Whatever arrives, the answer is well formed and the server goes on."""
    server.log.allow(*HTTPD_COMPLAINS)
    generator = random.Random(SEED)
    served = 0
    for number in range(ROUNDS):
        data = mutations(generator)
        talk = Talk(server, data)
        answer = talk.data
        assert answer == b"" or answer.startswith((b"HTTP/1.", b"<!DOCTYPE")), (number, data, answer[:200])
        # 5xx is for faults of the server; 501 and 505 say that the client asked for something else.
        assert all(status < 500 or status in (501, 505) for status in talk.statuses), (number, data, answer[:400])
        served += talk.statuses[:1] == [200]
    assert served > ROUNDS // 20
    assert server.get("/hello").status == 200
