"""What the tests of scripts that decide about a request share."""

import base64
import json

import env
from shared_server import hosting


def guarding(mode: str) -> str:
    """Applications run in `mode`; in daemon mode nothing but the scripts of the configuration may run in httpd."""
    if mode == "embedded":
        return hosting(mode)
    return hosting(mode) + "WSGIPythonHome @VENV@\nWSGIRestrictEmbedded On\n"


def load(*names: str) -> str:
    """Loads further modules of httpd."""
    return "".join(f"LoadModule {name}_module {env.module_directory()}/mod_{name}.so\n" for name in names)


def basic(user: str, password: str = "secret") -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def seen(answer) -> dict:
    """The environ of an application of apps/environ: its values."""
    assert answer.status == 200, answer
    return {key: about.get("value", about["repr"]) for key, about in answer.json["environ"].items()}


def told(answer) -> dict:
    """What a script of apps/hooks has told the application."""
    return json.loads(seen(answer)["TOLD"])


def values(about: dict) -> dict:
    """The values of a script's environ, as repr; those of text without quotes."""
    return {key: value["repr"][1:-1] if value["type"] == "str" else value["repr"] for key, value in about.items()}
