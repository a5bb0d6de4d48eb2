internal import WSGICore

extension LogIDManual {
    /// Applications and interpreters: WSGI0174 to WSGI0201.
    static let applications: [LogIDEntry] = [
        LogIDEntry(
            .applicationRaised, [.error], "Application raised an exception",
            texts: [
                """
                <exception> exception raised processing WSGI script '<script>' (process group '<group>', \
                application group '<group>').
                """,
                """
                Exception in close() of the response of '<script>' (process group '<group>', application group \
                '<group>').
                """,
                """
                Exception in reload_required() of the WSGI script '<script>' (process group '<group>', \
                application group '<group>').
                """,
                "Exception while the interpreter '<name>' ends.",
            ],
            cause: """
                The application raised an exception, or returned something other than an iterable of bytes. The \
                request fails with 500, or the client sees the response cut if it had begun.
                """,
            remedy: "The traceback follows the message."),
        LogIDEntry(
            .applicationExited, [.error], "Application raised SystemExit in a request",
            texts: [
                """
                SystemExit exception raised by WSGI script '<script>' (process group '<group>', application \
                group '<group>'); ignored.
                """
            ],
            cause: "The application tried to end Python. The request fails with 500. The process continues.",
            remedy: "Remove the call of `sys.exit()` from the application."),
        LogIDEntry(
            .checkPasswordEmpty, [.error], "check_password returned an empty str",
            texts: [
                """
                check_password of '<script>' (<file>:<line>) must return True, False, None or the name of the \
                user, not an empty one; the request is rejected.
                """
            ],
            cause: "A str is the name of the user who is admitted. The request fails with 500.",
            remedy: "Return `True`, `False` or `None` instead."),
        LogIDEntry(
            .checkPasswordInvalid, [.error], "check_password returned a value of the wrong type",
            texts: [
                """
                check_password of '<script>' (<file>:<line>) must return True, False, None or the name of the \
                user as str, not <type>; the request is rejected.
                """
            ],
            cause: "The function returned something other than a bool, `None` or a str. The request fails with 500.",
            remedy: "Correct the function. The message names the type."),
        LogIDEntry(
            .realmHashEmpty, [.error], "get_realm_hash returned an empty hash",
            texts: [
                """
                get_realm_hash of '<script>' (<file>:<line>) must return None or the MD5 hash of \
                user:realm:password in hexadecimal digits, not an empty one; the request is rejected.
                """
            ],
            cause: "The request fails with 500.",
            remedy: "Return `None` for a user that does not exist."),
        LogIDEntry(
            .realmHashInvalid, [.error], "get_realm_hash returned a value of the wrong type",
            texts: [
                """
                get_realm_hash of '<script>' (<file>:<line>) must return None or the MD5 hash of \
                user:realm:password in hexadecimal digits as str or bytes, not <type>; the request is rejected.
                """
            ],
            cause: "The function returned something other than str, bytes or `None`. The request fails with 500.",
            remedy: "Return the MD5 hash of `user:realm:password` in hexadecimal digits."),
        LogIDEntry(
            .callbackExited, [.error], "Callback of an event raised SystemExit",
            texts: ["SystemExit exception raised by a callback for the event '<event>'; ignored."],
            cause: "A callback of an event tried to end Python. The other callbacks are called.",
            remedy: "Remove the call of `sys.exit()` from the callback."),
        LogIDEntry(
            .ownGILUnavailable, [.warning], "Interpreter cannot have a GIL of its own",
            texts: [
                """
                WSGIPerInterpreterGIL is On for application group '<group>', but its interpreter shares the GIL \
                of the process: <reason>.
                """
            ],
            cause: """
                Python 3.11 has no interpreters with a GIL of their own, and this release does not know how to \
                create them in a Python that is newer than 3.15. The interpreter shares the GIL of the process.
                """,
            remedy: "Use Python 3.12 to 3.15, or switch `WSGIPerInterpreterGIL` off."),
        LogIDEntry(
            .switchIntervalShared, [.warning], "Switch interval is ignored",
            texts: [
                """
                WSGISwitchInterval for application group '<group>' is ignored: its interpreter shares the GIL of \
                the process. Set it for the process (switch-interval=, or WSGISwitchInterval without \
                application-group=), or set WSGIPerInterpreterGIL for this application group.
                """
            ],
            cause: """
                `WSGISwitchInterval` is set for one application group whose interpreter shares the GIL of the \
                process.
                """,
            remedy: """
                Set it for the process (`switch-interval=`), or give the interpreter a GIL of its own \
                (`WSGIPerInterpreterGIL`).
                """),
        LogIDEntry(
            .freeThreadingUnavailable, [.warning], "Free threading is not available",
            texts: [
                """
                <place>: WSGIFreeThreading is On, but this module does not run in a free-threaded Python. \
                Its Python keeps the GIL.
                """
            ],
            cause: """
                This module cannot run in a free-threaded Python, because such a Python has no stable ABI. \
                Applications run with the GIL.
                """,
            remedy: "Remove the directive. More processes use more cores."),
        LogIDEntry(
            .freeThreadingPartial, [.warning], "WSGIFreeThreading cannot be set for one application group",
            texts: [
                """
                <file>:<line>: WSGIFreeThreading is ignored in a section with application-group=: a Python \
                process runs without the GIL as a whole or not at all.
                """
            ],
            cause: """
                `WSGIFreeThreading` is in a `<WSGIInterpreterOptions>` section with `application-group=`, and is \
                ignored there.
                """,
            remedy: "Remove it."),
    ]
}
