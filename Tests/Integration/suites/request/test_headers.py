"""Request headers: which become HTTP_* keys, and how."""

import base64

import pytest

pytestmark = pytest.mark.pythons

SECRET = "Basic " + base64.b64encode(b"user:password").decode()


def values(server, headers, path="/environ"):
    told = server.get(path, headers).json["environ"]
    return {key: entry.get("value") for key, entry in told.items() if key.startswith("HTTP_")}


def test_name_is_upper_cased_and_hyphens_become_underscores(server):
    assert values(server, {"x-Some-name": "v"})["HTTP_X_SOME_NAME"] == "v"


def test_duplicates_are_joined(server):
    assert values(server, [("X-Twice", "a"), ("X-Twice", "b")])["HTTP_X_TWICE"] == "a, b"


def test_cookies_stay_parseable(server):
    assert values(server, [("Cookie", "a=1; b=2")])["HTTP_COOKIE"] == "a=1; b=2"


def test_empty_value_is_an_empty_string(server):
    assert values(server, {"X-Empty": ""})["HTTP_X_EMPTY"] == ""


def test_underscore_cannot_spoof_a_hyphen(server):
    assert values(server, [("X-Real", "true"), ("X_Real", "spoofed")])["HTTP_X_REAL"] == "true"


def test_underscore_alone_is_dropped(server):
    assert "HTTP_X_ONLY" not in values(server, {"X_Only": "spoofed"})


@pytest.mark.parametrize("name", ["X.Dot", "X!Bang", "X~Tilde"])
def test_name_with_another_character_is_dropped(server, name):
    found = values(server, {name: "v", "X-Good": "v"})
    assert set(found) == {"HTTP_HOST", "HTTP_X_GOOD"} | ({"HTTP_CONNECTION"} & set(found))


def test_proxy_is_dropped(server):
    assert "HTTP_PROXY" not in values(server, {"Proxy": "http://evil.test"})


def test_utf8_value_is_latin1_decoded(server):
    assert values(server, {"X-Text": "žluť €"})["HTTP_X_TEXT"].encode("latin-1").decode("utf-8") == "žluť €"


def test_authorization_is_withheld(server):
    server.log.allow("WSGI1020: .*(scheme Basic).*logged once")  # whichever test of the server comes first
    assert "HTTP_AUTHORIZATION" not in values(server, {"Authorization": SECRET})


def test_authorization_is_passed_when_asked_for(server):
    assert values(server, {"Authorization": SECRET}, "/environ_authorised")["HTTP_AUTHORIZATION"] == SECRET


def test_bearer_token_is_passed_when_asked_for(server):
    found = values(server, {"Authorization": "Bearer abc.def"}, "/environ_authorised")
    assert found["HTTP_AUTHORIZATION"] == "Bearer abc.def"


def test_proxy_authorization_is_withheld_even_then(server):
    assert "HTTP_PROXY_AUTHORIZATION" not in values(server, {"Proxy-Authorization": SECRET}, "/environ_authorised")


def test_a_hundred_headers(server):
    found = values(server, [(f"X-Number-{number}", str(number)) for number in range(90)])
    assert [found[f"HTTP_X_NUMBER_{number}"] for number in range(90)] == [str(number) for number in range(90)]


def test_large_value(server):
    assert values(server, {"X-Large": "v" * 8000})["HTTP_X_LARGE"] == "v" * 8000
