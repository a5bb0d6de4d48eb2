"""A dispatch script that chooses nothing but the callable."""


def callable_object(environ):
    return "app"
