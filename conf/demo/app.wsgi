"""The application of `make serve`: shows its process and the environ of the request."""

import html
import os
import platform
import threading

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mod_wsgi</title>
<style>
 body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem; color: #223 }}
 table {{ border-collapse: collapse; width: 100% }} td {{ border-top: 1px solid #ccd; padding: .3rem .5rem; vertical-align: top }}
 td:first-child {{ font-family: monospace; white-space: nowrap }} td:last-child {{ word-break: break-all }}
</style></head><body>
<h1>It works: {mode}</h1>
<p>Python {python} in process {pid}, thread {thread}, answered through httpd.
 Try <a href="/">daemon mode</a> and <a href="/embedded">embedded mode</a>.</p>
<h2>The environ of this request</h2>
<table>{rows}</table>
</body></html>
"""


def application(environ, start_response):
    group = environ.get("mod_wsgi.process_group", "")
    rows = "".join(
        "<tr><td>%s</td><td>%s</td></tr>" % (html.escape(key), html.escape(repr(value)))
        for key, value in sorted(environ.items()))
    body = PAGE.format(
        mode="daemon process group “%s”" % html.escape(group) if group else "embedded in httpd",
        python=platform.python_version(), pid=os.getpid(), thread=threading.get_ident(), rows=rows).encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
