"""A site of WebOb's requests and responses alone."""

import hashlib
import json

from webob import Request, Response
from webob.static import FileIter


def application(environ, start_response):
    request = Request(environ)
    return answer(request)(environ, start_response)


def answer(request):
    match request.path_info.split("/")[1:]:
        case [""]:
            return Response("<h1>WebOb</h1>")
        case ["hello", name]:
            return Response(f"Hello {name}, {request.script_name}/hello/")
        case ["form"]:
            return Response(json=dict(request.POST))
        case ["json"]:
            return Response(json={"echo": request.json})
        case ["count"]:
            number = int(request.cookies.get("count", "0")) + 1
            response = Response(str(number))
            response.set_cookie("count", str(number))
            return response
        case ["upload"]:
            file = request.POST["file"]
            digest = hashlib.sha256()
            while block := file.file.read(65536):
                digest.update(block)
            return Response(f"{file.filename} {digest.hexdigest()}")
        case ["stream"]:
            return Response(content_type="text/plain", app_iter=(f"line {number}\n".encode() for number in range(1000)))
        case ["file"]:
            file = open(__file__, "rb")
            file.seek(0, 2)
            size = file.tell()
            file.seek(0)
            return Response(content_type="text/plain", app_iter=FileIter(file), content_length=size,
                            conditional_response=True)
        case ["old"]:
            return Response(status=302, location="./")
        case ["fail"]:
            raise RuntimeError("raised in a view")
    return Response("Not Found", status=404)
