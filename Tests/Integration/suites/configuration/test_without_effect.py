"""Directives that are accepted and do nothing: each says so, and applications are served."""

import pytest

from shared_server import hosting


@pytest.mark.parametrize("statement", ["WSGISocketRotation On", "WSGIAcceptMutex flock", "WSGIVerboseDebugging On",
                                       "WSGILazyInitialization Off"])
def test_notice(launch, statement):
    name = statement.split()[0]
    server = launch(statement + "\n" + hosting("daemon") + "WSGIScriptAlias /hello @APPS@/hello/app.wsgi", start=False)
    assert name in server.test_config().stdout
    server.log.allow(name)
    server.start()
    assert server.get("/hello").body == b"hello\n"


NOTHING = """
WSGISocketRotation Off
WSGIAcceptMutex default
WSGIVerboseDebugging Off
WSGILazyInitialization On
WSGIServerMetrics Off
WSGISlowRequests 0
WSGITelemetryOptions None
WSGIDaemonProcess other server-metrics=Off python-path='' python-home='' python-eggs='' display-name='' lang='' locale='' \
    supplementary-groups=''
WSGIScriptAlias /other @APPS@/hello/app.wsgi process-group=other application-group=%{GLOBAL}
"""


def test_what_asks_for_nothing_is_not_mentioned(launch):
    server = launch(NOTHING, start=False)
    assert server.test_config().stdout.strip() == "Syntax OK"
    server.start()
    assert server.get("/other").body == b"hello\n"


def test_group_authoritative(launch, mode):
    server = launch(hosting(mode) + """
        WSGIScriptAlias /hello @APPS@/hello/app.wsgi
        <Location />
            WSGIGroupAuthoritative Off
        </Location>""")
    assert server.get("/hello").body == b"hello\n"


@pytest.mark.parametrize("prefix, place", [("run/mine", "run/mine"), ("@ROOT@/run/absolute", "run/absolute")])
def test_socket_prefix(launch, prefix, place):
    server = launch(hosting("daemon") + f"WSGISocketPrefix {prefix}\nWSGIScriptAlias /hello @APPS@/hello/app.wsgi")
    assert server.get("/hello").body == b"hello\n"
    found = list((server.root / place).parent.glob(server.root.joinpath(place).name + "*"))
    assert found and all(path.is_socket() for path in found), found
    server.stop()
    assert not list((server.root / place).parent.glob("mine*"))


@pytest.mark.parametrize("setting", ["WSGIEnableSendfile On", "WSGIEnableSendfile Off"])
def test_sendfile_changes_nothing_that_clients_see(launch, mode, setting):
    server = launch(hosting(mode) + f"EnableSendfile On\n{setting}\nSetEnv TEST_SCRATCH @SCRATCH@\n"
                    "WSGIScriptAlias /file @APPS@/file/app.wsgi")
    content = bytes(range(256)) * 20000
    (server.scratch / "data").write_bytes(content)
    assert server.get("/file?name=data").body == content
