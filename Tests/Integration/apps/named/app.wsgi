"""Several callables."""


def answer(text):
    def callable_object(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [text]
    return callable_object


application = answer(b"application")
app = answer(b"app")
