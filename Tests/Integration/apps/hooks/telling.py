"""What the scripts of this folder have in common: they act on a word, and tell the application what they saw."""

import json
import sys


def tell(environ, *arguments):
    """Puts the environ and the arguments into a variable of the request, which the application answers with."""
    told = {key: {"type": type(value).__name__, "repr": repr(value)} for key, value in environ.items()}
    environ["TOLD"] = json.dumps({"environ": told, "arguments": arguments})


def act(word, answers):
    """The answer to a word of the request, or an exception."""
    if word == "raise":
        raise ValueError("raised by a script")
    if word == "exit":
        sys.exit(3)
    return answers.get(word)
