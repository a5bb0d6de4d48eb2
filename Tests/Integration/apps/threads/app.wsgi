"""Writes, reads and logs in threads of its own, beside the request's own; QUERY_STRING marks what is logged."""

import hashlib
import sys
import threading
import time

SIZES = (1, 900, 70_000, 200_000, 3, 20_000)


def application(environ, start_response):
    name, errors = environ["QUERY_STRING"], environ["wsgi.errors"]
    write = start_response("200 OK", [("Content-Type", "application/octet-stream")])
    digest = hashlib.sha256()

    def writes():
        for index in range(24):
            body = bytes([65 + index]) * SIZES[index % len(SIZES)]
            write(b"<%d %d>" % (index, len(body)) + body)

    def reads():
        while piece := environ["wsgi.input"].read(50_000):
            digest.update(piece)

    def logs(thread):
        for index in range(40):
            errors.write(f"{name} {thread} part {index}")
            errors.write(" end\n")
            print(f"{name} {thread} printed {index}\n{name} {thread} second {index}", file=sys.stderr)
            time.sleep(0.001)

    threads = [threading.Thread(target=target, args=arguments)
               for target, arguments in ((writes, ()), (reads, ()), (logs, ("helper",)))]
    for thread in threads:
        thread.start()
    logs("own")
    while any(thread.is_alive() for thread in threads):
        print(f"{name} own waits", file=errors)
        time.sleep(0.005)
    return [b"<digest>" + digest.hexdigest().encode()]
