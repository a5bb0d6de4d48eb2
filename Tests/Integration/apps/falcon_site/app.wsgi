"""A small Falcon site."""

import hashlib

import falcon


class Index:
    def on_get(self, request, response):
        response.text = "<h1>Falcon</h1>"

    on_head = on_get


class Hello:
    def on_get(self, request, response, name):
        response.text = f"Hello {name}, {request.env['SCRIPT_NAME']}/hello/"


class Form:
    def on_post(self, request, response):
        response.content_type = falcon.MEDIA_JSON
        response.media = request.get_media()


class Json:
    def on_post(self, request, response):
        response.content_type = falcon.MEDIA_JSON
        response.media = {"echo": request.get_media()}


class Count:
    def on_get(self, request, response):
        number = int(request.cookies.get("count", "0")) + 1
        response.set_cookie("count", str(number), secure=False)
        response.text = str(number)


class Upload:
    def on_post(self, request, response):
        digest = hashlib.sha256()
        for part in request.get_media():
            name = part.filename
            while block := part.stream.read(65536):
                digest.update(block)
        response.text = f"{name} {digest.hexdigest()}"


class Stream:
    def on_get(self, request, response):
        response.content_type = "text/plain"
        response.stream = (f"line {number}\n".encode() for number in range(1000))


class File:
    def on_get(self, request, response):
        with open(__file__, "rb") as source:
            content = source.read()
        response.content_type = "text/plain"
        response.stream = open(__file__, "rb")
        response.content_length = len(content)


class Old:
    def on_get(self, request, response):
        raise falcon.HTTPFound("./")


class Fail:
    def on_get(self, request, response):
        raise RuntimeError("raised in a view")


application = falcon.App(media_type=falcon.MEDIA_HTML)
for path, resource in {"/": Index, "/hello/{name}": Hello, "/form": Form, "/json": Json, "/count": Count,
                       "/upload": Upload, "/stream": Stream, "/file": File, "/old": Old, "/fail": Fail}.items():
    application.add_route(path, resource())
# Forms may be of any size here.
options = application.req_options.media_handlers[falcon.MEDIA_MULTIPART].parse_options
options.max_body_part_buffer_size = 64 << 20
