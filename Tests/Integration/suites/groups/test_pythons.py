"""Groups with different Pythons in one httpd."""

import pytest

import pythons
from options import MORE_PYTHONS


@pytest.mark.parametrize("other", MORE_PYTHONS)
def test_two_pythons_at_once(launch, other):
    try:
        second = pythons.of_version(other)
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))
    server = launch("""
        WSGIDaemonProcess one python-home=@VENV@
        WSGIDaemonProcess two python-home=@OTHERVENV@
        WSGIScriptAlias /one @APPS@/process/app.wsgi process-group=one
        WSGIScriptAlias /two @APPS@/process/app.wsgi process-group=two""", OTHERVENV=second.venv())
    for _ in range(3):
        one, two = server.get("/one").json, server.get("/two").json
        assert one["version"] == server.platform.python.short and two["version"] == other
        assert two["prefix"] == str(second.venv())
