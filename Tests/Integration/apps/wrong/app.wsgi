"""Runs the statements in the body of the request, which only tests send, as those of an application."""

import logging
import textwrap


def application(environ, start_response):
    source = textwrap.indent(environ["wsgi.input"].read().decode(), "    ")
    names = {"logging": logging}
    exec("def run(environ, start_response):\n" + source, names)
    return names["run"](environ, start_response)
