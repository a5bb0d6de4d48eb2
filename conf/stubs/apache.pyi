"""The module apache for type checkers: outside httpd there is no such module."""

version: tuple[int, int, int]
description: str
build_date: str
mpm_name: str
maximum_processes: int
threads_per_process: int
