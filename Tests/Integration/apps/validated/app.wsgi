"""Runs the application named by the first segment of PATH_INFO behind wsgiref.validate."""

import os
import runpy
from wsgiref.util import shift_path_info
from wsgiref.validate import validator

loaded = {}


def application(environ, start_response):
    name = shift_path_info(environ)
    if name not in loaded:
        path = os.path.join(os.path.dirname(os.path.dirname(__file__)), name, "app.wsgi")
        loaded[name] = validator(runpy.run_path(path)["application"])
    return loaded[name](environ, start_response)
