internal import WSGICore

extension LogIDManual {
    /// Problems and risks of a configuration: WSGI1030 to WSGI1041.
    static let findings: [LogIDEntry] = [
        LogIDEntry(
            .handlerTaken, [.warning], "AddHandler gives the script to another handler",
            texts: [
                """
                <directive>: '<script>' will be run by the handler <handler>, because AddHandler at \
                <file>:<line> assigns <extension> files to it. Remove that line, limit it to other directories, \
                or give the script the extension .wsgi.
                """
            ],
            cause: """
                `AddHandler` gives the file of a `WSGIScriptAlias` to another handler, most often `.py` files to \
                `cgi-script`. `AddHandler` takes precedence, so the application answers 500 with a message of \
                mod_cgi.
                """,
            remedy: """
                Remove the extension from `AddHandler`, limit that line to the directories that need it, or give the \
                script the extension `.wsgi`.
                """),
        LogIDEntry(
            .moduleLoadedTwice, [.warning], "Module is loaded twice",
            texts: [
                """
                LoadModule wsgi_module <path>: this line is skipped, because <file>:<line> has already loaded \
                <path>. Remove one of the lines (a2dismod wsgi removes that of a Debian package).
                """
            ],
            cause: """
                There are two `LoadModule wsgi_module` lines with different files. httpd uses the first and skips \
                the other, so an older or a different module may be the one that runs.
                """,
            remedy: "Remove one of the lines, for example with `a2dismod wsgi`."),
        LogIDEntry(
            .pythonChanged, [.warning], "Virtual environment was made with another Python",
            texts: [
                """
                <setting><directory>: this virtual environment was made with Python <version> \
                (<directory>/pyvenv.cfg), but its bin/python is now Python <version>, which does not see the \
                packages installed in it. Create it again: python3 -m venv --clear <directory>, and install the \
                packages.
                """
            ],
            cause: """
                The Python of the virtual environment is another version now, usually after an upgrade of the \
                operating system. The packages are not found (`ModuleNotFoundError`), because they are in the \
                directory of the former version.
                """,
            remedy: "Create it again with `python3 -m venv --clear DIR`, and install the packages."),
        LogIDEntry(
            .searchPathUnusable, [.warning, .notice], "Modules will not be found",
            texts: [
                "<setting><directory>: no module will be found in this directory: <reason>",
                """
                <setting><directory>: these are packages for Python <version>, but the processes run Python <version> \
                ('<python>'): compiled modules will not be found, and others may fail. Remove the path; to use that \
                virtual environment, set <python-home= or WSGIPythonHome> instead.
                """,
                "<place>: no package will be found in the virtual environment '<directory>': <reason>.",
                "<place>: no package will be found in '<directory>': <reason>.",
                "<place>: '<package>' in '<directory>' cannot be imported: <reason>.",
            ],
            cause: """
                A directory of `python-path=` or `WSGIPythonPath` does not exist, or its user may not enter and list \
                it. As a notice: the user may not read packages of a virtual environment, usually because root \
                installed them with a strict umask; or the directory belongs to a Python of another version. Python \
                skips all these silently.
                """,
            remedy: """
                Create the directory, correct the path, or open it as the message shows. For packages: `chmod -R \
                o+rX` of `site-packages`.
                """),
        LogIDEntry(
            .variableUnknown, [.notice], "Name looks like a variable",
            texts: [
                """
                <directive>: '<name>' is taken as a literal name, because no variable has this name. Use \
                %{GLOBAL}, %{RESOURCE}, %{SERVER}, %{HOST} or %{ENV:name}.
                """,
                """
                <directive>: '<name>' is taken as a literal name, because no request exists yet when a script is \
                imported. Use %{GLOBAL} or a plain name.
                """,
                """
                <directive>: callable object '<name>' is taken as a literal name, and no script has such an \
                object. Write its name, such as application.
                """,
                """
                <directive>: display-name '<name>' is taken as a literal name: the only variable is %{GROUP}, \
                alone.
                """,
            ],
            cause: """
                The name is not a variable, and is taken literally, as mod_wsgi does. Variables of groups are \
                `%{GLOBAL}`, `%{RESOURCE}`, `%{SERVER}`, `%{HOST}` and `%{ENV:name}`. In `WSGIImportScript`, which \
                runs before the first request, only `%{GLOBAL}` is available.
                """,
            remedy: "Write the name that you mean."),
        LogIDEntry(
            .interpreterPerURL, [.warning], "Each URL gets an interpreter of its own",
            texts: [
                """
                <directive>: each URL path that the expression matches gets an interpreter of its own, which \
                imports '<script>' again and is never removed, so that clients can exhaust the memory: the whole \
                match is the script name, which is part of the application group (%{RESOURCE}). Add \
                application-group=%{GLOBAL}, or another name, to the line, or use WSGIScriptAlias.
                """
            ],
            cause: """
                A `WSGIScriptAliasMatch` whose expression has `*`, `+` or `{n,}` maps to one script, and its \
                application group is the default, `%{RESOURCE}`: server, port and script name, which is the text \
                that the expression has matched. Each interpreter imports the application again and is never removed.
                """,
            remedy: "Add `application-group=%{GLOBAL}`, or another name."),
        LogIDEntry(
            .filesOverdue, [.warning], "File system does not answer",
            texts: [
                """
                '<path>' has not answered within <number> ms, so the files of the users that need it are not \
                checked. Check its file system (mount, df), and whether its owner prevents access.
                """
            ],
            cause: """
                Files of users other than root are examined by a helper process with the rights of the users that \
                need them, and a start waits for it a few seconds at most. Other files of the same user are not \
                examined then, and nothing is reported about them. An `env-file=` among them cannot be read \
                ([WSGI1040](#wsgi1040)). When the file system answers again, the blocked helper ends, which \
                httpd logs as `AH00488: long lost child came home`.
                """,
            remedy: """
                Check the file system of the path: a network file system whose server is down, an automount, FUSE.
                """),
        LogIDEntry(
            .socketsExposed, [.warning], "Sockets can be replaced by other users",
            texts: [
                """
                WSGISocketPrefix <prefix>: users other than the one that starts httpd can replace files in \
                '<directory>' (mode <mode>, owner <user>), and so impersonate daemon processes and receive the \
                requests of all sites. Name a directory that only root can change, such as WSGISocketPrefix \
                /run/apache2/wsgi.
                """
            ],
            cause: """
                A user other than the one that starts httpd owns a directory above the sockets of daemon processes, \
                or may write to it. That user could put another socket there and receive the requests of all sites.
                """,
            remedy: """
                Name a directory that only root can change with `WSGISocketPrefix`. A directory like `/tmp`, with \
                the sticky bit, is safe.
                """),
        LogIDEntry(
            .environmentFileUnusable, [.error, .warning], "env-file= cannot be used",
            texts: [
                "WSGIDaemonProcess '<group>': env-file=<path>: <reason>"
            ],
            cause: """
                The group answers 503 until the file can be used. It is read again at each start and graceful \
                restart of httpd. It is read with root's rights if only root can replace the file or a directory on \
                its path, otherwise with the rights of the group's user.
                """,
            remedy: """
                The message names the file, the line and the problem, but nothing of the contents. The file must be \
                a regular file. With `-` before the path it may be missing. Put a file that only root may read into \
                a directory such as `/etc/site`.
                """),
        LogIDEntry(
            .cpuPriorityDenied, [.warning], "cpu-priority= could not be set",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) runs without \
                cpu-priority=<value> (<reason>). httpd may have been started with lower limits, or without the necessary privilege.
                """
            ],
            cause: """
                A higher priority (a negative number) needs root. The process runs with the priority of httpd.
                """,
            remedy: "Give a positive number, or start httpd as root."),
    ]
}
