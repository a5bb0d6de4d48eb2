internal import WSGICore

extension LogIDManual {
    /// Scripts, queues and connections: WSGI0084 to WSGI0126.
    static let requests: [LogIDEntry] = [
        LogIDEntry(
            .queueTimeout, [.error], "Request waited longer than queue-timeout=",
            texts: [
                """
                Process group '<group>': no thread became free within <number> s (queue-timeout); raise \
                processes= or threads=, or find out what keeps the application busy.
                """
            ],
            cause: """
                All threads of the process group were busy. The request fails with 504 and never reached the \
                application.
                """,
            remedy: """
                Raise `processes=` or `threads=`, find out what keeps the application busy, or allow more time.
                """),
        LogIDEntry(
            .callableNotFound, [.error], "Script does not define the application",
            texts: [
                """
                Target WSGI script '<script>' does not contain WSGI application '<name>' (process group \
                '<group>', application group '<group>'). It defines: <names>.
                """,
                """
                Target WSGI script '<script>' does not contain the factory '<name>' (process group '<group>', \
                application group '<group>'). It defines: <names>.
                """,
            ],
            cause: "The script has no object of the configured name. The request fails with 404.",
            remedy: """
                Name the object `application`, or give its name with `WSGICallableObject` or `callable-object=`. The \
                message lists the callables that the script defines.
                """),
        LogIDEntry(
            .sitePathFailed, [.error], "Directory could not be added to sys.path",
            texts: [
                """
                Cannot add the directory '<directory>' to sys.path (<exception>); the directories after it are \
                left out.
                """
            ],
            cause: """
                A directory of `python-path=` or `WSGIPythonPath` could not be added to `sys.path`. The directories \
                after it are not added.
                """,
            remedy: """
                Check the exception. A `.pth` file in the directory may be broken, or the process's user may not \
                be able to read it.
                """),
        LogIDEntry(
            .scriptUnreadable, [.error, .warning], "Script cannot be read",
            texts: [
                """
                Could not read or compile WSGI script '<script>' (process group '<group>', application group \
                '<group>'). The user of this process cannot read it: chgrp it to a group of that user and chmod \
                g+r it, or chmod o+r it for all users; its directories need g+x or o+x. 'apachectl configtest' \
                names the path component that denies access.
                """,
                "<directive>: the script '<script>' cannot be used: <reason>.",
            ],
            cause: """
                The user that runs the application may not read the script, or that user or httpd's user may not \
                enter a directory above it. The request fails with 500 or 403.
                """,
            remedy: """
                `apachectl configtest` names the path component that denies access, its mode and owner, and the \
                command that opens it. If the script holds passwords, give it to a group of that user (`chgrp`, \
                `chmod g+r`) rather than opening it to all users (`chmod o+r`).
                """),
        LogIDEntry(
            .scriptExited, [.error], "Script ended Python while it was loaded",
            texts: [
                """
                SystemExit exception raised when doing exec of Python script file '<script>' (process group \
                '<group>', application group '<group>').
                """
            ],
            cause: """
                The script raised `SystemExit` while it was loaded. The request fails with 500. The process continues.
                """,
            remedy: "Remove the call of `sys.exit()` from the script's import."),
        LogIDEntry(
            .scriptRaised, [.error], "Script raised an exception while it was loaded",
            texts: [
                """
                Unable to execute Python script file '<script>' (process group '<group>', application group \
                '<group>').
                """,
                """
                Could not read or compile WSGI script '<script>' (process group '<group>', application group \
                '<group>').
                """,
                """
                Cannot make a module of the WSGI script '<script>' (process group '<group>', application group \
                '<group>').
                """,
            ],
            cause: """
                The script raised an exception while it was loaded, or could not be compiled. The request fails \
                with 500, and the next one tries again. If the process was meant to replace another one, the former \
                process continues to serve.
                """,
            remedy: "The traceback follows the message."),
        LogIDEntry(
            .callbackRaised, [.error], "Callback of an event raised an exception",
            texts: ["<exception> exception raised by a callback for the event '<event>'."],
            cause: """
                A function that was passed to `mod_wsgi.subscribe_events()`, `subscribe_shutdown()` or \
                `subscribe_signals()` raised an exception. The other callbacks are called, and the request continues.
                """,
            remedy: "The traceback follows the message."),
        LogIDEntry(
            .queueFull, [.error], "All threads of the group are busy",
            texts: [
                """
                Process group '<group>': all threads are busy: the request would wait about <number> s; the \
                limit is <number> s (<option>). Raise processes= or threads=, or find out what keeps the \
                application busy. <number> requests were rejected since the last such record.
                """,
                """
                Process group '<group>': all threads are busy: the group is overloaded (clients wait too long or \
                disconnect before they are served); a request that waited would be served after about <number> s. \
                Raise processes= or threads=, or find out what keeps the application busy.
                """,
                """
                Process group '<group>': all threads are busy: no thread became free within <number> s \
                (connect-timeout), and <number> or more requests wait before this one (listen-backlog). Raise \
                processes= or threads=, or find out what keeps the application busy.
                """,
                """
                Process group '<group>': the connection queue of '<socket>' stayed full for <number> s \
                (connect-timeout). Raise listen-backlog= (and net.core.somaxconn), processes= or threads=.
                """,
            ],
            cause: """
                The request was rejected with 503 and a `Retry-After` header. The message gives one of four reasons: \
                the request could not be served in time (`queue-timeout=` or `connect-timeout=`); the group is \
                overloaded, because clients leave its queue or wait for too long; no thread became free within \
                `connect-timeout=`; or the connection queue of a process stayed full (then without `Retry-After`). \
                The first three are logged once a second at most, with the number of rejected requests since the \
                last message.
                """,
            remedy: """
                Raise `processes=` or `threads=`, or find out what keeps the application busy. See \
                [processes.md](processes.md#when-all-threads-are-busy).
                """),
        LogIDEntry(
            .connectFailed, [.error, .info], "No process of the group could be reached",
            texts: [
                """
                Process group '<group>' has no running process, because its last starts failed. They are \
                repeated. An earlier record about the group gives the reason, in the error log of the server or \
                virtual host that contains its WSGIDaemonProcess.
                """,
                """
                Process group '<group>': cannot connect to its process at '<socket>': <reason>. httpd's user \
                must own the socket and be able to enter its directory; set WSGISocketPrefix to choose another \
                place.
                """,
                "Process group '<group>': httpd stops, or its configuration no longer contains the group; the request was not started.",
                """
                WSGISocketPrefix <prefix>: requests for process groups will fail with 503, because <reason>; or \
                name another place, such as WSGISocketPrefix /run/apache2/wsgi.
                """,
                """
                WSGIDaemonProcess '<group>': the owner of its sockets (uid <uid>) may not enter '<directory>' \
                (mode <mode>), where the socket '<socket>' is. Set WSGISocketPrefix to a place that it may \
                enter, such as /run/apache2/wsgi.
                """,
            ],
            cause: """
                No process of the group is running, or httpd's user may not enter the directory of the socket. The \
                request fails with 503. While httpd stops, the message has the level `info`.
                """,
            remedy: """
                If no process is running, the message about its start gives the reason. If the directory is closed, \
                choose another place with `WSGISocketPrefix`.
                """),
        LogIDEntry(
            .responseBroken, [.error], "Daemon process was lost in the middle of a response",
            texts: [
                """
                Process group '<group>': <reason> while slot <number>, generation <number>, ran the request \
                [<log id>]; the response is incomplete and was cut off.
                """
            ],
            cause: "The client sees the response cut.",
            remedy: "The message about the process shows how it ended."),
        LogIDEntry(
            .reloadRejections, [.error], "Request could not be handed over",
            texts: [
                """
                Process group '<group>': <number> attempts to hand the request to a worker failed: its workers \
                are replaced all the time, or return each request. See the records about the group before this one.
                """
            ],
            cause: """
                The group's processes were replaced at each attempt, or the application writes to descriptors that it does \
                not own. The request fails with 503. There is one such record per second and group.
                """,
            remedy: "Look for the reason of the replacements in the messages about the group."),
        LogIDEntry(
            .bodyFailed, [.info, .debug], "Request body could not be read",
            texts: [
                "The request body could not be read: <reason>."
            ],
            cause: """
                The request fails with 408 if the client was too slow, 413 if the body is larger than \
                `LimitRequestBody`, and 400 if it is malformed. Nothing is sent if the client has disconnected; then \
                the level is `debug`.
                """,
            remedy: "None, unless a limit is too low for your clients."),
    ]
}
