"""Configurations with thousands of entries: reading and checking them costs in proportion to their number.

Processor time is compared with that of a quarter of the entries: four times as much is in proportion, sixteen times is not.
"""

import os
import subprocess

import pytest

import env
from shared_server import hosting


def aliases(count):
    return [f"WSGIScriptAlias /app{number} @APPS@/hello/app.wsgi" for number in range(count)]


def sections(count):
    return [f"WSGIScriptAlias /app{number} @APPS@/hello/app.wsgi\n"
            f"<Directory /srv/site{number}>\nRequire all granted\n</Directory>\n"
            f"<Location /app{number}>\nWSGIProcessGroup %{{GLOBAL}}\nRequire all granted\n</Location>"
            for number in range(count)]


def hosts(count):
    return [f"<VirtualHost *:@PORT@>\nServerName site{number}.test\nWSGIScriptAlias / @APPS@/hello/app.wsgi\n"
            f"WSGIProcessGroup %{{GLOBAL}}\nWSGIPassAuthorization On\n<Directory /srv/site{number}>\nRequire all granted\n"
            "</Directory>\n</VirtualHost>" for number in range(count)]


def groups(count):
    return [f"WSGIDaemonProcess group{number} python-path='' threads=2\n"
            f"WSGIScriptAlias /app{number} @APPS@/hello/app.wsgi process-group=group{number} application-group=%{{GLOBAL}}"
            for number in range(count)]


def hosts_with_groups(count):
    return [f"<VirtualHost *:@PORT@>\nServerName site{number}.test\nWSGIDaemonProcess group{number} threads=2\n"
            f"WSGIScriptAlias / @APPS@/hello/app.wsgi process-group=group{number} application-group=%{{GLOBAL}}\n"
            "</VirtualHost>" for number in range(count)]


def inherited(count):
    """Half as many aliases as is usual are of the main server, and of every host."""
    return [f"WSGIScriptAlias /app{number} @APPS@/hello/app.wsgi process-group=%{{GLOBAL}}" for number in range(20)] + [
        f"<VirtualHost *:@PORT@>\nServerName site{number}.test\nWSGIPassAuthorization On\n</VirtualHost>"
        for number in range(count)]


def processor_time(server) -> float:
    """The least that httpd -t takes of the processor in three runs, in seconds, with that of its children."""
    server.write_config()
    times = []
    for _ in range(3):
        before = os.times()
        subprocess.run([env.httpd(), "-t", "-f", server.config_file], check=True, capture_output=True,
                       env={"PATH": "/usr/sbin:/usr/bin"})
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(times)


@pytest.mark.parametrize("make, count", [(aliases, 8000), (sections, 2000), (hosts, 2000), (groups, 1000),
                                         (hosts_with_groups, 1000), (inherited, 1000)])
def test_configtest_in_proportion(launch, make, count):
    times = []
    for number in (0, count // 4, count):
        server = launch("WSGIPythonHome @VENV@\n" + "\n".join(make(number)), start=False)
        times.append(processor_time(server))
    empty, quarter, whole = times
    print(f"{make.__name__}: {quarter - empty:.3f} s for {count // 4}, {whole - empty:.3f} s for {count}")
    assert whole - empty < 8 * max(quarter - empty, 0.02)


def test_last_of_many_is_served_and_first_match_wins(launch, mode):
    """Plain paths, expressions and duplicates keep their order among thousands."""
    server = launch(hosting(mode) + "\n".join([
        *aliases(3000), "WSGIScriptAliasMatch ^/app2999/x @APPS@/named/app.wsgi",
        "WSGIScriptAliasMatch ^/late @APPS@/hello/app.wsgi", "WSGIScriptAlias /late @APPS@/named/app.wsgi",
        "WSGIScriptAlias /app7/deep @APPS@/missing.wsgi", "WSGIScriptAlias /app8 @APPS@/missing.wsgi"]), start=False)
    server.log.allow("WSGI0135|WSGI1081")
    server.start()
    for path in ("/app0", "/app2999", "//app1500//x", "/app2999/x", "/late", "/app7/deep", "/app8"):
        assert server.get(path).body == b"hello\n", path
    assert server.get("/app3000").status == 404
