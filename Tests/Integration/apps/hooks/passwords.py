"""Users whose password is "secret", and some whose names say what is answered."""

import hashlib
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from telling import act, tell

ANSWERS = {"number": 1, "empty": "", "bytes": b"x", "null": "a\0b"}


def check_password(environ, user, password):
    tell(environ, user, password)
    environ["ROLE"] = "role of " + user
    if user in ("carol", "žluťoučký".encode().decode("latin-1")) or user == "alice":
        return password in ("secret", "pass:wörd".encode().decode("latin-1"))
    if user == "alias":
        return "žluťoučký"
    return act(user, ANSWERS)


def get_realm_hash(environ, user, realm):
    tell(environ, user, realm)
    digest = hashlib.md5(f"{user}:{realm}:secret".encode()).hexdigest()
    return act(user, ANSWERS | {"alice": digest, "bytes": digest.encode()})
