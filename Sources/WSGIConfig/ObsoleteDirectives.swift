extension DirectiveTable {
    /// Directives without effect in this module, and directives that mod_wsgi has removed.
    static let obsolete: [Directive] = [
        .ignored(
            "WSGISocketRotation", .flag, usual: false, help: "Without effect: the names of sockets never change.",
            because: "the sockets of daemon processes always keep their names when httpd restarts. Remove it."),
        .ignored(
            "WSGIAcceptMutex", .mutex, usual: "default", help: "Without effect: processes do not share a socket.",
            because: "every daemon process has a socket of its own, so none has to wait for a lock. Remove it."),
        .ignored(
            "WSGIVerboseDebugging", .flag, usual: false, help: "Without effect: use LogLevel wsgi:debug.",
            because: "'LogLevel wsgi:debug' (up to trace8) shows what the module does. Remove it."),
        .ignored(
            "WSGILazyInitialization", .flag, usual: true, help: "Without effect: Python starts where it is needed.",
            because:
                "Python is never started in httpd's parent, and in its children only where it is needed. Remove it."),

        .removed(
            "WSGIReloadMechanism",
            "was removed in mod_wsgi 3.0: daemon processes are always replaced when their script changes. Remove it. "
                + "WSGIScriptReloading Off disables reloading.",
            help: "Removed in mod_wsgi 3.0."),
        .removed(
            "WSGIOutputBuffering",
            "was removed in mod_wsgi 2.0: responses are never buffered by the module. Remove it.",
            help: "Removed in mod_wsgi 2.0."),
        .removed(
            "WSGIPythonExecutable",
            "was removed in mod_wsgi 2.0: name the installation with WSGIPythonHome, or the executable of a group with "
                + "python= on WSGIDaemonProcess.",
            help: "Removed in mod_wsgi 2.0; use WSGIPythonHome, or python= on WSGIDaemonProcess."),
        .removed(
            "WSGIApacheExtensions",
            "was removed before mod_wsgi 4.0: use WSGIPassApacheRequest instead.",
            help: "Removed before mod_wsgi 4.0; use WSGIPassApacheRequest."),
        .removed(
            "WSGIServerGroup",
            "was removed before mod_wsgi 4.0: use WSGIApplicationGroup %{SERVER} instead.",
            help: "Removed before mod_wsgi 4.0; use WSGIApplicationGroup."),
        .removed(
            "WSGIPy3kWarningFlag",
            "was removed in mod_wsgi 5.0, with Python 2. Remove it.",
            help: "Removed in mod_wsgi 5.0, with Python 2."),
        .removed(
            "WSGIUserAuthoritative",
            "was removed before mod_wsgi 4.0: the order of AuthBasicProvider decides which provider is final. "
                + "Remove it.",
            help: "Removed before mod_wsgi 4.0; use AuthBasicProvider."),
        .removed(
            "WSGINewRelicConfigFile",
            "was removed in mod_wsgi 6.0: start the agent in the script, or with its own admin command. Remove it.",
            help: "Removed in mod_wsgi 6.0; use the agent's own command."),
        .removed(
            "WSGINewRelicEnvironment",
            "was removed in mod_wsgi 6.0: start the agent in the script, or with its own admin command. Remove it.",
            help: "Removed in mod_wsgi 6.0; use the agent's own command."),
    ]
}

extension ValueKind where Value == String {
    /// The name of one of APR's mechanisms for locks between processes.
    fileprivate static var mutex: Self {
        let names = ["default", "flock", "fcntl", "sysvsem", "posixsem", "pthread"]
        return Self(
            usage: names.joined(separator: "|"), syntax: "one of " + names.joined(separator: ", "),
            parse: { names.contains($0.lowercased()) ? $0.lowercased() : nil }, print: { $0 })
    }
}
