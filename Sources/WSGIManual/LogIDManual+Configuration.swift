internal import WSGICore

extension LogIDManual {
    /// Process groups and aliases that cannot work as written: WSGI1001 to WSGI1009.
    static let configuration: [LogIDEntry] = [
        LogIDEntry(
            .pythonUnsupported, [.error, .warning], "Python is older than 3.11",
            texts: [
                """
                WSGIDaemonProcess '<group>': <setting> is Python <version> ('<Python>'); this module needs 3.11 \
                or later. Name a newer one.
                """,
                """
                WSGIDaemonProcess '<group>': <setting> is a virtual environment of Python <version> \
                (<directory>/pyvenv.cfg); this module needs 3.11 or later. Create it again with a newer Python: \
                python3 -m venv --clear <directory>.
                """,
                """
                '<Python>' is Python <version>; this module needs 3.11 or later: name another one with \
                WSGIPythonHome.
                """,
            ],
            cause: "The group answers 503. Requests for embedded applications fail with 500.",
            remedy: "Create the virtual environment again with a newer Python: `python3 -m venv --clear DIR`."),
        LogIDEntry(
            .pythonHomeInside, [.error, .warning], "python-home= is not a Python installation",
            texts: [
                """
                WSGIDaemonProcess '<group>': <setting> has no bin/python and so is not a Python installation. \
                <advice>
                """,
                "WSGIDaemonProcess '<group>': <setting> is not a directory. <advice>",
            ],
            cause: """
                `python-home=` or `WSGIPythonHome` is neither a Python installation nor a virtual environment. The \
                group answers 503, an embedded application 500.
                """,
            remedy: """
                Name the directory that holds `pyvenv.cfg`. The message suggests one if there is one above the given \
                path.
                """),
        LogIDEntry(
            .pythonMissing, [.error, .warning], "Python is missing",
            texts: [
                "WSGIDaemonProcess '<group>': <setting> does not exist. <advice>",
                """
                WSGIDaemonProcess '<group>': <setting>: its bin/python points to a Python that no longer \
                exists; create the virtual environment again: python3 -m venv --clear <directory>.
                """,
                """
                WSGIDaemonProcess '<group>': <setting> '<Python>' does not exist: name a Python executable, such \
                as /usr/bin/python3.
                """,
                """
                WSGIDaemonProcess '<group>': there is no Python '<Python>' within chroot=<directory>: the \
                directory must hold a complete Python, at the path of python=, python-home= or WSGIPythonHome \
                as seen from inside.
                """,
                "WSGIDaemonProcess '<group>': the Python '<Python>' cannot be run: <reason>.",
                """
                Embedded mode: the Python '<Python>' cannot be used: <reason>. Embedded applications will answer \
                500.
                """,
                "'<Python>' does not exist, or leads to a file that does not exist.",
                "'<Python>' cannot be used: <reason>.",
            ],
            cause: """
                The directory or the executable does not exist, cannot be executed, or leads to something that no \
                longer exists (often after an upgrade of the operating system). The group answers 503, an embedded \
                application 500.

                `configtest` also reports a Python that the group's user may not reach or execute: a virtual \
                environment below `/root`, or one whose `bin/python` leads there, as pyenv and uv install them.
                """,
            remedy: """
                Create the virtual environment again, in a place that the user may enter, such as below `/srv`.
                """),
        LogIDEntry(
            .embeddedByAccident, [.notice], "Application will run embedded, perhaps by accident",
            texts: [
                """
                <directive>: '<script>' will run embedded in httpd's children (up to <number>), because no \
                process group is named for it. Add process-group=<group> to the line, or add \
                process-group=%{GLOBAL} if embedded mode is intended.
                """
            ],
            cause: """
                The alias has no `process-group=` and no `WSGIProcessGroup` applies to it, although process groups \
                are defined, or httpd may have 50 children or more. The application works, but each child has a copy \
                of it, it runs as httpd's user, and httpd must be restarted when its code changes.
                """,
            remedy: """
                Add the name of a group to the line, or write `WSGIProcessGroup %{GLOBAL}` if embedded mode is \
                intended.
                """),
        LogIDEntry(
            .accountUnusable, [.error], "User or group cannot be used",
            texts: [
                """
                WSGIDaemonProcess '<group>': there is no user '<user>' on this machine (<option>=). Create it \
                with 'adduser --system --group --home /srv/<user> <user>', or correct the name.
                """,
                """
                WSGIDaemonProcess '<group>': there is no group '<group>' on this machine (<option>=): create it \
                with 'addgroup --system', or correct the name.
                """,
                """
                WSGIDaemonProcess '<group>' would run as root: set user=, or httpd's User, to an account \
                without root's rights.
                """,
                """
                WSGIDaemonProcess '<group>': supplementary-groups= names <number> groups; a process has at most \
                <number>.
                """,
            ],
            cause: """
                A user or group does not exist, the user would be root, or there are too many supplementary groups. \
                The group answers 503. Root's group is accepted; do not use it.
                """,
            remedy: "Create the account, or correct the name."),
        LogIDEntry(
            .homeUnusable, [.error, .warning], "Working directory cannot be entered",
            texts: [
                "WSGIDaemonProcess '<group>': home=<directory> cannot be entered: <reason>",
                "WSGIDaemonProcess '<group>': home=<directory> is not a directory. Correct home=.",
                """
                WSGIDaemonProcess '<group>': the home directory '<directory>' of user '<user>', its working \
                directory, cannot be entered: <reason>
                """,
            ],
            cause: """
                The user of the group cannot enter its working directory: `home=`, or the home directory of the \
                account if `home=` is missing. The group answers 503. When httpd starts, the problem is reported as \
                [WSGI0028](#wsgi0028).
                """,
            remedy: """
                The message names the path component that is missing or denies access, with its mode and owner, and \
                the `chmod` that opens it.
                """),
        LogIDEntry(
            .socketUnusable, [.error], "Socket cannot be created",
            texts: [
                """
                WSGIDaemonProcess '<group>': the socket '<socket>' cannot be created (<call>: <reason>). Its \
                directory must exist and be writable for the user that starts httpd; WSGISocketPrefix sets \
                another one.
                """,
                """
                WSGIDaemonProcess '<group>': the socket path '<socket>' is longer than the <number> bytes that \
                the system allows; choose a shorter WSGISocketPrefix.
                """,
                """
                WSGISocketPrefix <prefix>: the sockets of daemon processes cannot be created: '<directory>' is not \
                a directory. Create the directory, or name another place, such as WSGISocketPrefix \
                /run/apache2/wsgi.
                """,
                """
                WSGISocketPrefix <prefix>: the sockets of daemon processes cannot be created: the user that starts \
                httpd may not write to '<directory>'. Create the directory, or name another place, such as \
                WSGISocketPrefix /run/apache2/wsgi.
                """,
            ],
            cause: """
                The group answers 503. At a graceful restart it continues with the sockets that it has, if they can \
                be reached, and the next restart tries again.
                """,
            remedy: """
                The directory of `WSGISocketPrefix` must exist and be writable for the user that starts httpd, and \
                the path must be short enough for the system.
                """),
        LogIDEntry(
            .requireMissing, [.warning], "Requests for a script will be denied by httpd",
            texts: [
                """
                <directive>: requests will fail with 403 (AH01630), because 'Require all denied' at \
                <file>:<line> applies to '<directory>', and nothing allows access to '<directory>'. Add a section \
                <Directory <directory>> with the line 'Require all granted'.
                """
            ],
            cause: """
                A directory above the script's, most often `/`, has `Require all denied`, and no section allows access \
                to the script's own directory. Requests fail with 403 (`AH01630: client denied by server \
                configuration`).
                """,
            remedy: "Add the `<Directory>` section that the message shows."),
        LogIDEntry(
            .groupUnused, [.notice], "Process group is not used",
            texts: [
                """
                WSGIDaemonProcess '<group>': no request uses this process group, but its processes \
                will run. Name it in WSGIProcessGroup or process-group=, or remove it.
                """
            ],
            cause: """
                Nothing names the group, perhaps after an application was removed or renamed. No request \
                uses it, and its processes run for nothing.
                """,
            remedy: "Name the group in `WSGIProcessGroup` or `process-group=`, or remove its `WSGIDaemonProcess`."),
    ]
}
