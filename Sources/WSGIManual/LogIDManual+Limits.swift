internal import WSGICore

extension LogIDManual {
    /// Limits of requests and processes: WSGI1050 to WSGI1073.
    static let limits: [LogIDEntry] = [
        LogIDEntry(
            .requestInterrupted, [.warning], "Request exceeded request-timeout= and was interrupted",
            texts: [
                """
                [<log id>] <method> <path>, for <number> s: it takes longer than its request-timeout, so \
                RequestTimeout was raised in it: <Python stack>
                """
            ],
            cause: """
                A request takes longer than `request-timeout=`, and the exception `mod_wsgi.RequestTimeout` was \
                raised in it, because `interrupt-timeout=` is set. The message shows where in Python the request is. \
                The application can handle the exception like any other. If it leaves the application, the client \
                receives a 504. It derives from `BaseException`, so `except Exception` does not stop it, while \
                `finally` and `with` clean up.
                """,
            remedy: "See [WSGI1051](#wsgi1051)."),
        LogIDEntry(
            .requestAbandoned, [.error], "Request exceeded request-timeout=",
            texts: [
                """
                [<log id>] <method> <path>, for <number> s: it takes longer than its request-timeout; its client \
                was answered with 504, and the process is replaced (<reason>): <Python stack>
                """
            ],
            cause: """
                A request takes longer than `request-timeout=` (and longer than `interrupt-timeout=` after \
                [WSGI1050](#wsgi1050), if that is set). Its client has received a 504, or has seen the response cut \
                if it had begun. The thread cannot be ended from outside, so the process is replaced. Other requests \
                continue.
                """,
            remedy: """
                Look in the Python stack for the call that waits without a limit, most often a query or a call to \
                another service that has no timeout of its own. Raise `request-timeout=` if such requests are \
                expected. The limit is scaled by the number of threads unless `request-timeout-rule=exact` is set.
                """),
        LogIDEntry(
            .pythonDeadlocked, [.error], "GIL was not released",
            texts: [
                """
                the GIL could not be acquired for <number> s (deadlock-timeout); the process is replaced \
                (<reason>), and the requests under way were answered with 504: <Python stacks>
                """
            ],
            cause: """
                The GIL was held for `deadlock-timeout=`: C code holds it and does not return, or there is a deadlock \
                between two locks. The requests under way fail with 504, and the process is replaced at once.
                """,
            remedy: """
                The message shows the stacks of all threads. The thread in a call into an extension module holds the \
                GIL. A known reason is an extension module that does not support sub-interpreters; \
                `WSGIApplicationGroup %{GLOBAL}` avoids this.
                """),
        LogIDEntry(
            .startupOverdue, [.error], "Script was not loaded in time",
            texts: [
                """
                no script could be loaded within <number> s (startup-timeout); the process is replaced \
                (<reason>), and the requests under way were answered with 504: <Python stacks>
                """
            ],
            cause: """
                No script could be loaded within `startup-timeout=` of the first attempt. The requests that waited \
                fail with 504, and the process is replaced at once.
                """,
            remedy: """
                The message shows the position of the import. If the import has failed meanwhile, the traceback \
                precedes the message ([WSGI0109](#wsgi0109)).
                """),
        LogIDEntry(
            .memoryExceeded, [.warning], "Process exceeded maximum-memory=",
            texts: [
                """
                The process is replaced: it uses <number> MiB of memory, more than maximum-memory (<number> \
                MiB).
                """
            ],
            cause: """
                The process has used more memory than `maximum-memory=` in three measurements in a row, one second \
                apart, and is replaced. Requests under way have \
                `graceful-timeout=` to end.
                """,
            remedy: """
                If it happens often, the limit is too low for the application, or the application leaks. Compare the \
                times between two of these messages.
                """),
        LogIDEntry(
            .loadingSlow, [.warning], "Script takes long to load in a sub-interpreter",
            texts: [
                """
                WSGI script '<script>' (process group '<group>', application group '<group>') has been loading for \
                10 s. If it does not end, an extension module may support the main interpreter only: add \
                'WSGIApplicationGroup %{GLOBAL}' to its directory or location, or application-group=%{GLOBAL} to its \
                WSGIScriptAlias. <Python stack>
                """
            ],
            cause: """
                The script, or its application factory, has been loading for ten seconds in an interpreter other than \
                the main one. Some extension modules (many that are written in Rust or Cython, numpy) support the main \
                interpreter only. In another one an import may wait forever for a lock that its own thread holds. The \
                lines after the message show the Python stack. If the GIL cannot be acquired, they are the output of \
                faulthandler in a daemon process, and there is no stack in embedded mode. This is logged once for each \
                load. Loading continues. `startup-timeout=` ends it.
                """,
            remedy: """
                If the stack shows the import of an extension module, run the application in the main interpreter: \
                `WSGIApplicationGroup %{GLOBAL}` or `%{AUTO}`, in a process group of its own. If it shows a connection \
                to another service, give that a time limit.
                """),
        LogIDEntry(
            .clientGone, [.info], "Client disconnected while its request waited",
            texts: [
                """
                Process group '<group>': the client disconnected while its request waited for a thread; the request \
                was not started.
                """
            ],
            cause: """
                Nothing is sent. The access log has the status 499, and `X` for `%X`. A client that shuts down its \
                sending side together with its request is served. A client that does so later cannot be \
                distinguished from one that has disconnected.
                """,
            remedy: """
                Many of these messages mean that clients wait too long: see \
                [WSGI0084](#wsgi0084) and [WSGI0116](#wsgi0116).
                """),
        LogIDEntry(
            .nestedRequest, [.error], "Part of another response could not get a thread",
            texts: [
                """
                Process group '<group>': all threads are busy, and this request is part of the response to \
                another one (an include or an error document), which holds a thread until this one is done: its \
                response is larger than response-buffer-size, or its application still reads the request. Raise \
                threads= or response-buffer-size=.
                """
            ],
            cause: """
                A request is a part of another response, an SSI include or an error document for a filter's error, \
                and that response cannot end before it does. All threads of the group are busy, and the outer \
                response is larger than `response-buffer-size=`, or its application still reads the request. The \
                part fails with 503.
                """,
            remedy: "Raise `threads=` or `response-buffer-size=`."),
        LogIDEntry(
            .serviceGroup, [.error], "Request for a process group without threads",
            texts: [
                """
                Process group '<group>' has threads=0: its processes run scripts of WSGIImportScript and serve \
                no requests. Name another group for this application.
                """
            ],
            cause: """
                The request was assigned to a process group with `threads=0`, whose processes only run the scripts \
                of `WSGIImportScript`. It fails with 500.
                """,
            remedy: "Correct `WSGIProcessGroup` or the alias' `process-group=`, or give the group threads."),
        LogIDEntry(
            .serviceWithoutScript, [.error], "Process group without threads has nothing to run",
            texts: [
                """
                WSGIDaemonProcess '<group>' has threads=0, and no WSGIImportScript names it: there is nothing to \
                run.
                """
            ],
            cause: "The group is not started.",
            remedy: "Name the group in a `WSGIImportScript`, give it threads, or remove it."),
        LogIDEntry(
            .warmupFailed, [.error], "Application did not answer its warmup request",
            texts: [
                """
                The application '<name>' of '<script>' responded with <status> to warmup=<path>. The process serves requests nevertheless.
                """,
                """
                The application '<name>' of '<script>' failed to answer warmup=<path>. The process serves requests nevertheless.
                """,
                """
                The application '<name>' of '<script>' sent an incomplete response to warmup=<path>. The process serves requests nevertheless.
                """,
            ],
            cause: """
                The application raised an exception or returned a 5xx status. No other process could serve, so this \
                one does.
                """,
            remedy: "The traceback is in the log before this message."),
        LogIDEntry(
            .factoryFailed, [.error], "Application factory failed",
            texts: [
                """
                The factory '<name>' of the WSGI script '<script>' (process group '<group>', application group \
                '<group>') raised an exception.
                """,
                """
                The factory '<name>' of the WSGI script '<script>' (process group '<group>', application group \
                '<group>') returned an object of type '<type>', which is not callable: it must return the WSGI \
                application.
                """,
            ],
            cause: """
                `WSGICallableObject` or `callable-object=` names a factory with `()`, and calling it did not give an \
                application. The request answers 500, and the next one calls the factory again. A process whose \
                predecessor serves the application does not take over ([WSGI1013](#wsgi1013)).
                """,
            remedy: """
                Look at the traceback after the message. A factory is called without arguments and must return the \
                application.
                """),
    ]
}
