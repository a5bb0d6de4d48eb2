"""A small CherryPy site."""

import hashlib
import json
import logging

import cherrypy
from cherrypy.lib.static import serve_file


class Site:
    @cherrypy.expose
    def index(self):
        return "<h1>CherryPy</h1>"

    @cherrypy.expose
    def hello(self, name):
        return f"Hello {name}, {cherrypy.request.script_name}/hello/"

    @cherrypy.expose
    def form(self, **fields):
        cherrypy.response.headers["Content-Type"] = "application/json"
        return json.dumps(fields).encode()

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def json(self):
        return {"echo": cherrypy.request.json}

    @cherrypy.expose
    def count(self):
        cherrypy.session["count"] = cherrypy.session.get("count", 0) + 1
        return str(cherrypy.session["count"])

    @cherrypy.expose
    def upload(self, file):
        digest = hashlib.sha256()
        while block := file.file.read(65536):
            digest.update(block)
        return f"{file.filename} {digest.hexdigest()}"

    @cherrypy.expose
    def stream(self):
        cherrypy.response.headers["Content-Type"] = "text/plain"
        return (f"line {number}\n".encode() for number in range(1000))

    stream._cp_config = {"response.stream": True}

    @cherrypy.expose
    def file(self):
        return serve_file(__file__, content_type="text/plain")

    @cherrypy.expose
    def old(self):
        raise cherrypy.HTTPRedirect("./")

    @cherrypy.expose
    def fail(self):
        raise RuntimeError("raised in a view")


cherrypy.config.update({"environment": "embedded", "server.max_request_body_size": 0})
# Failures go to the error log, and nothing else.
failures = logging.StreamHandler()
failures.setLevel(logging.ERROR)
cherrypy.log.error_log.addHandler(failures)
application = cherrypy.Application(Site(), config={"/": {"tools.sessions.on": True}})


def mounted(environ, start_response, inner=application):
    """CherryPy wants to know where it is mounted."""
    inner.script_name = None
    return inner(environ, start_response)


application = mounted
