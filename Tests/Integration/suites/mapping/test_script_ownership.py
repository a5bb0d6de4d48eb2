"""What may be served and by whom: WSGIRestrictProcess, script-user, script-group, AcceptPathInfo, case of paths."""

import os
import shutil

import pytest

import env
from shared_server import group_of, hosting

GROUPS = """
WSGIDaemonProcess one python-home=@VENV@
WSGIDaemonProcess two python-home=@VENV@
WSGIPythonHome @VENV@
WSGIScriptAlias /app @APPS@/process/app.wsgi
SetEnvIf X-Group (.*) GROUP=$1
WSGIProcessGroup %{ENV:GROUP}
"""


def served_by(server, group, path="/app"):
    answer = server.get(path, {"X-Group": group})
    return answer.json["process_group"] if answer.status == 200 else answer.status


def test_a_restriction_comes_before_an_unknown_group(launch):
    server = launch(GROUPS + "WSGIRestrictProcess one")
    server.log.expect("WSGI0149: .*'nowhere'")
    assert served_by(server, "nowhere") == 500


# Owners of scripts

def owned(launch, options):
    return launch(f"""
        WSGIDaemonProcess site python-home=@VENV@ {options}
        WSGIProcessGroup site
        WSGIScriptAlias /app @APPS@/process/app.wsgi""")


def lay_out(server, user, group, file_mode=0o644, directory_mode=0o755):
    folder = server.apps / "process"
    shutil.chown(folder, user, group)
    shutil.chown(folder / "app.wsgi", user, group)
    folder.chmod(directory_mode)
    (folder / "app.wsgi").chmod(file_mode)


needs_root = pytest.mark.skipif(not env.is_root(), reason="only root can give files away")


@needs_root
@pytest.mark.parametrize("options", ["script-user=@OTHER@", "script-user=#{uid}", "script-group={group}"])
def test_scripts_of_the_right_owner_are_served(launch, options):
    other = env.other_user()
    import pwd
    server = owned(launch, options.format(uid=pwd.getpwnam(other).pw_uid, group=group_of(other)))
    lay_out(server, other, group_of(other))
    assert server.get("/app").status == 200


@needs_root
@pytest.mark.parametrize("options, file_mode, directory_mode, file_owner, directory_owner, tag", [
    ("script-user=@OTHER@", 0o644, 0o755, "root", None, "WSGI0154"),
    ("script-user=@OTHER@", 0o664, 0o755, None, None, "WSGI0155"),
    ("script-user=@OTHER@", 0o646, 0o755, None, None, "WSGI0156"),
    ("script-user=@OTHER@", 0o644, 0o755, None, "root", "WSGI0158"),
    ("script-user=@OTHER@", 0o644, 0o775, None, None, "WSGI0159"),
    ("script-user=@OTHER@", 0o644, 0o757, None, None, "WSGI0160"),
    ("script-group=@OTHER@", 0o644, 0o755, "root", None, "WSGI0161"),
    ("script-group=@OTHER@", 0o644, 0o755, None, "root", "WSGI0162"),
    ("script-group=@OTHER@", 0o646, 0o755, None, None, "WSGI0156"),
    ("script-group=@OTHER@", 0o644, 0o757, None, None, "WSGI0160"),
])
def test_others_are_refused(launch, options, file_mode, directory_mode, file_owner, directory_owner, tag):
    other = env.other_user()
    server = owned(launch, options)
    lay_out(server, other, group_of(other), file_mode, directory_mode)
    folder = server.apps / "process"
    if file_owner:
        shutil.chown(folder / "app.wsgi", file_owner, file_owner)
    if directory_owner:
        shutil.chown(folder, directory_owner, directory_owner)
    server.log.expect(f"{tag}: .*process")
    assert server.get("/app").status == 403
    # Nothing was loaded, and what is put right is served.
    lay_out(server, other, group_of(other))
    assert server.get("/app").status == 200


@needs_root
def test_a_group_may_write_where_the_group_owns(launch):
    other = env.other_user()
    server = owned(launch, f"script-group={group_of(other)}")
    lay_out(server, "root", group_of(other), 0o664, 0o775)
    assert server.get("/app").status == 200


@needs_root
def test_the_owner_of_a_handler_script_counts(launch):
    server = launch("""
        WSGIDaemonProcess site python-home=@VENV@ script-user=@OTHER@
        WSGIHandlerScript resource @APPS@/handler/handler.py process-group=site
        <Location /x>
            SetHandler resource
        </Location>""")
    server.log.expect("WSGI0154: .*handler.py")
    assert server.get("/x").status == 403


@pytest.mark.parametrize("option", ["script-user=nobody-at-all", "script-group=nobody-at-all"])
def test_an_account_that_does_not_exist(launch, option):
    server = launch(f"""
        WSGIDaemonProcess site python-home=@VENV@ {option}
        WSGIScriptAlias /app @APPS@/process/app.wsgi process-group=site""")
    server.log.expect("WSGI1005: .*nobody-at-all")
    server.log.allow("WSGI0117")
    assert server.get("/app").status == 503


# httpd's own settings

def test_path_info_is_refused_where_httpd_says_so(launch, mode):
    server = launch(hosting(mode) + """
        WSGIScriptAlias /app @APPS@/environ/app.wsgi
        WSGIHandlerScript resource @APPS@/handler/handler.py
        <Location /app>
            AcceptPathInfo Off
        </Location>
        <Files page.res>
            AcceptPathInfo Off
            SetHandler resource
        </Files>""")
    (server.root / "htdocs" / "page.res").write_text("")
    assert server.get("/app").status == 200 and server.get("/page.res").status == 200
    server.log.expect("WSGI0137: .*app.wsgi", "WSGI0137: .*page.res")
    assert server.get("/app/more").status == 404
    assert server.get("/page.res/more").status == 404


@pytest.mark.parametrize("value, same", [("On", False), ("Off", True)])
def test_case_of_paths(launch, mode, value, same):
    server = launch(hosting(mode) + f"""
        WSGICaseSensitivity {value}
        WSGIScriptAlias /App @APPS@/seen_case/App.wsgi application-group=one
        WSGIScriptAlias /app @APPS@/seen_case/app.wsgi application-group=one
        WSGIScriptAlias /Resource @APPS@/process/app.wsgi""", start=False)
    folder = server.apps / "seen_case"
    folder.mkdir()
    for name in ("App.wsgi", "app.wsgi"):
        (folder / name).write_text("import os\nTOKEN = os.urandom(8).hex().encode()\n"
                                   "def application(environ, start_response):\n"
                                   "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
                                   "    return [TOKEN]\n")
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    os.chmod(folder, 0o755)
    server.start()
    assert (server.get("/App").body == server.get("/app").body) is same
    group = server.get("/Resource").json["application_group"]
    assert group.endswith("|/resource" if same else "|/Resource")
