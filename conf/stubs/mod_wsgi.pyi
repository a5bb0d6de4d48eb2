"""The module mod_wsgi for type checkers: outside httpd there is no such module. docs/reference/python.md describes it."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypedDict, TypeVar, type_check_only

version: tuple[int, int, int]
process_group: str
application_group: str
maximum_processes: int
threads_per_process: int

# --- Events

# Called with the name of the event, and with its keys as keyword arguments.
_CallbackT = TypeVar("_CallbackT", bound=Callable[..., Any])

event_callbacks: list[Callable[..., Any]]
shutdown_callbacks: list[Callable[..., Any]]
signal_callbacks: list[Callable[..., Any]]

def subscribe_events(callback: _CallbackT) -> _CallbackT: ...
def subscribe_shutdown(callback: _CallbackT) -> _CallbackT: ...
def subscribe_signals(callback: _CallbackT) -> _CallbackT: ...

# --- Requests

active_requests: dict[str, dict[Any, Any]]

def request_data() -> dict[Any, Any]: ...

class RequestTimeout(BaseException): ...

@type_check_only
class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

class FileWrapper:
    blksize: int
    def __init__(self, filelike: _Readable, blksize: int = 8192) -> None: ...
    @property
    def filelike(self) -> Any: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...
    def close(self) -> None: ...

# --- The error log

class LogHandler(logging.Handler): ...

# --- Metrics

@type_check_only
class _RequestMetrics(TypedDict):
    pid: int
    start_time: float
    stop_time: float
    sample_period: float
    request_count: int
    request_throughput: float
    request_threads_maximum: int
    request_threads_started: int
    request_threads_active: int
    capacity_utilization: float
    request_threads_completed: list[int]
    request_threads_buckets: list[int]
    request_threads_busy_time: list[float]
    request_threads_cpu_time: list[float]
    request_threads_current_elapsed: list[float]
    request_threads_max_duration: list[float]
    server_time: float
    server_time_min_us: int | None
    server_time_max_us: int | None
    server_time_buckets: list[int]
    queue_time: float | None
    queue_time_min_us: int | None
    queue_time_max_us: int | None
    queue_time_buckets: list[int]
    daemon_time: float | None
    daemon_time_min_us: int | None
    daemon_time_max_us: int | None
    daemon_time_buckets: list[int]
    application_time: float
    application_time_min_us: int | None
    application_time_max_us: int | None
    application_time_buckets: list[int]
    request_time: float
    request_time_min_us: int | None
    request_time_max_us: int | None
    request_time_buckets: list[int]
    input_read_time: float
    input_read_time_min_us: int | None
    input_read_time_max_us: int | None
    input_read_time_buckets: list[int]
    output_write_time: float
    output_write_time_min_us: int | None
    output_write_time_max_us: int | None
    output_write_time_buckets: list[int]
    gil_wait_time: float
    gil_wait_time_min_us: int | None
    gil_wait_time_max_us: int | None
    gil_wait_time_buckets: list[int]
    gil_wait_count: int
    input_bytes: int
    input_reads: int
    output_bytes: int
    output_writes: int
    status_1xx: int
    status_2xx: int
    status_3xx: int
    status_4xx: int
    status_5xx: int
    cpu_user_utilization: float
    cpu_system_utilization: float
    cpu_utilization: float
    cpu_user_time: float
    cpu_system_time: float
    cpu_time: float
    memory_rss: int
    memory_max_rss: int

@type_check_only
class _ThreadMetrics(TypedDict):
    thread_id: int
    request_count: int

@type_check_only
class _ProcessMetrics(TypedDict):
    pid: int
    request_busy_time: float
    request_count: int
    memory_max_rss: int
    memory_rss: int
    cpu_user_time: float
    cpu_system_time: float
    cpu_time: float
    restart_time: float
    current_time: float
    running_time: int
    request_threads: int
    active_requests: int
    threads: list[_ThreadMetrics]

def start_recording_metrics() -> None: ...
def request_metrics() -> _RequestMetrics | None: ...
def process_metrics() -> _ProcessMetrics | None: ...
def server_metrics() -> dict[str, Any] | None: ...

# Names that are made when they are first used are listed, too.
def __dir__() -> list[str]: ...
