"""Process groups and interpreters that do not fit what uses them, as `httpd -t` and a start of httpd find them."""

import pytest

import findings


# Groups

def test_application_that_lacks_its_group(launch):
    server = findings.site(launch, "WSGIDaemonProcess site python-home=@VENV@\n"
                          "<VirtualHost *:@PORT@>\nServerName one.test\nWSGIScriptAlias / @SITE@/app.wsgi\n</VirtualHost>\n")
    findings.expect(server, "WSGI1004", "WSGIScriptAlias", f"one.test:{server.port}", f"{server.root}/site/app.wsgi",
                    "process-group=site", "%{GLOBAL}")


def test_embedded_application_in_many_children(launch):
    server = findings.site(launch, "WSGIScriptAlias / @SITE@/app.wsgi\n")
    assert findings.of(server) == []
    server.configure("ServerLimit 64\nMaxRequestWorkers 1024\nThreadLimit 16\nThreadsPerChild 16")
    findings.expect(server, "WSGI1004", "WSGIScriptAlias", "up to 64", "WSGIDaemonProcess")


def test_embedded_application_where_that_is_refused(launch):
    server = findings.site(launch, "WSGIRestrictEmbedded On\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    findings.expect(server, "WSGI0143", "WSGIScriptAlias", "500", "WSGIRestrictEmbedded", "process-group=")


@pytest.mark.parametrize("where", ["{}", "<Directory @SITE@>\n{}\n</Directory>", "<Location /x>\n{}\n</Location>",
                                   "<VirtualHost *:@PORT@>\nServerName one.test\n{}\n</VirtualHost>"])
def test_group_that_is_not_defined(launch, where):
    server = findings.site(launch, "WSGIDaemonProcess production python-home=@VENV@\n"
                          "WSGIScriptAlias /p @SITE@/app.wsgi process-group=production\n"
                          "WSGIScriptAlias / @SITE@/app.wsgi process-group=production\n"
                          + where.format("WSGIProcessGroup prodution"))
    findings.expect(server, "WSGI0150", "WSGIProcessGroup", "'prodution'", "did you mean 'production'?")


def test_group_of_another_host(launch):
    server = findings.site(launch, """
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIDaemonProcess one python-home=@VENV@
            WSGIScriptAlias / @SITE@/app.wsgi process-group=one
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName two.test
            WSGIProcessGroup one
            WSGIScriptAlias / @SITE@/app.wsgi
        </VirtualHost>""")
    findings.expect(server, "WSGI0152", "WSGIProcessGroup", "another virtual host",
                    f"httpd.conf:{server.line_of('WSGIDaemonProcess one')}", "ServerName")


@pytest.mark.parametrize("line, told", [
    ("WSGIApplicationGroup %{HOSTNAME}", "'%{HOSTNAME}' is taken as a literal name"),
    ("WSGIScriptAlias /v @SITE@/app.wsgi process-group=site application-group=%{ENV", "'%{ENV' is taken as a literal name"),
    ("WSGICallableObject %{ENV:OBJECT", "callable object '%{ENV:OBJECT' is taken as a literal name"),
    ("WSGIDaemonProcess shown python-home=@VENV@ display-name=site-%{GROUP}\nWSGIScriptAlias /d @SITE@/app.wsgi "
     "process-group=shown", "display-name 'site-%{GROUP}' is taken as a literal name: the only variable is %{GROUP}, alone"),
])
def test_what_looks_like_a_variable_and_is_none(launch, line, told):
    server = findings.site(launch, findings.DAEMON + line + "\n", MORE="")
    findings.expect(server, "WSGI1034", " ".join(line.split()[:2]), told)


def test_group_that_nothing_uses(launch):
    server = findings.site(launch, findings.DAEMON + "WSGIDaemonProcess former python-home=@VENV@\n", MORE="")
    findings.expect(server, "WSGI1009", "WSGIDaemonProcess former", "'former'", "WSGIProcessGroup", "remove it")


def test_second_module(launch):
    server = findings.site(launch, "LoadModule wsgi_module /opt/elsewhere/mod_wsgi.so\n")
    done = server.test_config()
    assert done.returncode == 0
    line = next(line for line in done.stdout.splitlines() if line.startswith("WSGI1031"))
    assert f"httpd.conf:{server.line_of('/opt/elsewhere')}: LoadModule" in line
    assert f"httpd.conf:{server.line_of('LoadModule wsgi_module')} has already loaded" in line and "a2dismod" in line


# When httpd starts

def test_findings_are_logged_at_start(launch):
    server = findings.site(launch, "WSGIDaemonProcess one python-home=@VENV@\nWSGIScriptAlias /x @SITE@/other.wsgi\n")
    where = "httpd.conf:%d: " % server.line_of("WSGIScriptAlias")
    server.log.expect("WSGI0135: .*" + where, "WSGI1004: .*" + where)
    server.start()


def test_what_fails_at_start_is_said_once(launch):
    server = findings.site(launch, findings.GROUP.replace("WSGIScriptAlias / ", "WSGIScriptAlias /x "), HOME="/nonexistent")
    server.log.expect("WSGI1003")
    server.start()
    assert len([line for line in server.log.lines() if "WSGI1003" in line]) == 1


# Interpreters

@pytest.mark.parametrize("pattern, options, is_found", [
    ("^/u/(.*)", "", True), ("^/u/[a-z]+", " process-group=%{GLOBAL}", True), ("^/u/x{2,}", "", True),
    ("^/u/(.*)", " application-group=%{GLOBAL}", False), ("^/u/(.*)", " application-group=one", False),
    ("^/(a|b)$", "", False), (r"^/a\+b", "", False), ("^/u/[*+]", "", False),
])
def test_interpreter_for_each_url(launch, pattern, options, is_found):
    server = findings.site(launch, f"WSGIScriptAliasMatch {pattern} @SITE@/app.wsgi{options}\n")
    if is_found:
        findings.expect(server, "WSGI1035", "WSGIScriptAliasMatch", "an interpreter of its own", "application-group=%{GLOBAL}")
    else:
        assert findings.of(server) == []


def test_pattern_with_a_script_for_each_site_is_no_interpreter_for_each_url(launch):
    """Only files that are there get an interpreter."""
    assert findings.of(findings.site(launch, "WSGIScriptAliasMatch ^/([a-z]+) @SITE@/$1.wsgi\n")) == []
