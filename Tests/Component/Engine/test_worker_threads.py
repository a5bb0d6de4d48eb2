#!/usr/bin/env python3
"""Threads of an application that write, read and log at the same time, in a daemon process: every byte is checked."""

import collections
import hashlib
import os
import re
import sys
import tempfile
import textwrap
import threading
import unittest

from worker import Worker

ROUNDS = int(os.environ.get('ROUNDS', 6))
FOLDER = tempfile.mkdtemp()

APPLICATION = '''
    import hashlib, logging, sys, threading, time

    late = []

    def application(environ, start_response):
        name = environ['QUERY_STRING']
        errors = environ['wsgi.errors']
        logger = logging.Logger('app')
        logger.addHandler(logging.StreamHandler(errors))
        write = start_response('200 OK', [('Content-Type', 'application/octet-stream')])
        digest = hashlib.sha256()
        sizes = (1, 900, 70_000, 200_000, 3, 20_000)

        def writes():
            for index in range(30):
                body = bytes([65 + index % 26]) * sizes[index % len(sizes)]
                write(b'<%s %d %d>' % (name.encode(), index, len(body)) + body)

        def reads():
            while piece := environ['wsgi.input'].read(50_000):
                digest.update(piece)

        def logs(thread, count=60):
            for index in range(count):
                errors.write(f'{name} {thread} part {index}')
                errors.write(f' end {index}\\n')
                logger.error('%s %s logged %d', name, thread, index)
                print(f'{name} {thread} printed {index}\\n{name} {thread} second {index}', flush=index % 2)
                print(f'{name} {thread} error {index}', file=sys.stderr)
                time.sleep(0)

        threads = [threading.Thread(target=target, args=arguments) for target, arguments in
                   ((writes, ()), (reads, ()), (logs, ('helper',)), (logs, ('other',)))]
        for thread in threads: thread.start()
        logs('own')
        while any(thread.is_alive() for thread in threads):
            print(f'{name} own waits', file=errors)
            time.sleep(0.001)
        return [b'<digest>' + digest.hexdigest().encode()]
'''


def script(source, name='app.wsgi'):
    path = os.path.join(FOLDER, name)
    with open(path, 'w') as file:
        file.write(textwrap.dedent(source))
    return path


def blocks(body):
    """The blocks of a response as (name, index, bytes), and what follows them."""
    found = []
    while opening := re.match(rb'<(\S+) (\d+) (\d+)>', body):
        end = opening.end() + int(opening[3])
        found.append((opening[1].decode(), int(opening[2]), body[opening.end():end]))
        body = body[end:]
    return found, body


class Threads(unittest.TestCase):
    def expected(self, name, path):
        """The lines of a request by where they belong: to the request, or to the process."""
        own, process = collections.Counter(), collections.Counter()
        for thread in ('own', 'helper', 'other'):
            streams = own if thread == 'own' else process
            for index in range(60):
                own[f'[script {path}] {name} {thread} part {index} end {index}'] += 1
                own[f'[script {path}] {name} {thread} logged {index}'] += 1
                prefix = f'[script {path}] ' if thread == 'own' else ''
                streams[f'{prefix}{name} {thread} printed {index}'] += 1
                streams[f'{prefix}{name} {thread} second {index}'] += 1
                streams[f'{prefix}{name} {thread} error {index}'] += 1
        return own, process

    def check(self, name, path, response, upload):
        self.assertEqual((response.outcome, response.status), ('end', '200 OK'), response.log[-3:])
        found, rest = blocks(response.body)
        sizes = (1, 900, 70_000, 200_000, 3, 20_000)
        self.assertEqual([(who, index) for who, index, _ in found], [(name, index) for index in range(30)])
        for _, index, body in found:
            self.assertEqual(body, bytes([65 + index % 26]) * sizes[index % len(sizes)])
        self.assertEqual(rest.decode(), '<digest>' + hashlib.sha256(upload).hexdigest())
        own, _ = self.expected(name, path)
        lines = collections.Counter(line for _, line in response.log)
        del lines[f'[script {path}] {name} own waits']
        self.assertEqual(lines, own)

    def test_in_one_interpreter(self):
        self.run_clients(('', '', ''))

    def test_in_interpreters_that_share_the_gil(self):
        self.run_clients(('', 'one', 'two'))

    @unittest.skipIf(sys.version_info < (3, 12), 'no such interpreters')
    def test_in_interpreters_with_gils_of_their_own(self):
        own = {'own_gil': True, 'switch_interval': 0.0005}
        self.run_clients(('one', 'two', 'three'), interpreters={'one': own, 'two': own, 'three': own})

    def run_clients(self, groups, **spec):
        path = script(APPLICATION)
        # The monitor watches requests and the GIL meanwhile.
        with Worker(deadlines=(120_000, 0, 0, 0, 60_000, 0), **spec) as worker:
            failures = []

            def client(number):
                child = worker.child(20)
                for turn in range(ROUNDS):
                    name = f'{number}-{turn}'
                    # Each as long as the application's reads allow, or a part of that.
                    pieces = [os.urandom(10_000) for _ in range(80)]
                    try:
                        response = child.request(path, {'QUERY_STRING': name}, pieces=pieces, follows=-1,
                                                 application_group=groups[number])
                        self.check(name, path, response, b''.join(pieces))
                    except Exception as error:
                        failures.append(f'{name}: {error!r:.2000}')
                        return
                child.close()

            clients = [threading.Thread(target=client, args=(number,)) for number in range(3)]
            for thread in clients:
                thread.start()
            for thread in clients:
                thread.join()
            self.assertEqual(failures, [])
            self.assertEqual(worker.end(), 0, worker.log)
            wanted = collections.Counter()
            for number in range(3):
                for turn in range(ROUNDS):
                    wanted += self.expected(f'{number}-{turn}', path)[1]
            lines = collections.Counter(
                line.partition('] [pid ')[2].partition('] ')[2] for line in worker.log.splitlines() if ' [wsgi:error] ' in line)
            self.assertEqual(lines, wanted)


if __name__ == '__main__':
    unittest.main()
