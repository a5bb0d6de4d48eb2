#!/usr/bin/env python3
"""Instructions of one embedded request, by the context of the settings: settings.py BUILD. Needs valgrind."""

import sys

import counts

SETTINGS = """\
WSGIPassAuthorization On
WSGIScriptReloading On
WSGIChunkedRequest On
WSGIMapHEADToGET Auto
WSGIErrorOverride Off
WSGICallableObject application
WSGIApplicationGroup %{GLOBAL}
WSGIEnableSendfile Off
WSGIRestrictProcess %{GLOBAL} site
WSGIPassApacheRequest Off
"""
FIRST, SECOND = "".join(SETTINGS.splitlines(True)[:5]), "".join(SETTINGS.splitlines(True)[5:])


def location(text):
    return f"<Location />\n{text}</Location>\n"


CASES = {
    "no settings": "",
    "10 in the server": SETTINGS,
    "a <Location> without settings": location("LimitRequestBody 0\n"),
    "10 in a <Location>": location(SETTINGS),
    "the same 10 in both": SETTINGS + location(SETTINGS),
    "5 in the server, 5 others in a <Location>": FIRST + location(SECOND),
}


def main():
    for name, text in CASES.items():
        counted = counts.instructions(f"{sys.argv[1]}/mod_wsgi.so", text, {"hello": counts.REQUESTS["hello"]})
        print(f"{name:45} {counted['hello']['httpd']:8.0f}", flush=True)


if __name__ == "__main__":
    main()
