"""Where each directive may stand: every directive of `httpd -L` in every context."""

import re

import pytest

from shared_server import serving

PLACES = {
    "main server": "%s",
    "virtual host": "<VirtualHost *:80>\nServerName x\n%s\n</VirtualHost>",
    "<Directory>": "<Directory /srv>\n%s\n</Directory>",
    "<DirectoryMatch>": '<DirectoryMatch "^/s.v">\n%s\n</DirectoryMatch>',
    "<Location>": "<Location /x>\n%s\n</Location>",
    "<LocationMatch>": '<LocationMatch "^/x">\n%s\n</LocationMatch>',
    "<Files>": "<Files x>\n%s\n</Files>",
    "<FilesMatch>": '<FilesMatch "x$">\n%s\n</FilesMatch>',
    "<If>": "<If true>\n%s\n</If>",
    "<Else>": "<If true>\n</If>\n<Else>\n%s\n</Else>",
    "<Location> of a host": "<VirtualHost *:80>\nServerName x\n<Location /x>\n%s\n</Location>\n</VirtualHost>",
    "<If> in <Files> in <Directory>":
        "<Directory /srv>\n<Files x>\n<If true>\n%s\n</If>\n</Files>\n</Directory>",
    "<WSGIInterpreterOptions>": "<WSGIInterpreterOptions process-group=one>\n%s\n</WSGIInterpreterOptions>",
}

#: Settings of AllowOverride for a .htaccess file.
OVERRIDES = {"FileInfo": {"all", "file_info"}, "AuthConfig": {"all", "auth_config"}, None: set()}
FOLDERS = {"all": "All", "file_info": "FileInfo", "auth_config": "AuthConfig", "others": "Options Indexes Limit"}

CONTAINERS = set(PLACES) - {"main server", "virtual host", "<WSGIInterpreterOptions>"}

#: Kinds of directives: where they may stand, and the class that .htaccess needs.
MAIN = ({"main server"}, None)
INTERPRETER = ({"main server", "<WSGIInterpreterOptions>"}, None)
SERVER = ({"main server", "virtual host"}, None)
DIRECTORY = (SERVER[0] | CONTAINERS, None)
FILE_INFO = (DIRECTORY[0], "FileInfo")
AUTH_CONFIG = (CONTAINERS, "AuthConfig")

DIRECTIVES = {
    "WSGIScriptAlias /x /y": SERVER,
    "WSGIScriptAliasMatch ^/x(.*) /y$1": SERVER,
    "WSGIHandlerScript name /x": DIRECTORY,
    "WSGIImportScript /x process-group=%{GLOBAL} application-group=%{GLOBAL}": SERVER,
    "WSGIDispatchScript /x": DIRECTORY,
    "WSGIDaemonProcess one": SERVER,
    "WSGIProcessGroup one": DIRECTORY,
    "WSGIRestrictProcess one": DIRECTORY,
    "WSGISocketPrefix run/wsgi": MAIN,
    "WSGIStartLimit 4": MAIN,
    "WSGIRestrictEmbedded On": MAIN,
    "WSGIApplicationGroup one": DIRECTORY,
    "WSGICallableObject one": FILE_INFO,
    "WSGIScriptReloading On": FILE_INFO,
    "WSGIPassAuthorization On": FILE_INFO,
    "WSGITraceContext On": FILE_INFO,
    "WSGIChunkedRequest On": FILE_INFO,
    "WSGIMapHEADToGET Auto": FILE_INFO,
    "WSGIErrorOverride On": FILE_INFO,
    "WSGITrustedProxyHeaders X-Forwarded-For": FILE_INFO,
    "WSGITrustedProxies 127.0.0.1 ::1/128": FILE_INFO,
    "WSGIEnableSendfile On": FILE_INFO,
    "WSGIIgnoreActivity On": FILE_INFO,
    "WSGIPassApacheRequest On": DIRECTORY,
    "WSGICaseSensitivity On": MAIN,
    "WSGIAccessScript /x": AUTH_CONFIG,
    "WSGIAuthUserScript /x": AUTH_CONFIG,
    "WSGIAuthGroupScript /x": AUTH_CONFIG,
    "WSGIGroupAuthoritative On": AUTH_CONFIG,
    "WSGIPythonHome /usr": MAIN,
    "WSGIPythonPath /x": INTERPRETER,
    "WSGIPythonEggs /x": MAIN,
    "WSGIPythonOptimize 1": MAIN,
    "WSGIPythonWarnings ignore": MAIN,
    "WSGIPythonHashSeed 1": MAIN,
    "WSGIDontWriteBytecode On": MAIN,
    "WSGIDestroyInterpreter On": MAIN,
    "WSGISwitchInterval 0.01": INTERPRETER,
    "WSGIPerInterpreterGIL On": INTERPRETER,
    "WSGIFreeThreading On": INTERPRETER,
    "WSGIRestrictStdin On": INTERPRETER,
    "WSGIRestrictStdout On": INTERPRETER,
    "WSGIRestrictSignal On": INTERPRETER,
    "<WSGIInterpreterOptions process-group=one>\n</WSGIInterpreterOptions>": MAIN,
    "WSGIServerMetrics On": MAIN,
    "WSGITelemetryService unix:/x": MAIN,
    "WSGITelemetryOptions None": MAIN,
    "WSGISlowRequests 1": MAIN,
    "WSGISocketRotation On": MAIN,
    "WSGIAcceptMutex default": MAIN,
    "WSGIVerboseDebugging On": MAIN,
    "WSGILazyInitialization On": MAIN,
}

#: Directives that mod_wsgi has given up: refused with what to do instead.
REMOVED = ["WSGIReloadMechanism", "WSGIOutputBuffering", "WSGIPythonExecutable", "WSGIApacheExtensions",
           "WSGIServerGroup", "WSGIPy3kWarningFlag", "WSGIUserAuthoritative", "WSGINewRelicConfigFile",
           "WSGINewRelicEnvironment"]

EVERY = pytest.mark.parametrize("statement", DIRECTIVES, ids=lambda text: re.match(r"<?\w+", text)[0])


def name_of(statement):
    return statement.split()[0]


def refused(name):
    """What httpd prints for a directive in the wrong place, be it in its own words or in ours."""
    ours = rf"{name} (applies to the whole server and )?is not allowed (in|outside of) .*: move it "
    httpds = rf"{name} not allowed (in <\w+> context|here)"
    return re.compile(f"({ours})|({httpds})")


def test_every_directive_is_in_the_list(launch):
    server = launch(start=False)
    server.write_config()
    listed = set(re.findall(r"^(<?\w+) \(mod_wsgi\.c\)$", server._run("-L").stdout, re.M))
    assert listed == {name_of(statement) for statement in DIRECTIVES} | set(REMOVED)


@EVERY
def test_places_of_the_servers_configuration(launch, statement):
    allowed, _ = DIRECTIVES[statement]
    server = launch(start=False)
    for place, container in PLACES.items():
        server.reconfigure(container % statement)
        done = server.test_config()
        if place in allowed:
            assert done.returncode == 0 and "Syntax OK" in done.stdout, (place, done.stdout)
        else:
            assert done.returncode != 0 and refused(name_of(statement)).search(done.stdout), (place, done.stdout)
            assert f"{server.config_file}:" in done.stdout, (place, done.stdout)


def lay_out(server):
    for folder in FOLDERS:
        (server.root / "htdocs" / folder).mkdir()
        (server.root / "htdocs" / folder / "file.txt").write_text("file\n")


@pytest.fixture(scope="module")
def hosted(platform):
    folders = "\n".join(f"<Directory @ROOT@/htdocs/{folder}>\nAllowOverride {classes}\n</Directory>"
                        for folder, classes in FOLDERS.items())
    with serving(platform, folders, prepare=lay_out) as server:
        yield server


@EVERY
def test_htaccess(server, statement):
    _, needed = DIRECTIVES[statement]
    name = re.escape(name_of(statement))
    server.log.allow(rf"/\.htaccess: {name} not allowed here")
    if name == "WSGIAccessScript":
        server.log.allow("WSGI0105", "Traceback|  File|FileNotFoundError")  # where it is accepted it is asked, and absent
    for folder in FOLDERS:
        (server.root / "htdocs" / folder / ".htaccess").write_text(statement + "\n")
    for folder in FOLDERS:
        status = server.get(f"/{folder}/file.txt").status
        accepted = 403 if name == "WSGIAccessScript" else 200
        assert status == (accepted if folder in OVERRIDES[needed] else 500), (folder, server.log.text())
        if status == 500:
            server.log.wait_for(rf"/{folder}/\.htaccess: {name} not allowed here")


@pytest.mark.parametrize("name", REMOVED)
def test_removed_directive_says_what_to_do(launch, name):
    server = launch(start=False)
    for place, container in PLACES.items():
        server.reconfigure(container % f"{name} On")
        done = server.test_config()
        assert done.returncode != 0 and f"{name} " in done.stdout, (place, done.stdout)
        assert re.search(f"{name} (was removed (in|before)|is not allowed in <WSGIInter)", done.stdout), (place, done.stdout)


def test_unknown_directive_is_httpds_to_refuse(launch):
    done = launch("WSGINonsense On", start=False).test_config()
    assert done.returncode != 0 and "Invalid command 'WSGINonsense'" in done.stdout
