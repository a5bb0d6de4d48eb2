"""WSGIHandlerScript: scripts that serve files of a handler's name."""

import os

import pytest

from shared_server import hosting

CONFIG = """
WSGIHandlerScript resource @APPS@/handler/handler.py
<Directory "@ROOT@/htdocs">
    AllowOverride FileInfo
    AddHandler resource .res
</Directory>
<Location /virtual>
    SetHandler resource
</Location>
"""


@pytest.fixture
def site(launch, mode):
    server = launch(hosting(mode) + CONFIG, start=False)
    (server.root / "htdocs" / "page.res").write_text("resource\n")
    (server.root / "htdocs" / "other.res").write_text("resource\n")
    return server.start()


def test_a_file_of_the_handler_is_served(site, mode):
    told = site.get("/page.res/info?q=1").json
    page = str(site.root / "htdocs" / "page.res")
    script = str(site.apps / "handler" / "handler.py")
    assert told["SCRIPT_FILENAME"] == page and told["SCRIPT_NAME"] == "/page.res" and told["PATH_INFO"] == "/info"
    assert told["mod_wsgi.handler_script"] == script and told["mod_wsgi.request_handler"] == "resource"
    assert told["mod_wsgi.callable_object"] == "handle_request"
    assert told["mod_wsgi.process_group"] == ("main" if mode == "daemon" else "")
    assert told["mod_wsgi.application_group"].endswith("|/page.res")
    assert "HTTP_AUTHORIZATION" not in told


def test_neither_file_nor_execcgi_is_needed(site):
    told = site.get("/virtual/any/thing").json
    assert told["REQUEST_URI"] == "/virtual/any/thing"


def test_other_files_are_httpds(site):
    assert site.get("/ready.txt").body == b"ready\n"


def test_htaccess_may_choose_the_handler(site):
    (site.root / "htdocs" / ".htaccess").write_text(
        "WSGICallableObject application\nWSGIPassAuthorization On\nAddHandler resource .txt\n")
    told = site.get("/ready.txt", {"Authorization": "Bearer x"}).json
    assert told["mod_wsgi.callable_object"] == "handle_request" and told["HTTP_AUTHORIZATION"] == "Bearer x"


def test_options_win_over_settings(launch):
    server = launch("""
        WSGIDaemonProcess one python-home=@VENV@
        WSGIDaemonProcess two python-home=@VENV@
        WSGIProcessGroup one
        WSGIHandlerScript plain @APPS@/handler/handler.py
        WSGIHandlerScript special @APPS@/handler/handler.py process-group=two application-group=%{GLOBAL} \\
            pass-authorization=On
        <Location /plain>
            SetHandler plain
        </Location>
        <Location /special>
            SetHandler special
        </Location>
        <Location /inner>
            WSGIHandlerScript plain @APPS@/handler/handler.py application-group=inner
            SetHandler plain
        </Location>
        <Location /both>
            WSGIHandlerScript another @APPS@/handler/handler.py
            SetHandler special
        </Location>""")
    server.log.allow("WSGI1020")
    headers = {"Authorization": "Bearer x"}
    assert server.get("/plain", headers).json["mod_wsgi.process_group"] == "one"
    for path in ("/special", "/both"):
        told = server.get(path, headers).json
        assert told["mod_wsgi.process_group"] == "two" and told["mod_wsgi.application_group"] == ""
        assert told["HTTP_AUTHORIZATION"] == "Bearer x"
    assert server.get("/inner").json["mod_wsgi.application_group"] == "inner"


def test_a_changed_script_is_loaded_again(site):
    before = site.get("/page.res").json["loaded"]
    assert site.get("/page.res").json["loaded"] == before
    script = site.apps / "handler" / "handler.py"
    os.utime(script, ns=(0, script.stat().st_mtime_ns + 2_000_000_000))
    assert site.get("/page.res").json["loaded"] != before
    # The requested file is not the script.
    before = site.get("/page.res").json["loaded"]
    page = site.root / "htdocs" / "page.res"
    os.utime(page, ns=(0, page.stat().st_mtime_ns + 2_000_000_000))
    assert site.get("/page.res").json["loaded"] == before


def test_the_script_is_asked_whether_it_wants_to_be_loaded_again(site):
    before = site.get("/page.res").json
    assert site.get("/page.res").json["asked"][-1] == str(site.root / "htdocs" / "page.res")
    site.tell("reload", "always")
    # Always means once for each request, not for ever.
    first, second = site.get("/page.res").json, site.get("/page.res").json
    assert len({before["loaded"], first["loaded"], second["loaded"]}) == 3
    site.forget("reload")
    assert site.get("/page.res").json["loaded"] == second["loaded"]


def test_the_script_is_not_asked_when_reloading_is_off(launch, mode):
    server = launch(hosting(mode) + CONFIG + "WSGIScriptReloading Off\n")
    before = server.get("/virtual").json["loaded"]
    server.tell("reload", "always")
    told = server.get("/virtual").json
    assert told["loaded"] == before and told["asked"] == []


def test_an_exception_in_reload_required_means_no(site):
    before = site.get("/page.res").json["loaded"]
    site.tell("reload", "raise")
    site.log.expect_traceback("reload_required failed")
    assert site.get("/page.res").json["loaded"] == before


def test_a_missing_script_is_an_error(launch, mode):
    server = launch(hosting(mode) + """
        WSGIHandlerScript gone @APPS@/handler/gone.py
        <Location /gone>
            SetHandler gone
        </Location>""")
    server.log.allow("WSGI0105|gone.py|Traceback|No such file")
    server.log.expect_traceback("gone.py", "WSGI0105")
    assert server.get("/gone").status == 500


@pytest.mark.parametrize("name", ["wsgi-script", "application/x-httpd-wsgi"])
def test_our_own_names_cannot_be_defined(launch, name):
    done = launch(f"WSGIHandlerScript {name} /srv/handler.py", start=False).test_config()
    assert done.returncode != 0 and "WSGIHandlerScript" in done.stdout
