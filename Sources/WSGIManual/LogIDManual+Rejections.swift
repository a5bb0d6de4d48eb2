internal import WSGICore

extension LogIDManual {
    /// Requests that cannot be served: WSGI0134 to WSGI0162.
    static let rejections: [LogIDEntry] = [
        LogIDEntry(
            .execDenied, [.error], "Options ExecCGI is off",
            texts: [
                """
                Options ExecCGI is off in the directory of '<script>': add 'Options +ExecCGI' to its \
                <Directory>.
                """
            ],
            cause: """
                The script is served by `AddHandler` or `SetHandler`, and `Options ExecCGI` is off in its directory. \
                The request fails with 403.
                """,
            remedy: "Add `Options +ExecCGI`, or map the script with `WSGIScriptAlias`."),
        LogIDEntry(
            .scriptMissing, [.error, .warning], "Script does not exist",
            texts: [
                "The WSGI script '<script>' does not exist, or httpd's user may not enter its directory.",
                """
                The WSGI script '<script>' is not an absolute path; write the whole path in its WSGIScriptAlias.
                """,
                """
                <directive>: the script '<script>' does not exist: there is no '<path>'. Create it, or correct \
                the path.
                """,
                """
                <directive>: the script '<script>' will not be found, because its path is relative. Write the \
                absolute path.
                """,
            ],
            cause: """
                The script does not exist, or httpd's user may not enter its directory. The request fails with 404. \
                `apachectl configtest` reports the problem before the first request, with the path component that is \
                missing.
                """,
            remedy: "Create the script, or correct the path."),
        LogIDEntry(
            .scriptIsDirectory, [.error], "Target is a directory",
            texts: [
                "'<path>' is a directory, not a WSGI script: name the script's file in WSGIScriptAlias."
            ],
            cause: "The request fails with 403.",
            remedy: "Name the script's file, or request the URL of a script in the directory."),
        LogIDEntry(
            .pathInfoRejected, [.error], "AcceptPathInfo is off",
            texts: [
                "AcceptPathInfo is off, and the URL continues after '<script>'."
            ],
            cause: "The URL continues after the script's name. The request fails with 404.",
            remedy: "Set `AcceptPathInfo On` if the script should serve such URLs."),
        LogIDEntry(
            .transferEncodingRejected, [.error], "Request body has no length",
            texts: [
                """
                The request body has no length (Transfer-Encoding: chunked): WSGIChunkedRequest On accepts it.
                """,
                "Unknown Transfer-Encoding '<encoding>'.",
            ],
            cause: """
                The request fails with 411 if it has `Transfer-Encoding: chunked`, and with 501 if it has an \
                encoding that httpd does not know.
                """,
            remedy: "`WSGIChunkedRequest On` accepts chunked bodies."),
        LogIDEntry(
            .contentLengthInvalid, [.error], "Content-Length is not a number",
            texts: [
                "Invalid Content-Length '<value>'."
            ],
            cause: "The request fails with 400.",
            remedy: "Correct the client."),
        LogIDEntry(
            .bodyTooLarge, [.error], "Request body is larger than LimitRequestBody",
            texts: [
                "The request body of <number> bytes is larger than LimitRequestBody <number>."
            ],
            cause: "The request fails with 413. The application is not called.",
            remedy: "Raise `LimitRequestBody` if such requests are legitimate."),
        LogIDEntry(
            .embeddedUnavailable, [.error], "Python is not available in this httpd child",
            texts: [
                """
                Python could not be started in this httpd process; an earlier record in the error log gives the \
                reason.
                """,
                """
                Python could not be started in this httpd process, so '<script>' (<file>:<line>) cannot be \
                called; an earlier record in the error log gives the reason.
                """,
            ],
            cause: """
                An embedded application or a hook script needs Python, which could not be started. The request \
                fails with 500.
                """,
            remedy: "The message [WSGI0001](#wsgi0001) of the same process gives the reason."),
        LogIDEntry(
            .embeddedRestricted, [.error, .warning], "Application would run embedded, and WSGIRestrictEmbedded is On",
            texts: [
                """
                '<script>' would run embedded in httpd, and WSGIRestrictEmbedded is On: name a process group \
                with WSGIProcessGroup or the alias' process-group=.
                """,
                """
                <directive>: requests will fail with 500, because no process group is named for '<script>', and \
                WSGIRestrictEmbedded is On. Add process-group= with the name of a WSGIDaemonProcess to the line.
                """,
            ],
            cause: "The request fails with 500. `apachectl configtest` reports aliases that can only run embedded.",
            remedy: "Name a process group with `WSGIProcessGroup` or `process-group=`."),
        LogIDEntry(
            .headerTooLong, [.error], "Response header is too long",
            texts: [
                """
                Process group '<group>': a header of the response has <number> bytes, and header-buffer-size is \
                <number>; raise it in the group's WSGIDaemonProcess.
                """
            ],
            cause: """
                A header of a response is longer than `header-buffer-size=` of the process group allows (32768 bytes \
                by default). The request fails with 500.
                """,
            remedy: """
                Raise the option, or find out why the application creates such a header. Growing cookies are the usual \
                reason.
                """),
        LogIDEntry(
            .responseTimeout, [.error], "Daemon process did not answer in time",
            texts: [
                """
                Process group '<group>': no data was transferred for <number> s (socket-timeout) while slot <number>, \
                generation <number>, ran the request [<log id>]; the request is not repeated.
                """,
                """
                Process group '<group>': no thread became free within <number> s; raise processes= or threads=, \
                or find out what keeps the application busy.
                """,
            ],
            cause: """
                Nothing came from the daemon process for `socket-timeout=` seconds (by default httpd's `Timeout`), \
                or no thread became free. The request fails with 504. The application is slow, stuck, or has too few \
                threads. Without `request-timeout=` the thread stays busy until the application returns.
                """,
            remedy: """
                Set `request-timeout=` a little below `socket-timeout=`, so that such a process is replaced. Raise \
                `processes=` or `threads=` if threads are missing.
                """),
        LogIDEntry(
            .workerGone, [.error], "Daemon process closed the connection before it answered",
            texts: [
                """
                Process group '<group>': the connection was closed while slot <number>, generation <number>, ran \
                the request [<log id>]; the request is not repeated.
                """
            ],
            cause: "The request fails with 502. It may have had effects and is not repeated.",
            remedy: "The message about the process shows how it ended."),
        LogIDEntry(
            .workerReadFailed, [.error], "Reading from a daemon process failed",
            texts: [
                """
                Process group '<group>': <reason> while slot <number>, generation <number>, ran the request \
                [<log id>]; the request is not repeated.
                """
            ],
            cause: "The request fails with 502.",
            remedy: "The message gives the system's reason."),
        LogIDEntry(
            .responseMalformed, [.error], "Daemon process sent an invalid response",
            texts: [
                """
                Process group '<group>': slot <number>, generation <number>, sent an invalid response to the \
                request [<log id>]: <reason>; httpd returns 502. Either the versions of httpd's module and of the \
                engine differ (stop and start httpd after an upgrade), or code of the application writes to \
                descriptors that it does not own. There were <number> such responses since the last such record.
                """,
                """
                Process group '<group>': its processes have sent <number> or more invalid descriptors that cannot \
                be closed, such as sockets that linger or files of FUSE; this httpd process sends the group no more \
                requests until they are closed (<number> were rejected). Find out which code of the application \
                writes to descriptors that it does not own.
                """,
            ],
            cause: """
                The request fails with 502, or the response is cut if it had begun. The connection to the \
                process is closed. There are three possible causes. The module and its engine are of different \
                versions. Code of the application writes to descriptors that are not its own, on purpose or because \
                it closes one twice; it can harm the requests of its own process group in this way, but not httpd or \
                other groups. Or a file that was given to `wsgi.file_wrapper` was shortened at that moment. Each of \
                httpd's processes logs one message a second for each process of a group, with the number of \
                omitted ones.
                """,
            remedy: """
                Stop and start httpd after an upgrade. Otherwise find the code that writes to other descriptors. The \
                message describes the fault.
                """),
        LogIDEntry(
            .processGroupNotAllowed, [.error], "WSGIRestrictProcess does not allow the process group",
            texts: [
                "WSGIRestrictProcess does not allow process group '<group>' here; it allows: <groups>.",
                "WSGIRestrictProcess does not allow embedded mode (%{GLOBAL}) here; it allows: <groups>.",
            ],
            cause: """
                The request fails with 500. `%{GLOBAL}` stands for embedded mode. Often a `SetEnv` in `.htaccess` \
                names a wrong group.
                """,
            remedy: "Name one of the allowed groups, which the message lists, or extend the list."),
        LogIDEntry(
            .groupUnknown, [.error, .warning], "Process group is not defined",
            texts: [
                "No process group '<group>' is defined by a WSGIDaemonProcess; the defined groups are: <groups>.",
                """
                <directive>: requests will fail with 500, because no WSGIDaemonProcess defines process group \
                '<group>': <advice>
                """,
                "The name of a group or a callable is longer than <number> bytes after expansion.",
                "The application group of '<script>' is longer than <number> bytes.",
            ],
            cause: """
                The request fails with 500. `apachectl configtest` reports names that are not variables of the request.
                """,
            remedy: """
                Correct the name. The message lists the groups that are defined. That of `configtest` also suggests \
                a similar name.
                """),
        LogIDEntry(
            .groupOfOtherHost, [.error, .warning], "Process group belongs to another virtual host",
            texts: [
                """
                Process group '<group>' belongs to another virtual host: it can be used where ServerName is the \
                same. Move its WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.
                """,
                """
                <directive>: requests will fail with 500, because process group '<group>' is defined in another \
                virtual host, at <file>:<line>, and can be used where ServerName is the same: move its \
                WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.
                """,
            ],
            cause: "A group can be used by virtual hosts of the same `ServerName`. The request fails with 500.",
            remedy: "Define the group outside of any `<VirtualHost>` to use it everywhere."),
        LogIDEntry(
            .scriptUnexamined, [.error], "Owner of the script cannot be determined",
            texts: [
                "The script '<script>' cannot be examined, which script-user or script-group requires."
            ],
            cause: """
                `script-user=` or `script-group=` of the process group requires a check of the script, and httpd's \
                user cannot examine it. The request fails with 403.
                """,
            remedy: "httpd's user must be able to enter the script's directory."),
        LogIDEntry(
            .scriptOfOtherUser, [.error], "Script does not belong to script-user=",
            texts: [
                """
                The script '<script>' belongs to user #<uid>, and script-user is '<user>' (#<uid>): change its \
                owner.
                """
            ],
            cause: "The request fails with 403.",
            remedy: "Change the owner of the script (`chown`)."),
        LogIDEntry(
            .scriptGroupWritable, [.error], "Script can be written by its group",
            texts: [
                """
                The script '<script>' can be written by its group, which script-user forbids: remove that right \
                (chmod g-w).
                """
            ],
            cause: "`script-user=` forbids this. The request fails with 403.",
            remedy: "Remove the right (`chmod g-w`)."),
        LogIDEntry(
            .scriptWorldWritable, [.error], "Script can be written by all users",
            texts: [
                """
                The script '<script>' can be written by all users, which script-user and script-group forbid: \
                remove that right (chmod o-w).
                """
            ],
            cause: "`script-user=` and `script-group=` forbid this. The request fails with 403.",
            remedy: "Remove the right (`chmod o-w`)."),
        LogIDEntry(
            .scriptDirectoryUnexamined, [.error], "Owner of the script's directory cannot be determined",
            texts: [
                """
                The script's directory '<directory>' cannot be examined, which script-user or script-group \
                requires.
                """
            ],
            cause: """
                `script-user=` or `script-group=` of the process group requires a check of the directory, and \
                httpd's user cannot examine it. The request fails with 403.
                """,
            remedy: "httpd's user must be able to enter the directories above it."),
        LogIDEntry(
            .scriptDirectoryOfOtherUser, [.error], "Script's directory does not belong to script-user=",
            texts: [
                """
                The script's directory '<directory>' belongs to user #<uid>, and script-user is '<user>' \
                (#<uid>): change its owner.
                """
            ],
            cause: "The owner of the directory could put another script into it. The request fails with 403.",
            remedy: "Change the owner of the directory (`chown`)."),
        LogIDEntry(
            .scriptDirectoryGroupWritable, [.error], "Script's directory can be written by its group",
            texts: [
                """
                The script's directory '<directory>' can be written by its group, which script-user forbids: \
                remove that right (chmod g-w).
                """
            ],
            cause: "`script-user=` forbids this. The request fails with 403.",
            remedy: "Remove the right (`chmod g-w`)."),
        LogIDEntry(
            .scriptDirectoryWorldWritable, [.error], "Script's directory can be written by all users",
            texts: [
                """
                The script's directory '<directory>' can be written by all users, which script-user and \
                script-group forbid: remove that right (chmod o-w).
                """
            ],
            cause: "`script-user=` and `script-group=` forbid this. The request fails with 403.",
            remedy: "Remove the right (`chmod o-w`)."),
        LogIDEntry(
            .scriptOfOtherGroup, [.error], "Script does not belong to script-group=",
            texts: [
                """
                The script '<script>' belongs to group #<gid>, and script-group is '<group>' (#<gid>): change \
                its group.
                """
            ],
            cause: "The request fails with 403.",
            remedy: "Change the group of the script (`chgrp`)."),
        LogIDEntry(
            .scriptDirectoryOfOtherGroup, [.error], "Script's directory does not belong to script-group=",
            texts: [
                """
                The script's directory '<directory>' belongs to group #<gid>, and script-group is '<group>' \
                (#<gid>): change its group.
                """
            ],
            cause: "The request fails with 403.",
            remedy: "Change the group of the directory (`chgrp`)."),
    ]
}
