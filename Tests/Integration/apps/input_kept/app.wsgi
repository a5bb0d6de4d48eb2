"""Keeps wsgi.input and wsgi.errors of the first request and uses them in the next."""

import threading

kept = {}


def use(name, function):
    try:
        function()
    except Exception as error:
        return f"{name}: {type(error).__name__}"
    return f"{name}: nothing raised"


def application(environ, start_response):
    if environ["QUERY_STRING"] == "keep":
        kept.update(environ, start_response=start_response)
        answer = ["kept"]
    else:
        answer = [
            use("read", lambda: kept["wsgi.input"].read()),
            use("readline", lambda: kept["wsgi.input"].readline()),
            use("write", lambda: kept["wsgi.errors"].write("late\n")),
            use("start_response", lambda: kept["start_response"]("200 OK", [])),
        ]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["\n".join(answer).encode()]
