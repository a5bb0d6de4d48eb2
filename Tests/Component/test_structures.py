"""The structures that the engine's source copies from CPython are those of each CPython whose headers are here."""

import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parent / "Engine" / "interpreter_config.c"
FOLDERS = [*pathlib.Path("/usr/include").glob("python3.*"), *pathlib.Path.home().glob(".pyenv/versions/*/include/python3.*")]
#: Without those of debug and of free-threaded builds (python3.13d, python3.13t), which have other structures.
HEADERS = [str(path) for path in sorted(FOLDERS) if path.name[-1] not in "dt" and (path / "Python.h").exists()]


@pytest.mark.parametrize("headers", HEADERS)
def test_structures(headers):
    subprocess.run(["cc", "-std=gnu11", "-fsyntax-only", "-Wall", f"-I{headers}", SOURCE], check=True)
