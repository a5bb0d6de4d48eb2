internal import WSGIConfig
internal import WSGICore

/// A search for something in the configuration that is accepted and does not work, or works otherwise than meant.
///
/// A healthy configuration has no findings: a check that cannot be certain says nothing.
public struct ConfigCheck: Sendable {
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
        ConfigCheck(moment: .configtest, find: PythonAccess.groups),
        ConfigCheck(moment: .configtest, find: PythonAccess.embedded),
        ConfigCheck(moment: .always, find: PythonChecks.outdatedEnvironments),
        ConfigCheck(moment: .always, find: PythonChecks.untested),
        ConfigCheck(moment: .configtest, find: GroupChecks.unusable),
        ConfigCheck(moment: .configtest, find: GroupChecks.socketDirectory),
        ConfigCheck(moment: .always, find: GroupChecks.exposedSockets),
        ConfigCheck(moment: .configtest, find: PathChecks.workingDirectories),
        ConfigCheck(moment: .always, find: PathChecks.searchPaths),
        ConfigCheck(moment: .always, find: PathChecks.scripts),
        ConfigCheck(moment: .always, find: GroupChecks.unknownNames),
        ConfigCheck(moment: .always, find: GroupChecks.unknownVariables),
        ConfigCheck(moment: .always, find: GroupChecks.embeddedByAccident),
        ConfigCheck(moment: .configtest, find: GroupChecks.refusedEmbedded),
        ConfigCheck(moment: .always, find: GroupChecks.unused),
        ConfigCheck(moment: .always, find: RequestChecks.deniedDirectories),
        ConfigCheck(moment: .always, find: HiddenAliases.find),
        ConfigCheck(moment: .always, find: RequestChecks.takenHandlers),
        ConfigCheck(moment: .always, find: RequestChecks.interpreterPerURL),
        ConfigCheck(moment: .configtest, find: ModuleChecks.loadedTwice),
    ]

    /// What is found.
    ///
    /// - Parameter atStart: httpd starts, instead of `apachectl configtest`.
    public static func findings(_ facts: ConfigFacts, atStart: Bool) -> [Finding] {
        var told: Set<String> = []
        let findings =
            all.filter { !atStart || $0.moment == .always }
            .flatMap { $0.find(facts) }
            .filter { told.insert($0.line).inserted } + overdueFiles
        guard !PathAccess.isSelf(facts.httpd) else { return findings }
        // An ordinary user who tests the configuration of root does not see all files; accounts are known to everyone.
        return findings.map { $0.weight == .error && $0.id != .accountUnusable ? $0.weighing(.warning) : $0 }
    }

    /// Files that did not answer, last: the others have asked.
    private static var overdueFiles: [Finding] {
        UserFiles.overdue.map { path in
            Finding(
                .filesOverdue, at: nil,
                "'\(path)' has not answered within \(UserFiles.patience.user) ms, so nothing is known about "
                    + "the files of those who use it: check its file system (mount, df), and whether its owner "
                    + "keeps it from being read.")
        }
    }
}
