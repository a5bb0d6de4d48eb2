"""Evaluates the calls named in the query string on wsgi.input and answers their results as JSON."""

import json
from urllib.parse import parse_qsl

CALLS = {
    "read": lambda stream, *words: stream.read(*map(int, words)),
    "readline": lambda stream, *words: stream.readline(*map(int, words)),
    "readlines": lambda stream, *words: stream.readlines(*map(int, words)),
    "iterate": lambda stream: list(stream),
    "next": lambda stream: next(stream),
    "close": lambda stream: stream.close(),
    "read_none": lambda stream: stream.read(None),
}


def call(stream, name, words):
    try:
        result = CALLS[name](stream, *words)
    except Exception as error:
        return {"raised": type(error).__name__}
    if isinstance(result, list):
        return [item.decode("latin-1") for item in result]
    return result.decode("latin-1") if isinstance(result, bytes) else result


def application(environ, start_response):
    calls = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
    results = [call(environ["wsgi.input"], name, [word for word in words.split(",") if word]) for name, words in calls]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(results).encode()]
