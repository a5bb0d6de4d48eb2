"""Accounts, directories and scripts that are not there, or that somebody may not use, as `httpd -t` finds them."""

import shutil
import subprocess

import pytest

import env
import findings


# Accounts and directories

@pytest.mark.parametrize("option, tool", [("user", "adduser"), ("group", "addgroup")])
def test_account_that_does_not_exist(launch, option, tool):
    server = findings.site(launch, findings.DAEMON, MORE=f"{option}=no-such-{option}")
    findings.expect(server, "WSGI1005", "WSGIDaemonProcess site", f"no {option} 'no-such-{option}'", tool, error=True)


@pytest.mark.parametrize("option", ["supplementary-groups", "script-user", "script-group", "socket-user"])
def test_account_of_another_option_that_does_not_exist(launch, option):
    findings.root_only()
    server = findings.site(launch, findings.DAEMON, MORE=f"{option}=nobody-has-this-name")
    findings.expect(server, "WSGI1005", "WSGIDaemonProcess site", f"({option}=)", error=True)


def test_service_without_a_script(launch):
    server = findings.site(launch, findings.DAEMON + "WSGIDaemonProcess service python-home=@VENV@ threads=0\n", MORE="")
    findings.expect(server, "WSGI1071", "WSGIDaemonProcess service", "WSGIImportScript", "503", error=True)
    server.configure("WSGIImportScript @SITE@/app.wsgi process-group=service application-group=%{GLOBAL}",
                     SITE=server.root / "site")
    assert findings.of(server) == []


def test_every_finding_is_told_before_the_test_fails(launch):
    server = findings.site(launch, """
        WSGIDaemonProcess one python-home=@VENV@ user=no-such-user
        WSGIDaemonProcess two python-home=/nonexistent
        WSGIScriptAlias /1 @SITE@/app.wsgi process-group=one
        WSGIScriptAlias /2 @SITE@/absent.wsgi process-group=two""")
    found = findings.of(server, errors=2)
    assert sorted(one[0] for one in found) == ["WSGI0135", "WSGI1003", "WSGI1005"], found
    lines = [line for line in server.test_config().stdout.splitlines() if line]
    last = max(index for index, line in enumerate(lines) if line.startswith("WSGI"))
    assert lines[last + 1].startswith("mod_wsgi found 2 errors: ")


def test_a_dump_is_printed_and_does_not_fail(launch):
    server = findings.site(launch, findings.DAEMON, MORE="user=no-such-user")
    server.write_config()
    for define in ("DUMP_WSGI", "DUMP_VHOSTS", "DUMP_MODULES", "DUMP_RUN_CFG"):
        done = server._run("-t", "-D", define)
        assert done.returncode == 0, done.stdout
        assert define != "DUMP_WSGI" or "Process group 'site'" in done.stdout and "WSGI1005" in done.stdout


def test_an_ordinary_user_is_told_of_accounts_only(launch):
    """Others do not see what root will see; whether an account exists they know."""
    findings.root_only()
    server = findings.site(launch, findings.DAEMON, MORE="@MORE@")
    for more, code in (("env-file=@ROOT@/secret.env", 0), ("home=@ROOT@/absent", 0), ("user=no-such-user", 1)):
        server.reconfigure(findings.GRANT + findings.DAEMON, MORE=more.replace("@ROOT@", str(server.root)), SITE=server.root / "site")
        (server.root / "secret.env").write_text("A=1\n")
        (server.root / "secret.env").chmod(0o600)
        done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", env.httpd(), "-t", "-f",
                               server.config_file], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == code, done.stdout


def test_a_start_tolerates_what_the_test_refuses(launch):
    server = findings.site(launch, findings.DAEMON, MORE="user=no-such-user")
    findings.expect(server, "WSGI1005", "WSGIDaemonProcess site", error=True)
    server.log.expect("WSGI1005", "WSGI0117")
    server.start(wait=False)
    server.wait_answering()
    assert server.get("/").status == 503
    server.graceful()
    server.wait_answering()
    assert server.is_alive()


def test_home_that_does_not_exist(launch):
    server = findings.site(launch, findings.DAEMON, MORE="home=@SITE@/absent/deeper")
    findings.expect(server, "WSGI1006", "WSGIDaemonProcess site", f"'{server.root}/site/absent' does not exist",
                    "home=", "503", error=True)


def test_home_that_is_a_file(launch):
    server = findings.site(launch, findings.DAEMON, MORE="home=@SITE@/app.wsgi")
    findings.expect(server, "WSGI1006", "WSGIDaemonProcess site", "is not a directory", error=True)


def test_home_that_the_user_may_not_enter(launch):
    findings.root_only()
    server = findings.site(launch, findings.DAEMON, MORE="user=@OTHER@ home=@SITE@/closed/home")
    (server.root / "site" / "closed" / "home").mkdir(parents=True)
    (server.root / "site" / "closed").chmod(0o700)
    findings.expect(server, "WSGI1006", "WSGIDaemonProcess site",
                    f"may not enter '{server.root}/site/closed' (mode 0700, owner root:root)",
                    f"chmod o+x {server.root}/site/closed", f"user '{env.other_user()}'", error=True)


def test_socket_directory_that_does_not_exist(launch):
    server = findings.site(launch, "WSGISocketPrefix @ROOT@/absent/wsgi\n" + findings.DAEMON, MORE="")
    findings.expect(server, "WSGI1007", "WSGISocketPrefix /tmp",
                    f"'{server.root}/absent/'", "WSGISocketPrefix /run/apache2/wsgi", error=True)


def test_socket_directory_that_httpd_may_not_enter(launch):
    findings.root_only()
    server = findings.site(launch, "WSGISocketPrefix @ROOT@/closed/wsgi\n" + findings.DAEMON, MORE="")
    (server.root / "closed").mkdir(mode=0o700)
    findings.expect(server, "WSGI0117", f"WSGISocketPrefix {server.root}/closed", f"'{server.root}/closed",
                    "mode 0700", "chmod o+x", "WSGISocketPrefix /run/apache2/wsgi", error=True)


@pytest.mark.parametrize("option, tag", [("python-home=@SITE@/venv/none", "WSGI1003"), ("home=@SITE@/home", "WSGI1006"),
                                         ("env-file=@SITE@/app.env", "WSGI1040")])
def test_what_a_site_can_change_does_not_keep_httpd_from_being_reloaded(launch, option, tag):
    """apachectl, certbot and logrotate do not reload httpd when the test fails."""
    findings.root_only()
    server = findings.site(launch, findings.DAEMON.replace(" python-home=@VENV@", ""), MORE=f"user=@OTHER@ {option}")
    findings.expect(server, tag, "WSGIDaemonProcess site", "will answer 503", error=True)
    shutil.chown(server.root / "site", env.other_user())
    findings.expect(server, tag, "WSGIDaemonProcess site", "will answer 503", f"users other than root can change '{server.root}/site'")


# Scripts

def test_script_that_does_not_exist(launch):
    server = findings.site(launch, "WSGIScriptAlias / @SITE@/other.wsgi process-group=%{GLOBAL}\n")
    findings.expect(server, "WSGI0135", "WSGIScriptAlias", f"'{server.root}/site/other.wsgi' does not exist")


def test_directory_of_scripts_that_does_not_exist(launch):
    server = findings.site(launch, "WSGIScriptAlias / @SITE@/absent/deeper/ process-group=%{GLOBAL}\n")
    findings.expect(server, "WSGI0135", "WSGIScriptAlias", f"there is no '{server.root}/site/absent'")


def test_script_in_a_directory_that_httpd_may_not_enter(launch):
    findings.root_only()
    server = findings.site(launch, "WSGIScriptAlias / @SITE@/app.wsgi process-group=%{GLOBAL}\n")
    (server.root / "site").chmod(0o750)
    findings.expect(server, "WSGI0105", "WSGIScriptAlias", f"httpd's user '{env.httpd_user()}' may not enter",
                    f"'{server.root}/site' (mode 0750, owner root:root)", f"chmod o+x {server.root}/site")


def test_script_that_the_group_may_not_read(launch):
    findings.root_only()
    server = findings.site(launch, findings.DAEMON, MORE="user=@OTHER@ home=/")
    script = server.root / "site" / "app.wsgi"
    script.chmod(0o640)
    findings.expect(server, "WSGI0105", "WSGIScriptAlias", f"user '{env.other_user()}' of process group 'site'",
                    f"may not read '{script}' (mode 0640, owner root:root)", f"chmod o+r {script}")


def test_script_of_embedded_mode_that_httpd_may_not_read(launch):
    findings.root_only()
    server = findings.site(launch, "WSGIScriptAlias / @SITE@/app.wsgi process-group=%{GLOBAL}\n")
    (server.root / "site" / "app.wsgi").chmod(0o600)
    findings.expect(server, "WSGI0105", "WSGIScriptAlias", "httpd's user", "chmod o+r")


def test_script_that_only_the_group_must_read(launch):
    findings.root_only()
    server = findings.site(launch, findings.DAEMON, MORE="user=@OTHER@ home=/")
    script = server.root / "site" / "app.wsgi"
    script.chmod(0o600)
    subprocess.run(["chown", env.other_user(), script], check=True)
    assert findings.of(server) == []


def test_import_script_that_does_not_exist(launch):
    server = findings.site(launch, findings.DAEMON + "WSGIImportScript @SITE@/warm.py process-group=site application-group=%{GLOBAL}\n",
                  MORE="")
    findings.expect(server, "WSGI0135", "WSGIImportScript", f"'{server.root}/site/warm.py' does not exist")


@pytest.mark.parametrize("directive", ["WSGIAccessScript", "WSGIAuthUserScript", "WSGIAuthGroupScript"])
def test_access_script_that_does_not_exist(launch, directive):
    server = findings.site(launch, findings.DAEMON + f"<Location />\n{directive} @SITE@/auth.py\n</Location>\n", MORE="")
    findings.expect(server, "WSGI0135", directive, f"'{server.root}/site/auth.py' does not exist")
