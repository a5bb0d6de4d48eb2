"""Answers the file "data" of the scratch directory through wsgi.file_wrapper, wrapped as `kind` in the query says.

Other words of the query: seek, length (a Content-Length), etag. Each close() of what is wrapped adds a line to "closed".
"""

import functools
import gzip
import io
import os
import threading
from urllib.parse import parse_qs


class Told:
    """A file-like object that writes down that it is closed; `descriptor`: it has a descriptor and a position, too."""

    def __init__(self, file, scratch, descriptor=False):
        self.read, self._file, self._scratch = file.read, file, scratch
        if descriptor:
            self.fileno, self.tell = file.fileno, file.tell

    def close(self):
        self._file.close()
        with open(os.path.join(self._scratch, "closed"), "a") as file:
            file.write("closed\n")


class ToldBytes(io.BytesIO):
    def __init__(self, data, scratch):
        super().__init__(data)
        self._scratch = scratch

    def close(self):
        Told(io.BytesIO(), self._scratch).close()
        super().close()


class Iterable:
    """What a middleware returns that looks at each block."""

    def __init__(self, wrapper):
        self.wrapper = wrapper

    def __iter__(self):
        return iter(self.wrapper)

    def close(self):
        self.wrapper.close()


def generate(wrapper):
    try:
        yield from wrapper
    finally:
        wrapper.close()


def pipe(data):
    reading, writing = os.pipe()

    def fill():
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    threading.Thread(target=fill).start()
    return os.fdopen(reading, "rb")


class Kept:
    """A file that stays open, and is sent again and again from its beginning."""

    def __init__(self, path):
        self._file = open(path, "rb", buffering=0)
        self.read, self.fileno, self.tell = self._file.read, self._file.fileno, self._file.tell


@functools.cache
def kept(path):
    return Kept(path)


def application(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    kind, wrapper, scratch = query["kind"], environ["wsgi.file_wrapper"], environ["TEST_SCRATCH"]
    path = os.path.join(scratch, "data")
    headers = [("Content-Type", "application/octet-stream")]
    if "length" in query:
        headers.append(("Content-Length", query["length"]))
    if "etag" in query:
        headers.append(("ETag", query["etag"]))
    start_response("200 OK", headers)
    file = open(path, "rb", buffering=0 if kind == "unbuffered" else -1)
    if "seek" in query:
        # Reading first: the position of the buffer is not that of the descriptor then.
        file.read(1)
        file.seek(int(query["seek"]))

    class Subclass(wrapper):
        pass

    class Upper(wrapper):
        def __next__(self):
            return super().__next__().upper()

    class Twice(wrapper):
        def __iter__(self):
            for block in iter(super().__next__, None):
                yield block * 2

    match kind:
        case "file" | "unbuffered":
            return wrapper(file)
        case "kept":
            return wrapper(kept(path))
        case "descriptor":
            return wrapper(Told(file, scratch, descriptor=True))
        case "no_descriptor":
            return wrapper(Told(file, scratch))
        case "bytes":
            return wrapper(ToldBytes(file.read(), scratch))
        case "text":
            return wrapper(open(path, encoding="latin-1"))
        case "text_in_memory":
            return wrapper(io.StringIO(file.read().decode("latin-1")))
        case "pipe":
            return wrapper(Told(pipe(file.read()), scratch))
        case "pipe_itself":
            return wrapper(pipe(file.read()))
        case "gzip":
            with gzip.open(os.path.join(scratch, "packed"), "wb") as packed:
                packed.write(file.read())
            return wrapper(gzip.open(os.path.join(scratch, "packed")))
        case "subclass":
            return Subclass(Told(file, scratch, descriptor=True))
        case "upper":
            return Upper(Told(file, scratch, descriptor=True))
        case "twice":
            return Twice(Told(file, scratch, descriptor=True))
        case "iterable":
            return Iterable(wrapper(Told(file, scratch, descriptor=True)))
        case "generator":
            return generate(wrapper(Told(file, scratch, descriptor=True)))
        case "list":
            wrapped = wrapper(Told(file, scratch, descriptor=True))
            blocks = [block.upper() for block in wrapped]
            wrapped.close()
            return blocks
        case "closed_file":
            file.close()
            return wrapper(file)
        case "closed_wrapper":
            wrapped = wrapper(Told(file, scratch, descriptor=True))
            wrapped.close()
            return wrapped
        case "close_raises":
            told = Told(file, scratch, descriptor=True)
            told._file = None
            return wrapper(told)
        case "iterated":
            wrapped = wrapper(Told(file, scratch, descriptor=True))
            next(wrapped)
            return wrapped
