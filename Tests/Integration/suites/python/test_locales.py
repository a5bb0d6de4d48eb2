"""Encodings: Python uses UTF-8 whatever the locale of httpd's environment is, in both modes."""

import pytest

from evaluation import ask, configuration

pytestmark = pytest.mark.pythons

FOUND = """
import io, locale, os, subprocess, sys
path = os.path.join(environ['TEST_SCRATCH'], 'gr\\u00fc\\u00df.txt')
with open(path, 'w') as file:
    file.write('\\u017elut\\u00fd \\u20ac')
raw = open(path, 'rb').read()
[sys.getfilesystemencoding(), sys.flags.utf8_mode, locale.setlocale(locale.LC_CTYPE), locale.getpreferredencoding(False),
 io.TextIOWrapper(io.BytesIO()).encoding, open(path).read(), raw.hex(), os.stat(path).st_size,
 os.path.basename(path) in os.listdir(environ['TEST_SCRATCH']), sys.stdout.encoding, sys.stderr.encoding, os.environ.get('LC_CTYPE'),
 subprocess.check_output([sys.executable, '-c', 'import sys; print(sys.getfilesystemencoding(), end="")'], text=True)]
"""

#: What httpd's environment says, the LC_CTYPE that Python has then, and what it sets the variable LC_CTYPE to.
LOCALES = {
    "unset": ({}, "C.UTF-8", "C.UTF-8"),
    "empty": ({"LANG": ""}, "C.UTF-8", "C.UTF-8"),
    "C": ({"LANG": "C"}, "C.UTF-8", "C.UTF-8"),
    "POSIX": ({"LANG": "POSIX"}, "C.UTF-8", "C.UTF-8"),
    "not installed": ({"LANG": "xx_XX.UTF-8"}, "C.UTF-8", "C.UTF-8"),
    "UTF-8": ({"LANG": "C.UTF-8"}, "C.UTF-8", None),
    "LC_CTYPE=C": ({"LANG": "C.UTF-8", "LC_CTYPE": "C"}, "C.UTF-8", "C.UTF-8"),
    "LC_ALL=C": ({"LC_ALL": "C"}, "C", None),
    "LC_ALL not installed": ({"LANG": "C", "LC_ALL": "xx_XX.UTF-8"}, "C", None),
    "LC_ALL empty": ({"LANG": "C", "LC_ALL": ""}, "C.UTF-8", "C.UTF-8"),
    "no UTF-8 mode asked for": ({"LANG": "C", "PYTHONUTF8": "0"}, "C.UTF-8", "C.UTF-8"),
    "no coercion": ({"LANG": "C", "PYTHONCOERCECLOCALE": "0"}, "C", None),
}


def begin(launch, mode, variables, options=""):
    server = launch(configuration(mode, options, "SetEnv TEST_SCRATCH @SCRATCH@"), start=False)
    server.environment |= variables
    if "LANG" not in variables:
        server.wrapper = ["/usr/bin/env", "-u", "LANG"]
    return server.start()


@pytest.mark.parametrize("name", LOCALES)
def test_utf8_whatever_the_locale_is(launch, mode, name):
    variables, character_type, variable = LOCALES[name]
    server = begin(launch, mode, variables)
    size = len("žlutý €".encode())
    for path in ("/main", "/one"):
        assert ask(server, FOUND, path) == [
            "utf-8", 1, character_type, "utf-8", "utf-8", "žlutý €", "žlutý €".encode().hex(), size, True, "utf-8", "utf-8",
            variable, "utf-8"], path


@pytest.mark.parametrize("options, expected", [("lang=C.UTF-8", "C.UTF-8"), ("locale=C.UTF-8", "C.UTF-8"), ("locale=C", "C"),
                                               ("lang=C", "C.UTF-8")])
def test_the_locale_of_a_group(launch, options, expected):
    server = begin(launch, "daemon", {"LANG": "C"}, options)
    found = ask(server, FOUND)
    assert (found[0], found[1], found[2], found[5]) == ("utf-8", 1, expected, "žlutý €")


def test_httpd_keeps_the_rest_of_its_locale(launch):
    """What Python coerces is the kind of characters; how other modules write numbers and times is not its business."""
    server = begin(launch, "embedded", {"LANG": "C.UTF-8", "LC_CTYPE": "C"})
    assert ask(server, "import locale\n[locale.setlocale(one) for one in (locale.LC_CTYPE, locale.LC_NUMERIC, locale.LC_TIME)]") \
        == ["C.UTF-8", "C", "C"]


@pytest.mark.parametrize("variables", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LANG": "C.UTF-8"}])
def test_a_python_below_a_directory_beyond_ascii(launch, platform, mode, variables):
    server = launch(start=False)
    server.reconfigure(configuration(mode), VENV=server.root / "grüß")
    (server.root / "grüß").symlink_to(platform.python.venv())
    server.environment |= variables
    assert ask(server.start(), "import sys\n[sys.prefix, sys.executable]") == [
        f"{server.root}/grüß", f"{server.root}/grüß/bin/python"]
