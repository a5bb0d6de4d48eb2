#!/usr/bin/env python3
"""wsgi.file_wrapper: files that the transport sends, and those that it cannot."""

import os
import sys
import unittest

from adapter import FOLDER, application, engine, main
from engine import COMPLETE, HEADERS_ONLY, SHORT, TRUNCATED


class FileWrapper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.content = os.urandom(100000)
        cls.path = os.path.join(FOLDER, 'file.bin')
        with open(cls.path, 'wb') as file:
            file.write(cls.content)

    def send(self, opening, headers='[]', **options):
        result = engine.run(application(f'''
            import gzip, io, os, sys, tempfile
            path = {self.path!r}
            {opening}
            sys.file = file
            start_response('200 OK', {headers})
            return environ['wsgi.file_wrapper'](file)
        '''), **options)
        closed = getattr(sys.file, 'closed', True)
        sys.file = None
        self.assertTrue(closed)
        return result

    def test_whole_file(self):
        for opening in ("file = open(path, 'rb')", "file = open(path, 'rb', 0)", "file = open(path, 'r+b')"):
            result = self.send(opening)
            self.assertEqual((result.outcome, result.files), (COMPLETE, [self.content]))
            self.assertEqual(result.content_length, len(self.content))
            self.assertEqual(result.headers, [('Content-Length', '100000')])

    def test_nothing_follows_a_file(self):
        """A thread that goes on writing while the file is sent adds nothing to it."""
        result = engine.run(application(f'''
            import threading
            write = start_response('200 OK', [('Content-Length', '200000')])
            class Wrapped(environ['wsgi.file_wrapper']):
                def close(self):
                    super().close()
                    other = threading.Thread(target=write, args=(b'more',))
                    other.start()
                    other.join()
            return Wrapped(open({self.path!r}, 'rb'))
        '''))
        self.assertEqual((result.files, len(result.body), result.body[-9:]), ([self.content], 100000, self.content[-9:]))

    def test_offset_and_length(self):
        result = self.send("file = open(path, 'rb'); file.read(10)")
        self.assertEqual((result.files, result.content_length), ([self.content[10:]], 99990))
        result = self.send("file = open(path, 'rb'); file.seek(50)", "[('Content-Length', '20')]")
        self.assertEqual((result.outcome, result.files), (COMPLETE, [self.content[50:70]]))
        result = self.send("file = open(path, 'rb'); file.seek(99990)", "[('Content-Length', '20')]")
        self.assertEqual((result.outcome, result.files), (SHORT, [self.content[99990:]]))
        result = self.send("file = open(path, 'rb'); file.seek(200000)")
        self.assertEqual((result.outcome, result.files, result.content_length), (COMPLETE, [], 0))

    def test_head_request(self):
        result = self.send("file = open(path, 'rb')", flags=HEADERS_ONLY)
        self.assertEqual((result.outcome, result.files, result.content_length), (COMPLETE, [], 100000))

    def test_temporary_file(self):
        result = self.send("file = tempfile.NamedTemporaryFile(); file.write(b'data'); file.seek(0)")
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'data'))

    def test_what_is_not_a_plain_file_is_read(self):
        result = self.send("file = io.BytesIO(b'x' * 20000)")
        self.assertEqual((result.outcome, result.files, [len(block) for block in result.blocks]),
                         (COMPLETE, [], [8192, 8192, 3616]))
        result = self.send("gz = gzip.open(path + '.gz', 'wb'); gz.write(b'plain'); gz.close(); file = gzip.open(path + '.gz', 'rb')")
        self.assertEqual((result.outcome, result.files, result.body), (COMPLETE, [], b'plain'))
        result = self.send("reader, writer = os.pipe(); os.write(writer, b'piped'); os.close(writer); "
                           "file = open(reader, 'rb')")
        self.assertEqual((result.outcome, result.files, result.body), (COMPLETE, [], b'piped'))
        result = self.send("open(path + '.txt', 'w').write('text'); file = open(path + '.txt')")
        self.assertEqual(result.outcome, 500)
        self.assertIn('TypeError', result.text)

    def test_the_class(self):
        import io
        import mod_wsgi
        wrapper = mod_wsgi.FileWrapper(io.BytesIO(b'abcde'), 2)
        self.assertEqual((wrapper.blksize, wrapper.filelike.tell(), list(wrapper)), (2, 0, [b'ab', b'cd', b'e']))
        wrapper.close()
        wrapper.close()
        with self.assertRaises(ValueError):
            wrapper.filelike
        with self.assertRaises(ValueError):
            mod_wsgi.FileWrapper(io.BytesIO(), -1)
        with self.assertRaises(TypeError):
            next(mod_wsgi.FileWrapper(io.StringIO('x')))

        class Mine(mod_wsgi.FileWrapper):
            pass

        self.assertEqual(list(Mine(io.BytesIO(b'x'))), [b'x'])


if __name__ == '__main__':
    main()
