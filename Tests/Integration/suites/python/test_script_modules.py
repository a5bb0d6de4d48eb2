"""What the module of a script is like: the same in every kind of script, in both modes."""

import json

import pytest

from hook_scripts import basic, guarding
from polling import until

pytestmark = pytest.mark.pythons

#: Written by every script when it is loaded.
NOTE = """
import importlib.util, json, os, pkgutil
def _note():
    here = os.path.dirname(__file__)
    found = [__spec__.origin, __spec__.has_location, __loader__.path, importlib.util.find_spec(__name__).origin,
             pkgutil.get_data(__name__, "beside.txt").decode(), "def _note" in __loader__.get_source(__name__)]
    with open(os.path.join("@SCRATCH@", os.path.basename(__file__)), "w") as file:
        json.dump(found, file)
_note()
"""

APPLICATION = "def {name}(environ, start_response):\n    start_response('200 OK', [])\n    return [b'answer']\n"

SCRIPTS = {
    "app.wsgi": APPLICATION.format(name="application"),
    "sub.wsgi": APPLICATION.format(name="application"),
    "handler.py": APPLICATION.format(name="handle_request"),
    "access.py": "def allow_access(environ, host):\n    return True\n",
    "passwords.py": "def check_password(environ, user, password):\n    return True\n",
    "groups.py": "def groups_for_user(environ, user):\n    return ['staff']\n",
    "dispatch.py": "def application_group(environ):\n    return '%{GLOBAL}'\n",
    "imported.py": "",
}

SITE = """
WSGIHandlerScript local @ROOT@/site/handler.py
WSGIScriptAlias /app @ROOT@/site/app.wsgi
WSGIScriptAlias /sub @ROOT@/site/sub.wsgi application-group=sub
WSGIImportScript @ROOT@/site/imported.py process-group=@GROUP@ application-group=imported
WSGIDispatchScript @ROOT@/site/dispatch.py
Alias /handled @ROOT@/htdocs/ready.txt
<Location /handled>
    SetHandler local
</Location>
<Directory @ROOT@/site>
    Require all granted
</Directory>
<Location /app>
    WSGIAccessScript @ROOT@/site/access.py
    AuthType Basic
    AuthName site
    AuthBasicProvider wsgi
    WSGIAuthUserScript @ROOT@/site/passwords.py
    WSGIAuthGroupScript @ROOT@/site/groups.py
    Require wsgi-group staff
</Location>
"""


def write(server, name: str, source: str = "") -> None:
    folder = server.root / "site"
    folder.mkdir(exist_ok=True)
    (folder / "beside.txt").write_text("beside")
    (folder / name).write_text(NOTE.replace("@SCRATCH@", str(server.scratch)) + source)


def noted(server, name: str) -> list:
    file = server.scratch / name
    return until(lambda: file.exists() and file.stat().st_size and json.loads(file.read_text()), f"{name} to be loaded")


def expected(server, name: str) -> list:
    path = str(server.root / "site" / name)
    return [path, True, path, path, "beside", True]


def test_the_module_of_every_kind_of_script(launch, mode):
    group = "main" if mode == "daemon" else "%{GLOBAL}"
    server = launch(guarding(mode) + "WSGIPassAuthorization On\n" + SITE, GROUP=group, start=False)
    for name, source in SCRIPTS.items():
        write(server, name, source)
    server.start()
    for path in ("/app", "/sub", "/handled"):
        answer = server.get(path, headers=basic("user"))
        assert (answer.status, answer.text) == (200, "answer"), answer
    for name in SCRIPTS:
        assert noted(server, name) == expected(server, name), name


def test_the_module_of_a_service_script(launch):
    server = launch("""
        WSGIDaemonProcess work python-home=@VENV@ threads=0 shutdown-timeout=2
        WSGIImportScript @ROOT@/site/service.py process-group=work application-group=%{GLOBAL}
        """, start=False)
    write(server, "service.py", "import time\nwhile True:\n    time.sleep(30)\n")
    server.start()
    assert noted(server, "service.py") == expected(server, "service.py")
