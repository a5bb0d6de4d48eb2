internal import WSGICore

extension LogIDManual {
    /// Responses, hook scripts and versions: WSGI1081 to WSGI1370.
    static let others: [LogIDEntry] = [
        LogIDEntry(
            .applicationHidden, [.warning], "No request will reach an application",
            texts: [
                """
                <directive>: no request will reach it, because '<directive>' at <file>:<line> takes all of its \
                URLs first, regardless of the order of the lines. Remove that line, or limit it to URLs of files, \
                such as /static.
                """,
                """
                <directive>: no request will reach it, because 'ProxyPass <path>' at <file>:<line> forwards \
                all of its URLs to another server first. <advice>
                """,
            ],
            cause: """
                Another directive takes all URLs of the application: an `Alias` or `ScriptAlias`, which always takes \
                precedence, regardless of the order of the lines; a `ProxyPass` without an exception for it; or an \
                earlier `WSGIScriptAlias`.
                """,
            remedy: """
                Remove or limit the other line, write `ProxyPass /path !` before it, or put the longer \
                `WSGIScriptAlias` first.
                """),
        LogIDEntry(
            .metricsUnavailable, [.warning], "Requests are not counted",
            texts: ["The memory for metrics cannot be created (<reason>); requests are not counted."],
            cause: "httpd's parent could not create shared memory. Requests are served as usual.",
            remedy: "Check the memory limits, then restart httpd."),
        LogIDEntry(
            .statusClosed, [.error], "Nothing restricts access to the page of a status handler",
            texts: [
                """
                <handler> shows nothing, because the Require directives for '<path>' let everybody in: add one that \
                names clients or users, such as 'Require local', 'Require ip 10.0.0.0/8' or 'Require valid-user'.
                """
            ],
            cause: """
                The page of `SetHandler wsgi-status` or `SetHandler wsgi-metrics` was requested, and no `Require` \
                excludes anybody: a client without credentials would be served at any address. The page shows paths of \
                requests and the state of the server, so the request fails with 403.
                """,
            remedy: """
                Add a `Require` that names clients or users to the same `<Location>`. Restrictions by other means do not \
                count: `Allow from`, a client certificate, a firewall.
                """),
        LogIDEntry(
            .responseShort, [.error, .debug], "Response is shorter than its Content-Length",
            texts: [
                """
                The WSGI script '<script>' declared a Content-Length of <number> but returned <number> bytes; \
                the response is cut off.
                """,
                """
                The WSGI script '<script>' declared a Content-Length of <number> but returned <number> bytes; a \
                filter replaced the body.
                """,
            ],
            cause: """
                The length is also checked after httpd's content filters, which may produce another body \
                (`X-Sendfile`). The headers are sent as the application wrote them, then the connection is closed. \
                With `X-Accel-Redirect` and no body this is normal, and is logged at `debug` only.
                """,
            remedy: "Correct the application. A wrong Content-Length makes clients wait."),
        LogIDEntry(
            .logOmitted, [.error], "Request has logged too much",
            texts: [
                """
                Process group '<group>': <number> bytes that the request [<log id>] wrote to the error log were \
                left out: a request may log 16 MiB at once, and then 1 MiB per second.
                """
            ],
            cause: """
                The error log accepts a limited amount from one request in daemon mode. The message gives the number \
                of bytes that were left out. The response is not affected.
                """,
            remedy: "Log less, or to a file of your own."),
        LogIDEntry(
            .hookAnswerInvalid, [.error], "Hook script returned a value of the wrong type",
            texts: [
                """
                <function> of '<script>' (<file>:<line>) must return <types>, not <type>; the request is \
                rejected.
                """,
                """
                <function> of the dispatch script '<script>' must return a str, bytes or None, not <type>.
                """,
                "The variables of 'Require wsgi-group <groups>' cannot be expanded: <reason>.",
            ],
            cause: """
                `allow_access` must return a bool or `None`, `groups_for_user` a list (or another iterable) of str \
                or bytes, and the functions of a dispatch script str, bytes or `None`. Access is denied. A request \
                that cannot be dispatched fails with 500.
                """,
            remedy: "Correct the function. The message names the function and the type."),
        LogIDEntry(
            .hookScriptUnset, [.error], "Hook script is missing in the configuration",
            texts: [
                "The authentication provider 'wsgi' has no script here: set WSGIAuthUserScript.",
                "'Require wsgi-group' has no script here: set WSGIAuthGroupScript.",
            ],
            cause: """
                `AuthBasicProvider wsgi` and `AuthDigestProvider wsgi` need a `WSGIAuthUserScript`, and `Require \
                wsgi-group` needs a `WSGIAuthGroupScript`, for the same directory or location. Without the first the \
                request fails with 500, without the second access is denied.
                """,
            remedy: "Name the script."),
        LogIDEntry(
            .hookScriptRestricted, [.alert], "Hook script in .htaccess, and WSGIRestrictEmbedded is On",
            texts: [
                """
                <directive> is not allowed in .htaccess while WSGIRestrictEmbedded is On, because the script would \
                run in httpd's own processes: move it to a <Directory> in the server's configuration.
                """
            ],
            cause: """
                A `.htaccess` file names a script that would run in httpd's own processes. Requests below its \
                directory fail with 500.
                """,
            remedy: "Move the directive to a `<Directory>` of the server's configuration."),
        LogIDEntry(
            .oneInterpreterOnly, [.error], "Extension module works in one interpreter only",
            texts: [
                """
                An extension module works in only one interpreter of a process (<source> says '<text>'), and \
                this is the interpreter '<name>'. Add application-group=%{GLOBAL} to the WSGIScriptAlias of each \
                application that uses it, or 'WSGIApplicationGroup %{GLOBAL}' to its directory or location, and \
                run it in a process group of its own (WSGIDaemonProcess NAME, process-group=NAME).
                """
            ],
            cause: """
                An extension module cannot be loaded into a second interpreter of its process: modules built with \
                PyO3 or Cython, NumPy and modules on top of it, gevent. By default each application has an \
                interpreter of its own ([directives.md](directives.md#wsgiapplicationgroup)). The message follows \
                the traceback and names the line to add.
                """,
            remedy: """
                Run the application in the main interpreter (`application-group=%{GLOBAL}`), in a process group that \
                it does not share with an application of another interpreter.
                """),
        LogIDEntry(
            .pythonUntested, [.notice], "Python is newer than those that were tested",
            texts: [
                """
                Python <version> ('<Python>') is newer than those that this release of mod_wsgi was tested with \
                (<version> to <version>). Applications usually run in it nevertheless; WSGIPerInterpreterGIL has \
                no effect there. Look for a newer release of mod_wsgi.
                """
            ],
            cause: """
                A Python of the configuration is newer than those that this release was tested with (3.11 to 3.15). \
                The message is logged once for each such version, by `apachectl configtest` and at every start of \
                httpd. Applications run in it, because the module uses CPython's stable ABI only, which later \
                versions keep. `WSGIPerInterpreterGIL` has no effect there ([WSGI0198](#wsgi0198)).
                """,
            remedy: "Look for a newer release."),
    ]
}
