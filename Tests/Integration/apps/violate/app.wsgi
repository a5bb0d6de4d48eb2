"""Breaks one rule of PEP 3333, named by the query string."""

import sys


def raise_during(start_response, exc=None):
    try:
        raise KeyError("inner")
    except KeyError:
        return start_response("500 Oops", [("Content-Type", "text/plain")], sys.exc_info())


def application(environ, start_response):
    rule = environ["QUERY_STRING"]
    headers = [("Content-Type", "text/plain")]
    if rule == "no_start_response":
        return [b"body"]
    if rule == "no_start_response_empty":
        return []
    if rule == "none":
        start_response("200 OK", headers)
        return None
    if rule == "status_bytes":
        start_response(b"200 OK", headers)
    elif rule == "status_short":
        start_response("20 OK", headers)
    elif rule == "status_text":
        start_response("OK", headers)
    elif rule == "status_newline":
        start_response("200 OK\r\nX: y", headers)
    elif rule == "status_unicode":
        start_response("200 \u20ac", headers)
    elif rule == "headers_tuple":
        start_response("200 OK", tuple(headers))
    elif rule == "header_list":
        start_response("200 OK", [["a", "b"]])
    elif rule == "header_three":
        start_response("200 OK", [("a", "b", "c")])
    elif rule == "header_bytes":
        start_response("200 OK", [("a", b"b")])
    elif rule == "header_empty_name":
        start_response("200 OK", [("", "b")])
    elif rule == "header_space_name":
        start_response("200 OK", [("a b", "c")])
    elif rule == "header_newline_name":
        start_response("200 OK", [("a\n", "b")])
    elif rule == "header_newline_value":
        start_response("200 OK", [("a", "b\r\nSet-Cookie: stolen=1")])
    elif rule == "header_unicode_value":
        start_response("200 OK", [("a", "\u20ac")])
    elif rule == "length_negative":
        start_response("200 OK", [("Content-Length", "-1")])
    elif rule == "length_text":
        start_response("200 OK", [("Content-Length", "four")])
    elif rule == "str_block":
        start_response("200 OK", headers)
        return ["body"]
    elif rule == "bytearray_write":
        start_response("200 OK", headers)(bytearray(b"body"))
    elif rule == "str_write":
        start_response("200 OK", headers)("body")
    elif rule == "exc_info_type":
        start_response("200 OK", headers, "no tuple")
    elif rule == "status_interim":
        start_response("103 Early Hints", headers)
    elif rule == "hop_by_hop":
        start_response("200 OK", headers + [("Transfer-Encoding", "chunked")])
    elif rule == "twice":
        start_response("200 OK", headers)
        start_response("200 OK", headers)
    elif rule == "raise":
        raise ValueError("raised on purpose")
    elif rule == "raise_after_start":
        start_response("200 OK", headers)
        raise ValueError("raised on purpose")
    elif rule == "exit":
        sys.exit("left on purpose")
    return [b"body"]
