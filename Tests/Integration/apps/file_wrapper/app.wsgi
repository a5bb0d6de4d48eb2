"""What the file wrapper is, seen from Python."""

import io
import json


def raised(function):
    try:
        function()
    except Exception as error:
        return type(error).__name__


def application(environ, start_response):
    wrapper = environ["wsgi.file_wrapper"]
    file = io.BytesIO(b"0123456789")
    wrapped = wrapper(file, 4)
    told = {
        "blocks": [block.decode() for block in wrapped],
        "filelike": wrapped.filelike is file,
        "blksize": wrapped.blksize,
        "default": wrapper(io.BytesIO()).blksize,
        "closed before": file.closed,
    }
    wrapped.close()
    told["closed after"] = file.closed
    told["filelike after close"] = raised(lambda: wrapped.filelike)
    told["negative"] = raised(lambda: wrapper(file, -1))
    told["subclass"] = isinstance(type("Mine", (wrapper,), {})(io.BytesIO()), wrapper)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
