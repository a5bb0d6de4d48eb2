"""A small Pyramid site."""

import hashlib

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory


def index(request):
    return Response("<h1>Pyramid</h1>")


def hello(request):
    return Response(f"Hello {request.matchdict['name']}, {request.script_name}/hello/")


def form(request):
    return dict(request.POST)


def echo(request):
    return {"echo": request.json_body}


def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return Response(str(request.session["count"]))


def upload(request):
    file = request.POST["file"]
    digest = hashlib.sha256()
    while block := file.file.read(65536):
        digest.update(block)
    return Response(f"{file.filename} {digest.hexdigest()}")


def stream(request):
    return Response(content_type="text/plain", app_iter=(f"line {number}\n".encode() for number in range(1000)))


def file(request):
    return FileResponse(__file__, request=request, content_type="text/plain")


def old(request):
    return HTTPFound(request.route_path("index"))


def fail(request):
    raise RuntimeError("raised in a view")


with Configurator(session_factory=SignedCookieSessionFactory("only for tests")) as config:
    for view, path in {index: "/", hello: "/hello/{name}", count: "/count", upload: "/upload", stream: "/stream",
                       file: "/file", old: "/old", fail: "/fail"}.items():
        config.add_route(view.__name__, path)
        config.add_view(view, route_name=view.__name__)
    for view, path in {form: "/form", echo: "/json"}.items():
        config.add_route(view.__name__, path)
        config.add_view(view, route_name=view.__name__, renderer="json")
    application = config.make_wsgi_app()
