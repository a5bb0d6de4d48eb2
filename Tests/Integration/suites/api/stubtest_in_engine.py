"""Compares the stubs with the modules of a running engine: stubtest_in_engine.py ENGINE STUBS. Not a test by itself."""

import os
import pathlib
import sys

engine, stubs = sys.argv[1:]
os.environ |= {"ENGINE": engine, "MYPYPATH": stubs}
sys.path.append(str(pathlib.Path(__file__).parents[3] / "Component" / "Engine"))

from engine import Engine

one = Engine()
sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

from mypy import stubtest

code = stubtest.test_stubs(stubtest.parse_options(["mod_wsgi", "apache"]))
sys.stdout.flush()
os._exit(code)
