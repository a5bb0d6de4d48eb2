"""Answers as the JSON in the X-Answer header says, and writes down the request and what it has read of it.

X-Answer: status, headers, blocks (latin-1 text), how ("list", "generator", "write", "file"), sizes (of reads).
"""

import hashlib
import io
import json
import os
import urllib.parse


def application(environ, start_response):
    wanted = json.loads(urllib.parse.unquote(environ["HTTP_X_ANSWER"]))
    body = read(environ["wsgi.input"], wanted["sizes"])
    told = {key: repr(value) for key, value in environ.items() if not key.startswith("wsgi.")}
    told |= {key: repr(environ[key]) for key in ("wsgi.url_scheme", "wsgi.version", "wsgi.input_terminated")}
    told["body"] = f"{len(body)} {hashlib.sha256(body).hexdigest()}"
    with open(os.path.join(environ["TEST_SCRATCH"], "mirrored"), "w") as file:
        json.dump(told, file)
    write = start_response(wanted["status"], [tuple(pair) for pair in wanted["headers"]])
    blocks = [block.encode("latin-1") for block in wanted["blocks"]]
    match wanted["how"]:
        case "generator":
            return (block for block in blocks)
        case "write":
            for block in blocks:
                write(block)
            return []
        case "file":
            return environ["wsgi.file_wrapper"](io.BytesIO(b"".join(blocks)), 7)
        case _:
            return blocks


def read(stream, sizes):
    data = b""
    for size in sizes:
        data += stream.readline(size) if size % 2 else stream.read(size)
    return data + stream.read()
