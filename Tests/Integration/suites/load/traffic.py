"""Clients that ask without pause, check every answer, and count."""

import dataclasses
import threading
import time

import client


@dataclasses.dataclass
class Figures:
    requests: int = 0
    failures: list = dataclasses.field(default_factory=list)
    retried: int = 0
    longest: float = 0.0

    def __str__(self):
        return (f"{self.requests} requests, {len(self.failures)} failed, {self.retried} repeated on a kept connection "
                f"that httpd had closed, longest {self.longest * 1000:.0f} ms")


class Traffic:
    """`clients` threads; every other one keeps its connection. Use as a context manager around what happens."""

    def __init__(self, server, path: str, accept, clients: int = 4):
        self.figures = Figures()
        self._server, self._path, self._accept = server, path, accept
        self._stop, self._go, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._idle = threading.Semaphore(0)
        self._paused: list[threading.Event] = []
        self._threads = [threading.Thread(target=self._run, args=(number % 2 == 0,)) for number in range(clients)]

    def __enter__(self):
        self._go.set()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._go.set()
        for thread in self._threads:
            thread.join()

    def pause(self) -> None:
        """Returns when no request is under way."""
        self._go.clear()
        for _ in self._threads:
            self._idle.acquire()

    def resume(self) -> None:
        self._go.set()

    def wait_for(self, requests: int) -> None:
        """Waits until that many more requests have been answered."""
        target = self.figures.requests + requests
        while self.figures.requests < target and not self.figures.failures:
            time.sleep(0.005)

    def _run(self, keeps: bool) -> None:
        connection = None
        while not self._stop.is_set():
            if not self._go.is_set():
                self._idle.release()
                self._go.wait()
                continue
            connection = self._ask(connection, keeps)
        if connection:
            connection.close()

    def _ask(self, connection, keeps: bool):
        begin = time.monotonic()
        try:
            try:
                answer, connection = self._once(connection, keeps)
            except (client.Cut, OSError) as failure:
                if connection is None or getattr(failure, "partial", None) is not None:
                    raise
                with self._lock:
                    self.figures.retried += 1
                answer, connection = self._once(None, keeps)
            fault = None if self._accept(answer) else f"{answer.status} {answer.body[:60]!r}"
        except (client.Cut, OSError) as failure:
            fault, connection = repr(failure), None
        with self._lock:
            self.figures.requests += 1
            self.figures.longest = max(self.figures.longest, time.monotonic() - begin)
            if fault:
                self.figures.failures.append(fault)
        return connection

    def _once(self, connection, keeps: bool):
        used = connection or self._server.connect(timeout=20)
        answer = used.request("GET", self._path, close=not keeps)
        if keeps and (answer.header("Connection") or "").lower() != "close":
            return answer, used
        used.close()
        return answer, None
