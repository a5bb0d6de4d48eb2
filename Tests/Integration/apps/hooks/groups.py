"""Users whose names say to which groups they belong; everybody's password is "secret"."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from telling import act, tell

ANSWERS = {"alice": ["staff", b"wheel"], "bob": (), "number": 1, "numbers": ["staff", 1], "text": "staff"}


def check_password(environ, user, password):
    return password == "secret"


def groups_for_user(environ, user):
    tell(environ, user)
    if user == "carol":
        return (name for name in ("two words", "guests"))
    return act(user, ANSWERS)
