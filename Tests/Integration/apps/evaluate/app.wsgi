"""Runs the request body, which only tests send, and answers the value of its last expression as JSON."""

import ast
import json
import os

IMPORTED = dict(os.environ)


def application(environ, start_response):
    program = ast.parse(environ["wsgi.input"].read())
    last = ast.Expression(program.body.pop().value)
    names = {"environ": environ, "IMPORTED": IMPORTED}
    exec(compile(program, "<request>", "exec"), names)
    value = eval(compile(last, "<request>", "eval"), names)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]
