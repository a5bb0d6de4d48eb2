"""Chooses what the query string says: process_group=..., application_group=..., callable_object=..."""

import os
import sys
from urllib.parse import parse_qs

sys.path.insert(0, os.path.dirname(__file__))
from telling import act, tell

ANSWERS = {"number": 1, "none": None, "bytes": b"main"}


def choose(environ, name):
    words = parse_qs(environ["QUERY_STRING"]).get(name)
    if not words or words[0] in ANSWERS or words[0] in ("raise", "exit"):
        return act(words and words[0], ANSWERS)
    return words[0]


def process_group(environ):
    tell(environ)
    environ["shared"] = ["process_group"]
    return choose(environ, "process_group")


def application_group(environ):
    environ["shared"].append("application_group")
    return choose(environ, "application_group")


def callable_object(environ):
    environ["CALLS"] = " ".join(environ["shared"])
    return choose(environ, "callable_object")
