"""A small Flask site."""

import hashlib

from flask import Flask, Response, jsonify, redirect, request, send_file, session, url_for

application = Flask(__name__)
application.secret_key = "only for tests"


@application.get("/")
def index():
    return "<h1>Flask</h1>"


@application.get("/hello/<name>")
def hello(name):
    return f"Hello {name}, {url_for('hello', name=name)}", 200, {"X-Name": name.encode("utf-8").decode("latin-1")}


@application.post("/form")
def form():
    return jsonify(request.form.to_dict())


@application.post("/json")
def echo():
    return jsonify(request.get_json())


@application.get("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@application.post("/upload")
def upload():
    file = request.files["file"]
    digest = hashlib.sha256()
    while block := file.stream.read(65536):
        digest.update(block)
    return f"{file.filename} {digest.hexdigest()}"


@application.get("/stream")
def stream():
    return Response((f"line {number}\n" for number in range(1000)), mimetype="text/plain")


@application.get("/file")
def file():
    return send_file(__file__, mimetype="text/plain", max_age=60)


@application.get("/old")
def old():
    return redirect(url_for("index"))


@application.get("/fail")
def fail():
    raise RuntimeError("raised in a view")
