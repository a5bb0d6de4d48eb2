/// The text of each option in `docs/reference/daemon-options.md`.
enum DaemonOptionManual {
    static let entries: [ManualEntry] = capacity + accounts + python + lifetime + timeouts + transport + limits

    private static let capacity: [ManualEntry] = [
        ManualEntry(
            "processes",
            """
            How many processes the group has. When the option is written, even as `processes=1`, applications see \
            `wsgi.multiprocess` as true, as is right where several httpd servers share the work. A request goes to the process \
            that has the most idle threads.
            """,
            difference: "A request never waits behind a busy process while another one has an idle thread."),
        ManualEntry(
            "threads",
            """
            How many requests each process serves at the same time. With 1, applications see `wsgi.multithread` as false. With \
            0 the process serves none: it only runs what `WSGIImportScript` names, as a program beside the applications: see \
            [processes.md](processes.md#service-scripts).
            """),
        ManualEntry(
            "display-name",
            "What `ps` shows as the process's command. `%{GROUP}` stands for `(wsgi:name)`, which is also the default.",
            difference: "mod_wsgi shows httpd's own command by default."),
    ]

    private static let accounts: [ManualEntry] = [
        ManualEntry(
            "user",
            """
            The user that the processes run as, by name or as `#` and a number. Only root can change users: started by anyone \
            else, httpd runs everything as itself. root is refused. Give each site a user of its own, who may read the site's \
            files and no others. A system user, as `adduser --system` makes one, has the home directory `/nonexistent`: give \
            `home=` a directory that exists.
            """),
        ManualEntry(
            "group",
            "The primary group of the processes. **Give it together with `user=`**: the default is httpd's `Group`, with which the processes can read everything that other sites open to httpd."
        ),
        ManualEntry(
            "supplementary-groups",
            "The further groups of the processes, instead of those that the system gives to the user."),
        ManualEntry(
            "umask",
            "The bits that files made by applications do not get, in octal digits: `0027` keeps them from strangers."),
        ManualEntry(
            "chroot",
            """
            The directory that becomes the root of the processes' file system. It must hold a Python and everything that \
            Python and the applications need; paths of scripts are given as they are outside of it. httpd must be started by \
            root.
            """),
        ManualEntry(
            "home",
            """
            The working directory, which is also the first place where modules are looked for (`sys.path[0]`). Without it, a \
            group with a user of its own starts in that user's home directory, any other one where httpd was started. A group \
            whose directory cannot be entered answers 503.
            """,
            difference: "`configtest` names the component of the path that refuses, and the `chmod` that opens it."),
        ManualEntry(
            "no-new-privileges",
            """
            With `On` no program that the processes run has more rights than they have: set-user-ID and set-group-ID bits and \
            capabilities of files are without effect (`PR_SET_NO_NEW_PRIVS`), for all that they start, for good. It breaks \
            `sudo`, `su`, `ping` of some systems, `crontab`, `at`, and `sendmail` of Postfix and Exim, whose queues belong to \
            others: send mail over SMTP to `localhost` instead. The processes themselves lose nothing.
            """,
            difference: "New.",
            example: "WSGIDaemonProcess site user=site no-new-privileges=On"),
        ManualEntry(
            "dumpable",
            """
            With `Off` other processes of the same user cannot look into the processes (`PR_SET_DUMPABLE`): `/proc/PID/environ`, \
            `/proc/PID/mem` and `/proc/PID/fd` belong to root, `ptrace` is refused, and a crash leaves no core. It is for groups \
            that have the user in common with others, or with httpd; a user of its own for each site (`user=`) is the better \
            border. It breaks `gdb`, `strace` and `py-spy` but for root, cores, and applications that open \
            `/proc/self/environ`, `/proc/self/mem` or `/proc/self/oom_score_adj`. It holds from when Python has started, a \
            fraction of a second after the process; programs that the application runs are dumpable as any other.
            """,
            difference: "New.",
            example: "WSGIDaemonProcess site dumpable=Off"),
        ManualEntry(
            "socket-user",
            "The owner of the group's sockets, for an httpd whose children run as another user than `User` says."),
        ManualEntry(
            "script-user",
            """
            The user that must own the script and its directory, neither of which may be writable for group or others; \
            otherwise requests answer 403. It protects a group from running what someone else has left in its way. It \
            excludes `script-group=`.
            """),
        ManualEntry(
            "script-group",
            """
            The group that the script and its directory must have; neither may be writable for others. Otherwise requests \
            answer 403.
            """),
    ]

    private static let python: [ManualEntry] = [
        ManualEntry(
            "python",
            """
            The Python executable that the processes run, of an installation or of a virtual environment. Python 3.11 or \
            later. It excludes `python-home=`.
            """,
            difference: "New. Groups with different Pythons live in one httpd.",
            example: "WSGIDaemonProcess site python=/opt/python3.13/bin/python3"),
        ManualEntry(
            "python-home",
            """
            The directory of the Python of the processes: that of a virtual environment, which holds `pyvenv.cfg`, or of an \
            installation. By default it is `WSGIPythonHome`, or the Python that the module was built with.
            """,
            difference: """
                Its version need not be that of the module's build. A path within the environment, a Python that is too old \
                and one that has gone are findings of `configtest`.
                """,
            example: "WSGIDaemonProcess site python-home=/srv/site/venv"),
        ManualEntry(
            "python-path",
            """
            Directories in which modules are looked for first, behind `home=`. Each is added as `site.addsitedir` does it, \
            with its `.pth` files. A virtual environment is named with `python-home=`, not here.
            """,
            difference: "A directory that does not exist is a finding of `configtest`."),
        ManualEntry("python-eggs", "The directory where eggs are unpacked: `PYTHON_EGG_CACHE` in the environment."),
        ManualEntry(
            "env",
            """
            A variable for the environment of the processes, which is there before Python starts: unlike `SetEnv` it is seen \
            in `os.environ`, also while modules are imported. It may be given several times, and counts more than \
            `env-file=`. Its value is shown in no message and no dump.
            """,
            difference: "New.",
            example: "WSGIDaemonProcess site env=DJANGO_SETTINGS_MODULE=site.settings env=\"GREETING=Hello World\""),
        ManualEntry(
            "env-file",
            """
            A file of variables in the form of systemd's `EnvironmentFile=`: a line `NAME=value` each, with quotes where \
            needed. It is read at each start and restart: with root's rights where nobody but root can exchange the file or \
            a directory on its path, so that it may be readable for root alone, otherwise with those of the group's user. \
            The place for passwords and keys. With `-` before the path the file may be missing. It may be \
            given several times; later files count more.
            """,
            difference: "New.",
            example: "WSGIDaemonProcess site env-file=/etc/site/secrets.env"),
        ManualEntry("lang", "The value of `LANG` in the processes: `C.UTF-8` is a good one."),
        ManualEntry(
            "locale",
            "The locale of the processes, also as `LC_ALL`. One that the machine does not have is reported; it is in `LC_ALL`, and otherwise without effect."
        ),
        ManualEntry(
            "switch-interval",
            "How long a thread runs before another one may, in seconds with decimals, as `sys.setswitchinterval`. By default as `WSGISwitchInterval` says, or Python itself (0.005)."
        ),
        ManualEntry(
            "stack-size",
            "The stack of each request thread. 0 is the system's default, usually 8M, of which only what is used takes memory."
        ),
    ]

    private static let lifetime: [ManualEntry] = [
        ManualEntry(
            "maximum-requests",
            """
            The number of requests after which a process is replaced, as a remedy for leaks of memory. While its successor \
            starts it serves on, up to twice the number; further requests wait for the successor. If none can be started it \
            serves on. With `threads=1 maximum-requests=1` and no `maximum-requests-jitter=` (`wsgi.run_once`) a process serves one request and no more, as \
            long as a successor can be started. 0: never.
            """,
            difference: "The successor is started while the process still serves, so usually no request waits."),
        ManualEntry(
            "maximum-requests-jitter",
            """
            The most that is added to `maximum-requests=`, by chance and for each process anew, so that the processes of a \
            group are not all replaced at the same time. 0: nothing is added.
            """),
        ManualEntry(
            "maximum-memory",
            """
            How much memory of a process may be resident (RSS; looked at every second) before it is replaced: requests under \
            way have `graceful-timeout=` to end. Unlike `memory-limit=`, which makes allocations of the application fail, it \
            disturbs nobody. `WSGI1054` in the log says how much it was. 0: any.
            """),
        ManualEntry(
            "restart-interval",
            """
            The time after which a process is replaced, whatever it has done. The successor is ready before it goes; when none \
            can be started it serves for another interval. 0: never.
            """),
        ManualEntry(
            "inactivity-timeout",
            """
            The time without any request after which a process is replaced by one that has not loaded its application yet, \
            which takes less memory. A process that has not served a request yet stays. 0: never. Requests with \
            `WSGIIgnoreActivity` do not count, so that a health check does not keep a process alive.
            """),
        ManualEntry(
            "startup-timeout",
            """
            The time that a process has from the first attempt to load a script to the first success, before it is replaced. \
            It helps applications that cannot be imported a second time after the first attempt has failed. Requests that \
            wait for it are answered with 504 (`WSGI1053`). A process that is started has the same time until it is ready, \
            which includes the import of what is preloaded. 0: any.
            """),
        ManualEntry(
            "warmup",
            """
            Before a new process takes requests it asks each application that it has imported for this path, once, with GET: \
            what the application would do for its first visitor is done by then. The path is relative to the application: \
            `warmup=/health` is `/shop/health` for an application at `/shop`. Imported are scripts of aliases that give both \
            their groups and, from the second process of a slot on, those that requests have made its predecessors load. The \
            request comes from 127.0.0.1, for the server's `ServerName`, with `mod_wsgi (warmup)` as its user agent; it does not \
            pass through httpd. When the answer is 5xx or an exception, a process that still serves goes on, as after a failed \
            import (`WSGI1013`); where there is none, the new one serves all the same (`WSGI1072`).
            """,
            difference: "mod_wsgi has no such option.",
            example: "WSGIDaemonProcess site warmup=/health"),
        ManualEntry(
            "replacement",
            """
            `successor-first` starts the successor of a process while the process still serves. An application that holds \
            something that only one process can have (the lock of a ZODB, a port, the lock of an index) cannot be imported a \
            second time then, and its former code would serve for ever; `WSGI1013` says so. `stop-first` lets the process \
            end first. Requests wait until the successor is ready. What happens when it cannot be started is in \
            [processes.md](processes.md#replacement).
            """,
            difference: "mod_wsgi has no such option; it always ends a process first.",
            example: "WSGIDaemonProcess zope replacement=stop-first"),
        ManualEntry(
            "graceful-timeout",
            """
            How long requests under way may go on when a process is replaced: after a changed script, `maximum-requests=`, \
            `restart-interval=`, SIGUSR1 or `apachectl graceful`. The process takes no new requests meanwhile. What is \
            not done then is cut.
            """,
            difference: "`apachectl graceful` keeps it; mod_wsgi ends daemon processes after 3 seconds at most."),
        ManualEntry(
            "eviction-timeout",
            "The same for a process that was told to go by SIGUSR1. 0: as `graceful-timeout=`."),
        ManualEntry(
            "shutdown-timeout",
            """
            How long a process has to end when httpd stops or restarts, for requests, `atexit` functions and threads; then it \
            is killed. httpd itself cuts its clients when it stops: `apachectl graceful-stop` lets requests under way end.
            """),
    ]

    private static let timeouts: [ManualEntry] = [
        ManualEntry(
            "request-timeout",
            """
            How long a request may take. Then its client is answered with 504, or sees its response cut if that had begun; \
            the log says which request it was, and where in Python (`WSGI1051`); and the process is replaced, because a \
            thread cannot be ended from outside. Other requests of the process go on. The more threads a process has, the \
            more time a request is given: the limit is the value times (1 + ln(threads)), 3.7 times it with 15 threads. With \
            one thread, or with `request-timeout-rule=exact`, it is the value itself. 0: any.
            """, difference: "One stuck request costs one request: its client does not wait until the process has gone."
        ),
        ManualEntry(
            "request-timeout-rule",
            """
            `scaled` makes `request-timeout=` grow with the number of threads, as mod_wsgi does. With `exact` it is what it \
            says.
            """),
        ManualEntry(
            "interrupt-timeout",
            """
            Makes `request-timeout=` gentler: first the exception `mod_wsgi.RequestTimeout` is raised in the late request, \
            which answers 504 if the application lets it (`WSGI1050`). Only if that takes longer than this time is the client \
            answered without it, and the process replaced. A call into C that does not return cannot be interrupted. 0: no \
            exception is raised.
            """),
        ManualEntry(
            "deadlock-timeout",
            """
            How long Python's global lock may be held without a pause before the process counts as stuck and is replaced. It is \
            for extension modules that wait for ever with the lock held. The requests under way are answered with 504, and the \
            log shows the stacks of all threads (`WSGI1052`). Locks of interpreters that have their own count as well. 0: any.
            """),
        ManualEntry(
            "queue-timeout",
            "How long a request may wait for a thread before it is answered with 504. A request that could not be served in this time is refused at once with 503. 0: no limit of its own; `connect-timeout=` and `socket-timeout=` apply ([processes.md](processes.md#when-all-threads-are-busy))."
        ),
        ManualEntry(
            "connect-timeout",
            "How long a request may wait when `listen-backlog=` requests or more are before it; then it answers 503. Fewer wait for `socket-timeout=`, if that is longer, and then answer 504, also while all processes of the group start. A shorter limit is `queue-timeout=`."
        ),
        ManualEntry(
            "socket-timeout",
            "How long one read or write between httpd and a process may take: also how long an application may be silent. Then the request answers 504, or is cut. 0: as httpd's `Timeout`."
        ),
        ManualEntry(
            "response-socket-timeout",
            "How long one write of a response to the client may take. 0: as `socket-timeout=`, and if that is not given as httpd's `Timeout`."
        ),
    ]

    private static let transport: [ManualEntry] = [
        ManualEntry(
            "listen-backlog",
            "How many connections may wait in the queue of each socket, and how many requests may wait for a thread before any is refused, unless the group is overloaded. A further request waits if it can be served in time: within `queue-timeout=`, or without that `connect-timeout=`. Otherwise it answers 503 (`WSGI0116`)."
        ),
        ManualEntry(
            "send-buffer-size", "The send buffer of the sockets between httpd and the processes. 0, or at least 512."),
        ManualEntry(
            "receive-buffer-size",
            "The receive buffer of the sockets between httpd and the processes. 0, or at least 512."),
        ManualEntry(
            "header-buffer-size",
            "The largest header of a response, name and value together. A larger one is a 500 (`WSGI0144`). 0 means 32768; at least 8192 otherwise."
        ),
        ManualEntry(
            "response-buffer-size",
            "How much of a response may wait in httpd for a slow client, so that the process is free for other requests. It limits the memory, however small the blocks are that the application sends. 0 means 8M; at least 64K otherwise."
        ),
        ManualEntry(
            "response-flush-delay",
            "Accepted for compatibility: blocks that the application has ready together leave together, and none waits for another one."
        ),
    ]

    private static let limits: [ManualEntry] = [
        ManualEntry(
            "cpu-time-limit",
            "The CPU time that a process may use before it is replaced. 0: any. Shortly after, the system ends it by force (RLIMIT_CPU)."
        ),
        ManualEntry(
            "cpu-priority",
            "The priority of the processes: from 19, which gives way to everything, to -20, as of `nice`. Negative values need root."
        ),
        ManualEntry(
            "memory-limit",
            "The memory for data that a process may have (RLIMIT_DATA). Beyond it allocations fail, as `MemoryError` in Python. 0: any."
        ),
        ManualEntry(
            "virtual-memory-limit",
            "The address space that a process may have (RLIMIT_AS), with libraries and stacks of threads. 0: any."),
        ManualEntry(
            "server-metrics",
            "`On` lets applications of the group call `mod_wsgi.server_metrics()`, which tells of all requests of the server, those of other sites included."
        ),
    ]
}
