"""Process groups, application groups, callables, and who may use what."""

import pytest

from shared_server import hosting

pytestmark = pytest.mark.pythons


@pytest.mark.parametrize("value, expected", [
    ("%{GLOBAL}", ""), ("%{RESOURCE}", "localhost|/app"), ("%{SERVER}", "localhost"), ("%{HOST}", "host.test"),
    ("%{ENV:GROUP}", "from-env"), ("fixed", "fixed"),
])
def test_application_group(launch, mode, value, expected):
    server = launch(hosting(mode) + "SetEnvIf Host . GROUP=from-env\nUseCanonicalName On\n"
                    f"WSGIScriptAlias /app @APPS@/process/app.wsgi\nWSGIApplicationGroup {value}")
    answer = server.get("/app", {"Host": "host.test"})
    port = server.port
    assert answer.json["application_group"].replace(f":{port}", "") == expected


def test_application_groups_are_separate(launch, mode):
    server = launch(hosting(mode) + """
        WSGIScriptAlias /one @APPS@/process/app.wsgi application-group=one
        WSGIScriptAlias /two @APPS@/process/app.wsgi application-group=two""")
    one, two = server.get("/one").json, server.get("/two").json
    assert one["application_group"] == "one" and two["application_group"] == "two"


def test_callable_object(launch, mode):
    server = launch(hosting(mode) + """
        WSGIScriptAlias /default @APPS@/named/app.wsgi
        WSGIScriptAlias /option @APPS@/named/app.wsgi callable-object=app
        WSGIScriptAlias /location @APPS@/named/app.wsgi
        <Location /location>
            WSGICallableObject app
        </Location>""")
    assert server.get("/default").body == b"application"
    assert server.get("/option").body == b"app"
    assert server.get("/location").body == b"app"


def test_alias_options(launch):
    server = launch("""
        WSGIDaemonProcess one python-home=@VENV@
        WSGIDaemonProcess two python-home=@VENV@
        WSGIPythonHome @VENV@
        WSGIScriptAlias /one @APPS@/environ/app.wsgi process-group=one application-group=%{GLOBAL}
        WSGIScriptAlias /two @APPS@/environ/app.wsgi process-group=two pass-authorization=On
        WSGIScriptAlias /none @APPS@/environ/app.wsgi process-group=%{GLOBAL}""")
    server.log.expect("WSGI1020: .*scheme Bearer")
    for path, group in (("/one", "one"), ("/two", "two"), ("/none", "")):
        told = server.get(path, {"Authorization": "Bearer x"}).json["environ"]
        assert told["mod_wsgi.process_group"]["value"] == group
        assert ("HTTP_AUTHORIZATION" in told) is (path == "/two")


def test_first_alias_wins_and_httpd_alias_before_all(launch, mode):
    server = launch(hosting(mode) + """
        Alias /a/static @ROOT@/htdocs
        WSGIScriptAlias /a/b @APPS@/named/app.wsgi callable-object=app
        WSGIScriptAlias /a @APPS@/named/app.wsgi
        WSGIScriptAlias /a/c @APPS@/hello/app.wsgi""")
    server.log.expect("WSGI1081.*'/a/c'.*'/a'")
    assert server.get("/a/b/x").body == b"app"
    assert server.get("/a/c").body == b"application"
    assert server.get("/a/static/ready.txt").body == b"ready\n"


def test_root_alias_has_an_empty_script_name(launch, mode):
    server = launch(hosting(mode) + "Alias /ready.txt @ROOT@/htdocs/ready.txt\n"
                    "WSGIScriptAlias / @APPS@/environ/app.wsgi")
    told = server.get("/any/path").json["environ"]
    assert told["SCRIPT_NAME"]["value"] == "" and told["PATH_INFO"]["value"] == "/any/path"


def test_unknown_process_group_is_a_500(launch):
    server = launch("WSGIScriptAlias /x @APPS@/hello/app.wsgi\nWSGIProcessGroup %{ENV:ABSENT}\nSetEnv ABSENT nowhere")
    server.log.expect("WSGI0150")
    assert server.get("/x").status == 500


def test_group_of_another_host_is_a_500(launch):
    server = launch("""
        <VirtualHost *:@PORT@>
            ServerName localhost
            WSGIScriptAlias /x @APPS@/hello/app.wsgi
            WSGIProcessGroup theirs
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName other.test
            WSGIDaemonProcess theirs python-home=@VENV@
            WSGIScriptAlias /x @APPS@/hello/app.wsgi
            WSGIProcessGroup theirs
        </VirtualHost>""")
    server.log.expect("WSGI0152")
    assert server.get("/x").status == 500
    assert server.get("/x", {"Host": "other.test"}).body == b"hello\n"


def test_restricted_embedded_is_a_500(launch):
    server = launch("WSGIRestrictEmbedded On\nWSGIScriptAlias /x @APPS@/hello/app.wsgi")
    server.log.expect("WSGI014[23]")
    assert server.get("/x").status == 500
    assert not [one for one in server.processes() if "libpython" in one.maps]


def test_httpd_has_no_python_when_all_is_in_daemons(launch):
    server = launch(hosting("daemon") + "WSGIScriptAlias /x @APPS@/hello/app.wsgi")
    assert server.get("/x").body == b"hello\n"
    httpds = [one for one in server.processes() if "httpd" in one.name or "apache2" in one.name]
    assert len(httpds) > 1
    assert not [one for one in httpds if "libpython" in one.maps]


def test_htaccess(launch, mode):
    server = launch(hosting(mode) + """
        <Directory @ROOT@/htdocs>
            AllowOverride FileInfo
            Options +ExecCGI
            AddHandler wsgi-script .wsgi
        </Directory>""", start=False)
    (server.root / "htdocs" / "script.wsgi").write_text((server.apps / "named" / "app.wsgi").read_text())
    (server.root / "htdocs" / ".htaccess").write_text("WSGICallableObject app\nWSGIPassAuthorization On\n")
    server.start()
    assert server.get("/script.wsgi/info").body == b"app"


def test_handler_without_execcgi_is_refused(launch, mode):
    server = launch(hosting(mode) + "AddHandler wsgi-script .wsgi", start=False)
    (server.root / "htdocs" / "script.wsgi").write_text("raise RuntimeError\n")
    server.start()
    server.log.expect("WSGI0134")
    assert server.get("/script.wsgi").status == 403
