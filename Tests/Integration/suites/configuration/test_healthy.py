"""Configurations as they should be: `httpd -t` finds nothing in them, and they start without a record."""

import shutil
import subprocess

import pytest

import env
import findings

GRANT = "<Directory @ROOT@/site>\n    Require all granted\n</Directory>\n"

#: Debian's own files, as far as they could mislead a check.
DEBIAN = """
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
<Directory /usr/share>
    AllowOverride None
    Require all granted
</Directory>
<Location /server-info>
    SetHandler server-info
    Require local
</Location>
AddHandler cgi-script .cgi
"""

HEALTHY = {
    "embedded, nothing else": "WSGIScriptAlias / @SITE@/app.wsgi\n",

    "embedded beside a group, and that is meant": """
        WSGIPythonHome @VENV@
        WSGIDaemonProcess site python-home=@VENV@
        WSGIProcessGroup %{GLOBAL}
        WSGIApplicationGroup %{GLOBAL}
        WSGIScriptAlias /a @SITE@/app.wsgi
        WSGIScriptAlias /b @SITE@/app.wsgi process-group=site
    """,

    "a group with an account of its own": """
        WSGIDaemonProcess site user=@OTHER@ home=/ processes=2 threads=5 python-home=@VENV@ display-name=%{GROUP} \\
            lang=C.UTF-8 locale=C.UTF-8 maximum-requests=1000 python-path=@SITE@
        WSGIScriptAlias / @SITE@/app.wsgi process-group=site application-group=%{GLOBAL}
    """,

    "several virtual hosts": """
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIDaemonProcess one python-home=@VENV@
            WSGIProcessGroup one
            WSGIScriptAlias / @SITE@/app.wsgi
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName two.test
            WSGIDaemonProcess two python-home=@VENV@ threads=3
            WSGIScriptAlias / @SITE@/app.wsgi
            <Location />
                WSGIProcessGroup two
            </Location>
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName three.test
            WSGIDaemonProcess three python-home=@VENV@
            WSGIScriptAlias / @SITE@/app.wsgi
            <Directory @SITE@>
                WSGIProcessGroup three
            </Directory>
        </VirtualHost>
    """,

    "a virtual host that certbot has copied": """
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIDaemonProcess one python-home=@VENV@
            WSGIProcessGroup one
            WSGIScriptAlias / @SITE@/app.wsgi
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIDaemonProcess one python-home=@VENV@
            WSGIProcessGroup one
            WSGIScriptAlias / @SITE@/app.wsgi
        </VirtualHost>
    """,

    "groups that requests choose": """
        WSGIDaemonProcess blue python-home=@VENV@
        WSGIDaemonProcess green python-home=@VENV@
        SetEnv COLOUR blue
        SetEnvIf X-Colour green COLOUR=green
        WSGIProcessGroup %{ENV:COLOUR}
        WSGIRestrictProcess blue green
        WSGIScriptAlias / @SITE@/app.wsgi
    """,

    "mass hosting": """
        WSGIDaemonProcess all python-home=@VENV@
        WSGIProcessGroup all
        WSGIApplicationGroup %{HOST}
        WSGIScriptAliasMatch ^/sites/([a-z]+) @SITE@/$1/app.wsgi
        WSGIScriptAlias /scripts @SITE@/
        <Directory @SITE@/*/private>
            Require all denied
        </Directory>
    """,

    "Django with its static files": """
        Alias /static/ @SITE@/static/
        Alias /robots.txt @SITE@/static/robots.txt
        WSGIDaemonProcess django python-home=@VENV@ python-path=@SITE@ user=@OTHER@ home=@SITE@
        WSGIProcessGroup django
        WSGIScriptAlias / @SITE@/wsgi.py
        <Directory @SITE@>
            <Files wsgi.py>
                Require all granted
            </Files>
        </Directory>
        <Directory @SITE@/static>
            Require all granted
        </Directory>
    """,

    "embedded mode refused": """
        WSGIRestrictEmbedded On
        WSGIPythonHome @VENV@
        WSGIDaemonProcess site
        WSGIScriptAlias / @SITE@/app.wsgi process-group=site application-group=%{GLOBAL}
        <IfModule mod_wsgi.c>
            WSGIPythonOptimize 1
        </IfModule>
    """,

    "handlers and .htaccess": """
        WSGIDaemonProcess site python-home=@VENV@
        WSGIProcessGroup site
        <Directory @SITE@>
            Options +ExecCGI
            AllowOverride FileInfo
            AddHandler wsgi-script .wsgi
        </Directory>
        Alias /handled @SITE@
    """,

    "an application behind a password": """
        WSGIDaemonProcess site python-home=@VENV@
        WSGIScriptAlias / @SITE@/app.wsgi process-group=site
        WSGIPassAuthorization On
        <Location />
            AuthType Basic
            AuthName site
            AuthUserFile /dev/null
            Require valid-user
        </Location>
    """,

    "a script that only its application may read": """
        WSGIDaemonProcess site python-home=@VENV@ user=@OTHER@ home=/
        WSGIScriptAlias / @SITE@/secret.wsgi process-group=site
    """,

    "a dispatcher that chooses groups": """
        WSGIDaemonProcess one python-home=@VENV@
        WSGIDaemonProcess two python-home=@VENV@
        WSGIDispatchScript @SITE@/dispatch.py
        WSGIScriptAlias / @SITE@/app.wsgi
    """,

    "an alias of the main server that a virtual host gives its group": """
        WSGIDaemonProcess site python-home=@VENV@
        WSGIScriptAlias /api @SITE@/app.wsgi
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIProcessGroup site
        </VirtualHost>
    """,
}


@pytest.fixture
def site(launch):
    """Makes a server that is not started, with the files that the configurations name."""
    def create(text):
        server = launch(start=False)
        folder = server.root / "site"
        (folder / "static").mkdir(parents=True)
        for name in ("app.wsgi", "wsgi.py", "secret.wsgi", "dispatch.py"):
            shutil.copy(server.apps / "hello" / "app.wsgi", folder / name)
        if env.is_root():
            subprocess.run(["chown", env.other_user(), folder / "secret.wsgi"], check=True)
        (folder / "secret.wsgi").chmod(0o400)
        return server.configure(GRANT + DEBIAN + text, SITE=folder)
    return create


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_found(site, name):
    assert findings.of(site(HEALTHY[name])) == []


def test_nothing_is_logged_at_start(site):
    # The audit of the log after the test is the assertion.
    site(HEALTHY["several virtual hosts"]).start(wait=False).wait_ready("/")


def test_an_ordinary_user_is_not_told_of_rights_that_only_root_could_check(site):
    if not env.is_root():
        pytest.skip("not started by root")
    server = site(HEALTHY["a script that only its application may read"])
    (server.root / "site").chmod(0o700)
    server.write_config()
    done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", env.httpd(), "-t", "-f",
                           server.config_file], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert "WSGI" not in done.stdout, done.stdout
