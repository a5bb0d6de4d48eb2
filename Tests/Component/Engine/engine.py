"""Drives the built engine in this process through its entry table: no httpd, no worker.

ENGINE names the shared object, TRANSPORT the library made of transport.c (compiled on the first use when not given).
"""

import ctypes
import gc
import os
import resource
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))

import specs

#: What a worker knows httpd's children by; also in Tests/Component/Supervisor/httpd_parent.py.
SECRET = bytes(range(100, 116))

COMPLETE, TRUNCATED, RELOAD, SHORT = 0, -1, -2, -4
ACCEPTS = {'None': 1, 'bool': 2, 'str': 4, 'bytes': 8, 'items': 16, 'utf8': 32}
ANSWERS = ('failed', 'missing', 'wrong', 'none', 'true', 'false', 'text', 'items')
SCRIPT_RELOADING, BODY_INLINE, BODY_FOLLOWS, HTTPS, HEADERS_ONLY, STALE_ALLOWED = (1 << bit for bit in range(6))


class Exchange(ctypes.Structure):
    _fields_ = [
        ('body', ctypes.c_char_p), ('body_length', ctypes.c_size_t), ('body_offset', ctypes.c_size_t),
        ('body_step', ctypes.c_size_t), ('body_error', ctypes.c_int64), ('head_error', ctypes.c_int32),
        ('fail_after', ctypes.c_int64), ('output', ctypes.c_void_p), ('output_length', ctypes.c_size_t),
        ('output_capacity', ctypes.c_size_t), ('sent', ctypes.c_int64), ('delay', ctypes.c_int32), ('body_delay', ctypes.c_int32),
        ('request', ctypes.c_void_p),
    ]


class Text(ctypes.Structure):
    _fields_ = [('start', ctypes.c_char_p), ('length', ctypes.c_size_t)]

    @classmethod
    def of(cls, text):
        data = text.encode('latin-1') if isinstance(text, str) else text
        return cls(data, len(data or b''))


class Question(ctypes.Structure):
    _fields_ = [('function', Text), ('arguments', ctypes.POINTER(Text)), ('argument_count', ctypes.c_size_t),
                ('accepts', ctypes.c_uint32), ('answer', ctypes.c_uint32)]


class Answers:
    """What functions of a script answered: [(answer, texts)], the entries they added, and what was logged."""

    def __init__(self, questions, records):
        self.all = [(ANSWERS[question.answer], [data for kind, detail, data in records if (kind, detail) == ('A', index)])
                    for index, question in enumerate(questions)]
        self.first = self.all[0]
        self.added = dict(zip(*([data for kind, _, data in records if kind == which] for which in 'KV')))
        self.ssl = [data for kind, _, data in records if kind == 'S']
        self.text = '\n'.join(data.decode() for kind, _, data in records if kind == 'L')


def resident() -> int:
    """The memory of this process, in KiB."""
    gc.collect()
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


class Result:
    """What one request did: its outcome, and what it handed to the transport."""

    def __init__(self, outcome, records):
        self.outcome = outcome
        self.records = records
        self.log = [(level & 0x7F, logged(level, data)[1]) for kind, level, data in records if kind == 'L']
        self.sources = [logged(level, data)[0] for kind, level, data in records if kind == 'L']
        self.blocks = [data for kind, _, data in records if kind in 'DF']
        self.flushes = [flush for kind, flush, _ in records if kind == 'D']
        self.files = [data for kind, _, data in records if kind == 'F']
        self.body = b''.join(self.blocks)
        heads = [data for kind, _, data in records if kind == 'H']
        assert len(heads) <= 1
        self.status = self.status_line = self.content_length = None
        self.headers = []
        if heads:
            self.status, self.status_line, self.content_length, self.headers = decode_head(heads[0])
        self.hints = [decode_head(data)[1::2] for kind, _, data in records if kind == 'I']

    @property
    def text(self):
        return '\n'.join(line for _, line in self.log)


def logged(level, data):
    """The place where a log record was made, as (file, line) or None, and its text."""
    if not level & 0x80:
        return None, data.decode()
    line, count = struct.unpack_from('=iH', data)
    return (data[6:6 + count].decode(), line), data[6 + count:].decode()


def decode_head(data):
    """Status, status line, declared length and headers of an encoded head."""
    status, count, line, length = struct.unpack_from('=HHIq', data)
    offset = 16 + line
    headers = []
    for _ in range(count):
        name, value = struct.unpack_from('=II', data, offset)
        offset += 8
        headers.append((data[offset:offset + name].decode('latin-1'),
                        data[offset + name:offset + name + value].decode('latin-1')))
        offset += name + value
    assert offset == len(data)
    return status, data[16:16 + line].decode('latin-1'), length, headers


def records(data):
    offset, found = 0, []
    while offset < len(data):
        kind, detail, count = struct.unpack_from('=cii', data, offset)
        found.append((kind.decode(), detail, data[offset + 9:offset + 9 + count]))
        offset += 9 + count
    return found


def interpreter_spec(python_path=(), stdin=False, stdout=False, signal=True, own_gil=False, switch_interval=0.0):
    """An InterpreterSpec: the restrictions, and what else is each interpreter's own."""
    return {'pythonPath': python_path, 'restrictsStdin': stdin, 'restrictsStdout': stdout, 'restrictsSignal': signal,
            'hasOwnGIL': own_gil, 'switchInterval': switch_interval}


def process_spec(process_group='', daemon=False, python_path=(), home='', preloads=(), python='', must_succeed=False,
                 interpreter=None, interpreters=None, switch_interval=0.0, destroys=True, keeps_terminal=False,
                 dont_write_bytecode=False, warnings=(), optimize=0, hash_seed='', egg_cache='', deadlines=(0,) * 6):
    """An encoded ProcessSpec, as SpecCodec writes it."""
    limits = dict(zip(('request', 'interrupt', 'startup', 'inactivity', 'deadlock', 'memory'), deadlines))
    worker = {'generation': 1, 'threads': 15, 'gracefulTimeout': 15, 'shutdownTimeout': 5, 'limits': limits,
              'socketTimeout': 60, 'logLevel': 6, 'secret': specs.secret(SECRET), 'isDumpable': True}
    return specs.process({
        'moduleVersion': [7, 0, 0], 'httpdVersion': [2, 4, 62], 'httpdDescription': 'Apache/2.4.62',
        'httpdBuildDate': '2026-01-01', 'mpmName': 'event', 'httpdChildren': 4, 'httpdThreadsPerChild': 25,
        'processGroup': process_group, 'isMultithreaded': True, 'maximumProcesses': 1, 'threadsPerProcess': 15,
        'interpreter': interpreter_spec(**{'python_path': python_path} | (interpreter or {})),
        'interpreters': [{'applicationGroup': name, 'interpreter': interpreter_spec(**one)}
                         for name, one in (interpreters or {}).items()],
        'switchInterval': switch_interval, 'destroysInterpreters': destroys, 'keepsTerminal': keeps_terminal, 'home': home,
        'python': {'dontWriteBytecode': dont_write_bytecode, 'warnings': warnings, 'optimize': optimize,
                   'hashSeed': hash_seed, 'eggCache': egg_cache},
        'pythonExecutable': python, 'preloadsMustSucceed': must_succeed,
        'preloads': [{'path': path, 'applicationGroup': group} for path, group in preloads],
        'worker': worker if daemon else None,
    })


ENVIRON = {
    'REQUEST_METHOD': 'GET', 'SCRIPT_NAME': '', 'PATH_INFO': '/', 'QUERY_STRING': '', 'REQUEST_URI': '/',
    'SERVER_PROTOCOL': 'HTTP/1.1', 'SERVER_NAME': 'localhost', 'SERVER_PORT': '80', 'SERVER_ADDR': '127.0.0.1',
    'SERVER_SOFTWARE': 'Apache', 'REMOTE_ADDR': '127.0.0.1', 'REMOTE_PORT': '40000', 'DOCUMENT_ROOT': '/srv',
    'CONTEXT_PREFIX': '', 'CONTEXT_DOCUMENT_ROOT': '/srv', 'REQUEST_SCHEME': 'http', 'HTTP_HOST': 'localhost',
    'HTTP_USER_AGENT': 'curl/8', 'HTTP_ACCEPT': '*/*', 'mod_wsgi.request_handler': 'wsgi-script',
    'mod_wsgi.handler_script': '', 'mod_wsgi.script_name': '', 'mod_wsgi.path_info': '/',
    'mod_wsgi.listener_host': '', 'mod_wsgi.listener_port': '80', 'mod_wsgi.server_pid': '1',
    'mod_wsgi.request_id': 'abcdef', 'mod_wsgi.connection_id': 'ghijkl',
}


def request_head(script, group='', callable_object='application', environ=None, flags=0, content_length=-1,
                 modified=0, start=1700000000123456, queue=0, body=b'', request_id='abcdef'):
    """An encoded RequestHead, as RequestHeadEncoder writes it."""
    to_bytes = lambda value: value if isinstance(value, bytes) else value.encode('latin-1')
    entries = b''
    items = list((ENVIRON | {'SCRIPT_FILENAME': script} if environ is None else environ).items())
    for key, value in items:
        key, value = to_bytes(key), to_bytes(value)
        entries += struct.pack('=II', len(key), len(value)) + key + value
    names = [script.encode(), group.encode(), callable_object.encode(), request_id.encode(), b'GET /']
    head = struct.pack('=IIqqqqIIIIIII', flags, len(entries), content_length, modified, start, queue, len(items),
                       len(body), *(len(name) for name in names))
    return head + b''.join(names) + entries + body


def transport_library():
    path = os.environ.get('TRANSPORT')
    if not path:
        path = os.path.join(tempfile.mkdtemp(), 'transport.so')
        subprocess.check_call(['cc', '-O2', '-shared', '-fPIC', '-o', path, os.path.join(HERE, 'transport.c')])
        os.environ['TRANSPORT'] = path
    return ctypes.CDLL(path)


class EntryTable(ctypes.Structure):
    _fields_ = [('abi', ctypes.c_uint32), ('size', ctypes.c_uint32),
                ('start', ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p)),
                ('run', ctypes.c_void_p), ('call', ctypes.c_void_p), ('stop', ctypes.CFUNCTYPE(None))]


class Engine:
    def __init__(self, **spec):
        self.library = ctypes.CDLL(os.environ['ENGINE'])
        self.transport = transport_library()
        self.table = EntryTable.in_dll(self.library, 'wsgi_engine_entry_table')
        self.address = ctypes.c_void_p(ctypes.addressof(self.table))
        data = process_spec(**spec)
        host = ctypes.c_void_p.in_dll(self.transport, 'host')
        self.started = self.table.start(data, len(data), ctypes.addressof(host))

    def run(self, script, body=None, step=0, body_error=0, head_error=0, fail_after=-1, delay=0, body_delay=0,
            request=None, **head):
        """Runs a request on this thread. `body`: what the transport gives; `inline`: comes with the head."""
        flags = head.pop('flags', 0)
        if body is not None or body_error:
            flags |= BODY_FOLLOWS
        inline = head.pop('inline', None)
        if inline is not None:
            flags |= BODY_INLINE
        data = request_head(script, flags=flags, body=inline or b'', **head)
        exchange = Exchange(body=body, body_length=len(body or b''), body_step=step, body_error=body_error,
                            head_error=head_error, fail_after=fail_after, delay=delay, body_delay=body_delay, request=request)
        outcome = self.transport.run(self.address, data, len(data), ctypes.byref(exchange))
        output = ctypes.string_at(exchange.output, exchange.output_length) if exchange.output else b''
        self.transport.release(ctypes.byref(exchange))
        return Result(outcome, records(output))

    def call(self, script, *questions, has_ssl=True, request=None, **head):
        """Asks functions of a script. A question: name, what it accepts, its arguments (str, bytes or None)."""
        data = request_head(script, callable_object='', **head)
        asked = (Question * len(questions))()
        for question, (name, accepts, *arguments) in zip(asked, questions):
            question.function = Text.of(name)
            question.arguments = (Text * len(arguments))(*map(Text.of, arguments))
            question.argument_count = len(arguments)
            question.accepts = sum(ACCEPTS[word] for word in accepts.split())
            question.answer = 99
        exchange = Exchange(fail_after=-1, request=request)
        self.transport.call(self.address, data, ctypes.c_size_t(len(data)), ctypes.byref(exchange), int(has_ssl), asked,
                            ctypes.c_size_t(len(asked)))
        output = ctypes.string_at(exchange.output, exchange.output_length) if exchange.output else b''
        self.transport.release(ctypes.byref(exchange))
        return Answers(asked, records(output))

    def run_many(self, script, count, expected=COMPLETE, **head):
        data = request_head(script, **head)
        return self.transport.run_many(self.address, data, len(data), count, expected)

    def host_log(self):
        buffer = ctypes.create_string_buffer(1 << 20)
        count = self.transport.take_host_log(buffer, len(buffer))
        return [logged(level, data)[1] for _, level, data in records(buffer.raw[:count])]
