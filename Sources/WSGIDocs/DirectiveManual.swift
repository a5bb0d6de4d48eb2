/// The text of each directive in `docs/reference/directives.md`.
enum DirectiveManual {
    static let entries: [ManualEntry] = scripts + processes + requests + access + python + interpreters + measurement

    private static let scripts: [ManualEntry] = [
        ManualEntry(
            "WSGIScriptAlias",
            """
            Serves the URIs at and below a URL path with a script, or with the scripts of a directory. The part of the URI \
            behind the match is appended to the path: of a file it becomes `PATH_INFO`, of a directory its first segment \
            names the script. Runs of `/` match runs of `/`; a path without a final `/` matches whole segments only, so \
            `/app` does not match `/application`.

            Aliases are tried in the order in which they stand, those of a virtual host before those of the main server, \
            and the first that matches wins: put longer paths first. httpd's `Alias` always wins over `WSGIScriptAlias`. \
            httpd's access control applies to the script's directory: it needs `Require all granted` or the like. \
            `Options ExecCGI` is not needed.

            Options, which count more than the directives of the same purpose:

            - `process-group=` as `WSGIProcessGroup`
            - `application-group=` as `WSGIApplicationGroup`
            - `callable-object=` as `WSGICallableObject`, but always a name
            - `pass-authorization=On|Off` as `WSGIPassAuthorization`

            When both groups are given, and neither is a variable of the request, the script is imported before the \
            process takes its first request. The process group must then exist, and be usable here.
            """,
            difference: """
                A script that is not there, that a user may not read, or whose directory httpd closes is found by \
                `apachectl configtest`.
                """,
            example: """
                WSGIScriptAlias /api /srv/site/api.wsgi process-group=site application-group=%{GLOBAL}
                WSGIScriptAlias / /srv/site/site.wsgi process-group=site application-group=%{GLOBAL}
                """),
        ManualEntry(
            "WSGIScriptAliasMatch",
            """
            As `WSGIScriptAlias`, for the URIs that a regular expression matches, wherever in the URI: begin it with `^`. \
            `$1` to `$9` in the path stand for what its groups have matched, `$0` for the whole match. What follows the match \
            is appended to the path. A script is imported in advance only if the path has no `$`.
            """,
            example: "WSGIScriptAliasMatch ^/sites/([a-z0-9-]+) /srv/sites/$1/site.wsgi"),
        ManualEntry(
            "WSGIHandlerScript",
            """
            Defines a handler for httpd's `SetHandler` and `AddHandler`. Requests for files with that handler are served by \
            the script's function `handle_request(environ, start_response)`, a WSGI application that finds the file in \
            `SCRIPT_FILENAME`. The script's `reload_required`, if any, is called with the path of that file (see `WSGIScriptReloading`). Options are those of `WSGIScriptAlias` but for `callable-object=`; \
            groups that are not given are those of the directory.
            """,
            example: """
                WSGIHandlerScript markdown /srv/handlers/markdown.py process-group=site
                AddHandler markdown .md
                """),
        ManualEntry(
            "WSGIImportScript",
            """
            Imports a script when a process starts, before its first request: to have an application ready, or to run a \
            program of its own in a group with `threads=0`. Both options are needed; `%{GLOBAL}` means httpd's children, or \
            the main interpreter. The process group must exist, and be usable in the place where the directive stands. An \
            exception is logged, and the process goes on.
            """,
            example: "WSGIImportScript /srv/site/site.wsgi process-group=site application-group=%{GLOBAL}"),
        ManualEntry(
            "WSGIDispatchScript",
            """
            Names a script whose functions choose where each request goes. It runs in httpd's children, so it needs an \
            embedded Python. `process_group(environ)`, `application_group(environ)` and `callable_object(environ)` are \
            optional; each returns a name, a variable as in the directive of that purpose, or `None` to leave things as they \
            are. `application-group=` names the interpreter that the script runs in; it is the main one by default. See \
            [hook-scripts.md](hook-scripts.md).
            """,
            difference: "A script that cannot be loaded answers 500; mod_wsgi ignores it.",
            example: "WSGIDispatchScript /srv/dispatch.py"),
    ]

    private static let processes: [ManualEntry] = [
        ManualEntry(
            "WSGIDaemonProcess",
            """
            Defines a process group: processes that run Python applications, apart from httpd and as a user of their own. \
            The name is what `WSGIProcessGroup` and `process-group=` refer to. All options are described in \
            [daemon-options.md](daemon-options.md); `apachectl -t -D DUMP_WSGI` shows the values that are in effect.

            A group that stands in the main server can be used everywhere, one in a `<VirtualHost>` by all virtual hosts of \
            the same `ServerName`. A group that cannot start answers 503; everything else is served.
            """,
            difference: """
                Each group may have a Python of its own. The same definition in several places, as certbot makes it when it \
                copies a virtual host, counts as one; definitions of one name that differ are an error that names the option \
                and both places. Processes are replaced by successors that are ready before they stop.
                """,
            example: "WSGIDaemonProcess site user=site processes=2 threads=15 python-home=/srv/site/venv"),
        ManualEntry(
            "WSGIProcessGroup",
            """
            Says which process group serves the requests. Without it, and without `process-group=`, applications run \
            embedded, in httpd's own children; `%{GLOBAL}` says so explicitly. Variables: `%{ENV:name}` (a variable of the \
            request, as `SetEnv`, `SetEnvIf` or `RewriteRule` set it), `%{SERVER}` (`ServerName` and port), `%{HOST}` (the \
            host that the client asked for, and port), `%{RESOURCE}` (server, port and script name). The port is left out if it \
            is 80 or 443. A name that no group has is a 500, and a finding of `configtest`.
            """,
            example: """
                SetEnvIf Host ^beta\\. GROUP=beta
                WSGIProcessGroup %{ENV:GROUP}
                WSGIRestrictProcess beta stable
                """),
        ManualEntry(
            "WSGIRestrictProcess",
            """
            Limits the process groups that requests may be given to, whatever chose the group; other requests answer 500. \
            `%{GLOBAL}` stands for embedded mode. Use it wherever a group's name comes from a variable, so that a \
            `.htaccess` file cannot send requests to the processes of someone else. What an inner scope writes replaces what \
            an outer one has written.
            """,
            example: "WSGIRestrictProcess site1 site2"),
        ManualEntry(
            "WSGISocketPrefix",
            """
            Begins the paths of the sockets through which httpd's children reach daemon processes. A relative one is below \
            `ServerRoot`. By default they are in httpd's runtime directory. The directory must exist, the user that starts \
            httpd must be able to write to it, and httpd's user to enter it. Linux limits the whole path to 107 bytes.
            """,
            difference: "Sockets keep their names over restarts, and no lock files are made.",
            example: "WSGISocketPrefix /run/apache2/wsgi"),
        ManualEntry(
            "WSGIStartLimit",
            """
            How many daemon processes, over all groups, may start at the same time, so that a restart of many groups leaves \
            processors for requests. First come groups that nobody serves, those for which requests wait before the others. \
            A start that takes longer than 10 seconds does not hold up others. While a process starts its priority is lower \
            by 10 (nice), unless requests wait for changed code or its group has stopped serving; that needs httpd to be \
            started by root.
            """,
            difference: "mod_wsgi has no such directive; it starts all processes at once.",
            example: "WSGIStartLimit 4"),
        ManualEntry(
            "WSGIRestrictEmbedded",
            """
            `On` refuses applications that would run embedded (500), and keeps Python out of httpd's children, unless a \
            [hook script](hook-scripts.md) of the server's configuration needs it there; `.htaccess` files cannot name any. \
            Recommended wherever everything runs in process groups: a forgotten `process-group=` is then noticed at once.
            """,
            example: "WSGIRestrictEmbedded On"),
    ]

    private static let requests: [ManualEntry] = [
        ManualEntry(
            "WSGIApplicationGroup",
            """
            Says which interpreter of the process runs the application. Applications in the same group share their modules. \
            By default each application has a sub-interpreter of its own, named after server, port and script name. \
            `%{GLOBAL}` is the main interpreter: use it for applications with extension modules that do not bear \
            sub-interpreters (numpy, and many that are written in Rust or Cython), and wherever a process group has only one \
            application. The variables are those of `WSGIProcessGroup`.
            """,
            example: "WSGIApplicationGroup %{GLOBAL}"),
        ManualEntry(
            "WSGICallableObject",
            """
            Names the application in the script. It is a plain name, without dots; `%{ENV:name}` takes it from a variable of \
            the request, and stands for `application` if there is none.
            """,
            example: "WSGICallableObject app"),
        ManualEntry(
            "WSGIScriptReloading",
            """
            `On` compares the script's modification time at each request. In embedded mode a changed script is loaded again \
            in the same interpreter. In a process group the processes are replaced, and the new code answers from then on: a \
            request that finds the script changed waits for the successor. Only the script file itself is watched, so `touch` \
            it after changing other modules. `Off` saves the comparison; then httpd has to be restarted.

            `Rolling` makes no request wait: the former code answers until the successor has imported the new code. In \
            embedded mode it is the same as `On`.

            If the script defines `reload_required(resource)`, it is called at each request as well, with the path of the file \
            that was requested: the script's own, or that of the file which `WSGIHandlerScript` handles. If it returns true \
            the script counts as changed; an exception is logged and means no. Scripts of `WSGIAccessScript` and the like are \
            not asked.

            The processes of a group are replaced one after the other, those first for which requests wait.
            """,
            difference: """
                The successor imports the script before its predecessor stops. If that fails, the former code goes on serving \
                (`WSGI1013`) instead of answering 500, and the next attempt is made when the file changes again. `Rolling` \
                is not known to mod_wsgi.
                """,
            example: "WSGIScriptReloading Off"),
        ManualEntry(
            "WSGIPassAuthorization",
            """
            `On` gives applications the `Authorization` header as `HTTP_AUTHORIZATION`. Needed by applications that check \
            passwords or tokens themselves. It is off because passwords that httpd itself has checked are not an \
            application's business. `CGIPassAuth On` of httpd does the same.
            """,
            example: "WSGIPassAuthorization On"),
        ManualEntry(
            "WSGIChunkedRequest",
            """
            `On` accepts request bodies without `Content-Length` (`Transfer-Encoding: chunked`); otherwise they are refused \
            with 411. The application then reads until the end: `wsgi.input_terminated` is true, and `CONTENT_LENGTH` is \
            missing.
            """,
            example: "WSGIChunkedRequest On"),
        ManualEntry(
            "WSGIMapHEADToGET",
            """
            Whether applications see HEAD as GET. `Auto` does that when an output filter of the request, such as \
            compression, needs the body to write the right headers. `On` does it always, for applications that answer HEAD \
            wrongly. `Off` never. The client never gets a body.
            """),
        ManualEntry(
            "WSGIErrorOverride",
            """
            `On` replaces the body of a response with status 400 or above by httpd's `ErrorDocument`. Of the application's \
            headers only `WWW-Authenticate` is kept.
            """,
            difference: "Embedded applications have it, too.",
            example: """
                WSGIErrorOverride On
                ErrorDocument 404 /errors/404.html
                """),
        ManualEntry(
            "WSGITrustedProxyHeaders",
            """
            Names the headers in which a proxy in front of httpd says what it knows of the client's request. What they say \
            replaces the values in the environ; nothing else of httpd (logs, `Require ip`) is changed.

            | what | headers | in the environ |
            |---|---|---|
            | client | `X-Forwarded-For`, `X-Client-IP`, `X-Real-IP` | `REMOTE_ADDR` |
            | host | `X-Forwarded-Host`, `X-Host` | `HTTP_HOST` |
            | server | `X-Forwarded-Server` | `SERVER_NAME` |
            | port | `X-Forwarded-Port` | `SERVER_PORT` |
            | mount point | `X-Script-Name`, `X-Forwarded-Script-Name` | `SCRIPT_NAME`, `mod_wsgi.mount_point` |
            | scheme | `X-Forwarded-Proto`, `X-Forwarded-Scheme`, `X-Scheme`, `X-Forwarded-HTTPS`, `X-Forwarded-SSL`, \
            `X-HTTPS` | `wsgi.url_scheme` |

            Name the one header of each kind that your proxy sets: all others of that kind are removed, so that no client can \
            forge them. When the peer is not in `WSGITrustedProxies`, all of that kind are removed. Names in several \
            statements of one scope add up.
            """,
            difference:
                "A name that is not in the list above is reported by `configtest`; mod_wsgi ignores it silently.",
            example: """
                WSGITrustedProxies 10.0.0.0/8
                WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host
                """),
        ManualEntry(
            "WSGITrustedProxies",
            """
            The addresses (IPv4 or IPv6), networks (`10.0.0.0/8`, `10.0.0.0/255.0.0.0`) or beginnings of IPv4 addresses (`192.168`) of the proxies whose `WSGITrustedProxyHeaders` are \
            believed. Without it every peer is. With it, `X-Forwarded-For` is read from the right, past all trusted \
            addresses: the first that is not trusted is the client. Statements of one scope add up.
            """,
            example: "WSGITrustedProxies 127.0.0.1 10.0.0.0/8 fd00::/8"),
        ManualEntry(
            "WSGIEnableSendfile",
            """
            `On` lets httpd use the system's `sendfile` for files that an application returns with `wsgi.file_wrapper`: the \
            system sends them without copying them through httpd. `Auto` does so for files of file systems that are known to \
            be local (Btrfs, ext, F2FS, overlay, tmpfs, XFS, ZFS). Write `Off` where files are overwritten in place while they \
            are sent: a slow client may then get some of the new content.
            """,
            difference: "mod_wsgi has no `Auto`; its default is `Off`."),
        ManualEntry(
            "WSGIIgnoreActivity",
            """
            `On` leaves the timer of `inactivity-timeout=` as it is when these requests are served: for health checks, which \
            would otherwise keep an idle process alive. Embedded mode has no such timer.
            """,
            example: """
                <Location /health>
                    WSGIIgnoreActivity On
                </Location>
                """),
        ManualEntry(
            "WSGIPassApacheRequest",
            """
            `On` puts httpd's `request_rec` into the environ of embedded applications, as a capsule under \
            `apache.request_rec`, for extension modules that call httpd. In process groups there is no such request.
            """),
        ManualEntry(
            "WSGICaseSensitivity",
            """
            `Off` takes paths of scripts that differ in the case of letters for the same script. Leave it on: the file systems \
            of Linux tell them apart.
            """),
    ]

    private static let access: [ManualEntry] = [
        ManualEntry(
            "WSGIAccessScript",
            """
            Names a script whose function `allow_access(environ, host)` decides which hosts may enter: `True` lets in, \
            `False` answers 403, `None` leaves the decision to others. It runs in httpd's children, in the main interpreter or \
            in the one that `application-group=` names. See [hook-scripts.md](hook-scripts.md).
            """,
            example: "WSGIAccessScript /srv/site/access.py"),
        ManualEntry(
            "WSGIAuthUserScript",
            """
            Names a script that knows passwords, for the authentication provider `wsgi`. For `AuthType Basic` its function \
            `check_password(environ, user, password)` returns `True`, `False`, a name that the user is to have, or `None` if it \
            does not know the user. For `AuthType Digest` `get_realm_hash(environ, user, realm)` returns the MD5 hash of \
            `user:realm:password` in hexadecimal, or `None`. It runs in httpd's children. See \
            [hook-scripts.md](hook-scripts.md).
            """,
            example: """
                AuthType Basic
                AuthName site
                AuthBasicProvider wsgi
                WSGIAuthUserScript /srv/site/auth.py
                Require valid-user
                """),
        ManualEntry(
            "WSGIAuthGroupScript",
            """
            Names a script whose function `groups_for_user(environ, user)` returns the groups of a user, for \
            `Require wsgi-group`. It runs in httpd's children. See [hook-scripts.md](hook-scripts.md).
            """,
            example: """
                WSGIAuthGroupScript /srv/site/auth.py
                Require wsgi-group editors
                """),
        ManualEntry(
            "WSGIGroupAuthoritative",
            "Accepted so that configurations for mod_wsgi can stay as they are. It does nothing."),
    ]

    private static let python: [ManualEntry] = [
        ManualEntry(
            "WSGIPythonHome",
            """
            The Python of embedded applications, and of process groups that name none with `python-home=` or `python=`: the \
            directory of an installation or of a virtual environment, that is, the one that holds `pyvenv.cfg` and \
            `bin/python`. Python 3.11 or later. By default it is the Python that the module was built with \
            (`make PYTHON=`, usually `/usr/bin/python3`).
            """,
            difference: """
                The module is not bound to the Python that it was built with. A wrong path is a finding of `configtest` that \
                says what is meant, and stops nothing but what needs that Python. Of `prefix:exec_prefix` the prefix is used.
                """,
            example: "WSGIPythonHome /srv/site/venv"),
        ManualEntry(
            "WSGIPythonPath",
            """
            Directories in which embedded applications look for modules first. Each is added as `site.addsitedir` does it, \
            with its `.pth` files. For process groups there is `python-path=`. In `<WSGIInterpreterOptions>` it applies to the \
            interpreters of the section, daemon processes included, and its directories come before all others. To use a \
            virtual environment name it with `WSGIPythonHome`, not its `site-packages` here.
            """,
            example: "WSGIPythonPath /srv/site:/srv/lib"),
        ManualEntry(
            "WSGIPythonEggs",
            "The directory where embedded applications unpack eggs: `PYTHON_EGG_CACHE` in their environment. For process groups: `python-eggs=`."
        ),
        ManualEntry(
            "WSGIPythonOptimize",
            """
            The level of optimisation: 1 removes `assert` statements, 2 also docstrings. It applies to embedded mode and to \
            all process groups, whatever `PYTHONOPTIMIZE` says.
            """),
        ManualEntry(
            "WSGIPythonWarnings",
            """
            A rule about warnings, written as for `python -W`: `action:message:category:module:line`. Several statements add \
            up, and the last that matches counts. It applies to embedded mode and to all process groups.
            """,
            example: "WSGIPythonWarnings error::DeprecationWarning"),
        ManualEntry(
            "WSGIPythonHashSeed",
            """
            The seed of the hashes of `str` and `bytes`: `random`, or a number that makes them the same in all processes; 0 \
            switches randomisation off, which makes an application open to attacks on its dictionaries.
            """,
            difference: "`random` is random; in mod_wsgi it is the seed 0."),
        ManualEntry(
            "WSGIDontWriteBytecode",
            "`On` keeps Python from writing `.pyc` files, in embedded mode and in all process groups."),
        ManualEntry(
            "WSGIDestroyInterpreter",
            """
            `Off` leaves interpreters as they are when a process ends: functions registered with `atexit` do not run, and \
            threads that never end cannot hold the process up.
            """),
    ]

    private static let interpreters: [ManualEntry] = [
        ManualEntry(
            "WSGISwitchInterval",
            "How long a thread runs before another one may, in seconds with decimals, as `sys.setswitchinterval`. Units: `s`, `ms`. A shorter one answers quick requests sooner beside threads that compute.",
            example: "WSGISwitchInterval 2ms"),
        ManualEntry(
            "WSGIPerInterpreterGIL",
            """
            `On` gives each sub-interpreter a lock of its own, so that applications in different application groups of one \
            process compute at the same time. Python 3.12 to 3.15; in others there is a warning, and \
            the interpreter shares the lock of its process. Extension modules that were not made for it cannot be \
            imported there; with Python 3.12 that includes `ctypes`.
            """),
        ManualEntry(
            "WSGIFreeThreading",
            """
            `On` runs a free-threaded build of Python (3.13t and later) without its global lock. It is a matter of the whole \
            process: a section with `application-group=` cannot set it. Other builds ignore it with a warning.
            """),
        ManualEntry(
            "WSGIRestrictStdin",
            "`On` makes every use of `sys.stdin` an error: it shows applications that would wait for a terminal."),
        ManualEntry(
            "WSGIRestrictStdout",
            "`On` makes every use of `sys.stdout` an error. By default what is printed goes to the error log."),
        ManualEntry(
            "WSGIRestrictSignal",
            """
            `On` makes `signal.signal` do nothing but log, so that applications do not take over the signals by which httpd \
            and the processes are controlled.
            """),
        ManualEntry(
            "<WSGIInterpreterOptions",
            """
            A section of settings for the interpreters of some groups. Both selectors are optional; `%{GLOBAL}` means embedded \
            mode, or the main interpreter. It may hold `WSGIPythonPath`, `WSGISwitchInterval`, `WSGIPerInterpreterGIL`, \
            `WSGIFreeThreading`, `WSGIRestrictStdin`, `WSGIRestrictStdout` and `WSGIRestrictSignal`. The section with more \
            selectors wins, of equals the later one; directories of `WSGIPythonPath` add up, those of the most specific \
            section first.
            """,
            difference: "A directive that has no place in the section is an error.",
            example: """
                <WSGIInterpreterOptions process-group=site application-group=%{GLOBAL}>
                    WSGISwitchInterval 1ms
                    WSGIPythonPath /srv/site/lib
                </WSGIInterpreterOptions>
                """),
    ]

    private static let measurement: [ManualEntry] = [
        ManualEntry(
            "WSGIServerMetrics",
            """
            `On` lets embedded applications call `mod_wsgi.server_metrics()`, which tells of all requests of the server, those \
            of other sites included. For process groups: `server-metrics=On`.
            """),
        ManualEntry(
            "WSGITelemetryService",
            """
            The UNIX datagram socket to which every process sends samples of what it does, once per `interval=` (seconds with \
            decimals, at least 0.5; 1 by default).
            """,
            example: "WSGITelemetryService unix:/run/telemetry.sock interval=5s"),
        ManualEntry(
            "WSGITelemetryOptions",
            """
            What samples include: `CaptureUserAgent`, the client's `User-Agent` in reports of slow requests. Flags without a \
            sign replace what was set, `None` is none of them and `All` is all; `+` adds a flag and `-` takes it away.
            """),
        ManualEntry(
            "WSGISlowRequests",
            "The time from which a request is reported as slow, in seconds with decimals; 0 reports none. Units: `s`, `ms`."
        ),
    ]
}
