internal import CHTTPD
internal import WSGIConfig

/// A search for something in the configuration that is accepted and does not work, or works otherwise than meant.
///
/// A healthy configuration has no findings: a check that cannot be certain says nothing.
struct ConfigCheck: Sendable {
    /// When it is made.
    enum Moment {
        /// By `apachectl configtest` only: what is wrong fails, with a message of its own, when httpd starts.
        case configtest
        /// By `apachectl configtest`, and whenever httpd starts.
        case always
    }

    private let moment: Moment
    private let find: @Sendable (ConfigFacts) -> [Finding]

    /// All checks, in the order of their findings.
    private static let all: [ConfigCheck] = [
        ConfigCheck(moment: .configtest, find: PythonChecks.installations),
        ConfigCheck(moment: .configtest, find: PythonChecks.embedded),
        ConfigCheck(moment: .always, find: PythonChecks.outdatedEnvironments),
        ConfigCheck(moment: .always, find: PythonChecks.untested),
        ConfigCheck(moment: .configtest, find: GroupChecks.unusable),
        ConfigCheck(moment: .configtest, find: GroupChecks.socketDirectory),
        ConfigCheck(moment: .configtest, find: PathChecks.workingDirectories),
        ConfigCheck(moment: .always, find: PathChecks.searchPaths),
        ConfigCheck(moment: .always, find: PathChecks.scripts),
        ConfigCheck(moment: .always, find: GroupChecks.unknownNames),
        ConfigCheck(moment: .always, find: GroupChecks.embeddedByAccident),
        ConfigCheck(moment: .configtest, find: GroupChecks.refusedEmbedded),
        ConfigCheck(moment: .always, find: GroupChecks.unused),
        ConfigCheck(moment: .always, find: RequestChecks.deniedDirectories),
        ConfigCheck(moment: .always, find: RequestChecks.takenHandlers),
        ConfigCheck(moment: .configtest, find: ModuleChecks.loadedTwice),
    ]

    /// Prints findings on the console, as part of `apachectl configtest`.
    static func report(main: Server) {
        for finding in unsafe findings(main, always: false) {
            unsafe chttpd_log_startup(level(of: finding).rawValue, finding.line)
        }
    }

    /// Writes findings to the error log, when httpd starts.
    static func log(main: Server) {
        for finding in unsafe findings(main, always: true) {
            unsafe Log.server(main, level(of: finding), nil, finding.line)
        }
    }

    private static func findings(_ main: Server, always: Bool) -> [Finding] {
        guard let facts = unsafe ConfigFacts(main: main) else { return [] }
        var told: Set<String> = []
        return all.filter { !always || $0.moment == .always }
            .flatMap { $0.find(facts) }
            .filter { told.insert($0.line).inserted }
    }

    private static func level(of finding: Finding) -> Log.Level { finding.weight == .warning ? .warning : .notice }
}
