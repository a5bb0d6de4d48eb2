internal import WSGICore

extension LogIDManual {
    /// The supervisor and its processes: WSGI1010 to WSGI1020.
    static let processes: [LogIDEntry] = [
        LogIDEntry(
            .supervisorFailed, [.critical, .error], "Supervisor of daemon processes is not running",
            texts: [
                """
                The supervisor of daemon processes has died and is started again; requests under way continue.
                """,
                "The supervisor of daemon processes is not running: <reason>",
                """
                The supervisor of daemon processes (pid <pid>) has not responded for <number> s: it is stopped or \
                blocked. It is killed and started again; requests under way continue.
                """,
                """
                The supervisor of daemon processes (pid <pid>) was killed but does not end, because it is in an \
                uninterruptible system call; another one is started.
                """,
                """
                The configuration cannot be sent to the supervisor of daemon processes (<reason>); it keeps the \
                former one. The attempt is repeated every few seconds.
                """,
                """
                The supervisor cannot read its configuration (<reason>). It keeps the old one until the new one is sent again, within seconds.
                """,
                """
                The supervisor has too few descriptors for its configuration. It keeps the old one until the new one is sent again, within seconds.
                """,
                "The supervisor cannot start (<reason>).",
                "The supervisor cannot wait for events and ends.",
                """
                The shared memory for process groups cannot be created (<reason>); all groups answer 503. Check the \
                memory limits, then restart httpd.
                """,
            ],
            cause: """
                The supervisor is not running, has died, or cannot receive its configuration. It is started again; \
                requests under way continue. If it cannot be started or configured, the groups answer 503, and the \
                attempt is repeated every ten seconds.

                If it has not responded for about 20 s, because it was stopped or a file system does not respond, it \
                is killed and started again. No process is replaced for up to 30 s; nothing else waits for it.
                """,
            remedy: "The message gives the reason. After an upgrade of the module, stop and start httpd."),
        LogIDEntry(
            .workerDied, [.error], "Daemon process ended unexpectedly",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) ended with exit code \
                <number>; it was running <requests>.
                """,
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) was ended by <signal>; it \
                was running <requests>.
                """,
            ],
            cause: """
                The process ended by itself, with an exit code or by a signal. Its successor is started at once, \
                unless starts have been failing. After a signal such as SIGSEGV the Python stacks of all threads \
                follow in the log.
                """,
            remedy: """
                SIGKILL is usually the kernel's out-of-memory killer (`journalctl -k`). Exit code 127 before a \
                process is ready: a shared library of its Python was not found, for example because an installation \
                of Python was moved. `ldd` shows which library, and `env=LD_LIBRARY_PATH=` names its directory.
                """),
        LogIDEntry(
            .workerKilled, [.warning], "Daemon process was killed",
            texts: [
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) was killed: it did not end \
                in time.
                """,
                """
                Process <pid> of group '<group>' (slot <number>, generation <number>) was killed: it was not \
                ready in time.
                """,
            ],
            cause: """
                The process did not end within `graceful-timeout=` and `shutdown-timeout=`, or it was not ready in \
                time after its start.
                """,
            remedy: """
                Find out what the process was doing; the message lists its requests. Raise the options if requests \
                legitimately take longer.
                """),
        LogIDEntry(
            .successorFailed, [.warning], "Successor could not be started",
            texts: [
                """
                Process group '<group>': a successor was needed because <reason>, but could not be started. The \
                running process goes on serving.
                """,
                """
                Process group '<group>' cannot be run as the configuration defines it now: <reason> It keeps its former definition.
                """,
                """
                Process group '<group>': no process could be started with its present definition (<file>:<line>). \
                One was started with the former definition and serves.
                """,
            ],
            cause: """
                The former process continues to serve. The usual cause is a deploy that fails to import. The start \
                is tried again when the script changes again. Other attempts with the same file (a graceful restart, \
                a limit) cause one message each, with their number and the last line of the traceback.

                After a graceful restart with a changed definition of the group, the message is logged at each \
                restart until a successor is ready. It is also logged if the definition names something that does not \
                exist, and if a process had to be started with the former definition.

                If only some processes of the group have loaded the former code, because no request had reached the \
                others, only those processes serve until the script works again.
                """,
            remedy: """
                The traceback is in the log before this message. If the successor found a lock or a port in use (an \
                exception such as `LockError` or `BlockingIOError`, EADDRINUSE, EAGAIN), the message names \
                `replacement=stop-first`, which lets the former process end first.
                """),
        LogIDEntry(
            .startDelayed, [.warning], "Next start is delayed",
            texts: [
                """
                Process group '<group>': <number> starts have failed in a row (<script>: <reason>); the next one \
                is in <number> s.
                """,
                """
                Process group '<group>': <number> processes could not be started, or ended within a second of their \
                start, in a row; the next one is in <number> s.
                """,
                """
                Process group '<group>': <number> runs have ended early in a row; the next one is in <number> s.
                """,
            ],
            cause: """
                Starts have failed several times in a row, or processes have ended within a second of being ready. \
                The next start is delayed by half a minute at most, or by a second if the processes have served \
                requests. A change of the script ends the delay.
                """,
            remedy: "Look for the reason in the messages before this one."),
        LogIDEntry(
            .workerSetupFailed, [.error], "Daemon process cannot accept connections",
            texts: [
                """
                The process cannot wait for connections (<reason>); it ends and is replaced.
                """,
                "There is no descriptor left for a connection from httpd.",
            ],
            cause: """
                A daemon process cannot execute a command of the supervisor, for example for lack of descriptors.
                """,
            remedy: """
                The message gives the reason. Raise the limit of open files (`ulimit -n`), or find out which code \
                leaves files open.
                """),
        LogIDEntry(
            .requestsCut, [.warning], "Requests were cut",
            texts: [
                """
                The time to end has expired; <number> requests under way will be cut: <requests and their Python \
                stacks>
                """
            ],
            cause: """
                The process had to end, and the requests went on beyond its `graceful-timeout=` or \
                `shutdown-timeout=`. The message names each of them, its duration and its Python stack. Their \
                clients see 502, or a cut response.
                """,
            remedy: "Raise `graceful-timeout=` for long downloads and streams."),
        LogIDEntry(
            .scoreboardDamaged, [.error], "Shared memory was damaged",
            texts: [
                """
                The shared memory of the request queues was damaged and has been repaired <number> times: waiting \
                requests lost their places in the queue. Code in one of httpd's processes writes to memory that it \
                does not own: look for an application that runs in them (process-group=%{GLOBAL}), and for other \
                modules.
                """
            ],
            cause: """
                Waiting requests went to the end of the queue. Only httpd's own processes have this memory. An \
                application in one of them (embedded mode) has written there, through `ctypes`, through a faulty \
                extension module, or on purpose, or another module of httpd has. There is at most one message in \
                ten seconds.
                """,
            remedy: """
                Move applications that you do not trust to a process group, and set `WSGIRestrictEmbedded On`.
                """),
        LogIDEntry(
            .authorizationDropped, [.notice], "Authorization header is not passed to the application",
            texts: [
                """
                A client sent an Authorization header (<scheme>) where httpd does not require one, and it is not \
                passed to the applications of '<host>'. Nothing is wrong if httpd itself authenticates another \
                part of the site. If an application checks credentials itself, set WSGIPassAuthorization On, or \
                pass-authorization=On, which lets it see passwords. If none does, set it to Off. This message is \
                logged once.
                """
            ],
            cause: """
                A client has sent credentials, and the application does not see them. mod_wsgi has always removed the \
                header, as CGI does. The message is logged once for each virtual host and start of httpd. It \
                names the scheme, never the value.
                """,
            remedy: """
                Nothing is wrong unless the application should check the credentials itself. Then set \
                `WSGIPassAuthorization On`, or `pass-authorization=On` of the alias.
                """),
    ]
}
