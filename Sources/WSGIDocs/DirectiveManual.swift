/// The text of each directive in `docs/reference/directives.md`.
enum DirectiveManual {
    static let entries: [ManualEntry] = scripts + processes + requests + access + python + interpreters + measurement

    private static let scripts: [ManualEntry] = [
        ManualEntry(
            "WSGIScriptAlias",
            """
            Serves the URIs at and below a URL path with a script, or with the scripts of a directory. The part of the \
            URI after the match is appended to the path. If the path is a file, this part becomes `PATH_INFO`; if it \
            is a directory, its first segment names the script. Repeated slashes match repeated slashes. A path \
            without a final `/` matches whole segments only, so `/app` does not match `/application`.

            Aliases are tried in the order of the configuration, those of a virtual host before those of the main \
            server. The first match wins, so put longer paths first. httpd's `Alias` always takes precedence over \
            `WSGIScriptAlias`. httpd's access control applies to the script's directory: it needs `Require all \
            granted` or similar. `Options ExecCGI` is not needed.

            Options override the corresponding directives:

            - `process-group=`: see `WSGIProcessGroup`
            - `application-group=`: see `WSGIApplicationGroup`
            - `callable-object=`: see `WSGICallableObject`; a name or `name()`, not a variable
            - `pass-authorization=On|Off`: see `WSGIPassAuthorization`

            If both groups are given, and neither is a variable of the request, the script is imported before the \
            process accepts its first request. The process group must then exist and be visible in this virtual host.
            """,
            difference: """
                `apachectl configtest` reports a script that does not exist, that its user may not read, or whose \
                directory is closed by httpd's access control.
                """,
            example: """
                WSGIScriptAlias /api /srv/site/api.wsgi process-group=site application-group=%{GLOBAL}
                WSGIScriptAlias / /srv/site/site.wsgi process-group=site application-group=%{GLOBAL}
                """),
        ManualEntry(
            "WSGIScriptAliasMatch",
            """
            Like `WSGIScriptAlias`, for the URIs that a regular expression matches. It may match anywhere in the URI: \
            begin it with `^`. In the path, `$1` to `$9` stand for the groups of the expression, and `$0` for the \
            whole match. The part of the URI after the match is appended to the path. A script is imported in advance \
            only if the path has no `$`.
            """,
            example: "WSGIScriptAliasMatch ^/sites/([a-z0-9-]+) /srv/sites/$1/site.wsgi"),
        ManualEntry(
            "WSGIHandlerScript", since: "mod_wsgi 3.0",
            """
            Defines a handler for httpd's `SetHandler` and `AddHandler`. Requests for files with that handler are \
            served by the script's function `handle_request(environ, start_response)`, a WSGI application. \
            `SCRIPT_FILENAME` is the path of the file. The script's `reload_required`, if any, is called with that \
            path (see `WSGIScriptReloading`). Options are those of `WSGIScriptAlias` except `callable-object=`. Groups \
            default to those of the directory.
            """,
            example: """
                WSGIHandlerScript markdown /srv/handlers/markdown.py process-group=site
                AddHandler markdown .md
                """),
        ManualEntry(
            "WSGIImportScript", since: "mod_wsgi 2.0",
            """
            Imports a script when a process starts, before its first request: to prepare an application, or to run a \
            separate program in a group with `threads=0`. Both options are required. `%{GLOBAL}` is httpd's children, \
            or the main interpreter. The process group must exist and be visible in this virtual host. An exception is \
            logged, and the process continues.
            """,
            example: "WSGIImportScript /srv/site/site.wsgi process-group=site application-group=%{GLOBAL}"),
        ManualEntry(
            "WSGIDispatchScript", since: "mod_wsgi 2.0",
            """
            Names a script whose functions choose where each request goes. It runs in httpd's children, so it needs an \
            embedded Python. `process_group(environ)`, `application_group(environ)` and `callable_object(environ)` are \
            optional. Each returns a name, a variable as in the corresponding directive, or `None` to change nothing. \
            `application-group=` names the interpreter that the script runs in, by default the main one. See \
            [hook-scripts.md](hook-scripts.md).
            """,
            difference: "If the script cannot be loaded, requests fail with 500. mod_wsgi ignores such a script.",
            example: "WSGIDispatchScript /srv/dispatch.py"),
    ]

    private static let processes: [ManualEntry] = [
        ManualEntry(
            "WSGIDaemonProcess",
            """
            Defines a process group: processes that run Python applications, separate from httpd and as a user of \
            their own. `WSGIProcessGroup` and `process-group=` refer to the name. All options are described in \
            [daemon-options.md](daemon-options.md); `apachectl -t -D DUMP_WSGI` shows the values that are in effect.

            A group of the main server can be used everywhere, a group of a `<VirtualHost>` by all virtual hosts of \
            the same `ServerName`. A group that cannot start answers 503. Everything else is served.
            """,
            difference: """
                Each group may have its own Python. Identical definitions in several places, as certbot creates them \
                when it copies a virtual host, count as one. Different definitions of one name are an error, which \
                names the option and both places. Processes are replaced by successors that are ready before they \
                stop.
                """,
            example: "WSGIDaemonProcess site user=site processes=2 threads=15 python-home=/srv/site/venv"),
        ManualEntry(
            "WSGIProcessGroup",
            """
            Names the process group that serves the requests. Without it, and without `process-group=`, applications \
            run embedded, in httpd's own children; `%{GLOBAL}` selects this explicitly. Variables: `%{ENV:name}` (a \
            variable of the request, as `SetEnv`, `SetEnvIf` or `RewriteRule` set it), `%{SERVER}` (`ServerName` and \
            port), `%{HOST}` (the host that the client requested, and port), `%{RESOURCE}` (server, port and script \
            name). The port is omitted if it is 80 or 443. If no group has the name, requests fail with 500, \
            and `configtest` reports it.
            """,
            example: """
                SetEnvIf Host ^beta\\. GROUP=beta
                WSGIProcessGroup %{ENV:GROUP}
                WSGIRestrictProcess beta stable
                """),
        ManualEntry(
            "WSGIRestrictProcess",
            """
            Limits the process groups that may serve requests, regardless of how the group was chosen. Other requests \
            fail with 500. `%{GLOBAL}` stands for embedded mode. Use it wherever a group's name comes from a \
            variable, so that a `.htaccess` file cannot send requests to another site's processes. The list of an \
            inner scope replaces that of an outer one.
            """,
            example: "WSGIRestrictProcess site1 site2"),
        ManualEntry(
            "WSGISocketPrefix",
            """
            The prefix of the paths of the sockets through which httpd's children reach daemon processes. A relative \
            prefix is relative to `ServerRoot`. By default the sockets are in httpd's runtime directory. The directory \
            must exist, the user that starts httpd must be able to write to it, and httpd's user must be able to enter \
            it. Linux limits the whole path to 107 bytes.
            """,
            difference: "Sockets keep their names across restarts, and there are no lock files.",
            example: "WSGISocketPrefix /run/apache2/wsgi"),
        ManualEntry(
            "WSGIStartLimit", since: "7.0",
            """
            The number of daemon processes of all groups that may start at the same time, so that a restart of many \
            groups leaves processors for requests. 0 is the number of processors. Groups without a serving process \
            start first, beginning with those that requests are waiting for. A start that takes longer than 10 seconds \
            does not delay others. If httpd is started as root, the priority of a process is lower by 10 (nice) while \
            it starts, unless requests wait for changed code or its group has stopped serving.
            """,
            difference: "mod_wsgi starts all processes at once.",
            example: "WSGIStartLimit 4"),
        ManualEntry(
            "WSGIRestrictEmbedded", since: "mod_wsgi 2.0",
            """
            With `On`, requests for applications that would run embedded fail with 500, and Python is not started in \
            httpd's children, unless a [hook script](hook-scripts.md) of the server's configuration needs it there. \
            `.htaccess` files cannot name hook scripts. Recommended if all applications run in process groups: a \
            forgotten `process-group=` is then noticed at once.
            """,
            example: "WSGIRestrictEmbedded On"),
    ]

    private static let requests: [ManualEntry] = [
        ManualEntry(
            "WSGIApplicationGroup",
            """
            Names the interpreter of the process that runs the application. Applications in the same group share their \
            modules. By default each application has its own sub-interpreter, named after server, port and script \
            name. `%{GLOBAL}` is the main interpreter. Use it for applications with extension modules that do not \
            support sub-interpreters (numpy, and many that are written in Rust or Cython), and wherever a process \
            group has only one application. The variables are those of `WSGIProcessGroup`, and `%{AUTO}`.

            `%{AUTO}` is the main interpreter in a process group that serves a single application, and the default in \
            every other one and in embedded mode. `application-group=%{AUTO}` is the same. A group serves a single \
            application if one script leads to it, of `WSGIScriptAlias` or `WSGIHandlerScript`, and with one name of its \
            application. The script may have several aliases. This is decided from the server's configuration when it is \
            read. The group counts as one of several applications if something may lead to it that depends on the \
            request: a `WSGIScriptAliasMatch`, an alias of a directory, `AddHandler`, `SetHandler` or another directive \
            with `wsgi-script` where `WSGIProcessGroup` names the group, a `WSGIDispatchScript`, a variable as the \
            process group, or a `WSGIProcessGroup` in a section such as `<If>`. Scripts of `WSGIImportScript` do not \
            count. A script that a `.htaccess` file maps has its own sub-interpreter. `apachectl -t -D DUMP_WSGI` shows \
            what `%{AUTO}` is in each group, and why. Hook scripts, whose default is the main interpreter, run there.
            """,
            difference: "`%{AUTO}` is new.",
            example: "WSGIApplicationGroup %{GLOBAL}"),
        ManualEntry(
            "WSGICallableObject",
            """
            Names the application in the script. It is a plain name, without dots. `%{ENV:name}` takes the name from a \
            variable of the request, or uses `application` if there is none.

            `name()` names an application factory: a function of the script that is called without arguments and \
            returns the application. It is called once each time the script is loaded: with the script, if that is \
            imported before the first request and the alias has `callable-object=`, otherwise by the first request. \
            Other requests wait meanwhile. If it raises an exception or returns something that cannot be called, \
            requests answer 500 (`WSGI1073`) and the next one calls it again; a new process does not replace one that \
            serves. `mod_wsgi.callable_object` in the environ is the whole text, with `()`. Arguments are not possible: \
            write a function that passes them.
            """,
            difference: "Factories are new.",
            example: "WSGICallableObject app"),
        ManualEntry(
            "WSGIScriptReloading",
            """
            `On` compares the script's modification time at each request. In embedded mode a changed script is loaded \
            again in the same interpreter. In a process group the processes are replaced, and the new code serves \
            from then on. A request that finds the script changed waits for the successor. Only the script file itself \
            is watched, so `touch` it after changing other modules. With `Off` the script is not compared, and changed \
            code needs a restart of httpd.

            With `Rolling` no request waits: the former code serves until the successor has imported the new code. In \
            embedded mode it is the same as `On`.

            If the script defines `reload_required(resource)`, it is called at each request as well, with the path of \
            the requested file: the script itself, or the file that `WSGIHandlerScript` handles. If it returns true, \
            the script counts as changed. An exception is logged and counts as false. `reload_required` is not called \
            in hook scripts, such as those of `WSGIAccessScript`.

            The processes of a group are replaced one after the other, starting with those that requests are waiting \
            for.
            """,
            difference: """
                The successor imports the script before its predecessor stops. If that fails, the former code \
                continues to serve (`WSGI1013`) instead of failing with 500, and the next attempt is made when the \
                file changes again. `Rolling` is new.
                """,
            example: "WSGIScriptReloading Off"),
        ManualEntry(
            "WSGIPassAuthorization",
            """
            `On` gives applications the `Authorization` header as `HTTP_AUTHORIZATION`. Applications that check \
            passwords or tokens themselves need it. It is off by default, because applications do not need passwords \
            that httpd itself has checked. httpd's `CGIPassAuth On` has the same effect.
            """,
            example: "WSGIPassAuthorization On"),
        ManualEntry(
            "WSGITraceContext", since: "7.0",
            """
            Applications receive the headers `traceparent` and `tracestate` of [W3C Trace \
            Context](https://www.w3.org/TR/trace-context/) like any other, as `HTTP_TRACEPARENT` and `HTTP_TRACESTATE`. \
            With `On`, each request of an application has a valid `traceparent`. A valid one is passed on unchanged, \
            together with `tracestate`. If there is none, or an invalid one, a new one is made: a random trace id and \
            parent id, with the flag *sampled*; a `tracestate` is then removed. Valid is a `traceparent` of version 00 \
            in its exact format, or of a later version that begins with the same fields; ids of zeros and version `ff` \
            are invalid.

            The environment variable `mod_wsgi.trace_id` of the request has the trace id for httpd's logs: \
            `%{mod_wsgi.trace_id}e` in `LogFormat` and in `ErrorLogFormat`. With `%L`, the id of the request, in both \
            formats, records of the access log, the error log and the application's traces can be joined. Static files \
            and requests that are rejected before they reach this module have no such variable, and hook scripts other \
            than `WSGIDispatchScript` see the headers as they came.
            """,
            example: """
                WSGITraceContext On
                LogFormat "%h %t \\"%r\\" %>s %L %{mod_wsgi.trace_id}e" traced
                ErrorLogFormat "[%t] [%-m:%l] [pid %P] [%-L] [trace %{mod_wsgi.trace_id}e] %M"
                """),
        ManualEntry(
            "WSGIChunkedRequest", since: "mod_wsgi 3.0",
            """
            `On` accepts request bodies without `Content-Length` (`Transfer-Encoding: chunked`); otherwise such \
            requests are rejected with 411. The application then reads until the end: `wsgi.input_terminated` is true, \
            and `CONTENT_LENGTH` is missing.
            """,
            example: "WSGIChunkedRequest On"),
        ManualEntry(
            "WSGIMapHEADToGET",
            """
            Controls whether HEAD is passed to applications as GET. `Auto` does so if an output filter of the request, \
            such as compression, needs the body to write the correct headers. `On` always does, for applications that \
            do not handle HEAD correctly. `Off` never does. The client never receives a body.
            """),
        ManualEntry(
            "WSGIErrorOverride", since: "mod_wsgi 3.0",
            """
            `On` replaces the body of a response with status 400 or above with httpd's `ErrorDocument`. Of the \
            application's headers, only `WWW-Authenticate` is kept.
            """,
            difference: "It also applies to embedded applications.",
            example: """
                WSGIErrorOverride On
                ErrorDocument 404 /errors/404.html
                """),
        ManualEntry(
            "WSGITrustedProxyHeaders",
            """
            Names the headers with which a proxy in front of httpd describes the client's request. Their values \
            replace those in the environ. Nothing else in httpd (logs, `Require ip`) is changed.

            | subject | headers | in the environ |
            |---|---|---|
            | client | `X-Forwarded-For`, `X-Client-IP`, `X-Real-IP` | `REMOTE_ADDR` |
            | host | `X-Forwarded-Host`, `X-Host` | `HTTP_HOST` |
            | server | `X-Forwarded-Server` | `SERVER_NAME` |
            | port | `X-Forwarded-Port` | `SERVER_PORT` |
            | mount point | `X-Script-Name`, `X-Forwarded-Script-Name` | `SCRIPT_NAME`, `mod_wsgi.mount_point` |
            | scheme | `X-Forwarded-Proto`, `X-Forwarded-Scheme`, `X-Scheme`, `X-Forwarded-HTTPS`, `X-Forwarded-SSL`, \
            `X-HTTPS` | `wsgi.url_scheme` |

            Name the one header of each kind that your proxy sets. All others of that kind are removed, so that \
            clients cannot forge them. If the peer is not in `WSGITrustedProxies`, all headers of that kind are \
            removed. The directive may be repeated; names in the same scope accumulate.
            """,
            difference:
                "`configtest` reports a name that is not in the table above. mod_wsgi silently ignores it.",
            example: """
                WSGITrustedProxies 10.0.0.0/8
                WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host
                """),
        ManualEntry(
            "WSGITrustedProxies",
            """
            The addresses (IPv4 or IPv6), networks (`10.0.0.0/8`, `10.0.0.0/255.0.0.0`) or prefixes of IPv4 addresses \
            (`192.168`) of the proxies whose `WSGITrustedProxyHeaders` are trusted. Without the directive, every peer \
            is trusted. With it, `X-Forwarded-For` is read from the right, and the first address that is not trusted \
            is the client. The directive may be repeated; addresses in the same scope accumulate.
            """,
            example: "WSGITrustedProxies 127.0.0.1 10.0.0.0/8 fd00::/8"),
        ManualEntry(
            "WSGIEnableSendfile",
            """
            `On` lets httpd use the system's `sendfile` for files that an application returns with \
            `wsgi.file_wrapper`: the system sends them without copying them through httpd. `Auto` does so for files on \
            file systems that are known to be local (Btrfs, ext, F2FS, overlay, tmpfs, XFS, ZFS). Use `Off` if files \
            are overwritten in place while they are sent: a slow client may otherwise receive some of the new content.
            """,
            difference: "`Auto` is new. mod_wsgi's default is `Off`."),
        ManualEntry(
            "WSGIIgnoreActivity",
            """
            With `On`, these requests do not reset the timer of `inactivity-timeout=`. Use it for health checks, which \
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
            `apache.request_rec`, for extension modules that call httpd. It is not available in process groups.
            """),
        ManualEntry(
            "WSGICaseSensitivity",
            """
            With `Off`, script paths that differ only in case are the same script. Leave it on: the file systems of \
            Linux are case-sensitive.
            """),
    ]

    private static let access: [ManualEntry] = [
        ManualEntry(
            "WSGIAccessScript", since: "mod_wsgi 2.0",
            """
            Names a script whose function `allow_access(environ, host)` decides which hosts have access: `True` \
            allows, `False` answers 403, `None` leaves the decision to other modules. It runs in httpd's children, in \
            the main interpreter or in the one that `application-group=` names. See \
            [hook-scripts.md](hook-scripts.md).
            """,
            example: "WSGIAccessScript /srv/site/access.py"),
        ManualEntry(
            "WSGIAuthUserScript", since: "mod_wsgi 2.0",
            """
            Names a script that checks passwords, for the authentication provider `wsgi`. For `AuthType Basic`, its \
            function `check_password(environ, user, password)` returns `True`, `False`, another name for the user, or \
            `None` if the user does not exist. For `AuthType Digest`, `get_realm_hash(environ, user, realm)` returns \
            the MD5 hash of `user:realm:password` in hexadecimal, or `None`. It runs in httpd's children. See \
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
            "WSGIAuthGroupScript", since: "mod_wsgi 2.0",
            """
            Names a script whose function `groups_for_user(environ, user)` returns the groups of a user, for `Require \
            wsgi-group`. It runs in httpd's children. See [hook-scripts.md](hook-scripts.md).
            """,
            example: """
                WSGIAuthGroupScript /srv/site/auth.py
                Require wsgi-group editors
                """),
        ManualEntry(
            "WSGIGroupAuthoritative",
            "Accepted for compatibility. It has no effect."),
    ]

    private static let python: [ManualEntry] = [
        ManualEntry(
            "WSGIPythonHome",
            """
            The Python of embedded applications, and of process groups without `python-home=` or `python=`: the \
            directory of an installation or of a virtual environment, that is, the directory that holds `pyvenv.cfg` \
            and `bin/python`. Python 3.11 or later is required. The default is the Python that the module was built \
            with (`make PYTHON=`, usually `/usr/bin/python3`).
            """,
            difference: """
                The module is not bound to the Python that it was built with. `configtest` reports a wrong path and \
                suggests the correct one. Only applications that need that Python are affected. Of \
                `prefix:exec_prefix`, only the prefix is used.
                """,
            example: "WSGIPythonHome /srv/site/venv"),
        ManualEntry(
            "WSGIPythonPath",
            """
            Directories, separated by `:`, that embedded applications search for modules first. Each is added with \
            `site.addsitedir`, including its `.pth` files. Process groups have `python-path=`. In \
            `<WSGIInterpreterOptions>` the directive applies to the interpreters of the section, including those of \
            daemon processes, and its directories come before all others. To use a virtual environment, name it with \
            `WSGIPythonHome`; do not name its `site-packages` here.
            """,
            example: "WSGIPythonPath /srv/site:/srv/lib"),
        ManualEntry(
            "WSGIPythonEggs", since: "mod_wsgi 2.0",
            """
            The directory where embedded applications unpack eggs: `PYTHON_EGG_CACHE` in their environment. Process \
            groups have `python-eggs=`.
            """
        ),
        ManualEntry(
            "WSGIPythonOptimize",
            """
            The optimisation level: 1 removes `assert` statements, 2 also docstrings. It applies to embedded mode and \
            to all process groups, and overrides `PYTHONOPTIMIZE`.
            """),
        ManualEntry(
            "WSGIPythonWarnings", since: "mod_wsgi 3.0",
            """
            A rule for warnings, as for `python -W`: `action:message:category:module:line`. The directive may be \
            repeated; the last rule that matches is used. It applies to embedded mode and to all process groups.
            """,
            example: "WSGIPythonWarnings error::DeprecationWarning"),
        ManualEntry(
            "WSGIPythonHashSeed", since: "mod_wsgi 4.1.0",
            """
            The seed of the hashes of `str` and `bytes`: `random`, or a number that makes them the same in all \
            processes. 0 disables randomisation, which exposes an application to attacks on its dictionaries.
            """,
            difference: "`random` is random. In mod_wsgi it is the seed 0."),
        ManualEntry(
            "WSGIDontWriteBytecode", since: "mod_wsgi 4.1.0",
            "`On` keeps Python from writing `.pyc` files, in embedded mode and in all process groups."),
        ManualEntry(
            "WSGIDestroyInterpreter",
            """
            With `Off`, interpreters are not finalised when a process ends: functions registered with `atexit` do not \
            run, and threads that never end cannot delay the end of the process.
            """),
    ]
}
