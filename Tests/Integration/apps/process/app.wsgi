"""What the process is that runs this application."""

import grp
import json
import locale
import os
import pwd
import sys
import threading


def application(environ, start_response):
    mask = os.umask(0)
    os.umask(mask)
    told = {
        "pid": os.getpid(), "user": pwd.getpwuid(os.geteuid()).pw_name, "real user": pwd.getpwuid(os.getuid()).pw_name,
        "group": grp.getgrgid(os.getegid()).gr_name, "groups": sorted(os.getgroups()), "umask": oct(mask),
        "cwd": os.getcwd(), "path": sys.path, "prefix": sys.prefix, "base_prefix": sys.base_prefix,
        "version": "%d.%d" % sys.version_info[:2], "executable": sys.executable, "LANG": os.environ.get("LANG"),
        "locale": locale.setlocale(locale.LC_ALL, None), "HOME": os.environ.get("HOME"),
        "thread": threading.get_ident(), "process_group": environ["mod_wsgi.process_group"],
        "application_group": environ["mod_wsgi.application_group"], "argv": sys.argv, "name": __name__,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
