"""What .htaccess files may say of scripts, and what they may not."""

import pytest

from shared_server import hosting, serving

CONFIG = """
SetEnvIf X-Group (.+) IN_HEADER=$1
<Directory @ROOT@/htdocs>
    AllowOverride None
    Options +ExecCGI
</Directory>
<Directory @ROOT@/htdocs/all>
    AllowOverride All
    Options -ExecCGI
</Directory>
<Directory @ROOT@/htdocs/file_info>
    AllowOverride FileInfo
</Directory>
<Directory @ROOT@/htdocs/options>
    AllowOverride Options
    AddHandler wsgi-script .wsgi
    Options -ExecCGI
</Directory>
<Directory @ROOT@/htdocs/auth>
    AllowOverride AuthConfig Options Limit Indexes
</Directory>
<Directory @ROOT@/htdocs/listed>
    AllowOverride None
    AllowOverrideList WSGICallableObject
    AddHandler wsgi-script .wsgi
</Directory>
<Directory @ROOT@/htdocs/none>
    AddHandler wsgi-script .wsgi
</Directory>
<Directory @ROOT@/htdocs/nonfatal>
    AllowOverride Nonfatal=Override
    AddHandler wsgi-script .wsgi
</Directory>
<Directory @ROOT@/htdocs/chosen>
    AllowOverride FileInfo
    AddHandler wsgi-script .wsgi
    WSGIApplicationGroup %{ENV:APPLICATION_GROUP}
    WSGICallableObject %{ENV:CALLABLE}
</Directory>
WSGIScriptAlias /ready @APPS@/hello/app.wsgi
"""

FOLDERS = ["all", "all/inner", "file_info", "options", "auth", "listed", "none", "nonfatal", "chosen"]


def lay_out(server):
    for folder in FOLDERS:
        path = server.root / "htdocs" / folder
        path.mkdir()
        for name in ("environ", "named", "input_digest"):
            (path / f"{name}.wsgi").write_text((server.apps / name / "app.wsgi").read_text())


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/ready", prepare=lay_out) as server:
        yield server


@pytest.fixture
def server(server):
    for path in (server.root / "htdocs").rglob(".htaccess"):
        path.unlink()
    return server


def write(server, folder, text):
    (server.root / "htdocs" / folder / ".htaccess").write_text(text)


HANDLER = "AddHandler wsgi-script .wsgi\n"


def test_handler_and_execcgi(server):
    write(server, "all", HANDLER + "Options +ExecCGI\n")
    assert server.get("/all/named.wsgi/x").body == b"application"


def test_handler_without_execcgi(server):
    write(server, "all", HANDLER)
    server.log.expect("WSGI0134")
    assert server.get("/all/named.wsgi").status == 403


def test_set_handler(server):
    write(server, "file_info", "<Files named.wsgi>\nSetHandler wsgi-script\n</Files>")
    assert server.get("/file_info/named.wsgi").body == b"application"
    assert server.get("/file_info/environ.wsgi").body.startswith(b'"""')


def test_no_handler(server):
    assert server.get("/file_info/named.wsgi").body.startswith(b'"""')


def test_options_only(server):
    write(server, "options", "Options +ExecCGI")
    assert server.get("/options/named.wsgi").body == b"application"


def test_callable(server):
    write(server, "file_info", HANDLER + "WSGICallableObject app\n")
    assert server.get("/file_info/named.wsgi").body == b"app"


def test_callable_of_some_files(server):
    write(server, "file_info", HANDLER + "<Files named.wsgi>\nWSGICallableObject app\n</Files>")
    assert server.get("/file_info/named.wsgi").body == b"app"
    assert server.get("/file_info/environ.wsgi").status == 200


def test_condition(server):
    write(server, "all", HANDLER + "Options +ExecCGI\n<If \"%{QUERY_STRING} == 'app'\">\nWSGICallableObject app\n</If>")
    assert server.get("/all/named.wsgi?app").body == b"app"
    assert server.get("/all/named.wsgi").body == b"application"


def test_inner_file_wins_and_inherits(server):
    write(server, "all", HANDLER + "Options +ExecCGI\nWSGICallableObject app\nWSGIPassAuthorization On")
    assert server.get("/all/inner/named.wsgi").body == b"app"
    write(server, "all/inner", "WSGICallableObject application")
    assert server.get("/all/inner/named.wsgi").body == b"application"
    told = server.get("/all/inner/environ.wsgi", {"Authorization": "Bearer x"}).json["environ"]
    assert told["HTTP_AUTHORIZATION"]["value"] == "Bearer x"


def test_change_counts_at_once(server):
    for name in ("app", "application", "app"):
        write(server, "file_info", HANDLER + f"WSGICallableObject {name}\n")
        assert server.get("/file_info/named.wsgi").body == name.encode()


def test_authorization(server):
    server.log.allow("WSGI1020")
    for value, passes in (("On", True), ("Off", False)):
        write(server, "file_info", HANDLER + f"WSGIPassAuthorization {value}")
        told = server.get("/file_info/environ.wsgi", {"Authorization": "Bearer x"}).json["environ"]
        assert ("HTTP_AUTHORIZATION" in told) is passes


def test_chunked_request(server):
    def send():
        return server.request("POST", "/file_info/input_digest.wsgi", {"Transfer-Encoding": "chunked"},
                            b"3\r\nabc\r\n0\r\n\r\n")

    write(server, "file_info", HANDLER)
    server.log.expect("WSGI0138")
    assert send().status == 411
    write(server, "file_info", HANDLER + "WSGIChunkedRequest On")
    assert send().text.startswith("3 ")


def test_reloading(server):
    script = server.root / "htdocs" / "file_info" / "changing.wsgi"
    source = (server.apps / "named" / "app.wsgi").read_text()

    def change(word):
        script.write_text(source.replace('b"application"', f'b"{word}"'))

    change("first")
    write(server, "file_info", HANDLER)
    assert server.get("/file_info/changing.wsgi").body == b"first"
    write(server, "file_info", HANDLER + "WSGIScriptReloading Off")
    change("second")
    assert server.get("/file_info/changing.wsgi").body == b"first"
    write(server, "file_info", HANDLER)
    assert server.get("/file_info/changing.wsgi").body == b"second"


@pytest.mark.parametrize("folder", ["auth", "options"])
def test_override_class_is_missing(server, folder):
    write(server, folder, "WSGICallableObject app\n")
    server.log.expect("WSGICallableObject not allowed here")
    assert server.get(f"/{folder}/named.wsgi").status == 500


def test_override_list(server):
    write(server, "listed", "WSGICallableObject app\n")
    assert server.get("/listed/named.wsgi").body == b"app"
    write(server, "listed", "WSGIPassAuthorization On\n")
    server.log.expect("WSGIPassAuthorization not allowed here")
    assert server.get("/listed/named.wsgi").status == 500


def test_file_is_not_read_without_overrides(server):
    write(server, "none", "WSGICallableObject app\nWSGINonsense\n")
    assert server.get("/none/named.wsgi").body == b"application"


def test_refusal_that_httpd_is_told_to_pass_over(server):
    write(server, "nonfatal", "WSGICallableObject app\n")
    server.log.allow("AH02295")
    assert server.get("/nonfatal/named.wsgi").body == b"application"


@pytest.mark.parametrize("text", [
    "WSGIProcessGroup main", "WSGIApplicationGroup one", "WSGIScriptAlias /x /y", "WSGIDaemonProcess x",
    "WSGIRestrictEmbedded Off", "WSGIPythonPath /x",
])
def test_directive_that_may_not_stand_there(server, text):
    write(server, "all", HANDLER + text)
    server.log.expect(f"{text.split()[0]} not allowed here")
    assert server.get("/all/named.wsgi").status == 500


@pytest.mark.parametrize("text, said", [
    ("WSGICallableObject a.b", "WSGICallableObject"), ("WSGIPassAuthorization maybe", "WSGIPassAuthorization"),
    ("WSGIPassAuthorization", "WSGIPassAuthorization"), ("WSGINonsense On", "WSGINonsense"),
])
def test_wrong_value_is_explained_in_the_log(server, text, said):
    write(server, "all", HANDLER + text)
    server.log.expect(rf"/all/\.htaccess.*{said}")
    assert server.get("/all/named.wsgi").status == 500


def test_variables_choose_what_the_file_may_not(server):
    write(server, "chosen", "SetEnv APPLICATION_GROUP mine\nSetEnv CALLABLE application\n")
    assert server.get("/chosen/environ.wsgi").environ["mod_wsgi.application_group"] == "mine"
    write(server, "chosen", "SetEnv APPLICATION_GROUP %{GLOBAL}\nSetEnv CALLABLE app\n")
    assert server.get("/chosen/named.wsgi").body == b"app"
    write(server, "chosen", "SetEnv APPLICATION_GROUP %{GLOBAL}\nSetEnvIf X-Callable (.+) CALLABLE=$1\n")
    assert server.get("/chosen/named.wsgi", {"X-Callable": "app"}).body == b"app"
    assert server.get("/chosen/environ.wsgi").environ["mod_wsgi.application_group"] == ""
