"""Error logs of virtual hosts and of daemon processes: who writes where, what becomes of it when logs are moved."""

import collections
import concurrent.futures
import os
import re
import socket

import pytest

import env
from evaluation import ask
from polling import until
from shared_server import serving

HOSTS = """
WSGIDaemonProcess everyone python-home=@VENV@ threads=4
WSGIScriptAlias /all @APPS@/evaluate/app.wsgi process-group=everyone application-group=%{GLOBAL}
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName one.test
    ErrorLog logs/error_one.log
    WSGIDaemonProcess one python-home=@VENV@ threads=4
    WSGIScriptAlias /own @APPS@/evaluate/app.wsgi process-group=one application-group=%{GLOBAL}
    WSGIImportScript @APPS@/printing.py process-group=one application-group=%{GLOBAL}
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName two.test
    ErrorLog logs/error_two.log
    WSGIDaemonProcess two python-home=@VENV@ threads=4
    WSGIScriptAlias /own @APPS@/evaluate/app.wsgi process-group=two application-group=%{GLOBAL}
</VirtualHost>
"""
LOGS = ["error.log", "error_one.log", "error_two.log"]


def lay_out(server):
    (server.apps / "printing.py").write_text("print('said by the preload')\n")


@pytest.fixture(scope="module")
def hosted(platform):
    with serving(platform, HOSTS, "/ready.txt", prepare=lay_out) as server:
        yield server


@pytest.fixture
def server(server):
    server.log.allow("said by the preload")
    return server


def of(host, server, source, path="/own"):
    return ask(server, source, path, headers={"Host": host})


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_process_has_no_log_but_that_of_its_host(server, name):
    pid = of(f"{name}.test", server, "import os\nos.getpid()")
    files = {one.pid: {os.path.basename(link) for link in one.descriptors.values() if link.startswith(str(server.root))}
             for one in server.processes()}
    assert files[pid] == {f"error_{name}.log"}


def test_processes_share_no_sockets(server):
    pids = [of("one.test", server, "import os\nos.getpid()"), of("two.test", server, "import os\nos.getpid()"),
            of("localhost", server, "import os\nos.getpid()", "/all")]
    sockets = [{link for link in one.descriptors.values() if link.startswith("socket:")}
               for one in server.processes() if one.pid in pids]
    assert len(sockets) == 3
    assert not sockets[0] & sockets[1] and not sockets[0] & sockets[2] and not sockets[1] & sockets[2]


WAYS = {
    "request": "print('{}', file=environ['wsgi.errors'])",
    "stderr": "import sys\nprint('{}', file=sys.stderr)",
    "stdout": "print('{}')",
    "thread": "import threading\nthread = threading.Thread(target=print, args=('{}',))\nthread.start()\nthread.join()",
    "descriptor": "import os\nos.write(2, b'{}\\n')",
    "program": "import os\nos.system('echo {} >&2')",
    "output of a program": "import os\nos.system('echo {}')",
    "logging": "import logging\nlogging.getLogger().error('{}')",
    "warning": "import warnings\nwarnings.warn('{}')",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host, path, expected", [
    ("one.test", "/own", "error_one.log"), ("two.test", "/own", "error_two.log"), ("localhost", "/all", "error.log"),
    ("two.test", "/all", None),
], ids=["one", "two", "main", "two in the main group"])
def test_what_an_application_writes(server, way, host, path, expected):
    """With a group of the host: all in its log. With one of the whole server: what belongs to a request in its host's."""
    text = f"by {way} of {host}{path}"
    server.log.allow(text)
    of(host, server, WAYS[way].format(text) + "\n1", path)
    own = way in ("request", "stderr", "stdout", "logging", "warning")
    expected = expected or ("error_two.log" if own else "error.log")
    server.log.wait_for(text, name=expected)
    assert {name: text in server.log.text(name) for name in LOGS} == {name: name == expected for name in LOGS}


def test_a_preload_and_the_life_of_a_process(hosted):
    """What belongs to no request is in the log of the host that has defined the group."""
    text = (hosted.root / "logs" / "error_one.log").read_text()
    assert "said by the preload" in text and re.search(r"of group 'one' .*is ready after", text)
    others = [(hosted.root / "logs" / name).read_text() for name in ("error.log", "error_two.log")]
    assert not [other for other in others if "by the preload" in other or "group 'one'" in other]


def test_the_end_of_a_process_is_told_in_the_log_of_its_host(server):
    pid = of("two.test", server, "import os\nos.getpid()")
    server.kill(pid)
    server.log.wait_for(f"WSGI1011: Process {pid} of group 'two'.*SIGKILL", name="error_two.log")
    assert of("two.test", server, "import os\nos.getpid()") != pid


def test_groups_are_visible_to_hosts_of_the_same_name(launch):
    """An application of one name may be served at two ports."""
    server = launch("""
        Listen 127.0.0.1:@SECOND@
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIDaemonProcess one python-home=@VENV@
            WSGIScriptAlias /x @APPS@/hello/app.wsgi process-group=one
        </VirtualHost>
        <VirtualHost *:@SECOND@>
            ServerName one.test
            WSGIScriptAlias /x @APPS@/hello/app.wsgi process-group=one
        </VirtualHost>""", SECOND=(second := env.free_port()))
    first = server.port
    for port in (first, second):
        server.port = port
        assert server.get("/x", {"Host": "one.test"}).body == b"hello\n"


PIPED = """
ErrorLog "|/usr/bin/tee -a @ROOT@/logs/error_piped.log"
WSGIDaemonProcess main python-home=@VENV@ threads=4 processes=2
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /main @APPS@/evaluate/app.wsgi
"""


@pytest.mark.parametrize("way", ["request", "thread", "descriptor", "program"])
def test_a_program_that_takes_the_log(launch, way):
    server = launch(PIPED)
    ask(server, WAYS[way].format("to the program") + "\n1")
    server.log.wait_for("to the program", name="error_piped.log")
    server.graceful()
    until(lambda: "generation 2) is ready" in server.log.text("error_piped.log"), "the new process to be told of")
    ask(server, WAYS[way].format("once more") + "\n1")
    server.log.wait_for("once more", name="error_piped.log")


def test_a_program_that_takes_the_log_and_dies(launch):
    """Lines are lost until httpd, at its next restart, starts it again; but nothing else is."""
    server = launch(PIPED)
    before = {one.pid for one in server.processes() if one.name != "tee"}
    (program,) = [one for one in server.processes() if one.name == "tee"]
    server.kill(program.pid)
    until(lambda: program.pid not in {one.pid for one in server.processes()}, "the program to end")
    for way in ("request", "thread"):
        ask(server, WAYS[way].format("lost") + "\n1")
    assert before <= {one.pid for one in server.processes()}
    server.graceful()
    until(lambda: "generation 2) is ready" in server.log.text("error_piped.log"), "the new process to be told of")
    ask(server, WAYS["thread"].format("from a thread") + "\n1")
    server.log.wait_for("from a thread", name="error_piped.log")


def test_the_system_log(launch):
    path = "/dev/log"
    if os.path.exists(path):
        pytest.skip("there is a system log here, which is not the test's to read")
    if not env.is_root():
        pytest.skip("not started by root: /dev/log cannot be made")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(path)
        try:
            os.chmod(path, 0o666)
            log.setblocking(False)
            server = launch("ErrorLog syslog:local1\n" + PIPED.partition("\n")[2].partition("\n")[2])
            ask(server, WAYS["request"].format("to the system log") + "\n1")
            found = []

            def arrived():
                try:
                    found.append(log.recv(65536).decode())
                except BlockingIOError:
                    return False
                return "to the system log" in found[-1]

            until(arrived, "the line")
            assert found[-1].startswith("<139>"), "local1 and the level error"
        finally:
            os.unlink(path)


LINES = """
import threading, time
body = 'x' * 2950

def write(name, stream=None):
    for number in range(@COUNT@):
        print('=%s.%d.%04d=%s=' % (name, threading.get_native_id(), number, body), file=stream)
"""
#: A line of `LINES` as httpd and the processes write it.
WHOLE = re.compile(r"^\[[^\n]*=(\w+)\.(\d+)\.(\d{4})=x{2950}=$")


def whole_lines(texts) -> collections.Counter:
    """The lines of `LINES`; fails when one is torn."""
    found = collections.Counter()
    for line in "\n".join(texts).splitlines():
        if "xxx" in line:
            match = WHOLE.match(line)
            assert match, f"torn: {line[:200]!r} ... {line[-100:]!r}"
            found[match.groups()] += 1
    return found


@pytest.mark.parametrize("log, count", [("ErrorLog logs/error.log", 500), (PIPED.strip().splitlines()[0], 100)],
                         ids=["file", "program"])
def test_lines_of_many_threads_and_processes_stay_whole(launch, log, count):
    """Four processes with four threads each, half of them requests, half of them threads of the application."""
    server = launch(f"{log}\n" + """
        WSGIDaemonProcess main python-home=@VENV@ processes=4 threads=4
        WSGIProcessGroup main
        WSGIApplicationGroup %{GLOBAL}
        WSGIScriptAlias /main @APPS@/evaluate/app.wsgi""")
    server.log.allow("=x{2950}=")
    source = LINES.replace("@COUNT@", str(count)) + """
import os
thread = threading.Thread(target=write, args=('thread',))
thread.start()
write('request', environ['wsgi.errors'])
thread.join()
time.sleep(0.2)
os.getpid()
"""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        pids = list(pool.map(lambda _: ask(server, source), range(16)))
    name = "error_piped.log" if "tee" in log else "error.log"
    path = server.root / "logs" / name
    expected = 16 * 2 * count
    until(lambda: path.read_bytes().count(b"xxx=\n") == expected, f"{expected} lines", interval=0.2)
    found = whole_lines([path.read_text()])
    assert len(found) == expected and set(found.values()) == {1}
    assert len(set(pids)) == 4


def holders(server) -> list[str]:
    return [f"{one.pid} {one.name} {number}" for one in server.processes()
            for number, link in one.descriptors.items() if "/old_" in link]


def test_moved_logs_lose_nothing(launch):
    """As logrotate does it: rename, graceful. Lines that are written meanwhile are in the old file or in the new one."""
    server = launch(HOSTS, start=False)
    lay_out(server)
    server.start()
    server.log.allow("said by the preload", "request .* of many", "=thread.*=x{20}=")
    background = LINES.replace("@COUNT@", "1500").replace("x' * 2950", "x' * 20").replace("file=stream)", """file=stream)
        time.sleep(0.001)""") + """
threading.Thread(target=write, args=('thread',), daemon=False).start()
1
"""
    ask(server, background, "/own", headers={"Host": "one.test"})
    logs = server.root / "logs"
    sent = []

    def request():
        number = len(sent)
        of("one.test", server, f"print('request {number:04d} of many')\n1")
        sent.append(number)

    for number in range(60):
        request()
        if number == 20:
            for name in LOGS:
                (logs / name).rename(logs / f"old_{name}")
            server.graceful()
    until(lambda: (logs / "error_one.log").exists(), "the new log")

    def texts():
        return [(logs / name).read_text() for name in ("old_error_one.log", "error_one.log")]

    until(lambda: "".join(texts()).count("=thread.") == 1500, "all lines of the thread")
    numbers = sorted(int(match[1]) for text in texts() for match in re.finditer(r"request (\d{4}) of many$", text, re.M))
    assert numbers == sent
    threads = sorted(int(match[1]) for text in texts() for match in re.finditer(r"=thread\.\d+\.(\d{4})=x{20}=$", text, re.M))
    assert threads == list(range(1500))
    # Nobody goes on writing to the old files.
    until(lambda: not holders(server), "the old logs to be closed")
    before = len(texts()[0])
    request()
    assert len(texts()[0]) == before and f"request {sent[-1]:04d} of many" in texts()[1]
