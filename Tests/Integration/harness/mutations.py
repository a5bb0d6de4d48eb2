"""Valid configurations that together use every directive and option, and random mutations of them."""

import random

#: Each is accepted unchanged. @SITE@ is a directory with app.wsgi.
SEEDS = [
    """
WSGIScriptAlias /app @SITE@/app.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}
WSGIScriptAlias "/with space" "@SITE@/app.wsgi" callable-object=application() pass-authorization=On
WSGIScriptAliasMatch ^/sites/([a-z]+) @SITE@/$1.wsgi application-group=%{SERVER}
""", """
WSGIDaemonProcess site processes=2 threads=5 display-name=%{GROUP} user=daemon group=daemon \\
    supplementary-groups=daemon,#1 umask=0027 home=/ no-new-privileges=On dumpable=Off socket-user=www-data lang=C.UTF-8 locale=C.UTF-8
WSGIProcessGroup site
WSGIScriptAlias / @SITE@/app.wsgi
""", """
WSGIDaemonProcess site python-home=@VENV@ python-path=@SITE@:/srv python-eggs=/tmp/eggs switch-interval=0.01 \\
    stack-size=512K env=NAME=value env="OTHER=two words" env-file=-/etc/absent.env
WSGIDaemonProcess other python=@VENV@/bin/python
WSGIScriptAlias /a @SITE@/app.wsgi process-group=site
WSGIScriptAlias /b @SITE@/app.wsgi process-group=other application-group=%{GLOBAL}
""", """
WSGIDaemonProcess timed maximum-requests=1000 restart-interval=1h inactivity-timeout=5min startup-timeout=30 \\
    graceful-timeout=15s eviction-timeout=0 shutdown-timeout=5 request-timeout=60 interrupt-timeout=10 \\
    deadlock-timeout=300 queue-timeout=45 connect-timeout=15 socket-timeout=60 response-socket-timeout=60
WSGIDaemonProcess strict request-timeout=20 request-timeout-rule=exact replacement=stop-first maximum-requests=500 maximum-requests-jitter=50 \\
    maximum-memory=1G warmup=/health
WSGIDaemonProcess sized listen-backlog=100 send-buffer-size=64K receive-buffer-size=65536 header-buffer-size=32K \\
    response-buffer-size=8M response-flush-delay=5ms cpu-time-limit=3600 cpu-priority=5 memory-limit=1G \\
    virtual-memory-limit=8G server-metrics=On
WSGIScriptAlias /a @SITE@/app.wsgi process-group=timed
WSGIScriptAlias /b @SITE@/app.wsgi process-group=sized
""", """
WSGIDaemonProcess owned script-user=root
WSGIDaemonProcess grouped script-group=root
WSGIDaemonProcess inner chroot=/srv
SetEnvIf Host ^beta GROUP=owned
WSGIProcessGroup %{ENV:GROUP}
WSGIApplicationGroup %{HOST}
WSGIRestrictProcess owned grouped %{GLOBAL}
WSGIScriptAlias / @SITE@/app.wsgi
""", """
WSGISocketPrefix @ROOT@/run/other
WSGIStartLimit 4
WSGIPythonHome @VENV@
WSGIPythonPath /srv:/opt
WSGIPythonEggs /tmp/eggs
WSGIPythonOptimize 1
WSGIPythonWarnings error::DeprecationWarning
WSGIPythonWarnings ignore
WSGIPythonHashSeed random
WSGIDontWriteBytecode On
WSGIDestroyInterpreter Off
WSGISwitchInterval 0.005
WSGIPerInterpreterGIL Off
WSGIFreeThreading Off
WSGIRestrictStdin On
WSGIRestrictStdout Off
WSGIRestrictSignal On
WSGICaseSensitivity On
WSGIRestrictEmbedded Off
""", """
WSGIServerMetrics On
WSGITelemetryService unix:/tmp/telemetry.sock interval=2s
WSGITelemetryOptions +CaptureUserAgent
WSGISlowRequests 1.5
WSGISocketRotation Off
WSGIAcceptMutex default
WSGIVerboseDebugging On
WSGILazyInitialization On
WSGIScriptAlias / @SITE@/app.wsgi
""", """
WSGIDaemonProcess site
<WSGIInterpreterOptions process-group=site application-group=%{GLOBAL}>
    WSGISwitchInterval 1ms
    WSGIPythonPath @SITE@
    WSGIRestrictStdout On
</WSGIInterpreterOptions>
<WSGIInterpreterOptions process-group=%{GLOBAL}>
    WSGIPerInterpreterGIL On
</WSGIInterpreterOptions>
WSGIImportScript @SITE@/app.wsgi process-group=site application-group=%{GLOBAL}
WSGIScriptAlias / @SITE@/app.wsgi process-group=site application-group=%{GLOBAL}
""", """
<VirtualHost *:@PORT@>
    ServerName one.test
    ServerAlias *.one.test
    WSGIDaemonProcess one threads=3
    WSGIProcessGroup one
    WSGIScriptAlias / @SITE@/app.wsgi
    <Directory @SITE@>
        WSGICallableObject application
        WSGITraceContext On
        WSGIScriptReloading Off
        WSGIPassAuthorization On
        WSGIChunkedRequest On
        WSGIMapHEADToGET Auto
        WSGIErrorOverride On
        WSGIEnableSendfile On
        WSGIIgnoreActivity On
        WSGIPassApacheRequest Off
    </Directory>
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName one.test
    WSGIDaemonProcess one threads=3
    WSGIScriptAlias / @SITE@/app.wsgi process-group=one
</VirtualHost>
""", """
<Location /private>
    WSGITrustedProxies 127.0.0.1 10.0.0.0/8 fd00::/8
    WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host
</Location>
<Location /secret>
    AuthType Basic
    AuthName secret
    AuthBasicProvider wsgi
    WSGIAuthUserScript @SITE@/app.wsgi
    WSGIAuthGroupScript @SITE@/app.wsgi application-group=%{GLOBAL}
    WSGIAccessScript @SITE@/app.wsgi
    WSGIGroupAuthoritative On
    Require valid-user
</Location>
WSGIScriptAlias / @SITE@/app.wsgi
""", """
WSGIDaemonProcess site
WSGIHandlerScript page @SITE@/app.wsgi process-group=site pass-authorization=Off
WSGIDispatchScript @SITE@/app.wsgi
<Directory "@SITE@">
    Options +ExecCGI
    AddHandler page .page
    <Files "*.wsgi">
        WSGICallableObject %{ENV:CALLABLE}
        SetHandler wsgi-script
    </Files>
</Directory>
""", """
<IfModule mod_wsgi.c>
    WSGIDaemonProcess site python-home=@VENV@
    <Directory ~ "^/srv/[a-z]+">
        WSGIProcessGroup site
    </Directory>
    <LocationMatch "^/a/(b|c)">
        WSGIApplicationGroup %{RESOURCE}
    </LocationMatch>
    <If "%{HTTP_HOST} == 'x'">
        WSGIProcessGroup %{GLOBAL}
    </If>
    <FilesMatch "\\.py$">
        WSGIChunkedRequest On
    </FilesMatch>
</IfModule>
WSGIScriptAlias /a @SITE@/app.wsgi
WSGIRestrictEmbedded On
""",
]

_SECTIONS = [
    "<VirtualHost *:@PORT@>", "<Directory />", "<Directory ~ [>", "<Location /x>", "<LocationMatch (>", "<Files *.py>",
    "<If \"%{REQUEST_URI} == '/'\">", "<IfModule mod_wsgi.c>", "<Limit GET>", "<RequireAll>",
    "<WSGIInterpreterOptions>", "<WSGIInterpreterOptions process-group=x>", "<WSGIInterpreterOptions application-group>",
]

_WORDS = [
    "", '""', "''", '"', "'", "\\", '\\"', "=", "a=", "=b", "a==b", 'a="', "-", "~", "*", "#", "#1", "#-1", "#4294967295",
    "#99999999999999999999", "%", "%{", "%{}", "%{GLOBAL}", "%{GLOBAL", "%{ENV:}", "%{ENV:X}", "%{ENV:" + "n" * 300 + "}",
    "%{RESOURCE}", "On", "off", "Perhaps", "None", "All", "+", "+All", "random", "unix:", "unix:/", "/", "//", "/..", "/.",
    "relative", "/nonexistent/deeper", "/etc/shadow", "/proc/self/mem", "/dev/zero", "0.0.0.0/0", "::/129", "1.2.3.4/33",
    "1.2.3", "::ffff:1.2.3.4", "root", "nobody", "$1", "$99", "(", "[", "(?P<n>", "^(a+)+$", "\x01", "\x7f", "é",
    "日本語", "\udcff", "\udcc3", "x" * 300, "/" + "d" * 300, "/" + "a/" * 2100, "${UNDEFINED}", "processes", "NAME=value",
]

_NUMBERS = [
    "0", "1", "-1", "-0", "+1", "00", "007", "0x10", "1e3", "1e309", "0.5", ".5", "5.", "nan", "inf", "-inf", "1K", "1k", "1KB",
    "1 K", "5min", "5m", "1h", "1d", "500ms", "٣", "1_000", "65533", "65534", "4096", "4097", "2147483647", "2147483648",
    "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "9007199254740993G",
    "8589934592G", "8589934591G", "9" * 400,
]


class Mutator:
    """Generates configurations from the seeds. The same seed of the generator generates the same configurations."""

    def __init__(self, generator: random.Random, names: list[str]):
        self._random = generator
        self._names = names

    def configuration(self) -> str:
        """A seed after a few mutations, sometimes with lines of another seed."""
        lines = self._random.choice(SEEDS).strip("\n").split("\n")
        if self._random.random() < 0.2:
            other = self._random.choice(SEEDS).strip("\n").split("\n")
            lines += other if self._random.random() < 0.5 else self._random.sample(other, min(3, len(other)))
        kinds = [self._word, self._word, self._word, self._number, self._number, self._quote, self._character, self._line,
                 self._line, self._context]
        # Mutations that keep lines intact are accepted more often, and reach more checks of the whole configuration.
        if self._random.random() < 0.4:
            kinds = [self._order, self._option]
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 6))):
            lines = self._random.choice(kinds)(lines)
        text = "\n".join(lines) + "\n"
        if self._random.random() < 0.05:
            text = text[:self._random.randrange(len(text) + 1)]
        return text

    def _at(self, lines) -> int:
        return self._random.randrange(len(lines)) if lines else 0

    def _word(self, lines):
        """Replaces, removes, duplicates, swaps or adds a word."""
        if not lines:
            return lines
        place = self._at(lines)
        words = lines[place].split(" ")
        index = self._random.randrange(len(words))
        new = self._random.choice(_WORDS + self._names)
        match self._random.randrange(6):
            case 0:
                words[index] = new
            case 1:
                del words[index]
            case 2:
                words.insert(index, words[index])
            case 3:
                words.insert(index, new)
            case 4:
                other = self._random.randrange(len(words))
                words[index], words[other] = words[other], words[index]
            case 5:
                name, equals, _ = words[index].partition("=")
                words[index] = name + equals + new
        return lines[:place] + [" ".join(words)] + lines[place + 1:]

    def _number(self, lines):
        """Replaces a value by an unusual number."""
        places = [(place, index) for place, line in enumerate(lines) for index, word in enumerate(line.split(" "))
                  if any(character.isdigit() for character in word)]
        if not places:
            return self._word(lines)
        place, index = self._random.choice(places)
        words = lines[place].split(" ")
        name, equals, _ = words[index].partition("=")
        words[index] = (name + equals if equals else "") + self._random.choice(_NUMBERS)
        return lines[:place] + [" ".join(words)] + lines[place + 1:]

    def _quote(self, lines):
        """Inserts a quote, a backslash or a tab into a line."""
        if not lines:
            return lines
        place = self._at(lines)
        at = self._random.randrange(len(lines[place]) + 1)
        mark = self._random.choice(('"', "'", "\\", '\\"', '" "', "''", "\t"))
        return lines[:place] + [lines[place][:at] + mark + lines[place][at:]] + lines[place + 1:]

    def _order(self, lines):
        """Duplicates, removes or moves a line."""
        if not lines:
            return lines
        place, target = self._at(lines), self._at(lines)
        rest = lines[:place] + lines[place + 1:]
        match self._random.randrange(3):
            case 0:
                return lines[:target] + [lines[place]] + lines[target:]
            case 1:
                return rest
            case _:
                return rest[:target] + [lines[place]] + rest[target:]

    def _option(self, lines):
        """Removes an option of a directive, or moves it to another directive."""
        places = [(place, word) for place, line in enumerate(lines) for word in line.split(" ")
                  if "=" in word and not any(mark in word for mark in "\"'<>")]
        if not places:
            return self._order(lines)
        place, option = self._random.choice(places)
        changed = list(lines)
        changed[place] = " ".join(word for word in lines[place].split(" ") if word != option)
        if self._random.random() < 0.5:
            target = self._random.choice(places)[0]
            changed[target] = changed[target].rstrip("\\ ") + " " + option + ("\\" if changed[target].endswith("\\") else "")
        return changed

    def _line(self, lines):
        """Changes the order of lines, or adds a line."""
        if not lines or self._random.random() < 0.7:
            return self._order(lines)
        target = self._at(lines)
        words = self._random.choices(_WORDS + _NUMBERS + self._names, k=self._random.randrange(4))
        return lines[:target] + [" ".join([self._random.choice(self._names), *words])] + lines[target:]

    def _context(self, lines):
        """Puts some lines into a section, or removes the start or the end of a section."""
        if not lines:
            return lines
        first = self._at(lines)
        last = min(len(lines), first + self._random.randrange(1, 4))
        if self._random.random() < 0.3:
            marks = [index for index, line in enumerate(lines) if line.lstrip().startswith("<")]
            if marks:
                gone = self._random.choice(marks)
                return lines[:gone] + lines[gone + 1:]
        opening = self._random.choice(_SECTIONS)
        closing = "</" + opening[1:].split(" ")[0].rstrip(">") + ">"
        return lines[:first] + [opening, *lines[first:last], closing] + lines[last:]

    def _character(self, lines):
        """Replaces, removes or adds a character."""
        if not lines:
            return lines
        place = self._at(lines)
        line = lines[place]
        at = self._random.randrange(len(line) + 1)
        new = self._random.choice(("", chr(self._random.randrange(1, 127)), "\udc80", "ÿ", " "))
        return lines[:place] + [line[:at] + new + line[at + self._random.randrange(2):]] + lines[place + 1:]
