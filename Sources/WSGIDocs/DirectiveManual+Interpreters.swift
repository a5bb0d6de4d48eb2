extension DirectiveManual {
    static let interpreters: [ManualEntry] = [
        ManualEntry(
            "WSGISwitchInterval",
            """
            The time that a thread runs before it yields to another one, in seconds with decimals, as for \
            `sys.setswitchinterval`. Units: `s`, `ms`. With a shorter interval, quick requests are answered sooner \
            while other threads compute.
            """,
            example: "WSGISwitchInterval 2ms"),
        ManualEntry(
            "WSGIPerInterpreterGIL",
            """
            `On` gives each sub-interpreter a GIL of its own, so that applications in different application groups of \
            one process run Python at the same time. It needs Python 3.12 to 3.15. With other versions, a warning is \
            logged, and the interpreter shares the GIL of its process. Extension modules that do not support it \
            cannot be imported; with Python 3.12 that includes `ctypes`.
            """),
        ManualEntry(
            "WSGIFreeThreading",
            """
            Accepted for compatibility. This module does not support free-threaded builds of Python, because they have \
            no stable ABI. `On` has no effect and logs a warning (`WSGI0200`).
            """,
            difference: "mod_wsgi runs a free-threaded build of Python (3.13t and later) without the GIL."),
        ManualEntry(
            "WSGIRestrictStdin",
            "`On` makes every use of `sys.stdin` an error, to find applications that would wait for a terminal."),
        ManualEntry(
            "WSGIRestrictStdout",
            "`On` makes every use of `sys.stdout` an error. By default printed text goes to the error log."),
        ManualEntry(
            "WSGIRestrictSignal",
            """
            With `On`, `signal.signal` only logs, so that applications do not take over the signals that control httpd \
            and the processes.
            """),
        ManualEntry(
            "<WSGIInterpreterOptions",
            """
            A section of settings for the interpreters of some groups. Both selectors are optional. `%{GLOBAL}` is \
            embedded mode, or the main interpreter. The section may contain `WSGIPythonPath`, `WSGISwitchInterval`, \
            `WSGIPerInterpreterGIL`, `WSGIFreeThreading`, `WSGIRestrictStdin`, `WSGIRestrictStdout` and \
            `WSGIRestrictSignal`. The section with more selectors takes precedence; among equal sections, the later \
            one. Directories of `WSGIPythonPath` accumulate, those of the most specific section first.
            """,
            difference: "Any other directive in the section is an error.",
            example: """
                <WSGIInterpreterOptions process-group=site application-group=%{GLOBAL}>
                    WSGISwitchInterval 1ms
                    WSGIPythonPath /srv/site/lib
                </WSGIInterpreterOptions>
                """),
    ]

    static let measurement: [ManualEntry] = [
        ManualEntry(
            "WSGIServerMetrics",
            """
            `On` lets embedded applications call `mod_wsgi.server_metrics()`, which reports all requests of the \
            server, including those of other sites. Process groups have `server-metrics=On`.
            """),
        ManualEntry(
            "WSGITelemetryService",
            """
            The UNIX datagram socket to which every process sends samples of its activity, once per `interval=` \
            (seconds with decimals, at least 0.5; the default is 1).
            """,
            example: "WSGITelemetryService unix:/run/telemetry.sock interval=5s"),
        ManualEntry(
            "WSGITelemetryOptions",
            """
            The contents of the samples. `CaptureUserAgent` adds the client's `User-Agent` to reports of slow \
            requests. Flags without a sign replace the previous flags. `None` clears all flags, `All` sets all, `+` \
            adds a flag and `-` removes it.
            """),
        ManualEntry(
            "WSGISlowRequests",
            """
            The time after which a request is reported as slow, in seconds with decimals. 0 disables the reports. \
            Units: `s`, `ms`.
            """
        ),
    ]
}
