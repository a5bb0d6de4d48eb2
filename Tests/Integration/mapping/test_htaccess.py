"""What .htaccess files may say of scripts, and what they may not."""

import pytest

from shared_server import audited, hosting, serving

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
def site(hosted):
    for path in (hosted.root / "htdocs").rglob(".htaccess"):
        path.unlink()
    with audited(hosted) as server:
        yield server


def write(site, folder, text):
    (site.root / "htdocs" / folder / ".htaccess").write_text(text)


HANDLER = "AddHandler wsgi-script .wsgi\n"


def test_handler_and_execcgi(site):
    write(site, "all", HANDLER + "Options +ExecCGI\n")
    assert site.get("/all/named.wsgi/x").body == b"application"


def test_handler_without_execcgi(site):
    write(site, "all", HANDLER)
    site.log.expect("WSGI0134")
    assert site.get("/all/named.wsgi").status == 403


def test_set_handler(site):
    write(site, "file_info", "<Files named.wsgi>\nSetHandler wsgi-script\n</Files>")
    assert site.get("/file_info/named.wsgi").body == b"application"
    assert site.get("/file_info/environ.wsgi").body.startswith(b'"""')


def test_no_handler(site):
    assert site.get("/file_info/named.wsgi").body.startswith(b'"""')


def test_options_only(site):
    write(site, "options", "Options +ExecCGI")
    assert site.get("/options/named.wsgi").body == b"application"


def test_callable(site):
    write(site, "file_info", HANDLER + "WSGICallableObject app\n")
    assert site.get("/file_info/named.wsgi").body == b"app"


def test_callable_of_some_files(site):
    write(site, "file_info", HANDLER + "<Files named.wsgi>\nWSGICallableObject app\n</Files>")
    assert site.get("/file_info/named.wsgi").body == b"app"
    assert site.get("/file_info/environ.wsgi").status == 200


def test_condition(site):
    write(site, "all", HANDLER + "Options +ExecCGI\n<If \"%{QUERY_STRING} == 'app'\">\nWSGICallableObject app\n</If>")
    assert site.get("/all/named.wsgi?app").body == b"app"
    assert site.get("/all/named.wsgi").body == b"application"


def test_inner_file_wins_and_inherits(site):
    write(site, "all", HANDLER + "Options +ExecCGI\nWSGICallableObject app\nWSGIPassAuthorization On")
    assert site.get("/all/inner/named.wsgi").body == b"app"
    write(site, "all/inner", "WSGICallableObject application")
    assert site.get("/all/inner/named.wsgi").body == b"application"
    told = site.get("/all/inner/environ.wsgi", {"Authorization": "Bearer x"}).json["environ"]
    assert told["HTTP_AUTHORIZATION"]["value"] == "Bearer x"


def test_change_counts_at_once(site):
    for name in ("app", "application", "app"):
        write(site, "file_info", HANDLER + f"WSGICallableObject {name}\n")
        assert site.get("/file_info/named.wsgi").body == name.encode()


def test_authorization(site):
    site.log.allow("WSGI1020")
    for value, passes in (("On", True), ("Off", False)):
        write(site, "file_info", HANDLER + f"WSGIPassAuthorization {value}")
        told = site.get("/file_info/environ.wsgi", {"Authorization": "Bearer x"}).json["environ"]
        assert ("HTTP_AUTHORIZATION" in told) is passes


def test_chunked_request(site):
    def send():
        return site.request("POST", "/file_info/input_digest.wsgi", {"Transfer-Encoding": "chunked"},
                            b"3\r\nabc\r\n0\r\n\r\n")

    write(site, "file_info", HANDLER)
    site.log.expect("WSGI0138")
    assert send().status == 411
    write(site, "file_info", HANDLER + "WSGIChunkedRequest On")
    assert send().text.startswith("3 ")


def test_reloading(site):
    script = site.root / "htdocs" / "file_info" / "changing.wsgi"
    source = (site.apps / "named" / "app.wsgi").read_text()

    def change(word):
        script.write_text(source.replace('b"application"', f'b"{word}"'))

    change("first")
    write(site, "file_info", HANDLER)
    assert site.get("/file_info/changing.wsgi").body == b"first"
    write(site, "file_info", HANDLER + "WSGIScriptReloading Off")
    change("second")
    assert site.get("/file_info/changing.wsgi").body == b"first"
    write(site, "file_info", HANDLER)
    assert site.get("/file_info/changing.wsgi").body == b"second"


@pytest.mark.parametrize("folder", ["auth", "options"])
def test_override_class_is_missing(site, folder):
    write(site, folder, "WSGICallableObject app\n")
    site.log.expect("WSGICallableObject not allowed here")
    assert site.get(f"/{folder}/named.wsgi").status == 500


def test_override_list(site):
    write(site, "listed", "WSGICallableObject app\n")
    assert site.get("/listed/named.wsgi").body == b"app"
    write(site, "listed", "WSGIPassAuthorization On\n")
    site.log.expect("WSGIPassAuthorization not allowed here")
    assert site.get("/listed/named.wsgi").status == 500


def test_file_is_not_read_without_overrides(site):
    write(site, "none", "WSGICallableObject app\nWSGINonsense\n")
    assert site.get("/none/named.wsgi").body == b"application"


def test_refusal_that_httpd_is_told_to_pass_over(site):
    write(site, "nonfatal", "WSGICallableObject app\n")
    site.log.allow("AH02295")
    assert site.get("/nonfatal/named.wsgi").body == b"application"


@pytest.mark.parametrize("text", [
    "WSGIProcessGroup main", "WSGIApplicationGroup one", "WSGIScriptAlias /x /y", "WSGIDaemonProcess x",
    "WSGIRestrictEmbedded Off", "WSGIPythonPath /x",
])
def test_directive_that_may_not_stand_there(site, text):
    write(site, "all", HANDLER + text)
    site.log.expect(f"{text.split()[0]} not allowed here")
    assert site.get("/all/named.wsgi").status == 500


@pytest.mark.parametrize("text, said", [
    ("WSGICallableObject a.b", "WSGICallableObject"), ("WSGIPassAuthorization maybe", "WSGIPassAuthorization"),
    ("WSGIPassAuthorization", "WSGIPassAuthorization"), ("WSGINonsense On", "WSGINonsense"),
])
def test_wrong_value_is_explained_in_the_log(site, text, said):
    write(site, "all", HANDLER + text)
    site.log.expect(rf"/all/\.htaccess.*{said}")
    assert site.get("/all/named.wsgi").status == 500


def test_variables_choose_what_the_file_may_not(site):
    write(site, "chosen", "SetEnv APPLICATION_GROUP mine\nSetEnv CALLABLE application\n")
    assert site.get("/chosen/environ.wsgi").json["environ"]["mod_wsgi.application_group"]["value"] == "mine"
    write(site, "chosen", "SetEnv APPLICATION_GROUP %{GLOBAL}\nSetEnv CALLABLE app\n")
    assert site.get("/chosen/named.wsgi").body == b"app"
    write(site, "chosen", "SetEnv APPLICATION_GROUP %{GLOBAL}\nSetEnvIf X-Callable (.+) CALLABLE=$1\n")
    assert site.get("/chosen/named.wsgi", {"X-Callable": "app"}).body == b"app"
    assert site.get("/chosen/environ.wsgi").json["environ"]["mod_wsgi.application_group"]["value"] == ""
