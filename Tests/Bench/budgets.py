#!/usr/bin/env python3
"""Compares the cost of requests with their budgets: budgets.py BUILD [OTHER ...] [--accept] [--swift COMMAND]

Counts instructions, system calls (without futex) and allocations (calls of malloc and similar functions) of three
requests, in embedded mode and in daemon mode. In daemon mode, httpd and the worker are counted separately. Fails if a
count of BUILD exceeds the one in budgets.json by more than 3 %. --accept writes the counts to that file. The counts of
other builds are printed as well.

Nothing is compared if a tool is missing, or if the environment is not the one that the budgets were made in.
"""

import argparse
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import counts

BUDGETS = pathlib.Path(__file__).with_name("budgets.json")
COUNTS = ("instructions", "system calls", "allocations")
TOLERANCE = 0.03
#: The amount by which any count may exceed its budget: a thread that starts meanwhile makes some calls.
SLACK = 0.1


def environment(swift):
    """The properties of the environment that the counts depend on."""
    def version(pattern, *command):
        try:
            output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        except OSError:
            return "none"
        found = re.search(pattern, output)
        return found[1] if found else "unknown"

    flags = set(pathlib.Path("/proc/cpuinfo").read_text().split())
    return {
        "processor": platform.machine() + (" with AVX2" if "avx2" in flags else ""),
        "Python": version(r"Python (\S+)", "/usr/bin/python3", "--version"),
        "httpd": version(r"Apache/(\S+)", "apache2", "-v"),
        "C library": version(r"(\S+)\n", "ldd", "--version"),
        "Swift": version(r"Swift version (\S+)", swift, "--version"),
    }


def measure(build):
    """{"embedded, hello": {"instructions": ..., ...}, ...}"""
    rows = {}
    for mode, text, names in (("embedded", counts.EMBEDDED, {"httpd": "embedded"}),
                              ("daemon", counts.DAEMON, {"httpd": "daemon: httpd", "worker": "daemon: worker"})):
        calls = counts.calls(f"{build}/mod_wsgi.so", text)
        instructions = counts.instructions(f"{build}/mod_wsgi.so", text)
        for request in counts.REQUESTS:
            for process, name in names.items():
                values = (round(instructions[request][process]), *(round(each, 2) for each in calls[request][process]))
                rows[f"{name}, {request}"] = dict(zip(COUNTS, values))
    return rows


def table(build, rows):
    print(f"{build:36}" + "".join(f"{name:>15}" for name in COUNTS))
    for name, row in sorted(rows.items()):
        print(f"  {name:34}{row[COUNTS[0]]:15,}" + "".join(f"{row[count]:15.2f}" for count in COUNTS[1:]), flush=True)


def smaller(rows, others):
    """The smaller one of each pair of counts. Timers and new threads of a process add to counts of its requests."""
    return {name: {count: min(value, others[name][count]) for count, value in row.items()} for name, row in rows.items()}


def over(rows, budgets):
    """A line for each count that exceeds its budget."""
    for name, row in rows.items():
        for count, value in row.items():
            budget = budgets.get(name, {}).get(count)
            if budget is None:
                yield f"{name}: {value:,} {count}, without a budget"
            elif value > max(budget * (1 + TOLERANCE), budget + SLACK):
                yield f"{name}: {value:,} {count}, budget {budget:,} (+{(value / budget - 1) * 100 if budget else 100:.1f} %)"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("others", nargs="*")
    parser.add_argument("--accept", action="store_true", help="write the counts into budgets.json")
    parser.add_argument("--swift", default="swift", help="the command of the compiler that built it")
    options = parser.parse_args()
    if missing := [tool for tool in ("valgrind", "vgdb", "strace", "gcc") if not shutil.which(tool)]:
        print(f"budgets: not compared, because {', '.join(missing)} is missing on this machine")
        return 0
    made_with = environment(options.swift)
    stored = json.loads(BUDGETS.read_text()) if BUDGETS.exists() else {"made with": made_with, "budgets": {}}
    if not options.accept and (differences := [f"{name} {made_with[name]} instead of {value}"
                                               for name, value in stored["made with"].items() if made_with[name] != value]):
        print(f"budgets: not compared, because the budgets are for another environment: {', '.join(differences)}")
        return 0
    try:
        measured = {build: measure(build) for build in [options.build, *options.others]}
        rows = measured[options.build]
        if options.accept or any(over(rows, stored["budgets"])):
            measured[options.build] = rows = smaller(rows, measure(options.build))
    except counts.NotPermitted as problem:
        print(f"budgets: not compared, because strace cannot attach to processes: {problem}")
        return 0
    for build, counted in measured.items():
        table(build, counted)
    if options.accept:
        text = json.dumps({"made with": made_with, "budgets": rows}, indent=4)
        BUDGETS.write_text(re.sub(r"\n {12}|\n {8}(?=})", " ", text) + "\n")  # One line for each row.
        return 0
    violations = list(over(rows, stored["budgets"]))
    for violation in violations:
        print(f"OVER BUDGET  {violation}")
    if violations:
        print("Reduce the cost, or run 'make budgets ACCEPT=1' and give the reason in the commit message.")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
