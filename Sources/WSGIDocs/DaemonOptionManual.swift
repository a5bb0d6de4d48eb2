/// The text of each option in `docs/reference/daemon-options.md`.
enum DaemonOptionManual {
    static let entries: [ManualEntry] = capacity + accounts + python + lifetime + timeouts + transport + limits

    private static let capacity: [ManualEntry] = [
        ManualEntry(
            "processes",
            """
            The number of processes of the group. If the option is given, even as `processes=1`, `wsgi.multiprocess` \
            is true, which is correct if several httpd servers share the work. A request is given to the process that \
            has the most idle threads.
            """,
            difference: "A request never waits for a busy process while another one has an idle thread."),
        ManualEntry(
            "threads",
            """
            The number of requests that each process serves at the same time. With 1, `wsgi.multithread` is false. \
            With 0, the process serves no requests and only runs the scripts of `WSGIImportScript`, as a program \
            beside the applications: see [processes.md](processes.md#service-scripts).
            """),
        ManualEntry(
            "display-name", since: "mod_wsgi 2.0",
            """
            The command of the processes in the output of `ps`. `%{GROUP}` stands for `(wsgi:name)`, which is also the \
            default.
            """,
            difference: "mod_wsgi shows httpd's own command by default."),
    ]

    private static let accounts: [ManualEntry] = [
        ManualEntry(
            "user",
            """
            The user that the processes run as, by name or as `#` and a number. Only root can change users: if httpd \
            is not started as root, all processes run as the user that started it. The user root is rejected. Give \
            each site a user of its own that may read the site's files and no others. A system user, as created by \
            `adduser --system`, has the home directory `/nonexistent`: name an existing directory with `home=`.
            """),
        ManualEntry(
            "group",
            """
            The primary group of the processes. **Give it together with `user=`**: the default is httpd's `Group`, \
            which lets the processes read all files that other sites open to httpd.
            """
        ),
        ManualEntry(
            "supplementary-groups", since: "mod_wsgi 4.1.0",
            "The supplementary groups of the processes, instead of those of the user."),
        ManualEntry(
            "umask",
            "The file mode creation mask of the processes, in octal digits. `0027` denies access to other users."),
        ManualEntry(
            "chroot", since: "mod_wsgi 3.0",
            """
            The directory that becomes the root of the processes' file system. It must hold a Python and everything \
            that Python and the applications need; paths of scripts are given as seen from outside. httpd must be \
            started as root.
            """),
        ManualEntry(
            "home", since: "mod_wsgi 2.0",
            """
            The working directory, which is also the first directory of the module search path (`sys.path[0]`). By \
            default a group with a user of its own starts in that user's home directory, any other group in the \
            directory where httpd was started. A group whose directory cannot be entered answers 503.
            """,
            difference: "`configtest` names the path component that denies access, and the `chmod` that opens it."),
        ManualEntry(
            "no-new-privileges", since: "7.0",
            """
            With `On`, programs that the processes run cannot gain rights: set-user-ID and set-group-ID bits and file \
            capabilities have no effect (`PR_SET_NO_NEW_PRIVS`). This applies to all their descendants and cannot be \
            undone. It breaks `sudo`, `su`, `ping` of some systems, `crontab`, `at`, and `sendmail` of Postfix and \
            Exim, whose queues belong to other users: send mail over SMTP to `localhost` instead. The processes \
            themselves lose no rights.
            """,
            example: "WSGIDaemonProcess site user=site no-new-privileges=On"),
        ManualEntry(
            "dumpable", since: "7.0",
            """
            With `Off`, other processes of the same user cannot inspect the processes (`PR_SET_DUMPABLE`): \
            `/proc/PID/environ`, `/proc/PID/mem` and `/proc/PID/fd` belong to root, `ptrace` is denied, and a crash \
            leaves no core. Use it for groups that share their user with other groups, or with httpd. A separate user \
            for each site (`user=`) is the better boundary. It breaks core dumps, `gdb`, `strace` and `py-spy` except \
            for root, and applications that open `/proc/self/environ`, `/proc/self/mem` or `/proc/self/oom_score_adj`. \
            It takes effect when Python has started, a fraction of a second after the process. Programs that the \
            application runs are dumpable.
            """,
            example: "WSGIDaemonProcess site dumpable=Off"),
        ManualEntry(
            "socket-user",
            "The owner of the group's sockets, if httpd's children run as another user than `User`."),
        ManualEntry(
            "script-user",
            """
            The user that must own the script and its directory, neither of which may be writable for group or others. \
            Otherwise requests fail with 403. It protects a group from running scripts of other users. It cannot be \
            combined with `script-group=`.
            """),
        ManualEntry(
            "script-group",
            """
            The group that the script and its directory must have. Neither may be writable for others. Otherwise \
            requests fail with 403.
            """),
    ]

    private static let python: [ManualEntry] = [
        ManualEntry(
            "python", since: "7.0",
            """
            The Python executable that the processes run, of an installation or of a virtual environment. Python 3.11 \
            or later is required. It cannot be combined with `python-home=`.
            """,
            difference: "Groups of one httpd can have different Pythons.",
            example: "WSGIDaemonProcess site python=/opt/python3.13/bin/python3"),
        ManualEntry(
            "python-home",
            """
            The directory of the processes' Python: of a virtual environment, which holds `pyvenv.cfg`, or of an \
            installation. The default is `WSGIPythonHome`, or the Python that the module was built with.
            """,
            difference: """
                Its version may differ from that of the module's build. `configtest` reports a path within the \
                environment, a Python that is too old, and one that no longer exists.
                """,
            example: "WSGIDaemonProcess site python-home=/srv/site/venv"),
        ManualEntry(
            "python-path", since: "mod_wsgi 2.0",
            """
            Directories, separated by `:`, that are searched for modules first, after `home=`. Each is added with \
            `site.addsitedir`, including its `.pth` files. Name a virtual environment with `python-home=`, not here.
            """,
            difference: "`configtest` reports a directory that does not exist."),
        ManualEntry(
            "python-eggs", since: "mod_wsgi 2.0",
            "The directory where eggs are unpacked: `PYTHON_EGG_CACHE` in the environment."),
        ManualEntry(
            "env", since: "7.0",
            """
            An environment variable of the processes. It is set before Python starts: unlike variables of `SetEnv`, it \
            is in `os.environ`, also while modules are imported. The option may be repeated, and takes precedence over \
            `env-file=`. No message or dump shows the value.
            """,
            example: "WSGIDaemonProcess site env=DJANGO_SETTINGS_MODULE=site.settings env=\"GREETING=Hello World\""),
        ManualEntry(
            "env-file", since: "7.0",
            """
            A file of environment variables in the format of systemd's `EnvironmentFile=`: one `NAME=value` per line, \
            with quotes where needed. It is read at each start and restart: with root's rights if only root can \
            replace the file or a directory on its path, so that it may be readable for root alone, otherwise with the \
            rights of the group's user. Use it for passwords and keys. With `-` before the path the file may be \
            missing. The option may be repeated; later files take precedence.
            """,
            example: "WSGIDaemonProcess site env-file=/etc/site/secrets.env"),
        ManualEntry("lang", "The value of `LANG` in the processes, such as `C.UTF-8`."),
        ManualEntry(
            "locale",
            """
            The locale of the processes, also as `LC_ALL`. A locale that the machine does not have is reported \
            (`WSGI0079`); it is set in `LC_ALL` but has no other effect.
            """
        ),
        ManualEntry(
            "switch-interval",
            """
            The time that a thread runs before it yields to another one, in seconds with decimals, as for \
            `sys.setswitchinterval`. The default is that of `WSGISwitchInterval`, or of Python itself (0.005).
            """
        ),
        ManualEntry(
            "stack-size", since: "mod_wsgi 2.0",
            """
            The stack of each request thread. The default is the system's, usually 8M, of which only the used part \
            takes memory.
            """
        ),
    ]

    private static let lifetime: [ManualEntry] = [
        ManualEntry(
            "maximum-requests",
            """
            The number of requests after which a process is replaced, as a remedy for memory leaks. While its \
            successor starts, the process continues to serve, up to twice the number; further requests wait for the \
            successor. If no successor can be started, the process continues to serve. With `threads=1 \
            maximum-requests=1` and no `maximum-requests-jitter=` (`wsgi.run_once`) a process serves exactly one \
            request, as long as a successor can be started. 0 disables the limit.
            """,
            difference: "The successor is started while the process still serves, so usually no request waits."),
        ManualEntry(
            "maximum-requests-jitter", since: "7.0",
            """
            The upper bound of a random number that is added to `maximum-requests=` in each process, so that the \
            processes of a group are not all replaced at the same time. With 0, nothing is added.
            """),
        ManualEntry(
            "maximum-memory", since: "7.0",
            """
            The resident memory (RSS) above which a process is replaced. It is measured every second. The process is \
            replaced if three measurements in a row exceed the limit, so a peak of less than two seconds does not \
            replace it. Requests under way have `graceful-timeout=` to end. Unlike `memory-limit=`, which makes allocations of the application fail, it \
            does not disturb requests. `WSGI1054` in the log gives the amount. 0 disables the limit.
            """),
        ManualEntry(
            "restart-interval",
            """
            The time after which a process is replaced, regardless of its requests. The successor is ready before the \
            process stops. If no successor can be started, the process serves for another interval. 0 disables the \
            limit.
            """),
        ManualEntry(
            "inactivity-timeout", since: "mod_wsgi 2.0",
            """
            The time without any request after which a process is replaced by one that has not loaded its application \
            yet, which takes less memory. A process that has not served a request yet is not replaced. Requests with \
            `WSGIIgnoreActivity` do not count, so that a health check does not keep a process alive. 0 disables the \
            limit.
            """),
        ManualEntry(
            "startup-timeout",
            """
            The time from the first attempt to load a script to the first success, after which a process is replaced. \
            It helps applications that cannot be imported again after the first attempt has failed. Requests that wait \
            fail with 504 (`WSGI1053`). A new process has the same time until it is ready, including the import of \
            preloaded scripts. 0 disables the limit.
            """),
        ManualEntry(
            "warmup", since: "7.0",
            """
            Before a new process accepts requests, it sends one GET request for this path to each application that it \
            has imported, so that the application's work for its first visitor is done. The path is relative to the \
            application: `warmup=/health` is `/shop/health` for an application at `/shop`. Scripts are imported if \
            their aliases give both groups and, from the second process of a slot on, if requests have made its \
            predecessors load them. The request comes from 127.0.0.1, for the server's `ServerName`, with `mod_wsgi \
            (warmup)` as its user agent; it does not pass through httpd. If the response is 5xx or an exception, a \
            process that still serves continues, as after a failed import (`WSGI1013`). If there is none, the new \
            process serves nevertheless (`WSGI1072`).
            """,
            example: "WSGIDaemonProcess site warmup=/health"),
        ManualEntry(
            "replacement", since: "7.0",
            """
            `successor-first` starts the successor of a process while the process still serves. An application that \
            holds something that only one process can have (the lock of a ZODB, a port, the lock of an index) cannot \
            be imported a second time then, and its former code would serve for ever; this is reported as `WSGI1013`. \
            With `stop-first`, the process ends first, and requests wait until the successor is ready. \
            [processes.md](processes.md#replacement) describes the case that the successor cannot be started.
            """,
            difference: "mod_wsgi always ends a process first.",
            example: "WSGIDaemonProcess zope replacement=stop-first"),
        ManualEntry(
            "graceful-timeout", since: "mod_wsgi 4.1.0",
            """
            The time that requests under way have to end when a process is replaced: after a changed script, \
            `maximum-requests=`, `restart-interval=`, SIGUSR1 or `apachectl graceful`. The process accepts no new \
            requests in this time. Requests that are still running afterwards are cut.
            """,
            difference: """
                It also applies to `apachectl graceful`, where mod_wsgi ends daemon processes after 3 seconds at most.
                """),
        ManualEntry(
            "eviction-timeout",
            "The same for a process that is replaced because of SIGUSR1. 0 is the value of `graceful-timeout=`."),
        ManualEntry(
            "shutdown-timeout",
            """
            The time that a process has to end when httpd stops or restarts, for requests, `atexit` functions and \
            threads. Then it is killed. httpd itself closes its clients' connections when it stops: `apachectl \
            graceful-stop` lets requests under way end.
            """),
    ]

    private static let timeouts: [ManualEntry] = [
        ManualEntry(
            "request-timeout", since: "mod_wsgi 4.1.0",
            """
            The time that a request may take. Then its client receives a 504, or sees the response cut if it had \
            begun. The log names the request and shows its Python stack (`WSGI1051`). The process is replaced, because \
            a thread cannot be ended from outside. Other requests of the process continue. The limit grows with the \
            number of threads: it is the value times (1 + ln(threads)), which is 3.7 times the value with 15 threads. \
            With one thread, or with `request-timeout-rule=exact`, it is the value itself. 0 disables the limit.
            """,
            difference: "A stuck request affects only its own client, which does not wait until the process has ended."
        ),
        ManualEntry(
            "request-timeout-rule", since: "7.0",
            """
            With `scaled`, `request-timeout=` grows with the number of threads, as in mod_wsgi. With `exact`, the \
            value is used unchanged.
            """),
        ManualEntry(
            "interrupt-timeout",
            """
            If it is set, the exception `mod_wsgi.RequestTimeout` is first raised in a request that exceeds \
            `request-timeout=`. The request fails with 504 if the application does not handle the exception \
            (`WSGI1050`). Only if the request then takes longer than this time, its client receives the 504 at once, \
            and the process is replaced. A call into C that does not return cannot be interrupted. With 0, no \
            exception is raised.
            """),
        ManualEntry(
            "deadlock-timeout", since: "mod_wsgi 2.0",
            """
            The time that the GIL may be held without interruption before the process is considered stuck and is \
            replaced. It protects against extension modules that wait for ever while they hold the GIL. The requests \
            under way fail with 504, and the log shows the stacks of all threads (`WSGI1052`). It also applies \
            to interpreters with a GIL of their own. 0 disables the limit.
            """),
        ManualEntry(
            "queue-timeout", since: "mod_wsgi 4.1.0",
            """
            The time that a request may wait for a thread before it fails with 504. A request that could not be served \
            in this time is rejected at once with 503. 0 disables the limit; `connect-timeout=` and `socket-timeout=` \
            still apply ([processes.md](processes.md#when-all-threads-are-busy)).
            """
        ),
        ManualEntry(
            "connect-timeout", since: "mod_wsgi 4.1.0",
            """
            The time that a request may wait if `listen-backlog=` requests or more are before it in the queue. Then it \
            fails with 503. With fewer requests before it, it waits for `socket-timeout=`, if that is longer, and then \
            fails with 504, also while all processes of the group start. `queue-timeout=` sets a shorter limit.
            """
        ),
        ManualEntry(
            "socket-timeout", since: "mod_wsgi 4.1.0",
            """
            The time that one read or write between httpd and a process may take, and therefore the time that an \
            application may be silent. Then the request fails with 504, or its response is cut. 0 is the value of \
            httpd's `Timeout`.
            """
        ),
        ManualEntry(
            "response-socket-timeout",
            """
            The time that one write of a response to the client may take. 0 is the value of `socket-timeout=`, or of \
            httpd's `Timeout` if that is not set.
            """
        ),
    ]

    private static let transport: [ManualEntry] = [
        ManualEntry(
            "listen-backlog", since: "mod_wsgi 4.1.0",
            """
            The number of connections that may wait in the queue of each socket, and the number of requests that may \
            wait for a thread before any is rejected, unless the group is overloaded. A further request waits if it \
            can be served in time: within `queue-timeout=`, or within `connect-timeout=` if that is not set. Otherwise \
            it fails with 503 (`WSGI0116`).
            """
        ),
        ManualEntry(
            "send-buffer-size", since: "mod_wsgi 2.0",
            "The size of the send buffer of the sockets between httpd and the processes: at least 512, or 0 for the system's default."
        ),
        ManualEntry(
            "receive-buffer-size", since: "mod_wsgi 2.0",
            """
            The size of the receive buffer of the sockets between httpd and the processes: at least 512, or 0 for the \
            system's default.
            """),
        ManualEntry(
            "header-buffer-size", since: "mod_wsgi 4.1.0",
            """
            The largest size of a response header, name and value together. If a header is larger, the request fails \
            with 500 (`WSGI0144`). At least 8192, or 0 for the default of 32768.
            """
        ),
        ManualEntry(
            "response-buffer-size",
            """
            The amount of a response that may wait in httpd for a slow client, so that the process is free for other \
            requests. It limits the memory regardless of the size of the blocks that the application sends. At least \
            64K, or 0 for the default of 8M.
            """
        ),
        ManualEntry(
            "response-flush-delay",
            """
            Accepted for compatibility. Blocks that the application has ready together are sent together, and no block \
            waits for another one.
            """
        ),
    ]

    private static let limits: [ManualEntry] = [
        ManualEntry(
            "cpu-time-limit", since: "mod_wsgi 3.0",
            """
            The CPU time that a process may use before it is replaced. Shortly afterwards the system kills it \
            (RLIMIT_CPU). 0 disables the limit.
            """
        ),
        ManualEntry(
            "cpu-priority", since: "mod_wsgi 3.0",
            """
            The priority of the processes, from 19 (lowest) to -20 (highest), as for `nice`. Negative values need root.
            """
        ),
        ManualEntry(
            "memory-limit", since: "mod_wsgi 4.1.0",
            """
            The memory for data that a process may have (RLIMIT_DATA). Above it, allocations fail, with `MemoryError` \
            in Python. 0 disables the limit.
            """
        ),
        ManualEntry(
            "virtual-memory-limit", since: "mod_wsgi 4.1.0",
            """
            The address space that a process may have (RLIMIT_AS), including libraries and stacks of threads. 0 \
            disables the limit.
            """),
        ManualEntry(
            "server-metrics",
            """
            `On` lets applications of the group call `mod_wsgi.server_metrics()`, which reports all requests of the \
            server, including those of other sites.
            """
        ),
    ]
}
