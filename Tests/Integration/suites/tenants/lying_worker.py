#!/usr/bin/python3 -SBI
"""A worker that tells the lie, or dies the death, that the path of a request names. It is its group's "Python"."""

import os
import pathlib
import signal
import socket
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import deaths
import lies
from worker_protocol import END, SERVED, Connection, Control, data, head


def serve(connection: Connection, control: Control) -> None:
    try:
        while True:
            path, query = connection.receive_request()
            name = urllib.parse.unquote_plus(path.strip("/"))
            if told := lies.TOLD.get(name):
                told.tell(connection)
                if name in lies.CLOSING:
                    break
            elif name in deaths.DEATHS:
                deaths.DEATHS[name](connection)
            else:
                connection.send(head(), data(f"{os.getpid()} {path}".encode()), END)
                control.send(SERVED)
    except (EOFError, OSError, MemoryError):
        pass
    connection.socket.close()


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    control = Control()
    control.start()
    os.chdir(pathlib.Path(__file__).resolve().parent)

    def accept() -> None:
        try:
            listener = socket.socket(fileno=4)
            listener.setblocking(True)
            while True:
                connection = Connection(listener.accept()[0])
                threading.Thread(target=serve, args=(connection, control), daemon=True).start()
        finally:
            os._exit(7)

    threading.Thread(target=accept, daemon=True).start()
    while True:
        control.receive()


if __name__ == "__main__":
    main()
