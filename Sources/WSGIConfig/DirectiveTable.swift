/// All directives; a directive is added by a property with its default and a row here.
public enum DirectiveTable {
    /// A heading of the manual, and the directives below it.
    public struct Group: Sendable {
        /// The heading.
        public let title: String
        /// Its directives, in the order of the manual.
        public let directives: [Directive]
    }

    /// Every directive that has an effect, in the order of the manual.
    public static let groups: [Group] = {
        var bit: UInt64 = 1
        return [
            ("Scripts", scripts), ("Daemon processes", processes), ("Requests", requests), ("Access control", access),
            ("Python", python), ("Interpreters", interpreters), ("Measurement", measurement),
        ].map { title, rows in
            let directives = rows.map { row in
                guard row.isSetting else { return row }
                defer { bit <<= 1 }
                return row.assigned(bit: bit)
            }
            return Group(title: title, directives: directives)
        }
    }()

    /// Every directive, in the order of the manual, those without effect at the end.
    public static let all: [Directive] = groups.flatMap(\.directives) + obsolete

    /// The rows of `DirectorySettings`, in the order of their bits.
    static let settings: [Directive] = all.filter(\.isSetting)

    /// The bits of settings that an inner scope adds to instead of replacing them.
    static let accumulating: UInt64 = settings.filter(\.isAccumulating).reduce(0) { $0 | $1.bit }

    /// The directive of this name, which is case-insensitive as in httpd.
    public static func directive(named name: String) -> Directive? {
        indices[name.lowercased()].map { all[$0] }
    }

    private static let indices = Dictionary(
        all.enumerated().map { ($1.name.description.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })

    // MARK: - Which script serves a URI

    private static let scripts: [Directive] = [
        .server(
            "WSGIScriptAlias", "URL-path path [option=value ...]",
            help: """
                Serve the URIs below a URL path with a script, or with the scripts of a directory; options: \
                process-group=, application-group=, callable-object=, pass-authorization=.
                """,
            AliasStatement.path),
        .server(
            "WSGIScriptAliasMatch", "regex path [option=value ...]",
            help: """
                Serve the URIs that a regular expression matches with a script; $1 in its path stands for the first \
                group; options as for WSGIScriptAlias.
                """,
            AliasStatement.pattern),
        .setting(
            "WSGIHandlerScript", \.handlerScripts,
            "name path [process-group=name] [application-group=name] [pass-authorization=On|Off]", in: .directory,
            help:
                "Define a handler, for SetHandler and AddHandler, whose files are served by a script's handle_request.",
            merge: { inner, outer in
                inner + outer.filter { outer in !inner.contains { $0.name == outer.name } }
            },
            read: { (statement: Statement, known) throws(ConfigError) in
                let script = try HandlerScript(statement)
                return [script] + known.filter { $0.name != script.name }
            }
        ),
        .server(
            "WSGIImportScript", "path process-group=name application-group=name",
            help: "Import a script when a process starts, before its first request.", ImportScript.apply),
        .hook(
            "WSGIDispatchScript", \.dispatchScript, in: .directory,
            help: "Script whose functions choose the process group, application group and callable of each request."),
    ]

    // MARK: - Daemon processes

    private static let processes: [Directive] = [
        .server(
            "WSGIDaemonProcess", "name [option=value ...]",
            help: "Define a group of processes that run Python applications.", DaemonStatement.apply),
        .setting(
            "WSGIProcessGroup", \.processGroup, .group, in: .directory,
            help: "Name of the daemon process group that serves the requests, or a variable such as %{ENV:name}."),
        .setting(
            "WSGIRestrictProcess", \.restrictProcess, "name ...", in: .directory,
            help: "Names of the process groups that may serve requests; %{GLOBAL} is embedded mode."
        ) { (statement: Statement, _) throws(ConfigError) in ProcessRestriction(statement.words.map(\.text)) },
        .global(
            "WSGISocketPrefix", \.socketPrefix, .text("a path prefix", usage: "prefix"),
            help: "Path prefix of the sockets of daemon processes, relative to ServerRoot."),
        .global(
            "WSGIStartLimit", \.startLimit, .count(0...DaemonOptionTable.maximumProcesses),
            help: "Number of daemon processes that may start at the same time; 0 is the number of processors."),
        .global(
            "WSGIRestrictEmbedded", \.restrictEmbedded, .flag,
            help: "On or Off: reject requests for applications that would run embedded."),
    ]

    // MARK: - How a request is served

    private static let requests: [Directive] = [
        .setting(
            "WSGIApplicationGroup", \.applicationGroup, .applicationGroup, in: .directory,
            help: "Name of the interpreter that runs the application, or a variable: %{GLOBAL} is the main one."),
        .setting(
            "WSGICallableObject", \.callableObject, .callable, in: .fileInfo,
            help: "Name of the application in the script, name() of a factory that returns it, or %{ENV:name}."),
        .setting(
            "WSGIScriptReloading", \.scriptReloading, .scriptReloading, in: .fileInfo,
            help: "On, Off or Rolling: load a script again when its file has changed; with Rolling no request waits."),
        .setting(
            "WSGIPassAuthorization", \.passAuthorization, .flag, in: .fileInfo,
            help: "On or Off: pass the Authorization header to applications."),
        .setting(
            "WSGITraceContext", \.traceContext, .flag, in: .fileInfo,
            help: "On or Off: make a traceparent for requests without a valid one, and provide its trace id for logs."),
        .setting(
            "WSGIChunkedRequest", \.chunkedRequest, .flag, in: .fileInfo,
            help: "On or Off: accept request bodies without a Content-Length."),
        .setting(
            "WSGIMapHEADToGET", \.mapHeadToGet, .onOffAuto, in: .fileInfo,
            help: "On, Off or Auto: pass HEAD to applications as GET; Auto does so if an output filter needs the body."),
        .setting(
            "WSGIErrorOverride", \.errorOverride, .flag, in: .fileInfo,
            help: "On or Off: replace the error pages of applications with httpd's error documents."),
        .setting(
            "WSGITrustedProxyHeaders", \.trustedProxyHeaders, "header ...", in: .fileInfo,
            help: "Headers with which a proxy describes the client's request: X-Forwarded-For and others."
        ) { (statement: Statement, known) throws(ConfigError) in
            known + statement.words.compactMap { word in try? TrustedHeader(word.text) }
        }.remarking { statement in
            statement.words.filter { !$0.text.isEmpty }.compactMap { word in
                do throws(ConfigError) {
                    _ = try TrustedHeader(word.text)
                    return nil
                } catch { return "\(statement.directive): \(error.description) It has no effect." }
            }
        },
        .setting(
            "WSGITrustedProxies", \.trustedProxies, "address[/bits|/mask] ...", in: .fileInfo,
            help: "Addresses or networks of the proxies whose WSGITrustedProxyHeaders are trusted."
        ) { (statement: Statement, known) throws(ConfigError) in
            var list = known ?? AddressList()
            do throws(ConfigError) {
                for word in statement.words { try list.append(word.text) }
            } catch {
                throw ConfigError("\(statement.directive): \(error.description)")
            }
            return list
        },
        .setting(
            "WSGIEnableSendfile", \.enableSendfile, .onOffAuto, in: .fileInfo,
            help:
                "On, Off or Auto: use sendfile for files that applications return; Auto does so for files on local file systems."
        ),
        .setting(
            "WSGIIgnoreActivity", \.ignoreActivity, .flag, in: .fileInfo,
            help: "On or Off: do not reset the inactivity timer of a process for these requests."),
        .setting(
            "WSGIPassApacheRequest", \.passApacheRequest, .flag, in: .directory,
            help: "On or Off: pass httpd's request to embedded applications as apache.request_rec."),
        .global(
            "WSGICaseSensitivity", \.caseSensitivity, .flag,
            help: "On or Off: treat script paths that differ in case as different scripts."),
    ]

    // MARK: - Access control

    private static let access: [Directive] = [
        .hook(
            "WSGIAccessScript", \.accessScript, in: .authConfig,
            help: "Script whose allow_access decides which hosts have access."),
        .hook(
            "WSGIAuthUserScript", \.authUserScript, in: .authConfig,
            help: "Script whose check_password or get_realm_hash checks passwords, for AuthBasicProvider wsgi."),
        .hook(
            "WSGIAuthGroupScript", \.authGroupScript, in: .authConfig,
            help: "Script whose groups_for_user returns the groups of users, for Require wsgi-group."),
        .setting(
            "WSGIGroupAuthoritative", \.groupAuthoritative, .flag, in: .authConfig,
            help: "Accepted for compatibility; it has no effect, as in mod_wsgi."),
    ]

    // MARK: - Python

    private static let python: [Directive] = [
        .global(
            "WSGIPythonHome", \.pythonHome, .pythonHome,
            help: "Python installation or virtual environment of all applications that do not name one."),
        .interpreter(
            "WSGIPythonPath", \.pythonPath, .searchPath,
            help: "Directories, separated by ':', that embedded applications search for modules first."),
        .global(
            "WSGIPythonEggs", \.pythonEggs, .absolutePath,
            help: "Directory for PYTHON_EGG_CACHE of embedded applications."),
        .global(
            "WSGIPythonOptimize", \.pythonOptimize, .count(0...2),
            help: "Optimisation level, as with python -O (1) and -OO (2)."),
        .global(
            "WSGIPythonWarnings", "specification",
            help: "Rule for warnings, as with python -W; may be repeated."
        ) { (statement: Statement, settings: inout GlobalSettings) throws(ConfigError) in
            guard let rule = try statement.onlyValue(.text("a rule for warnings, such as error::DeprecationWarning"))
            else { return }
            settings.pythonWarnings.append(rule)
        },
        .global(
            "WSGIPythonHashSeed", \.pythonHashSeed, .hashSeed,
            help: "Seed of the hashes of str and bytes: random, or a number for the same hashes in all processes."),
        .global(
            "WSGIDontWriteBytecode", \.dontWriteBytecode, .flag,
            help: "On or Off: write no bytecode files, as with python -B."),
        .global(
            "WSGIDestroyInterpreter", \.destroyInterpreter, .flag,
            help: "On or Off: end interpreters, and run their atexit functions, when a process ends."),
    ]

    private static let interpreters: [Directive] = [
        .interpreter(
            "WSGISwitchInterval", \.switchInterval, .duration(),
            help: "Seconds that a thread runs before it yields to another one, as for sys.setswitchinterval."),
        .interpreter(
            "WSGIPerInterpreterGIL", \.perInterpreterGIL, .flag, default: "Off",
            help: "On or Off: give each sub-interpreter a GIL of its own (Python 3.12 to 3.15)."),
        .interpreter(
            "WSGIFreeThreading", \.freeThreading, .flag, default: "Off",
            help: "Accepted for compatibility; On has no effect and logs a warning."),
        .interpreter(
            "WSGIRestrictStdin", \.restrictStdin, .flag, default: "Off",
            help: "On or Off: reject reads from sys.stdin."),
        .interpreter(
            "WSGIRestrictStdout", \.restrictStdout, .flag, default: "Off",
            help: "On or Off: reject writes to sys.stdout."),
        .interpreter(
            "WSGIRestrictSignal", \.restrictSignal, .flag, default: "On",
            help: "On or Off: ignore signal handlers that applications register."),
        .server(
            "<WSGIInterpreterOptions", "[process-group=name] [application-group=name]>", in: .mainServer,
            help: "Section with settings for the interpreters of some groups.", InterpreterSection.open),
    ]

    // MARK: - Measurement

    private static let measurement: [Directive] = [
        .global(
            "WSGIServerMetrics", \.serverMetrics, .flag,
            help: "On or Off: let embedded applications call mod_wsgi.server_metrics."
        ).pending { $0.serverMetrics },
        .global(
            "WSGITelemetryService", "unix:path [interval=seconds]",
            help: "Socket to which processes send samples of their activity.", TelemetryService.apply
        ).pending { _ in true },
        .global(
            "WSGITelemetryOptions", "[+|-]flag ...|None|All",
            help: "Contents of the samples: CaptureUserAgent.", TelemetryOptions.apply
        ).pending { !$0.telemetryOptions.isEmpty },
        .global(
            "WSGISlowRequests", \.slowRequests, .durationOrZero,
            help: "Seconds after which a request is reported as slow; 0 disables the reports."
        ).pending { $0.slowRequests ?? 0 > 0 },
    ]
}
