"""WSGITrustedProxyHeaders and WSGITrustedProxies: what a proxy says of the client, and who is believed."""

import pytest

from shared_server import hosting, serving

PLAIN = ["REMOTE_ADDR", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME", "wsgi.url_scheme"]


@pytest.fixture(scope="module")
def hosted(platform, mode):
    """Paths with different trust; the peer is always 127.0.0.1."""
    wanted = {
        "none": "",
        "all": "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Host X-Forwarded-Server X-Forwarded-Port "
               "X-Script-Name X-Forwarded-Proto",
        "mine": "WSGITrustedProxyHeaders X-Forwarded-For X-Real-IP X-Forwarded-Proto\n"
                "WSGITrustedProxies 127.0.0.0/8 10.0.0.0/8 ::1",
        "others": "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host\n"
                  "WSGITrustedProxies 10.0.0.0/8 FD00::/8",
        "last": "WSGITrustedProxyHeaders X-Real-IP X-Client-IP\nSetEnv HTTPS On",
        "switch": "WSGITrustedProxyHeaders X-HTTPS x-forwarded-ssl\nSetEnv HTTPS On",
    }
    sections = "\n".join(f"<Location /{name}>\n{text}\n</Location>" for name, text in wanted.items())
    text = hosting(mode) + "Alias /ready.txt @ROOT@/htdocs/ready.txt\nWSGIScriptAliasMatch ^/[a-z]+ @APPS@/environ/app.wsgi\n" + sections
    with serving(platform, text, "/none") as server:
        yield server


def test_without_the_directive_headers_are_just_headers(server):
    sent = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.test",
            "X-Script-Name": "/mount"}
    found, plain = server.get("/none", sent).environ, server.get("/none", {}).environ
    assert {key: found[key] for key in PLAIN} == {key: plain[key] for key in PLAIN}
    assert found["HTTP_X_FORWARDED_FOR"] == "192.0.2.1" and found["HTTP_X_SCRIPT_NAME"] == "/mount"
    assert "mod_wsgi.mount_point" not in found


def test_headers_of_a_trusted_proxy(server):
    found = server.get("/all/path", {
        "X-Forwarded-For": " 192.0.2.1, 10.0.0.1", "X-Forwarded-Host": "www.test", "X-Forwarded-Server": "front.test",
        "X-Forwarded-Port": "8443", "X-Script-Name": "/mount", "X-Forwarded-Proto": "https"}).environ
    assert found["REMOTE_ADDR"] == "192.0.2.1"
    assert found["HTTP_X_FORWARDED_FOR"] == "192.0.2.1, 10.0.0.1"
    assert found["HTTP_HOST"] == "www.test" and found["SERVER_NAME"] == "front.test"
    assert found["SERVER_PORT"] == "8443"
    assert found["SCRIPT_NAME"] == "/mount" and found["PATH_INFO"] == "/path"
    assert found["mod_wsgi.mount_point"] == "/mount" and found["mod_wsgi.script_name"] == "/all"
    assert found["wsgi.url_scheme"] == "https" and "HTTPS" not in found
    assert found["REQUEST_SCHEME"] == "http"


def test_absent_headers_change_nothing(server):
    found, plain = server.get("/all", {}).environ, server.get("/none", {}).environ
    assert {key: found[key] for key in PLAIN if key != "SCRIPT_NAME"} \
        == {key: plain[key] for key in PLAIN if key != "SCRIPT_NAME"}
    assert found["SCRIPT_NAME"] == "/all"


def test_synonyms_are_removed(server):
    found = server.get("/all", {
        "X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.2", "X-Client-IP": "192.0.2.3", "X-Host": "evil.test",
        "X-Scheme": "https", "X-Forwarded-SSL": "on", "X-HTTPS": "1", "X-Forwarded-Script-Name": "/evil"}).environ
    left = {key for key in found if key.startswith("HTTP_X_")}
    assert left == {"HTTP_X_FORWARDED_FOR"}
    assert found["wsgi.url_scheme"] == "http" and found["SCRIPT_NAME"] == "/all"


@pytest.mark.parametrize("chain, client, rest", [
    ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("9.9.9.9, 192.0.2.1,10.0.0.2", "192.0.2.1", "192.0.2.1, 10.0.0.2"),
    ("9.9.9.9,192.0.2.1 , 10.0.0.2,,10.0.0.3", "192.0.2.1", "192.0.2.1, 10.0.0.2, 10.0.0.3"),
    ("10.0.0.4, 10.0.0.3", "10.0.0.4", "10.0.0.4, 10.0.0.3"),
    ("9.9.9.9, unknown, 10.0.0.1", "unknown", "unknown, 10.0.0.1"),
    ("2001:DB8::1, ::1", "2001:DB8::1", "2001:DB8::1, ::1"),
])
def test_client_behind_trusted_proxies(server, chain, client, rest):
    found = server.get("/mine", {"X-Forwarded-For": chain}).environ
    assert found["REMOTE_ADDR"] == client
    assert found["HTTP_X_FORWARDED_FOR"] == rest


def test_repeated_headers_are_one_list(server):
    found = server.get("/mine", [("X-Forwarded-For", "9.9.9.9, 192.0.2.1"), ("X-Forwarded-For", "10.0.0.1")]).environ
    assert found["REMOTE_ADDR"] == "192.0.2.1"


def test_a_stranger_is_not_believed(server):
    plain = server.get("/others", {}).environ
    found = server.get("/others", {
        "X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1", "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "www.test", "X-Host": "www.test", "X-Forwarded-Port": "8443"}).environ
    assert {key: found[key] for key in PLAIN} == {key: plain[key] for key in PLAIN}
    assert {key for key in found if key.startswith("HTTP_X_")} == {"HTTP_X_FORWARDED_PORT"}


def test_the_last_header_of_a_kind_counts(server):
    found = server.get("/last", {"X-Client-IP": "192.0.2.2", "X-Real-IP": "192.0.2.1"}).environ
    assert found["REMOTE_ADDR"] == "192.0.2.2"
    assert "HTTP_X_REAL_IP" not in found and found["HTTP_X_CLIENT_IP"] == "192.0.2.2"
    assert found["wsgi.url_scheme"] == "https"
    assert server.get("/last", {"X-Real-IP": "192.0.2.1"}).environ["REMOTE_ADDR"] == "192.0.2.1"


@pytest.mark.parametrize("headers, scheme", [
    ({}, "https"), ({"X-HTTPS": "Off"}, "http"), ({"X-HTTPS": "0"}, "http"), ({"X-HTTPS": "true"}, "https"),
    ({"X-Forwarded-SSL": "false"}, "http"), ({"X-HTTPS": "maybe"}, "https"),
    ({"X-HTTPS": "off", "X-Forwarded-SSL": "on"}, "https"),
])
def test_a_header_wins_over_the_variable_https(server, headers, scheme):
    assert server.get("/switch", headers).environ["wsgi.url_scheme"] == scheme


def test_htaccess_may_trust(launch, mode):
    server = launch(hosting(mode) + """
        <Directory "@APPS@/environ">
            AllowOverride FileInfo
        </Directory>
        WSGIScriptAlias /app @APPS@/environ/app.wsgi""")
    (server.apps / "environ" / ".htaccess").write_text("WSGITrustedProxyHeaders X-Real-IP\n")
    assert server.get("/app", {"X-Real-IP": "192.0.2.7"}).environ["REMOTE_ADDR"] == "192.0.2.7"


@pytest.mark.parametrize("word", ["proxy.example.com", "10.0.0.0/33", "10.0.0.0/255.0.0", "[::1]"])
def test_what_is_no_address_is_refused(launch, word):
    done = launch(f"WSGITrustedProxies {word}", start=False).test_config()
    assert done.returncode != 0 and word in done.stdout


def test_an_unknown_header_is_reported(launch):
    done = launch("WSGITrustedProxyHeaders X-Forwarded-Fro", start=False).test_config()
    assert done.returncode == 0 and "did you mean X-Forwarded-For" in done.stdout
