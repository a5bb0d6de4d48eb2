"""Processes and threads that an application starts: as in any program, in both modes, and nothing is left behind."""

import signal

import pytest

import processes
from evaluation import MOUNT, ask
from polling import until
from shared_server import hosting, serving

@pytest.fixture(scope="module")
def hosted(platform, mode):
    text = hosting(mode, "threads=4", runs_as=False) + "SetEnv TEST_SCRATCH @SCRATCH@\n" + MOUNT
    with serving(platform, text, "/ready.txt") as server:
        yield server


def left(server) -> list:
    """Ended children that nobody has waited for."""
    mine = {one.pid for one in server.processes()}
    return [one for one in processes.all_processes() if one.state == "Z" and one.parent in mine]


def reap(server, pid) -> int:
    """Has the process that started another one wait for its end; its exit code."""
    source = f"""
        import os
        def wait():
            try:
                return [os.waitstatus_to_exitcode(os.waitpid({pid}, 0)[1])]
            except ChildProcessError:
                return []  # embedded: not the process that was asked before
        wait()
        """
    return until(lambda: ask(server, source), f"the end of process {pid}")[0]


#: Statements that tests begin with.
TOLD = """
import os, signal, socket, subprocess, sys, time

def signals(pid):
    with open(f'/proc/{pid}/status') as status:
        masks = {line[:6]: int(line.split()[1], 16) for line in status if line[:6] in ('SigBlk', 'SigIgn')}
    # Not those from 32 on, which the C library keeps for itself: they are as whoever started the tests left them.
    return {name: [number for number in range(1, 32) if mask >> number - 1 & 1] for name, mask in masks.items()}

def descriptors(pid):
    found = {}
    for name in os.listdir(f'/proc/{pid}/fd'):
        try:
            found[name] = os.readlink(f'/proc/{pid}/fd/{name}')
        except FileNotFoundError:
            pass  # the one of the list itself
    return found

def in_fork(function):
    '''What the function returns in a forked process, as text.'''
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.write(writing, repr(function()).encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, 'rb') as file:
        text = file.read().decode()
    os.waitpid(child, 0)
    return eval(text)
"""


def test_programs_run(server):
    found = ask(server, TOLD + """
run = subprocess.run(['sh', '-c', 'cat; echo told >&2; exit 3'], input=b'x' * 200_000, capture_output=True)
with subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cat:
    out, _ = cat.communicate('text')
[run.returncode, len(run.stdout), run.stderr.decode(), out, cat.returncode, subprocess.getoutput('echo hello'), os.system('exit 5')]
""")
    assert found == [3, 200_000, "told\n", "text", 0, "hello", 5 << 8]


def test_many_programs_at_once(server):
    assert ask(server, TOLD + """
from concurrent.futures import ThreadPoolExecutor
def run(number):
    return len(subprocess.run(['cat'], input=b'x' * (number * 5000), capture_output=True).stdout) == number * 5000
with ThreadPoolExecutor(50) as pool:
    answers = list(pool.map(run, range(50)))
answers.count(True)
""") == 50
    until(lambda: not left(server), "every child to be waited for")


def test_programs_have_nothing_of_the_servers(server):
    found = ask(server, TOLD + """
program = subprocess.Popen(['sleep', '30'], close_fds=False)
try:
    found = [descriptors(program.pid), signals(program.pid)]
finally:
    program.kill()
    program.wait()
found
""")
    assert sorted(found[0]) == ["0", "1", "2"] and found[0]["0"] == "/dev/null"
    # httpd's children ignore SIGINT under prefork.
    assert found[1]["SigBlk"] == [] and found[1]["SigIgn"] in ([], [signal.SIGINT])


@pytest.mark.pythons
@pytest.mark.parametrize("start", [
    "subprocess.Popen(['sleep', '30']).pid",
    "subprocess.Popen(['sleep', '30'], preexec_fn=os.getpid).pid",
    "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '30')",
    "os.posix_spawnp('sleep', ['sleep', '30'], os.environ)",
    "by_hand()",
])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_programs_can_be_ended(server, start, number):
    found = ask(server, TOLD + f"""
def by_hand():
    child = os.fork()
    if not child:
        os.execlp('sleep', 'sleep', '30')
    return child

pid = {start}
os.kill(pid, {int(number)})
deadline = time.monotonic() + 3
while not (ended := os.waitpid(pid, os.WNOHANG))[0] and time.monotonic() < deadline:
    time.sleep(0.005)
if not ended[0]:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
ended[1]
""")
    assert found == number


def test_a_shell_can_end_itself(server):
    assert ask(server, "import os\nos.system('kill -TERM $$; exit 1')") == signal.SIGTERM


def test_forked_processes_have_nothing_of_the_servers(server):
    links, blocked, foreign = ask(server, TOLD + """
def look():
    foreign = [number for number in range(1, 32) if signal.getsignal(number) is None]
    return [descriptors('self'), signals('self')['SigBlk'], foreign]
in_fork(look)
""")
    servers = {link for one in server.processes() for link in one.descriptors.values()}
    assert not {link for link in links.values() if link.startswith("socket:")} & servers
    assert blocked == [] and foreign == []


def test_forked_processes_let_go_of_ports_and_clients(server):
    """A process that goes on holds neither the port nor the connection that it was asked over."""
    with server.connect() as connection:
        connection.send_request("POST", "/main", body=b"import os, time\nos.fork() or time.sleep(30)", close=True)
        child = connection.read_response().json
        assert connection.at_end()
    until(lambda: not addresses(child), "the new process to close what is not its own")
    server.kill(child)
    assert reap(server, child) == -signal.SIGKILL


def addresses(pid) -> set[str]:
    """The sockets of a process that are bound to an address of IP."""
    inodes = {link[8:-1] for link in processes.process(pid).descriptors.values() if link.startswith("socket:")}
    with open("/proc/net/tcp") as table:
        return {line.split()[1] for line in table.readlines()[1:] if line.split()[9] in inodes}


def test_forked_processes_keep_sockets_of_the_application(server):
    assert ask(server, TOLD + """
listening = socket.create_server(('127.0.0.1', 0))
one, other = socket.socketpair()
def use():
    with socket.create_connection(listening.getsockname()) as connection:
        accepted, _ = listening.accept()
        connection.sendall(b'through')
        one.sendall(accepted.recv(100))
    return 'done'
done = in_fork(use)
text = other.recv(100).decode()
for each in (listening, one, other): each.close()
[done, text]
""") == ["done", "through"]


def test_forked_processes_die_of_signals(server):
    assert ask(server, TOLD + """
def ended_by(number):
    child = os.fork()
    if not child:
        time.sleep(30)
        os._exit(0)
    os.kill(child, number)
    return os.waitpid(child, 0)[1]
[ended_by(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)]
""") == [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]


def test_forked_processes_handle_signals(server):
    """Nothing of the server's own handling is left that could complain into the log."""
    assert ask(server, TOLD + """
import _signal

def handle():
    seen = []
    _signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    os.kill(os.getpid(), signal.SIGALRM)
    time.sleep(0.1)
    return seen

in_fork(handle)
""") == [signal.SIGALRM]


def test_a_forked_process_that_returns_answers_nothing(server):
    """Two processes return from the application; the client gets one answer, and the other process ends."""
    with server.connect() as connection:
        child = int(connection.request("POST", "/main", body=b"import os\nos.fork()").text)
        assert child > 0
        assert connection.get("/ready.txt").text == "ready\n"
    assert reap(server, child) == 1


@pytest.mark.pythons
@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing(server, method):
    before = len(server.processes())
    found = ask(server, TOLD + f"""
import math, multiprocessing
context = multiprocessing.get_context({method!r})
with context.Pool(3) as pool:
    numbers = pool.map(math.factorial, range(6))
process = context.Process(target=sys.exit, args=(7,))
process.start()
process.join()
endless = context.Process(target=time.sleep, args=(60,))
endless.start()
endless.terminate()
endless.join(5)
result = [numbers, process.exitcode, endless.exitcode]
multiprocessing.active_children()
result
""")
    assert found == [[1, 1, 2, 6, 24, 120], 7, -signal.SIGTERM]
    # What multiprocessing itself keeps: the tracker of resources, and the server of forkserver.
    until(lambda: len(server.processes()) <= before + 2, "the processes to end")
    until(lambda: not left(server), "every child to be waited for")


def test_executors_and_asyncio(server):
    assert ask(server, TOLD + """
import asyncio, math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
async def main():
    program = await asyncio.create_subprocess_exec('cat', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = await program.communicate(b'through cat')
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2) as pool:
        roots = await asyncio.gather(*(loop.run_in_executor(pool, math.sqrt, n * n) for n in range(5)))
    return [out.decode(), program.returncode, roots, await asyncio.to_thread(math.sqrt, 4)]
with ThreadPoolExecutor(3) as pool:
    runs = [pool.submit(asyncio.run, main()) for _ in range(3)]
    found = [run.result() for run in runs]
found
""") == [["through cat", 0, [0.0, 1.0, 2.0, 3.0, 4.0], 2.0]] * 3


@pytest.mark.parametrize("path", ["/main", "/one"])
def test_programs_of_every_interpreter(server, path):
    """A sub-interpreter cannot fork, but it starts programs."""
    assert ask(server, TOLD + """
program = subprocess.Popen(['sleep', '30'])
found = signals(program.pid)['SigBlk']
program.terminate()
[found, program.wait(5)]
""", path) == [[], -signal.SIGTERM]


#: Each way to fork, and what it says where that cannot work.
FORKS = TOLD + """
import math, multiprocessing, pty
from concurrent.futures import ProcessPoolExecutor

def pool():
    with multiprocessing.get_context('fork').Pool(2) as workers:
        workers.map(math.factorial, range(3))

def process():
    multiprocessing.get_context('fork').Process(target=print).start()

def executor():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('fork')) as workers:
        workers.submit(math.sqrt, 4).result()

def preexec():
    subprocess.run(['true'], preexec_fn=os.getpid)

def told(function):
    try:
        function()
    except RuntimeError as error:
        return str(error)

found = {function.__name__: told(function) for function in (
    os.fork, os.forkpty, pty.fork, pool, process, executor, preexec,
    lambda: os.spawnlp(os.P_NOWAIT, 'true', 'true'))}
found
"""

#: What works all the same.
OTHERS = TOLD + """
import math, multiprocessing
with multiprocessing.get_context('spawn').Pool(1) as pool:
    numbers = pool.map(math.factorial, range(3))
account = {'user': os.getuid(), 'group': os.getgid()}
found = [numbers, subprocess.run(['sh', '-c', 'exit 3']).returncode, os.system('exit 4') >> 8, subprocess.getoutput('echo hello'),
 subprocess.run(['sh', '-c', 'exit 5'], start_new_session=True, umask=0o77, **account).returncode,
 os.waitstatus_to_exitcode(os.waitpid(os.posix_spawnp('sh', ['sh', '-c', 'exit 6'], os.environ), 0)[1])]
found
"""


@pytest.mark.pythons
@pytest.mark.parametrize("directives", ["", "WSGIPerInterpreterGIL On\n"])
def test_forks_are_refused_in_a_process_with_several_interpreters(launch, mode, directives):
    """CPython cannot fork such a process: the child would die, for multiprocessing again and again, or hang."""
    server = launch(hosting(mode, "processes=1 threads=4", runs_as=False) + directives + MOUNT, start=False)
    server.log.allow("WSGI0198: ")
    server.start(single=mode == "embedded")
    assert ask(server, TOLD + "in_fork(os.getppid) == os.getpid()"), "one interpreter forks as any program does"
    ask(server, "1", "/two")
    for path in ("/main", "/one", "/main"):
        found = ask(server, FORKS, path)
        assert len(found) == 7
        for name, text in found.items():
            assert text and "with more than one Python interpreter" in text and 'get_context("spawn")' in text \
                and "application-group=%{GLOBAL}" in text, (path, name, text)
        # An interpreter with a GIL of its own has no daemon threads, which a Pool needs.
        assert ask(server, OTHERS, "/main" if directives else path) == [[1, 1, 2], 3, 4, "hello", 5, 6]
    until(lambda: not left(server), "every child to be waited for")


@pytest.mark.pythons
def test_forks_are_refused_beside_interpreters_of_the_application(launch, mode):
    server = launch(hosting(mode, "processes=1 threads=2", runs_as=False) + MOUNT, start=False)
    server.start(single=mode == "embedded")
    assert ask(server, TOLD + """
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
made = interpreters.create()
try:
    told = os.fork()
except RuntimeError as error:
    told = 'more than one' in str(error)
interpreters.destroy(made)
child = os.fork() or os._exit(0)
[told, os.waitpid(child, 0)[1]]
""") == [True, 0]


def test_threads_and_exit_functions_at_the_end(launch, mode):
    """At an orderly stop threads that are no daemons are waited for, then exit functions run once, the last one first."""
    server = launch(hosting(mode, "processes=2 threads=2", runs_as=False) + MOUNT)
    program = f"""
import atexit, os, threading, time

def note(text):
    with open(f'{server.scratch}/{{os.getpid()}}', 'a') as file:
        file.write(text + ' ')

def endless():
    while True:
        time.sleep(0.01)

def slow():
    time.sleep(0.3)
    note('thread')

atexit.register(note, 'first')
atexit.register(note, 'second')
threading.Thread(target=endless, daemon=True).start()
threading.Thread(target=slow, daemon=False).start()
os.getpid()
"""
    pid = ask(server, program)
    server.stop(timeout=15)
    assert {file.name: file.read_text() for file in server.scratch.iterdir()} == {str(pid): "thread second first "}
