"""A site of Werkzeug's requests and responses alone."""

import hashlib
import json

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import wrap_file


@Request.application
def application(request):
    try:
        return answer(request)
    except HTTPException as error:
        return error


def answer(request):
    match request.path.split("/")[1:]:
        case [""]:
            return Response("<h1>Werkzeug</h1>")
        case ["hello", name]:
            return Response(f"Hello {name}, {request.root_path}/hello/")
        case ["form"]:
            return Response(json.dumps(request.form.to_dict()), mimetype="application/json")
        case ["json"]:
            return Response(json.dumps({"echo": request.get_json()}), mimetype="application/json")
        case ["count"]:
            number = int(request.cookies.get("count", "0")) + 1
            response = Response(str(number))
            response.set_cookie("count", str(number))
            return response
        case ["upload"]:
            file = request.files["file"]
            digest = hashlib.sha256()
            while block := file.stream.read(65536):
                digest.update(block)
            return Response(f"{file.filename} {digest.hexdigest()}")
        case ["stream"]:
            return Response((f"line {number}\n" for number in range(1000)), mimetype="text/plain")
        case ["file"]:
            return Response(wrap_file(request.environ, open(__file__, "rb")), mimetype="text/plain",
                            direct_passthrough=True)
        case ["old"]:
            return redirect("./")
        case ["fail"]:
            raise RuntimeError("raised in a view")
    raise NotFound
