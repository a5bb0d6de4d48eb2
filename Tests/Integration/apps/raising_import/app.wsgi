"""Raises while it is loaded, what the file "kind" of the scratch directory names."""

import os
import runpy

apps = os.path.dirname(os.path.dirname(__file__))
with open(os.path.join(os.path.dirname(apps), "scratch", "kind")) as file:
    runpy.run_path(os.path.join(apps, "raising", "app.wsgi"))["fail"](file.read())
