"""The httpd parent process and an httpd child as the supervisor and its workers see them, for tests without httpd.

Standard library only. The encodings follow Sources/WSGIWire.
"""

import array
import contextlib
import fcntl
import mmap
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import specs

MAX_GROUPS, MAX_SLOTS, MAX_CHILDREN = 1024, 4096, 2048
GROUPS_AT = 64 + 4 * MAX_CHILDREN
SLOTS_AT = GROUPS_AT + 128 * MAX_GROUPS
MAX_WAITING = 8192
BOARD_SIZE = SLOTS_AT + 64 * MAX_SLOTS + 8 * MAX_CHILDREN * MAX_SLOTS + 8 * MAX_GROUPS * MAX_WAITING + 8 * MAX_CHILDREN * MAX_GROUPS
#: What the workers of all groups know httpd's children by.
SECRET = bytes(range(100, 116))
STATES = ["starting", "serving", "failed", "stopped"]


def worker_spec(options):
    return {
        "generation": 1, "peerUserID": os.getuid(), "threads": options.get("threads", 4),
        "stackSize": options.get("stack_size"), "maximumRequests": options.get("maximum_requests"),
        "maximumRequestsJitter": options.get("jitter"), "gracefulTimeout": options.get("graceful_timeout", 15),
        "shutdownTimeout": options.get("shutdown_timeout", 5), "evictionTimeout": options.get("eviction_timeout"),
        "limits": {name: options.get(name)
                   for name in ("request", "interrupt", "startup", "inactivity", "deadlock", "memory")},
        "socketTimeout": options.get("socket_timeout", 60), "sendBufferSize": options.get("send_buffer_size"),
        "receiveBufferSize": options.get("receive_buffer_size"), "cpuTimeLimit": options.get("cpu_time_limit"),
        "logLevel": options.get("log_level", 6), "secret": specs.secret(SECRET),
        "isDumpable": options.get("dumpable", True), "displayName": options.get("display_name"),
        "locale": options.get("locale"),
    }


def script_spec(script):
    return dict(zip(("path", "applicationGroup", "callableObject"), script))


def process_spec(options):
    return {
        "moduleVersion": [7, 0, 0], "httpdVersion": [2, 4, 71], "httpdDescription": "Apache/2.4.71",
        "httpdBuildDate": "today", "mpmName": "event", "httpdChildren": 16, "httpdThreadsPerChild": 25,
        "processGroup": options["name"], "isMultithreaded": True, "maximumProcesses": 1,
        "threadsPerProcess": options.get("threads", 4),
        "interpreter": {"pythonPath": options.get("python_path"), "restrictsSignal": options.get("restrict_signal")},
        "destroysInterpreters": options.get("destroys_interpreters", True), "home": options.get("home"),
        "preloads": [script_spec(script) for script in options.get("preloads", [])], "worker": worker_spec(options),
    }


def group_spec(group, listeners):
    user, rights = group.get("user"), {}
    if user:
        rights = {"changesUser": True, "userID": user[0], "groupID": user[1]}
    return rights | {
        "name": group["name"], "index": group["index"], "origin": group.get("origin", "test.conf:1"),
        "python": group.get("python", "/usr/bin/python3"),
        "pythonArguments": group.get("arguments", ["-P", "-X", "utf8"]), "supplementaryGroups": group.get("groups"),
        "userName": group.get("user_name"), "userHome": group.get("user_home"), "workingDirectory": group.get("home"),
        "hasNoNewPrivileges": group.get("no_new_privileges"), "umask": group.get("umask"), "lang": group.get("lang"),
        "locale": group.get("locale"), "root": group.get("root"),
        "environment": [{"name": name, "value": value} for name, value in group.get("environment", [])],
        "limits": {"priority": group.get("priority"), "cpuTime": group.get("cpu"), "mostCPUTime": group.get("most_cpu"),
                   "data": group.get("data"), "addressSpace": group.get("address_space")},
        "process": process_spec(group), "restartInterval": group.get("restart_interval"),
        "slots": [{"index": index, "listenerDescriptor": descriptor} for index, descriptor in listeners],
        "stopsFirst": group.get("stops_first"), "problem": group.get("problem"),
    }


class Slot:
    """A slot's listening socket."""

    def __init__(self, index, directory):
        self.index = index
        self.path = os.path.join(directory, "slot%d.sock" % index)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(100)


class Parent:
    """Starts the supervisor and feeds it configurations."""

    def __init__(self, supervisor, engine, directory=None, pid=None, open_files=None):
        """`open_files`: the limit of descriptors that the supervisor has, for good."""
        self.open_files = open_files
        self.directory = directory or tempfile.mkdtemp(prefix="wsgi-test-")
        self.engine = engine
        self.log_path = os.path.join(self.directory, "error_log")
        self.log = open(self.log_path, "ab", buffering=0)
        self.board_file = os.memfd_create("board")
        os.ftruncate(self.board_file, BOARD_SIZE)
        self.board = mmap.mmap(self.board_file, SLOTS_AT + 64 * MAX_SLOTS)
        self.board[0:8] = struct.pack("=II", 0x57534749, 5)
        self.status_file = os.memfd_create("status")
        os.ftruncate(self.status_file, 64)
        self.status = mmap.mmap(self.status_file, 64)
        self.facts_file = os.memfd_create("facts")
        os.ftruncate(self.facts_file, 8 << 20)
        self.questions, self.asking = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK | os.O_DIRECT)
        self.slots = {}
        self.configuration = 0
        self.start(supervisor, pid or os.getpid())

    def start(self, supervisor, pid):
        self.program = supervisor
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def place():
            high = [fcntl.fcntl(one, fcntl.F_DUPFD, 64) for one in (theirs.fileno(), self.board_file, self.status_file,
                                                                 self.facts_file, self.questions)]
            for place, one in enumerate(high, 3):
                os.dup2(one, place)
            if self.open_files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (self.open_files, self.open_files))

        # Other descriptors than these five may not be inherited: subprocess closes them.
        self.supervisor = subprocess.Popen(
            [supervisor, str(pid)], stderr=self.log, stdout=self.log, stdin=subprocess.DEVNULL, preexec_fn=place,
            pass_fds=(3, 4, 5, 6, 7))
        theirs.close()

    def slot(self, index):
        if index not in self.slots:
            self.slots[index] = Slot(index, self.directory)
        return self.slots[index]

    def configure(self, *groups, log_level=6, start_limit=0, former_scripts=()):
        """Each group is a dict: name, index, slots (indexes), python and worker options."""
        self.configuration += 1
        descriptors, sent = [self.log.fileno()], []
        for group in groups:
            listeners = []
            for index in group["slots"]:
                listeners.append((index, len(descriptors)))
                descriptors.append(self.slot(index).listener.fileno())
            sent.append(group_spec(group, listeners))
        body = specs.supervisor({
            "configuration": self.configuration, "engine": self.engine, "logLevel": log_level, "groups": sent,
            "startLimit": start_limit, "formerScripts": former_scripts,
        })
        file = os.memfd_create("configuration")
        os.write(file, body)
        for at in range(0, len(descriptors), 200):
            self.send(1, descriptors[at:at + 200])
        self.send(2, [file])
        os.close(file)

    def send(self, kind, descriptors=(), payload=b""):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        self.control.sendmsg([struct.pack("=I", kind) + payload], control)

    def stop(self):
        self.send(3)

    def beats(self):
        return struct.unpack_from("=Q", self.status)[0]

    def wants_configuration(self):
        return struct.unpack_from("=I", self.status, 8)[0] != 0

    # What the scoreboard says.

    def state(self, group):
        return STATES[struct.unpack_from("=I", self.board, GROUPS_AT + 128 * group)[0]]

    def slot_cell(self, slot):
        """(claimed, generation, failed_replacements, threads, pid)"""
        return struct.unpack_from("=IIIIi", self.board, SLOTS_AT + 64 * slot)

    def generation(self, slot):
        return self.slot_cell(slot)[1]

    def failed_replacements(self, slot):
        return self.slot_cell(slot)[2]

    def pid(self, slot):
        return self.slot_cell(slot)[4]

    def text(self):
        with open(self.log_path) as file:
            return file.read()


def wait_for(condition, seconds=5.0, what="condition"):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("timeout: " + what)
        time.sleep(0.002)


# Frames of the channel.

REQUEST, BODY, BODY_END, ABORT = 1, 2, 3, 4
GO, HEAD, DATA, FILE, LOG, END, ERROR, RELOAD = 16, 17, 18, 19, 20, 21, 22, 23


def frame(kind, payload=b"", flags=0, detail=0):
    return struct.pack("=IBBH", len(payload), kind, flags, detail) + payload


def request_head(script, environ, body=None, follows=-2, modified=0, flags=0, application_group=""):
    """`body`: inline; `follows`: the declared length of a body that is asked for with GO (-1: unknown)."""
    entries = b"".join(
        struct.pack("=II", len(key.encode()), len(value.encode())) + key.encode() + value.encode()
        for key, value in environ.items())
    strings = [part.encode() for part in (script, application_group, "application", "id-1", "GET " + environ.get("PATH_INFO", "/"))]
    if body is not None:
        flags |= 2
    if follows > -2:
        flags |= 4
    length = len(body) if body is not None else follows if follows > -2 else 0
    head = struct.pack(
        "=IIqqqqIIIIIII", flags, len(entries), length, modified, int(time.time() * 1e6), int(time.time() * 1e6),
        len(environ), len(body or b""), *(len(part) for part in strings))
    return head + b"".join(strings) + entries + (body or b"")


ENVIRON = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "localhost",
    "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
}


class Response:
    def __init__(self):
        self.status = None
        self.headers = []
        self.body = b""
        self.log = []
        self.outcome = None  # "end", "cut", "reload", or the status of ERROR


class Child:
    """One connection of an httpd child to a slot's worker."""

    def __init__(self, parent, slot, timeout=10, secret=SECRET, generation=None):
        if generation is None:
            generation = wait_for(lambda: parent.generation(slot), what="a worker that serves")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(parent.slot(slot).path)
        self.introduction = secret + struct.pack("=I", generation)
        self.rights = []
        self.reads = 0
        self.number = 40_000

    def close(self):
        self.socket.close()

    def send(self, data):
        """The introduction goes before the first message, with it."""
        data, self.introduction = self.introduction + data, b""
        self.socket.sendall(data)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece, ancillary, _, _ = self.socket.recvmsg(count - len(data), 1024)
            self.reads += 1
            for _, _, raw in ancillary:
                numbers = array.array("i")
                numbers.frombytes(raw)
                self.rights += numbers
            if not piece:
                raise EOFError
            data += piece
        return data

    def next(self):
        length, kind, flags, detail = struct.unpack("=IBBH", self.exactly(8))
        return kind, flags, detail, self.exactly(length)

    def receive(self, body=None, number=0):
        """Reads a response; `body` is an iterator of pieces that answers GO. Each frame has the request's `number`."""
        response = Response()
        while True:
            try:
                kind, flags, detail, payload = self.next()
            except (EOFError, ConnectionResetError):
                response.outcome = "cut"
                return response
            assert detail == number, f"a frame of request {detail} in the answer to {number}"
            if kind == HEAD:
                status, count, line, _ = struct.unpack_from("=HHIq", payload)
                response.status = payload[16:16 + line].decode()
                at = 16 + line
                for _ in range(count):
                    name, value = struct.unpack_from("=II", payload, at)
                    at += 8
                    response.headers.append((payload[at:at + name].decode(), payload[at + name:at + name + value].decode()))
                    at += name + value
            elif kind == DATA:
                response.body += payload
            elif kind == FILE:
                offset, length = struct.unpack("=qq", payload)
                descriptor = self.rights.pop(0)
                response.body += os.pread(descriptor, length, offset)
                os.close(descriptor)
            elif kind == LOG:
                response.log.append((flags, payload.decode()))
            elif kind == GO:
                wanted, = struct.unpack("=I", payload)
                piece = next(body, None)
                if piece is None:
                    self.send(frame(BODY_END))
                elif isinstance(piece, int):
                    self.send(frame(ABORT, detail=piece))
                else:
                    assert len(piece) <= wanted, (len(piece), wanted)
                    self.send(frame(BODY, piece))
            else:
                status = struct.unpack("=H", payload)[0] if kind == ERROR else 0
                response.outcome = {END: "end", ERROR: status, RELOAD: "reload"}[kind]
                return response

    def request(self, script, environ=None, pieces=None, **options):
        merged = dict(ENVIRON, **(environ or {}))
        self.number = (self.number + 1) % 65536
        self.send(frame(REQUEST, request_head(script, merged, **options), detail=self.number))
        return self.receive(iter(pieces or []), self.number)


@contextlib.contextmanager
def running(supervisor, engine, **options):
    """A parent whose supervisor and workers are gone afterwards, whatever happened."""
    parent = Parent(supervisor, engine, **options)
    try:
        yield parent
    except BaseException:
        print("---- error log of", parent.log_path)
        print(parent.text())
        raise
    finally:
        parent.control.close()
        try:
            parent.supervisor.wait(20)
        except subprocess.TimeoutExpired:
            parent.supervisor.kill()
            parent.supervisor.wait()
            raise AssertionError("the supervisor did not end")
