internal import WSGICore

extension LogIDManual {
    /// Python, process groups and hook scripts: WSGI0001 to WSGI0081.
    static let start: [LogIDEntry] = [
        LogIDEntry(
            .embeddedStartFailed, [.critical, .error, .warning], "Python could not be started in an httpd child",
            texts: [
                """
                libpython of <Python> cannot be loaded (<reason>): install the package that contains it (on \
                Debian libpython3-dev), use a Python built with --enable-shared, or run the application in daemon \
                processes, which need no libpython.
                """,
                "The engine cannot be loaded (<reason>); install the module again.",
                """
                The versions of the module and of its engine differ; stop and start httpd after an upgrade.
                """,
                """
                '<Python>' does not show which Python it is, and <directory>/lib has no libpython3.*.so.1.0: use \
                a Python built with --enable-shared, or run the application in daemon processes, which need no \
                libpython.
                """,
                "The process description cannot be decoded: <reason>.",
            ],
            cause: """
                There is no shared libpython, the engine is of another version, or an exception was raised while \
                Python started. Requests of that child for embedded applications, or that need a [hook \
                script](hook-scripts.md), fail with 500. Daemon processes and everything else are not affected.
                """,
            remedy: """
                Install libpython3-dev, or use a Python that was built with `--enable-shared`. After an upgrade of \
                the module, stop and start httpd. Daemon mode needs no libpython.
                """),
        LogIDEntry(
            .chrootFailed, [.error], "Directory of chroot= cannot be used",
            texts: [
                "WSGIDaemonProcess '<group>': chroot= needs httpd to be started by root.",
                "WSGIDaemonProcess '<group>': chroot=<directory> is not an existing directory.",
                """
                WSGIDaemonProcess '<group>': within chroot=<directory> there is no '<engine>', which the \
                processes load: install -D '<engine>' '<directory><engine>'.
                """,
            ],
            cause: "The directory cannot be the root of a group's processes. The group answers 503.",
            remedy: """
                The directory must exist and hold a complete Python and the module's engine, and httpd must be started \
                by root. The message names what is missing.
                """),
        LogIDEntry(
            .daemonStartFailed, [.critical, .error], "Process of a group could not be started",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) cannot start: <reason>
                """,
                """
                WSGIDaemonProcess '<group>': user '<user>' may not enter '<directory>' (mode <mode>), which is \
                on the way to the module's engine '<engine>': chmod o+x '<directory>', or install the module \
                where every user may enter.
                """,
                """
                Unable to start a process of WSGIDaemonProcess '<group>' (<file>:<line>): <reason>. <remedy>
                """,
                "The process cannot start: <reason>.",
            ],
            cause: """
                A step of the start failed: entering `home=`, becoming the user, or running the Python. The group \
                answers 503 until a start succeeds. Starts are repeated with growing pauses, and at once after a \
                graceful restart. The message is logged for the first of them. [WSGI1014](#wsgi1014) and \
                [WSGI1013](#wsgi1013) repeat the reason for the others. When a process is ready, a `notice` reports it.
                """,
            remedy: """
                The message names the group, the file and line of its `WSGIDaemonProcess`, the step that failed and \
                the remedy.
                """),
        LogIDEntry(
            .foreignConnection, [.error], "Unexpected process connected to a daemon process",
            texts: [
                """
                A process of user id <uid> (pid <pid>) has connected and was turned away: only httpd's user, \
                root and the group's own user may. Find out which program uses the socket, and check the mode of \
                its directory (WSGISocketPrefix).
                """
            ],
            cause: """
                Only httpd's user, root and the group's own user may connect. The connection was closed. The message \
                is logged once a second at most.
                """,
            remedy: "Find out which program uses the socket."),
        LogIDEntry(
            .forgedConnection, [.error], "Process without the group's secret connected to a daemon process",
            texts: [
                """
                A process of user id <uid> (pid <pid>) has connected without the secret of this process group, \
                and was turned away: requests are accepted from httpd's children only. Find out which program uses \
                the socket.
                """,
                """
                A process of user id <uid> (pid <pid>) has connected and sent nothing while many others \
                connected, and was turned away: requests are accepted from httpd's children only. Find out which \
                program uses the socket.
                """,
            ],
            cause: """
                A process of httpd's user, or of the group's own user, connected without the secret that httpd's \
                children have. The connection was closed, and a request that it had sent was not read. Either an \
                attacker tries to run code as the group's user, or a program uses the socket by mistake. Requests \
                reach a process group through httpd only. The message is logged once a second at most.

                It is also logged when connections stay silent while many others are made. The oldest of them are \
                closed, and httpd's children connect again.
                """,
            remedy: "The message names the user and the pid of the process. Find out which program it is."),
        LogIDEntry(
            .interpreterFailed, [.error], "Interpreter could not be created",
            texts: [
                "Cannot create the interpreter of application group '<group>'.",
                "Cannot prepare the main interpreter.",
                "Cannot prepare the interpreter '<name>'.",
                "Cannot set the handlers of signals.",
            ],
            cause: """
                The interpreter of an application group could not be created. The request fails with 500, and the next \
                one tries again.
                """,
            remedy: """
                The traceback gives the reason. It is usually a lack of memory or a broken installation of Python.
                """),
        LogIDEntry(
            .checkPasswordMissing, [.error], "WSGIAuthUserScript has no function check_password",
            texts: [
                "'<script>' (<file>:<line>) has no function 'check_password'; the request is rejected."
            ],
            cause: """
                Basic authentication calls this function of the script of `WSGIAuthUserScript`. The request fails \
                with 500.
                """,
            remedy: "Define `check_password(environ, user, password)` in the script."),
        LogIDEntry(
            .realmHashMissing, [.error], "WSGIAuthUserScript has no function get_realm_hash",
            texts: [
                "'<script>' (<file>:<line>) has no function 'get_realm_hash'; the request is rejected."
            ],
            cause: """
                Digest authentication calls this function of the script of `WSGIAuthUserScript`. The request fails \
                with 500.
                """,
            remedy: "Define `get_realm_hash(environ, user, realm)` in the script."),
        LogIDEntry(
            .groupsForUserMissing, [.error], "WSGIAuthGroupScript has no function groups_for_user",
            texts: [
                "'<script>' (<file>:<line>) has no function 'groups_for_user'; the request is rejected."
            ],
            cause: "The user counts as a member of no group.",
            remedy: "Define `groups_for_user(environ, user)` in the script."),
        LogIDEntry(
            .allowAccessMissing, [.error], "WSGIAccessScript has no function allow_access",
            texts: [
                "'<script>' (<file>:<line>) has no function 'allow_access'; the request is rejected."
            ],
            cause: "The request fails with 403.",
            remedy: "Define `allow_access(environ, host)` in the script."),
        LogIDEntry(
            .accessDenied, [.error], "WSGIAccessScript denied access",
            texts: [
                "Client '<host>' was denied by allow_access of '<script>' (<file>:<line>): <path>."
            ],
            cause: """
                The function `allow_access` returned `False`, and the request fails with 403. The message is not \
                logged where `Satisfy Any` still admits users.
                """,
            remedy: "None, if the script decided correctly."),
        LogIDEntry(
            .userWithoutGroups, [.error], "groups_for_user returned no groups",
            texts: [
                """
                User '<user>' was denied '<path>': groups_for_user of '<script>' (<file>:<line>) returned no \
                groups.
                """
            ],
            cause: """
                The user of a request that `Require wsgi-group` applies to is in no group. Access is denied, unless \
                another `Require` line allows it.
                """,
            remedy: "None, if the script decided correctly."),
        LogIDEntry(
            .userOutsideGroups, [.error], "User is in none of the required groups",
            texts: [
                """
                User '<user>' was denied '<path>': groups_for_user of '<script>' (<file>:<line>) returned none \
                of the groups of 'Require wsgi-group <groups>'.
                """
            ],
            cause: """
                The user is in none of the groups of `Require wsgi-group`. Access is denied, unless another \
                `Require` line allows it.
                """,
            remedy: "None, if the script decided correctly."),
        LogIDEntry(
            .cpuLimitDenied, [.warning], "cpu-time-limit= could not be set",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) runs without \
                cpu-time-limit=<value> (<reason>). httpd may have been started with lower limits, or without the necessary privilege.
                """
            ],
            cause: """
                httpd was started with a lower hard limit (`ulimit -t`) and without the right to raise it. The \
                process runs without the limit.
                """,
            remedy: "Raise the limit where httpd is started, or lower the option."),
        LogIDEntry(
            .memoryLimitDenied, [.warning], "memory-limit= could not be set",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) runs without \
                memory-limit=<value> (<reason>). httpd may have been started with lower limits, or without the necessary privilege.
                """
            ],
            cause: """
                httpd was started with a lower hard limit (`ulimit -d`) and without the right to raise it. The \
                process runs without the limit.
                """,
            remedy: "Raise the limit where httpd is started, or lower the option."),
        LogIDEntry(
            .virtualMemoryLimitDenied, [.warning], "virtual-memory-limit= could not be set",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) runs without \
                virtual-memory-limit=<value> (<reason>). httpd may have been started with lower limits, or without the necessary privilege.
                """
            ],
            cause: """
                httpd was started with a lower hard limit (`ulimit -v`) and without the right to raise it. The \
                process runs without the limit.
                """,
            remedy: "Raise the limit where httpd is started, or lower the option."),
        LogIDEntry(
            .localeUnavailable, [.warning], "Locale is not available",
            texts: [
                "The locale '<locale>' does not exist on this machine; the one of the environment is used."
            ],
            cause: """
                `locale=` names a locale that this machine does not have. The process keeps the locale that it had.
                """,
            remedy: "Generate the locale (`dpkg-reconfigure locales`) or use `C.UTF-8`."),
        LogIDEntry(
            .scriptOutsideRoot, [.error], "Script is outside of the group's chroot=",
            texts: [
                """
                The WSGI script '<script>' is not within chroot=<directory> of process group '<group>', which \
                cannot run it.
                """,
                """
                <file>:<line>: the script '<script>' is not within chroot=<directory> of process group \
                '<group>', and cannot be imported there.
                """,
            ],
            cause: """
                The script is not below the `chroot=` of the group that is to run it. The request fails with 500. A \
                script that was to be imported before the first request is not imported.
                """,
            remedy: "Put the script below that directory."),
    ]
}
