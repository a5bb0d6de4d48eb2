"""What `DUMP_WSGI` says of a URL without a request is what happens to a request."""

import re

#: In each, the alias / leads to @SITE@/app.wsgi. The server has <Location /> sections of its own, too.
SECTIONS = [
    "WSGIProcessGroup b",
    "<Directory @SITE@>\nWSGIProcessGroup b\n</Directory>",
    "<Directory @SITE@/>\nWSGIProcessGroup b\n</Directory>",
    "<Directory @SITE@/deeper>\nWSGIProcessGroup b\n</Directory>",
    "<Directory @SITE@/>\nWSGIProcessGroup b\n</Directory>\n<Directory />\nWSGIProcessGroup c\n</Directory>",
    "<Directory @ROOT@/s*e>\nWSGIProcessGroup b\n</Directory>",
    "<Directory @ROOT@/*>\nWSGIProcessGroup b\n</Directory>\n<Directory @SITE@>\nWSGIProcessGroup c\n</Directory>",
    "<Directory @ROOT@/x*>\nWSGIProcessGroup b\n</Directory>",
    "<Directory ~ \"/si[t]e$\">\nWSGIProcessGroup b\n</Directory>",
    "<Directory ~ \"/site/$\">\nWSGIProcessGroup b\n</Directory>",
    "<DirectoryMatch \"^@ROOT@/[a-z]+\">\nWSGIProcessGroup b\n</DirectoryMatch>\n"
    "<Directory @SITE@>\nWSGIProcessGroup c\n</Directory>",
    "<DirectoryMatch \"^/other\">\nWSGIProcessGroup b\n</DirectoryMatch>",
    "<Files app.wsgi>\nWSGIProcessGroup b\n</Files>",
    "<Files *.wsgi>\nWSGIProcessGroup b\n</Files>\n<Directory @SITE@>\nWSGIProcessGroup c\n</Directory>",
    "<FilesMatch \"\\.(py|wsgi)$\">\nWSGIProcessGroup b\n</FilesMatch>",
    "<FilesMatch \"^\\.ht\">\nWSGIProcessGroup b\n</FilesMatch>",
    "<Directory @SITE@>\n<Files app.*>\nWSGIProcessGroup b\n</Files>\n</Directory>",
    "<Directory @SITE@>\n<Files other.*>\nWSGIProcessGroup b\n</Files>\n</Directory>",
    "<Location />\nWSGIProcessGroup b\n</Location>",
    "<Location />\nWSGIProcessGroup b\n</Location>\n<Directory @SITE@>\nWSGIProcessGroup c\n</Directory>",
    "<Location /deeper>\nWSGIProcessGroup b\n</Location>",
    "<LocationMatch \"^/$\">\nWSGIProcessGroup b\n</LocationMatch>\n<Location />\nWSGIProcessGroup c\n</Location>",
    "<Location />\nWSGIProcessGroup b\n</Location>\n<LocationMatch \"^/$\">\nWSGIProcessGroup c\n</LocationMatch>",
    "<LocationMatch \"^/x\">\nWSGIProcessGroup b\n</LocationMatch>",
    "<Location \"/*\">\nWSGIProcessGroup b\n</Location>",
    "<Location ~ \"/\">\nWSGIProcessGroup b\n</Location>",
    "<If \"true\">\nWSGIProcessGroup b\n</If>",
    "<Directory @SITE@>\n<If \"-n 'x'\">\nWSGIProcessGroup b\n</If>\n</Directory>",
    "WSGIProcessGroup b\n<Directory @SITE@>\nWSGIProcessGroup %{GLOBAL}\n</Directory>",
    "<Files app.wsgi>\nWSGIProcessGroup b\n</Files>\n<Location />\nWSGIProcessGroup c\n</Location>",
]

GROUPS = "".join(f"WSGIDaemonProcess {name} python-home=@VENV@ threads=2\n" for name in "abc")

COMMON = """
WSGIPythonHome @VENV@
WSGIProcessGroup a
<Directory @SITE@>
    Require all granted
</Directory>
"""


def test_the_process_group_of_an_alias_is_that_of_its_requests(launch):
    server = launch(start=False)
    site = server.root / "site"
    site.mkdir()
    (site / "app.wsgi").write_text((server.apps / "environ" / "app.wsgi").read_text())
    hosts = "".join(
        f"<VirtualHost *:@PORT@>\nServerName host{number}.test\nWSGIScriptAlias / @SITE@/app.wsgi\n{text}\n</VirtualHost>\n"
        for number, text in enumerate(SECTIONS))
    server.configure(GROUPS + COMMON + hosts, SITE=site)
    server.start(wait=False)
    server.wait_answering()
    shown = dict(re.findall(r"^Virtual host (host\d+)\.test.*\n.*\n    /  +\S+  +(\S+|\(depends on the request\))  ",
                            server._run("-t", "-D", "DUMP_WSGI").stdout, re.M))
    differences, undecided = [], 0
    for number, text in enumerate(SECTIONS):
        told = server.get("/", {"Host": f"host{number}.test"}).environ["mod_wsgi.process_group"]
        if shown[f"host{number}"] .startswith("(depends"):
            undecided += 1
        elif shown[f"host{number}"].replace("(embedded)", "") != told:
            differences.append(f"{text}\nshown: {shown[f'host{number}']}, in fact: '{told}'")
    assert not differences, "\n\n".join(differences)
    assert undecided == sum("<If" in text for text in SECTIONS)

#: (configuration of a virtual host, whether a finding is expected). Everything below / is closed by the main server.
ACCESS = [
    ("", True),
    ("<Directory @SITE@>\nRequire all granted\n</Directory>", False),
    ("<Directory @SITE@/>\nRequire all granted\n</Directory>", False),
    ("<Directory @ROOT@>\nRequire all granted\n</Directory>", False),
    ("<Directory @SITE@/deeper>\nRequire all granted\n</Directory>", True),
    ("<Directory @SITE@>\nRequire all denied\n</Directory>", False),
    ("<Directory @ROOT@>\nRequire all denied\n</Directory>", True),
    ("<Directory @ROOT@>\nRequire all granted\n</Directory>\n<Directory @SITE@>\nRequire all denied\n</Directory>", False),
    ("<Directory @SITE@>\n<RequireAll>\nRequire all granted\n</RequireAll>\n</Directory>", False),
    ("<Directory @SITE@>\nRequire ip 127.0.0.1\n</Directory>", False),
    ("<Directory @SITE@>\nRequire local\n</Directory>", False),
    ("<Directory @SITE@>\nAuthMerging Or\nRequire all granted\n</Directory>", False),
    ("<Directory @ROOT@/s*>\nRequire all granted\n</Directory>", False),
    ("<DirectoryMatch ^@ROOT@/site/>\nRequire all granted\n</DirectoryMatch>", False),
    ("<Files app.wsgi>\nRequire all granted\n</Files>", False),
    ("<Files other.wsgi>\nRequire all granted\n</Files>", True),
    ("<FilesMatch ^\\.ht>\nRequire all denied\n</FilesMatch>", True),
    ("<Location />\nRequire all granted\n</Location>", False),
    ("<Location /deeper>\nRequire all granted\n</Location>", True),
    ("<If true>\nRequire all granted\n</If>", False),
    ("<Directory @SITE@>\nOptions None\n</Directory>", True),
    ("<Directory @SITE@>\n<Limit GET>\nRequire all granted\n</Limit>\n</Directory>", False),
]


def test_a_directory_that_is_found_to_be_closed_is_closed(launch):
    server = launch(start=False)
    site = server.root / "site"
    site.mkdir()
    (site / "app.wsgi").write_text((server.apps / "hello" / "app.wsgi").read_text())
    hosts = "".join(
        f"<VirtualHost *:@PORT@>\nServerName host{number}.test\nWSGIScriptAlias / @SITE@/app.wsgi\n{text}\n</VirtualHost>\n"
        for number, (text, _) in enumerate(ACCESS))
    server.configure("WSGIDaemonProcess a python-home=@VENV@\nWSGIProcessGroup a\n" + hosts, SITE=site)
    found = {int(number) for number in re.findall(r"WSGI1008: .* of host(\d+)\.test", server.test_config().stdout)}
    server.log.expect("WSGI1008")
    server.log.allow("AH01630: client denied")
    server.start(wait=False)
    server.wait_answering()
    refused = {number for number in range(len(ACCESS))
               if server.get("/", {"Host": f"host{number}.test"}).status == 403}
    assert found == {number for number, (_, expected) in enumerate(ACCESS) if expected}
    assert found <= refused, [ACCESS[number] for number in found - refused]


HANDLERS = [
    ("", False),
    ("AddHandler other-handler .wsgi", True),
    ("AddHandler other-handler wsgi", True),
    ("AddHandler other-handler .py", False),
    ("AddHandler wsgi-script .wsgi", False),
    ("AddHandler other-handler .wsgi\nAddHandler wsgi-script .wsgi", False),
    ("AddHandler other-handler .wsgi\n<Directory @SITE@>\nRemoveHandler .wsgi\n</Directory>", False),
    ("<Directory @SITE@>\nAddHandler other-handler .py .WSGI\n</Directory>", True),
    ("<Directory /elsewhere>\nAddHandler other-handler .wsgi\n</Directory>", False),
    ("<Location />\nAddHandler other-handler .wsgi\n</Location>", True),
    ("AddHandler other-handler .wsgi\n<Directory @SITE@>\nSetHandler wsgi-script\n</Directory>", False),
    ("<Files *.py>\nAddHandler other-handler .wsgi\n</Files>", False),
]


def test_a_script_that_is_found_to_be_taken_is_taken(launch):
    server = launch(start=False)
    site = server.root / "site"
    site.mkdir()
    (site / "app.wsgi").write_text((server.apps / "hello" / "app.wsgi").read_text())
    hosts = "".join(
        f"<VirtualHost *:@PORT@>\nServerName host{number}.test\nWSGIScriptAlias / @SITE@/app.wsgi\n{text}\n</VirtualHost>\n"
        for number, (text, _) in enumerate(HANDLERS))
    server.configure("WSGIDaemonProcess a python-home=@VENV@\nWSGIProcessGroup a\n"
                     "<Directory @SITE@>\nRequire all granted\n</Directory>\n" + hosts, SITE=site)
    found = {int(number) for number in re.findall(r"WSGI1030: .* of host(\d+)\.test", server.test_config().stdout)}
    server.log.expect("WSGI1030")
    server.log.allow("AH01626|AH00127|handler")
    server.start(wait=False)
    server.wait_answering()
    taken = {number for number in range(len(HANDLERS))
             if server.get("/", {"Host": f"host{number}.test"}).body != b"hello\n"}
    assert found == {number for number, (_, expected) in enumerate(HANDLERS) if expected}
    assert found == taken
