internal import WSGIConfig
internal import WSGICore

/// A check for parts of the configuration that are accepted but do not work, or not as intended.
///
/// A correct configuration has no findings: a check that is not certain reports nothing.
public struct ConfigCheck: Sendable {
    /// The time of a check.
    enum Moment {
        /// By `apachectl configtest` only, because the problem causes another message when httpd starts.
        case configtest
        /// By `apachectl configtest` and at every start of httpd.
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
        ConfigCheck(moment: .configtest, find: PathChecks.searchPathsOfOtherPythons),
        ConfigCheck(moment: .always, find: PathChecks.scripts),
        ConfigCheck(moment: .always, find: GroupChecks.unknownNames),
        ConfigCheck(moment: .always, find: GroupChecks.unknownVariables),
        ConfigCheck(moment: .always, find: GroupChecks.embeddedByAccident),
        ConfigCheck(moment: .configtest, find: GroupChecks.rejectedEmbedded),
        ConfigCheck(moment: .always, find: GroupChecks.unused),
        ConfigCheck(moment: .always, find: RequestChecks.deniedDirectories),
        ConfigCheck(moment: .always, find: HiddenAliases.find),
        ConfigCheck(moment: .always, find: RequestChecks.takenHandlers),
        ConfigCheck(moment: .always, find: RequestChecks.interpreterPerURL),
        ConfigCheck(moment: .configtest, find: ModuleChecks.loadedTwice),
    ]

    /// Runs the checks and returns their findings.
    ///
    /// - Parameter atStart: Whether httpd starts; otherwise `apachectl configtest` runs.
    public static func findings(_ facts: ConfigFacts, atStart: Bool) -> [Finding] {
        var known: Set<String> = []
        let findings =
            all.filter { !atStart || $0.moment == .always }
            .flatMap { $0.find(facts) }
            .filter { known.insert($0.line).inserted } + overdueFiles
        guard !PathAccess.isSelf(facts.httpd) else { return findings }
        // An ordinary user who tests the configuration of root does not see all files, but all accounts.
        return findings.map { $0.weight == .error && $0.id != .accountUnusable ? $0.weighing(.warning) : $0 }
    }

    /// Files that timed out. Runs last, because the other checks query the files.
    private static var overdueFiles: [Finding] {
        UserFiles.overdue.map { path in
            Finding(
                .filesOverdue, at: nil,
                "'\(path)' has not answered within \(UserFiles.patience.user) ms, so the files of the users "
                    + "that need it are not checked. Check its file system (mount, df), and whether its owner "
                    + "prevents access.")
        }
    }
}
