"""A site's user exchanges every file that the configuration names: root follows, opens and waits for none of them."""

import contextlib
import os
import re
import shutil
import socket
import stat
import time

import pytest

from polling import until
from tenants import fuse
from tenants.neighbours import CONFIG, HOSTILE, copy_python, lease

#: How long configtest, a start and a graceful restart may take, in seconds.
LIMIT = 5.0

#: What is in the file of root's, and must come to light nowhere.
SECRET = "only-root-may-know-this"

OPTIONS = ("python-home=@HOSTILE_HOME@/venv env-file=@HOSTILE_HOME@/conf/app.env home=@HOSTILE_HOME@/home "
           "python-path=@HOSTILE_HOME@/lib shutdown-timeout=1 startup-timeout=5")

APPLICATION = '''
import os

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(dict(os.environ)).encode()]
'''

#: What the configuration names, directly or by the rules of virtual environments.
FILES = ["venv/pyvenv.cfg", "conf/app.env", "app.wsgi", "venv/bin/python"]
FOLDERS = ["venv", "conf", "home", "lib"]


@pytest.fixture
def site(neighbours):
    """Both sites, not yet started; the hostile one owns all that its group uses."""
    home = neighbours.hostile
    copy_python(home, neighbours.server.platform.python.venv())
    home.write("app.wsgi", APPLICATION)
    home.write("conf/app.env", "GREETING=hello\n", 0o600)
    for name in ("home", "lib"):
        (home.home / name).mkdir()
    home.own()
    secret = neighbours.server.root / "secret.env"
    secret.write_text(f"SECRET={SECRET}\nversion = {SECRET}\n")
    secret.chmod(0o600)
    neighbours.configure(options=OPTIONS)
    # What becomes of the hostile site's own group is its own affair.
    neighbours.server.log.allow("hostile", "WSGI1036", "WSGI0035", "AH00488", "Traceback|Error|^ |SystemExit|Exception ignored")
    neighbours.server.log.allow_stacks()
    return neighbours


# What stands in the place of a file

def fifo(path):
    os.mkfifo(path, 0o666)


def dangling(path):
    path.symlink_to("/nowhere/at/all")


def loop(path):
    path.symlink_to(path.name)


def directory(path):
    path.mkdir()


def null_device(path):
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))


def tape(path):
    """A device that does something when it is opened; here there is none."""
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(9, 128))


def listener(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def huge(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)


def forged(path):
    path.write_text("version = 3.9\x1b[31m\nversion_info = \x1b]0;x\x07\n[core:emerg] [pid 1] forged\n"
                    "A B\x1b[2J\n[Sat Nov 28 00:00:00 2026] [core:emerg] forged\n")


def closed(path):
    path.write_text("")
    path.chmod(0)


def link_to_secret(path):
    path.symlink_to(path_of_secret(path))


def link_to_kernel(path):
    path.symlink_to("/proc/self/environ")


def path_of_secret(path):
    root = next(folder for folder in path.parents if folder.name == "sites").parent
    return root / "secret.env"


KINDS = [fifo, dangling, loop, directory, null_device, tape, listener, huge, forged, closed, link_to_secret, link_to_kernel]


@contextlib.contextmanager
def exchanged(neighbours, names, kind):
    """The files replaced by what `kind` makes; afterwards they are what they were."""
    paths = [neighbours.hostile.home / name for name in names]
    for path in paths:
        path.rename(path.with_name(path.name + ".kept"))
        kind(path)
    neighbours.hostile.own()
    try:
        yield
    finally:
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
            path.with_name(path.name + ".kept").rename(path)


# What must hold

def in_time(what, action):
    begun = time.monotonic()
    result = action()
    taken = time.monotonic() - begun
    assert taken < LIMIT, f"{what} took {taken:.1f} s"
    return result


def require_configtest(server):
    done = in_time("configtest", server.test_config)
    assert done.returncode == 0, done.stdout
    raw = [line for line in done.stdout.splitlines() if line.startswith("[core:emerg]")
           or any(ord(letter) < 32 and letter != "\t" for letter in line)]
    assert not raw and SECRET not in done.stdout, done.stdout


def require_graceful(server):
    before = resumed(server)

    def graceful():
        server.graceful()
        until(lambda: resumed(server) > before, "httpd to be there again", timeout=3 * LIMIT, interval=0.02)
        assert server.get("/ready.txt", timeout=LIMIT).status == 200

    in_time("graceful restart", graceful)


def resumed(server):
    return server.log.text().count("resuming normal operations")


def require_others(neighbours):
    server = neighbours.server
    assert server.get("/ready.txt", timeout=LIMIT).status == 200
    answer = server.get("/other/path", timeout=LIMIT)
    assert answer.status == 200 and answer.body.endswith(b"/path"), answer.body
    assert SECRET not in server.log.text()


def require_nothing_forged(server):
    """No file has put a line or a control character into the log; Python's own last words are on lines of their own."""
    bad = [line for line in server.log.lines() if re.search(r"^\[core:emerg|[\x00-\x08\x0b-\x1f]", line)]
    assert not bad, bad[:5]


def require_no_secret(neighbours):
    """Neither the application nor the log knows what root alone may know."""
    answer = neighbours.server.get("/hostile")
    assert SECRET not in answer.text
    return answer


def applicable(kind):
    """The files that can be exchanged so: a huge script would eat the machine, a forged one is quoted by Python itself."""
    return [name for name in FILES if not (kind in (huge, forged) and name == "app.wsgi")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_exchanged_files(site, kind):
    server = site.server
    server.start()
    server.wait_ready("/other")
    server.wait_ready("/hostile")
    site.remember()
    for name in applicable(kind):
        with exchanged(site, [name], kind):
            require_configtest(server)
            require_graceful(server)
            require_others(site)
    require_graceful(server)
    server.wait_ready("/hostile")
    assert "'GREETING': 'hello'" in require_no_secret(site).text
    require_others(site)
    require_nothing_forged(server)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_start_with_exchanged_files(site, kind):
    server = site.server
    with exchanged(site, applicable(kind), kind):
        require_configtest(server)
        in_time("start", server.start)
        server.wait_ready("/other")
        require_others(site)
    server.stop()


@pytest.mark.parametrize("kind", [fifo, dangling, loop, link_to_secret], ids=lambda kind: kind.__name__)
def test_exchanged_folders(site, kind):
    server = site.server
    server.start()
    server.wait_ready("/other")
    site.remember()
    for name in FOLDERS:
        with exchanged(site, [name], kind):
            require_configtest(server)
            require_graceful(server)
            require_others(site)
    require_nothing_forged(server)


# A file that somebody holds

@pytest.mark.parametrize("name", ["venv/pyvenv.cfg", "conf/app.env"])
def test_leased_file(site, name):
    server = site.server
    server.start()
    server.wait_ready("/other")
    site.remember()
    with lease(site.hostile, site.hostile.home / name):
        require_configtest(server)
        require_graceful(server)
        require_others(site)
    require_nothing_forged(server)


@pytest.mark.parametrize("name", ["conf", "lib", "home"])
def test_file_system_that_does_not_answer(site, name):
    server = site.server
    server.start()
    server.wait_ready("/other")
    site.remember()
    with fuse.mute(site.hostile.home / name):
        require_configtest(server)
        require_graceful(server)
        require_others(site)
    require_nothing_forged(server)


def test_script_on_a_file_system_that_does_not_answer(site):
    """The supervisor looks for scripts, too, and the other site's killed process must not wait for that."""
    server = site.server
    app = site.hostile.home / "app"
    app.mkdir()
    shutil.copy(site.hostile.home / "app.wsgi", app / "app.wsgi")
    server.reconfigure("")
    site.configure(CONFIG.replace("@HOSTILE_HOME@/app.wsgi", "@HOSTILE_HOME@/app/app.wsgi"),
                   options="python-home=@VENV@ startup-timeout=5 shutdown-timeout=1")
    server.start()
    server.wait_ready("/other")
    server.wait_ready("/hostile")
    site.remember()
    with fuse.mute(app):
        worker, = site.workers(HOSTILE)
        os.kill(worker.pid, 9)
        time.sleep(1)
        site.require_unharmed(growth=64 * 1024)


# Files of root's

def environment_of(site):
    server = site.server
    server.start()
    server.wait_ready("/hostile")
    return server.get("/hostile").text


def test_file_of_root_alone_is_read_for_the_group(site):
    """Where nobody but root can exchange it: also by way of a link of root's."""
    server = site.server
    closed = server.root / "closed"
    closed.mkdir(mode=0o700)
    (closed / "real.env").write_text(f"FROM_ROOT={SECRET}\n")
    (closed / "real.env").chmod(0o600)
    (closed / "link.env").symlink_to("../closed/real.env")
    server.reconfigure("")
    site.configure(options=OPTIONS.replace("@HOSTILE_HOME@/conf/app.env", f"{closed}/link.env"))
    assert f"'FROM_ROOT': '{SECRET}'" in environment_of(site)


def test_file_of_root_in_a_folder_of_the_sites_is_not(site):
    """The user could have put it there by a hard link, or could exchange it at any time."""
    server = site.server
    path = site.hostile.home / "conf" / "app.env"
    path.unlink()
    path.write_text(f"FROM_ROOT={SECRET}\n")
    path.chmod(0o600)
    os.chown(path, 0, 0)
    server.log.expect("WSGI1040.*Permission denied: it must be readable for user 'games'")
    done = server.test_config()
    assert done.returncode == 0 and "WSGI1040" in done.stdout and SECRET not in done.stdout
    server.start()
    assert server.get("/hostile").status == 503
    require_others(site)


# Names

def test_names_cannot_forge_lines_of_configtest(site):
    packages = next((site.hostile.home / "venv" / "lib").glob("python3*")) / "site-packages"
    name = "x\n[core:emerg] forged\x1b[31m.py"
    (packages / name).write_text("")
    site.hostile.own()
    (packages / name).chmod(0)
    done = site.server.test_config()
    assert r"'x\n[core:emerg] forged\x1b[31m.py'" in done.stdout, done.stdout
    require_configtest(site.server)


# Sockets

def test_sockets_in_a_folder_of_the_sites(site):
    """It is found by configtest; what is put into the place of a socket keeps its owner and is not followed."""
    server = site.server
    run = site.hostile.home / "run"
    run.mkdir()
    site.hostile.own()
    server.configure(f"WSGISocketPrefix {run}/wsgi")
    server.log.allow("WSGI1037|WSGI1007|WSGI0117|WSGI1010")
    server.start()
    server.wait_ready("/other")
    victim = server.root / "victim"
    victim.write_text("root's\n")
    victim.chmod(0o600)
    for made in (lambda path: path.symlink_to(victim), dangling, fifo, lambda path: path.write_text("")):
        for path in run.glob("wsgi.*.sock"):
            path.unlink()
            made(path)
        require_graceful(server)
        server.wait_ready("/other")
        assert (victim.stat().st_uid, victim.stat().st_mode & 0o777) == (0, 0o600)
        assert all(path.is_socket() and not path.is_symlink() for path in run.glob("wsgi.*.sock"))
    done = server.test_config()
    assert re.search(r"WSGI1037: .*replace files in '.*/sites/hostile' .*owner games:games", done.stdout), done.stdout


@pytest.mark.parametrize("bits, is_found", [(0o755, False), (0o1777, False), (0o775, True), (0o777, True)])
def test_folder_of_sockets_that_others_can_change(site, bits, is_found):
    run = site.server.root / "sockets"
    run.mkdir()
    run.chmod(bits)
    site.server.configure(f"WSGISocketPrefix {run}/wsgi")
    assert ("WSGI1037" in site.server.test_config().stdout) is is_found


# The log

def test_error_log_through_a_program_cannot_be_truncated(site):
    """Of a file that is the log any process that writes to it can take away what is there; a pipe takes nothing back."""
    server = site.server
    site.hostile.write("app.wsgi", '''
import os

def application(environ, start_response):
    try:
        os.ftruncate(2, 0)
        said = "truncated"
    except OSError as error:
        said = str(error)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [said.encode()]
''')
    server.configure('ErrorLog "|/bin/cat >>@ROOT@/logs/error-piped.log"')
    server.start()
    server.wait_ready("/hostile")
    assert "Invalid argument" in server.get("/hostile").text
