"""What a daemon process may do and have, and who may talk to it."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import textwrap

import pytest

import env
from evaluation import ask, configuration
from shared_server import group_of


@pytest.fixture(autouse=True)
def as_root():
    if not env.is_root():
        pytest.skip("not started by root")


STATUS = """
def status(*names):
    with open('/proc/self/status') as file:
        found = dict(line.rstrip('\\n').split(':', 1) for line in file)
    return [found[name].split() for name in names]
"""


@pytest.mark.parametrize("by", ["name", "number"])
def test_rights_are_given_up_for_good(launch, by):
    account = pwd.getpwnam(env.other_user())
    words = (account.pw_name, group_of(account.pw_name)) if by == "name" else (f"#{account.pw_uid}", f"#{account.pw_gid}")
    server = launch(configuration("daemon", "user={} group={}".format(*words)))
    found = ask(server, STATUS + """
import os
def refused(call, *arguments):
    try:
        call(*arguments)
    except PermissionError:
        return True
    return False
[status('Uid', 'Gid', 'CapEff', 'CapPrm', 'CapAmb'), refused(os.setuid, 0), refused(os.setgid, 0), refused(os.setgroups, [0])]
""")
    assert found[0][:2] == [[str(account.pw_uid)] * 4, [str(account.pw_gid)] * 4]
    assert {int(value[0], 16) for value in found[0][2:]} == {0}
    assert found[1:] == [True, True, True]


def test_a_group_of_its_own_and_the_user_of_httpd(launch):
    other = group_of(env.other_user())
    server = launch(configuration("daemon", f"group={other}"))
    user, group, groups = ask(server, "import os\n[os.getuid(), os.getgid(), os.getgroups()]")
    assert (user, group) == (pwd.getpwnam(env.httpd_user()).pw_uid, grp.getgrnam(other).gr_gid)
    assert sorted(groups) == sorted(os.getgrouplist(env.httpd_user(), group))


def test_groups_are_those_of_the_user(launch):
    other = env.other_user()
    server = launch(configuration("daemon", f"user={other} group={group_of(other)}"))
    expected = os.getgrouplist(other, pwd.getpwnam(other).pw_gid)
    assert sorted(ask(server, "import os\nos.getgroups()")) == sorted(expected)


@pytest.mark.parametrize("option", ["user=root", "user=#0"])
def test_root_is_refused_with_a_reason(launch, option):
    done = launch(f"WSGIDaemonProcess main {option}", start=False).test_config()
    assert done.returncode != 0
    assert "WSGIDaemonProcess" in done.stdout and "httpd.conf" in done.stdout and "root" in done.stdout


def test_a_process_starts_at_the_home_of_a_user_of_its_own(launch):
    other = env.other_user()
    assert ask(launch(configuration("daemon", f"user={other}")), "import os\nos.getcwd()") == os.path.realpath(
        pwd.getpwnam(other).pw_dir)


def test_the_user_of_httpd_stays_where_httpd_is(launch):
    server = launch(configuration("daemon"))
    assert ask(server, "import os\nos.getcwd()") == os.readlink(f"/proc/{server.pid}/cwd")


@pytest.mark.parametrize("made, word", [(False, "No such file"), (True, "Permission denied")])
def test_a_home_that_cannot_be_entered_stops_its_group_alone(launch, made, word):
    server = launch("""
        WSGIDaemonProcess bad python-home=@VENV@ home=@ROOT@/closed
        WSGIDaemonProcess good python-home=@VENV@
        WSGIScriptAlias /bad @APPS@/hello/app.wsgi process-group=bad
        WSGIScriptAlias /good @APPS@/hello/app.wsgi process-group=good""", start=False)
    if made:
        (server.root / "closed").mkdir(mode=0o700)
    server.start()
    server.log.allow("WSGI1006: ", "WSGI1014: ", "WSGI0117: ")
    server.log.wait_for(rf"WSGI(0028|1006): .*'bad'.*{server.root}/closed.*{word}")
    server.log.wait_for(rf"WSGI1014: .*cannot enter the directory '{server.root}/closed' \({word}.*; the next one is")
    assert {server.get("/bad").status for _ in range(20)} == {503} and server.get("/good").status == 200
    assert len([line for line in server.log.lines() if "WSGI0117" in line]) <= 2
    assert len([line for line in server.log.lines() if "WSGI0028" in line]) == 1


def test_the_mask_of_httpd_is_inherited(launch):
    server = launch(configuration("daemon"), start=False)
    server.wrapper = ["sh", "-c", 'umask 027; exec "$@"', "sh"]
    assert ask(server.start(), "import os\nos.umask(0o027)") == 0o027


def test_a_process_has_no_descriptors_but_its_own(launch):
    """Its input, its log, its socket, and what it has opened itself; nothing of httpd, of the supervisor, or of another group."""
    server = launch(configuration("daemon") + "WSGIDaemonProcess other python-home=@VENV@\n"
                    "WSGIScriptAlias /other @APPS@/evaluate/app.wsgi process-group=other application-group=%{GLOBAL}\n")
    pid, other = ask(server, "import os\nos.getpid()"), ask(server, "import os\nos.getpid()", "/other")
    found = {one.pid: one.descriptors for one in server.processes()}
    mine = found.pop(pid)
    files = {number: link for number, link in mine.items() if link.startswith("/") and not link.startswith("/memfd:")}
    log = str(server.root / "logs" / "error.log")
    assert files == {0: "/dev/null", 1: log, 2: log}
    # The parent and the supervisor have the listening socket of the slot, too; children and other workers do not.
    shared = {link for link in mine.values() if link.startswith("socket:")}
    assert not shared & set(found[other].values())
    with open("/proc/net/unix") as table:
        listening = {f"socket:[{line.split()[6]}]" for line in table if f"{server.root}/run/wsgi" in line
                     and int(line.split()[3], 16) & 0x10000}
    assert len(shared & listening) == 1
    assert shared & set(found[server.pid].values()) <= listening
    with open("/proc/net/tcp") as table:
        assert not {f"socket:[{line.split()[9]}]" for line in table.readlines()[1:]} & shared


@pytest.mark.parametrize("directive", ["", "CoreDumpDirectory @ROOT@/cores"])
def test_a_process_that_has_changed_its_user_is_as_open_to_it_as_any(launch, directive):
    """It may look at itself below /proc, be debugged by its user, and leave a core, wherever that is wanted."""
    other = env.other_user()
    server = launch(configuration("daemon", f"user={other} group={group_of(other)}", directive + "\n"))
    assert ask(server, """
        import ctypes, os
        [ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), len(os.listdir('/proc/self/fd')) > 3, os.stat('/proc/self').st_uid == os.getuid()]
        """) == [1, True, True]


def test_the_size_of_cores_is_inherited(launch):
    server = launch(configuration("daemon"), start=False)
    server.wrapper = ["prlimit", "--core=12345"]
    assert ask(server.start(), "import resource\nresource.getrlimit(resource.RLIMIT_CORE)") == [12345, 12345]


# Sockets


def sockets(server):
    return sorted((server.root / "run").glob("wsgi.*.sock"))


def connect_as(user, path) -> str:
    """What happens to another user who connects and sends something."""
    program = f"""
        import socket
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        try:
            connection.connect({str(path)!r})
            connection.sendall(b'x' * 64)
            print('answered' if connection.recv(100) else 'closed')
        except OSError as error:
            print(type(error).__name__)
        """
    account = pwd.getpwnam(user)
    words = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    done = subprocess.run([*words, "/usr/bin/python3", "-c", textwrap.dedent(program)], capture_output=True, text=True,
                          timeout=20, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def setpriv():
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv")


def test_sockets_are_for_their_owner_only(launch, setpriv):
    server = launch(configuration("daemon", "processes=2"))
    owner = pwd.getpwnam(env.httpd_user()).pw_uid
    assert [(path.stat().st_mode & 0o777, path.stat().st_uid) for path in sockets(server)] == [(0o600, owner)] * 2
    assert connect_as("nobody", sockets(server)[0]) == "PermissionError"
    assert connect_as(env.other_user(), sockets(server)[0]) == "PermissionError"


def test_another_user_who_can_connect_is_turned_away(launch, setpriv):
    """The permissions of a socket may be changed; a process looks at who is at the other end all the same."""
    server = launch(configuration("daemon", f"user={env.other_user()}"))
    (path,) = sockets(server)
    path.chmod(0o666)
    nobody = pwd.getpwnam("nobody").pw_uid
    assert connect_as("nobody", path) in ("closed", "ConnectionResetError", "BrokenPipeError")
    server.log.wait_for(rf"\[wsgi:error\].*WSGI0033: .*user id {nobody} ")
    assert ask(server, "1") == 1


def test_httpds_own_user_is_turned_away_without_the_secret(launch, setpriv):
    server = launch(configuration("daemon"))
    (path,) = sockets(server)
    assert connect_as(env.httpd_user(), path) in ("closed", "ConnectionResetError", "BrokenPipeError")
    server.log.wait_for(r"\[wsgi:error\].*WSGI0034: .*user id \d+ \(pid \d+\) has connected without the secret")
    assert "WSGI0033" not in server.log.text()
    assert ask(server, "1") == 1


def test_connections_that_say_nothing_hold_nobody_up(launch):
    server = launch(configuration("daemon", "threads=2"))
    (path,) = sockets(server)
    idle = []
    try:
        for _ in range(50):
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(5)
            one.connect(str(path))
            idle.append(one)
        assert [ask(server, "1") for _ in range(5)] == [1] * 5
    finally:
        for one in idle:
            one.close()
