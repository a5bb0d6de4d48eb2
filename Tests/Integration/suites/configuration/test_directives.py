"""Wrong directives are refused by httpd -t with a message that names the directive and the line."""

import pytest

import env

WRONG = [
    ("WSGIScriptAlias /x", "WSGIScriptAlias"),
    ("WSGIScriptAlias /x /y bogus=1", "WSGIScriptAlias"),
    ("WSGIScriptAlias /x /y process-group=", "WSGIScriptAlias"),
    ("WSGIScriptAlias /x /y pass-authorization=maybe", "WSGIScriptAlias"),
    ("WSGIDaemonProcess", "WSGIDaemonProcess"),
    ("WSGIDaemonProcess one bogus=1", "bogus"),
    ("WSGIDaemonProcess one bogus", "bogus"),
    ("WSGIDaemonProcess one processes=0", "processes"),
    ("WSGIDaemonProcess one processes=two", "processes"),
    ("WSGIDaemonProcess one threads=-1", "threads"),
    ("WSGIDaemonProcess one threads=70000", "threads"),
    ("WSGIDaemonProcess one umask=999", "umask"),
    ("WSGIDaemonProcess one home=relative", "home"),
    ("WSGIDaemonProcess one request-timeout=-1", "request-timeout"),
    ("WSGIDaemonProcess one request-timeout=soon", "request-timeout"),
    ("WSGIDaemonProcess one switch-interval=0", "switch-interval"),
    ("WSGIDaemonProcess one send-buffer-size=100", "send-buffer-size"),
    ("WSGIDaemonProcess one header-buffer-size=100", "header-buffer-size"),
    ("WSGIDaemonProcess one script-user=root script-group=root", "script-"),
    ("WSGIDaemonProcess one\nWSGIDaemonProcess one threads=2", "one"),
    ("WSGIRestrictEmbedded Perhaps", "WSGIRestrictEmbedded"),
    ("WSGIScriptReloading 1", "WSGIScriptReloading"),
    ("WSGIPassAuthorization", "WSGIPassAuthorization"),
    ("WSGIBogusDirective On", "WSGIBogusDirective"),
    ("<VirtualHost *:80>\nWSGIRestrictEmbedded On\n</VirtualHost>", "WSGIRestrictEmbedded"),
    ("<VirtualHost *:80>\nWSGISocketPrefix run/x\n</VirtualHost>", "WSGISocketPrefix"),
    ("<Directory />\nWSGIScriptAlias /x /y\n</Directory>", "WSGIScriptAlias"),
    ("<Directory />\nWSGIDaemonProcess one\n</Directory>", "WSGIDaemonProcess"),
]

RIGHT = [
    "WSGIScriptAlias /x /y",
    'WSGIScriptAlias /x "/with space/y" application-group=%{GLOBAL}',
    "WSGIDaemonProcess one processes=2 threads=3 umask=0027 home=/tmp display-name=%{GROUP} lang=C.UTF-8",
    'WSGIDaemonProcess one display-name="two words" python-path=/a:/b',
    "WSGIDaemonProcess one maximum-requests=10 graceful-timeout=3 shutdown-timeout=1 connect-timeout=1 "
    "socket-timeout=3 listen-backlog=5 stack-size=524288",
    "WSGIDaemonProcess one\nWSGIScriptAlias /x /y process-group=one application-group=%{GLOBAL}",
    "WSGIDaemonProcess one user=#1 group=#1",
    "WSGIRestrictEmbedded on",
    "WSGIProcessGroup %{ENV:GROUP}\nWSGIApplicationGroup %{SERVER}",
    "<Location /x>\nWSGIPassAuthorization On\nWSGIChunkedRequest On\nWSGICallableObject app\n</Location>",
    "WSGIEnableSendfile On\nWSGIScriptReloading Off\nWSGIPythonPath /a:/b",
    "<IfModule mod_wsgi.c>\nWSGIRestrictEmbedded Off\n</IfModule>",
    "<IfModule wsgi_module>\nWSGIRestrictEmbedded Off\n</IfModule>",
]


@pytest.mark.parametrize("text, named", WRONG)
def test_wrong_directive_is_refused(launch, text, named):
    if "root" in text and not env.is_root():
        pytest.skip("not started by root")
    server = launch(text, start=False)
    done = server.test_config()
    assert done.returncode != 0, done.stdout
    assert named in done.stdout
    assert "httpd.conf" in done.stdout and "line" in done.stdout


@pytest.mark.parametrize("option, name", [("user", "no-such-user"), ("group", "no-such-group")])
def test_unknown_account_is_reported_and_everything_else_is_served(launch, option, name):
    server = launch(f"""
WSGIDaemonProcess one {option}={name}
WSGIDaemonProcess two python-home=@VENV@
WSGIScriptAlias /one @APPS@/hello/app.wsgi process-group=one application-group=%{{GLOBAL}}
WSGIScriptAlias /two @APPS@/hello/app.wsgi process-group=two application-group=%{{GLOBAL}}
""")
    server.log.expect(rf"httpd.conf:{server.line_of(name)}: .*'{name}'", "WSGI1005", "WSGI0117")
    assert server.get("/one").status == 503
    assert server.get("/two").status == 200


def test_unknown_group_of_a_preload_is_refused(launch):
    server = launch("WSGIScriptAlias /x /y process-group=absent application-group=%{GLOBAL}", start=False)
    done = server.test_config()
    assert done.returncode != 0 and "absent" in done.stdout and "WSGIScriptAlias" in done.stdout


def test_root_is_refused_as_user(launch):
    if not env.is_root():
        pytest.skip("not started by root")
    done = launch("WSGIDaemonProcess one user=root", start=False).test_config()
    assert done.returncode != 0 and "root" in done.stdout


@pytest.mark.parametrize("text", RIGHT)
def test_directive_is_accepted(launch, text):
    done = launch(text, start=False).test_config()
    assert done.returncode == 0, done.stdout
    assert "Syntax OK" in done.stdout


def test_directives_are_listed(launch):
    server = launch(start=False)
    server.write_config()
    done = server._run("-L")
    assert "WSGIScriptAlias (mod_wsgi.c)" in done.stdout and "WSGIDaemonProcess (mod_wsgi.c)" in done.stdout
