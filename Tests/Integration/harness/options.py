"""The options of the suite, in a separate plugin, so that pytest knows them before it collects tests."""

import pathlib

import env

MPMS = ("event", "worker", "prefork")
#: The Pythons that tests marked `pythons` run on in addition to the default one, if they exist on this machine.
MORE_PYTHONS = ("3.12", "3.13", "3.14", "3.15")


def pytest_addoption(parser):
    group = parser.getgroup("mod_wsgi")
    group.addoption("--module", type=pathlib.Path, default=env.DEFAULT_MODULE, help="the mod_wsgi.so under test")
    group.addoption("--mpm", choices=MPMS, help="run everything under this MPM only (default: event, and a subset "
                                               "under one of the others)")
    group.addoption("--python", help="run everything on this Python only (default: /usr/bin/python3, and a subset on "
                                     f"one of {', '.join(MORE_PYTHONS)})")
    group.addoption("--everywhere", action="store_true", help="run the subsets under all MPMs and on all Pythons")
