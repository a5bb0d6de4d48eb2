"""A small Bottle site."""

import hashlib

from bottle import Bottle, redirect, request, response, static_file

application = Bottle()


@application.get("/")
def index():
    return "<h1>Bottle</h1>"


@application.get("/hello/<name>")
def hello(name):
    return f"Hello {name}, {request.urlparts.path}"


@application.post("/form")
def form():
    return {key: request.forms.getunicode(key) for key in request.forms}


@application.post("/json")
def echo():
    return {"echo": request.json}


@application.get("/count")
def count():
    number = int(request.get_cookie("count", "0")) + 1
    response.set_cookie("count", str(number))
    return str(number)


@application.post("/upload")
def upload():
    file = request.files.get("file")
    digest = hashlib.sha256()
    while block := file.file.read(65536):
        digest.update(block)
    return f"{file.filename} {digest.hexdigest()}"


@application.get("/stream")
def stream():
    response.content_type = "text/plain"
    for number in range(1000):
        yield f"line {number}\n"


@application.get("/file")
def file():
    folder, _, name = __file__.rpartition("/")
    return static_file(name, root=folder, mimetype="text/plain")


@application.get("/old")
def old():
    redirect("./")


@application.get("/fail")
def fail():
    raise RuntimeError("raised in a view")
