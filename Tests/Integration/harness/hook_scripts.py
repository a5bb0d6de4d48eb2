"""Common parts of the tests of hook scripts."""

import base64
import json

import env
from shared_server import hosting


def guarding(mode: str) -> str:
    """Applications run in `mode`. In daemon mode only hook scripts may run in httpd."""
    if mode == "embedded":
        return hosting(mode)
    return hosting(mode) + "WSGIPythonHome @VENV@\nWSGIRestrictEmbedded On\n"


def load(*names: str) -> str:
    """The lines that load further modules of httpd."""
    return "".join(f"LoadModule {name}_module {env.module_directory()}/mod_{name}.so\n" for name in names)


def basic(user: str, password: str = "secret") -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def seen(answer) -> dict:
    """The values in the environ of an application of apps/environ."""
    assert answer.status == 200, answer
    return {key: about.get("value", about["repr"]) for key, about in answer.json["environ"].items()}


def told(answer) -> dict:
    """The values that a script of apps/hooks has passed to the application."""
    return json.loads(seen(answer)["TOLD"])


def values(about: dict) -> dict:
    """The values of a script's environ, as repr. Strings have no quotes."""
    return {key: value["repr"][1:-1] if value["type"] == "str" else value["repr"] for key, value in about.items()}
