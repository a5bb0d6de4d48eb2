"""allow_access answers what the query string says."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from telling import act, tell

ANSWERS = {"allow": True, "deny": False, "number": 1, "text": "yes", "": True}


def allow_access(environ, host):
    tell(environ, host)
    if environ["QUERY_STRING"] == "log":
        environ["wsgi.errors"].write("written by allow_access\n")
        print("printed by allow_access")
        return True
    if environ["QUERY_STRING"] == "ssl":
        lookup = environ["mod_ssl.var_lookup"]
        environ["SSL"] = repr((environ["mod_ssl.is_https"](), lookup("SSL_PROTOCOL"), lookup(b"HTTPS")))
        return True
    if environ["REQUEST_URI"].endswith("/late"):
        environ["INTERPRETER"] = environ["mod_wsgi.application_group"]
    return act(environ["QUERY_STRING"], ANSWERS)
