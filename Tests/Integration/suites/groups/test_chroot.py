"""chroot=: daemon processes that see one directory and nothing else."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import env
from evaluation import ask
from polling import until

OUTSIDE = "WSGIScriptAlias /outside @APPS@/evaluate/app.wsgi\n"
JAIL = """
WSGIDaemonProcess main chroot=@ROOT@/jail python=/usr/bin/python3 @OPTIONS@
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
DocumentRoot @ROOT@/jail/htdocs
<Directory @ROOT@/jail>
    Require all granted
</Directory>
WSGIScriptAlias /main @ROOT@/jail/srv/app.wsgi
"""


def libraries(path) -> set[str]:
    """The shared libraries that a program or library needs, and its loader."""
    listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    return set(re.findall(r"(/\S+) \(0x", listed))


@pytest.fixture(scope="session")
def jail(tmp_path_factory, request) -> pathlib.Path:
    """A directory that holds a Python, what it needs, the engine, and an application."""
    if not env.is_root():
        pytest.skip("not started by root")
    python = env.DEFAULT_PYTHON.resolve()
    version = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], text=True)
    standard = pathlib.Path(version.strip())
    engine = request.config.option.module.with_suffix("") / "_wsgi_engine.abi3.so"
    root = tmp_path_factory.mktemp("jail")
    root.chmod(0o755)

    def copy(path):
        target = root / str(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)

    for path in {str(python), str(engine), *libraries(python), *libraries(engine)}:
        copy(path)
    extensions = list((standard / "lib-dynload").glob("_socket*.so")) + list((standard / "lib-dynload").glob("_json*.so"))
    for path in set().union(*map(libraries, extensions)):
        copy(path)
    shutil.copytree(standard, root / str(standard).lstrip("/"), symlinks=False, dirs_exist_ok=True, ignore=
                    shutil.ignore_patterns("__pycache__", "test", "idlelib", "lib2to3", "tkinter", "ensurepip", "dist-packages"))
    (root / "usr/bin/python3").symlink_to(python.name)
    for name in ("srv", "htdocs"):
        (root / name).mkdir()
    (root / "htdocs" / "ready.txt").write_text("ready\n")
    shutil.copy2(env.APPS / "evaluate" / "app.wsgi", root / "srv")
    for path in [root, *root.parents]:
        if path.stat().st_mode & 0o777 != 0o755 and path.is_relative_to(tmp_path_factory.getbasetemp().parent):
            path.chmod(0o755)
    subprocess.run(["chmod", "-R", "a+rX", root], check=True)
    return root


@pytest.fixture
def jailed(launch, jail):
    """Starts a server with the group; its directory has a copy of the jail, made of links."""
    def create(options="", more="", start=True):
        server = launch(JAIL + more, start=False, OPTIONS=options)
        subprocess.run(["cp", "-al", jail, server.root / "jail"], check=True)
        return server.start() if start else server

    return create


def test_processes_see_nothing_but_their_root(jailed):
    server = jailed()
    assert ask(server, "import os\n[sorted(os.listdir('/')), os.getcwd(), os.path.exists('/etc')]") == [
        sorted(os.listdir(server.root / "jail")), "/", False]
    (worker,) = {ask(server, "import os\nos.getpid()")}
    assert os.readlink(f"/proc/{worker}/root") == str(server.root / "jail")


def test_paths_are_told_as_they_are_within(jailed):
    server = jailed("home=/srv python-path=/htdocs")
    found = ask(server, """
        import os, sys
        keys = ('SCRIPT_FILENAME', 'DOCUMENT_ROOT', 'CONTEXT_DOCUMENT_ROOT', 'SCRIPT_NAME')
        [[environ.get(key) for key in keys], os.getcwd(), sys.path[:2], sys.executable]
        """)
    assert found == [["/srv/app.wsgi", "/htdocs", "/htdocs", "/main"], "/srv", ["/srv", "/htdocs"], "/usr/bin/python3"]


def test_rights_are_given_up(jailed):
    answer = ask(jailed(), """
        import os
        def refused(call, *arguments):
            try:
                call(*arguments)
            except PermissionError:
                return True
        [os.getuid() != 0, refused(os.setuid, 0), refused(os.chroot, '/srv')]
        """)
    assert answer == [True, True, True]


def test_httpd_itself_serves_from_outside(jailed):
    server = jailed(more="Alias /outside @ROOT@/htdocs\n")
    assert server.get("/outside/ready.txt").text == "ready\n"


def test_paths_that_are_not_within_are_not_told(jailed):
    server = jailed(more="DocumentRoot @ROOT@/htdocs\n")
    assert ask(server, "[environ.get('DOCUMENT_ROOT'), environ['SCRIPT_FILENAME']]") == [None, "/srv/app.wsgi"]


def test_a_script_outside_is_refused(jailed):
    server = jailed(more=OUTSIDE)
    assert ask(server, "1 + 1") == 2
    assert server.get("/outside").status == 500
    server.log.expect(r"WSGI0081: .*apps/evaluate/app\.wsgi.*chroot=.*/jail.*'main'")


def test_a_script_outside_is_not_imported(jailed):
    server = jailed(more="WSGIScriptAlias /early @APPS@/hello/app.wsgi process-group=main application-group=%{GLOBAL}\n")
    server.log.wait_for(r"WSGI0081: .*apps/hello/app\.wsgi.*cannot be imported")
    assert ask(server, "1 + 1") == 2


def test_a_changed_script_is_loaded_again(jailed):
    server = jailed()
    assert ask(server, "'WORD' in IMPORTED") is False
    script = server.root / "jail" / "srv" / "app.wsgi"
    text = script.read_text()
    script.unlink()  # it is a link to the one that other tests use
    script.write_text(text.replace("IMPORTED = ", "IMPORTED = {'WORD': ''} | "))
    until(lambda: ask(server, "'WORD' in IMPORTED"), "the new script")


def test_traces_of_the_environment_and_the_log(jailed):
    server = jailed("env=A=b display-name=%{GROUP}")
    assert ask(server, "print('from within')\nIMPORTED['A']") == "b"
    server.log.wait_for("from within")


@pytest.mark.parametrize("missing, word", [
    ("usr/bin", "no Python"), (None, "_wsgi_engine.abi3.so"), ("", "is not an existing directory"),
])
def test_a_root_without_what_is_needed_stops_its_group(launch, jail, missing, word):
    server = launch("""
        WSGIDaemonProcess main chroot=@ROOT@/jail python=/usr/bin/python3
        WSGIScriptAlias /main @APPS@/hello/app.wsgi process-group=main""", start=False)
    if missing != "":
        subprocess.run(["cp", "-al", jail, server.root / "jail"], check=True)
        if missing:
            shutil.rmtree(server.root / "jail" / missing)
        else:
            next((server.root / "jail").rglob("_wsgi_engine.abi3.so")).unlink()
    server.start()
    server.log.wait_for(rf"WSGI(0003|1003): .*httpd\.conf:\d+: .*{word}")
    server.log.allow("WSGI0117: ", "WSGI0081: ")
    assert server.get("/main").status in (500, 503)


@pytest.mark.parametrize("option", ["chroot=relative", "chroot="])
def test_a_root_must_be_absolute(launch, option):
    done = launch(f"WSGIDaemonProcess main {option}", start=False).test_config()
    assert done.returncode != 0 and "chroot" in done.stdout


def test_a_root_needs_root(launch):
    if not env.is_root():
        words = []
    elif shutil.which("setpriv"):
        words = ["setpriv", f"--reuid={env.httpd_user()}", "--clear-groups"]
    else:
        pytest.skip("there is no setpriv")
    server = launch("WSGIDaemonProcess main chroot=/srv", start=False)
    server.write_config()
    subprocess.run(["chmod", "-R", "a+rwX", server.root], check=True)
    done = subprocess.run([*words, env.httpd(), "-f", server.config_file, "-t"], capture_output=True, text=True)
    assert done.returncode != 0
    assert "chroot= of WSGIDaemonProcess 'main' needs httpd to be started by root" in done.stdout + done.stderr
