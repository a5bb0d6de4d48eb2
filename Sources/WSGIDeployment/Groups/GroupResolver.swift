internal import Glibc
internal import ProcessKit
public import WSGIConfig
public import WSGICore

/// Resolves a `WSGIDaemonProcess` on this machine: accounts, paths, files, numbers.
public struct GroupResolver {
    private let definition: GroupDefinition
    private let global: GlobalSettings
    private let host: HostFacts

    private var options: DaemonOptions { definition.options }
    /// The name of the group in messages.
    private var owner: String { "WSGIDaemonProcess '\(definition.name)'" }

    /// Creates the resolver of a definition.
    public init(_ definition: GroupDefinition, _ global: GlobalSettings, _ host: HostFacts) {
        self.definition = definition
        self.global = global
        self.host = host
    }

    /// The group as the supervisor runs it, without its log and its sockets.
    public func spec(preloads: [ScriptSpec], logLevel: Int) throws(ResolutionError) -> GroupSpec {
        let user = try Accounts.user(options.user, default: host.userID, for: owner)
        if host.isRoot && user.id == 0 {
            throw ResolutionError(
                .accountUnusable,
                "\(owner) would run as root: set user=, or httpd's User, to an account without root's rights.")
        }
        let primary = try Accounts.group(options.group, default: host.groupID, for: owner)
        let groups = try supplementaryGroups(of: user, primary: primary)
        var group = GroupSpec()
        group.name = definition.name
        group.origin = definition.location.description
        group.restartInterval = options.restartInterval
        group.stopsFirst = options.replacement == .stopFirst
        let files = UserFiles(user: user.id, group: primary, groups: groups)
        group.root = try root(files)
        try checkEngine(user, files, root: group.root)
        group.python = try PythonChoice.executable(
            options, global, host.defaultPython, files, for: owner, root: group.root)
        group.pythonArguments = ["-P", "-X", "utf8"] + global.python.arguments
        group.changesUser = host.isRoot
        group.userID = user.id
        group.groupID = primary
        group.supplementaryGroups = groups
        group.userName = user.name
        group.userHome = user.home
        // A separate user starts in its home directory. That of httpd's user is of no use.
        let startsAtHome = host.isRoot && user.id != host.userID && group.root.isEmpty
        group.workingDirectory = options.home ?? (startsAtHome ? user.home : "")
        group.hasNoNewPrivileges = options.noNewPrivileges
        group.umask = options.umask
        group.lang = options.lang ?? ""
        group.locale = options.locale ?? ""
        group.environment = try environment(files, user.name)
        group.limits = limits
        group.process = process(preloads)
        group.process.worker = try worker(logLevel: logLevel)
        return group
    }

    /// The owner of the group's sockets; `nil` if it cannot be changed, because httpd does not run as root.
    public func socketOwner() throws(ResolutionError) -> (user: UInt32, group: UInt32)? {
        guard host.isRoot else { return nil }
        let user = try Accounts.user(options.socketUser, default: host.userID, for: owner, option: "socket-user")
        return (user.id, host.groupID)
    }

    /// Whether the processes keep the rights and the root directory of a former definition, as far as this definition
    /// names any. An account that does not exist names none.
    public func keepsRights(of former: GroupSpec) -> Bool {
        guard options.root == former.root else { return false }
        guard host.isRoot else { return true }
        let user = try? Accounts.user(options.user, default: host.userID, for: owner)
        let primary = try? Accounts.group(options.group, default: host.groupID, for: owner)
        if let user, user.id != former.userID { return false }
        if let primary, primary != former.groupID { return false }
        guard let user, let primary, let groups = try? supplementaryGroups(of: user, primary: primary) else {
            return true
        }
        return Set(groups) == Set(former.supplementaryGroups)
    }

    /// The required owner of scripts; `nil`: any.
    public func scriptOwner() throws(ResolutionError) -> ScriptOwner? {
        guard options.scriptUser != nil || options.scriptGroup != nil else { return nil }
        var user: (id: UInt32, name: String)?
        if let account = options.scriptUser {
            user = (try Accounts.user(account, default: 0, for: owner, option: "script-user").id, account.description)
        }
        var group: (id: UInt32, name: String)?
        if let account = options.scriptGroup {
            group = (try Accounts.group(account, default: 0, for: owner, option: "script-group"), account.description)
        }
        return ScriptOwner(user: user, group: group)
    }

    /// Throws for processes that neither serve requests nor have a script to run.
    public func checkService(hasScripts: Bool) throws(ResolutionError) {
        guard options.threads == 0, !hasScripts else { return }
        throw ResolutionError(
            .serviceWithoutScript,
            "WSGIDaemonProcess '\(definition.name)' has threads=0, and no WSGIImportScript names it: there is nothing to "
                + "run.")
    }

    /// The resolved definition without its sockets and the scripts to import, for checks.
    func check(hasScripts: Bool) throws(ResolutionError) -> GroupSpec {
        _ = try scriptOwner()
        let resolved = try spec(preloads: [], logLevel: 0)
        try checkService(hasScripts: hasScripts)
        return resolved
    }

    // MARK: - Accounts and paths

    private func supplementaryGroups(of user: Accounts.User, primary: UInt32) throws(ResolutionError) -> [UInt32] {
        guard let wanted = options.supplementaryGroups else {
            return Accounts.supplementaryGroups(of: user.name, primary: primary)
        }
        var groups = [primary]
        for account in wanted {
            let group = try Accounts.group(account, default: primary, for: owner, option: "supplementary-groups")
            if !groups.contains(group) { groups.append(group) }
        }
        guard groups.count <= Accounts.mostGroups else {
            throw ResolutionError(
                .accountUnusable,
                "\(owner): supplementary-groups= names \(groups.count) groups; a process has at most "
                    + "\(Accounts.mostGroups).")
        }
        return groups
    }

    private func root(_ files: UserFiles) throws(ResolutionError) -> String {
        guard options.chroot != nil else { return "" }
        let root = options.root
        guard host.isRoot else {
            throw ResolutionError(.chrootFailed, "\(owner): chroot= needs httpd to be started by root.")
        }
        // The group's user may be unable to enter it from outside.
        guard [.directory, .unknown].contains(files.status(of: root + "/").kind) else {
            throw ResolutionError(.chrootFailed, "\(owner): chroot=\(root) is not an existing directory.")
        }
        return root
    }

    /// Throws if the processes cannot reach the engine.
    private func checkEngine(_ user: Accounts.User, _ files: UserFiles, root: String) throws(ResolutionError) {
        guard host.isRoot else { return }
        guard root.isEmpty else {
            guard files.isMissing(root + host.engine) else { return }
            throw ResolutionError(
                .chrootFailed,
                "\(owner): within chroot=\(root) there is no '\(host.engine)', which the processes load: "
                    + "install -D '\(host.engine)' '\(root)\(host.engine)'.")
        }
        guard let closed = files.closedDirectory(on: host.engine) else { return }
        throw ResolutionError(
            .daemonStartFailed,
            "\(owner): user '\(user.name)' may not enter '\(closed.path)' (mode \(String(closed.mode, radix: 8))), "
                + "which is on the way to the module's engine '\(host.engine)': chmod o+x '\(closed.path)', or install the module "
                + "where every user may enter.")
    }

    // MARK: - Environment and limits

    private func environment(_ files: UserFiles, _ user: String) throws(ResolutionError) -> [EnvironmentChange] {
        var python = global.python
        python.eggCache = options.pythonEggs ?? ""
        var variables = python.environment
        for path in options.environmentFiles {
            do {
                variables += try EnvironmentFile.read(path, files, user: user).map {
                    EnvironmentChange($0.name, $0.value)
                }
            } catch {
                throw ResolutionError(.environmentFileUnusable, "\(owner): env-file=\(path): \(error.description)")
            }
        }
        return variables + options.environment.map { EnvironmentChange($0.name, $0.value) }
    }

    private var limits: LimitSpec {
        var limits = LimitSpec()
        limits.priority = options.cpuPriority
        limits.cpuTime = options.cpuTimeLimit
        limits.mostCPUTime = options.cpuTimeLimit > 0 ? options.cpuTimeLimit + 1 + options.shutdownTimeout : 0
        limits.data = options.memoryLimit
        limits.addressSpace = options.virtualMemoryLimit
        return limits
    }

    // MARK: - Spec of a process

    private func process(_ preloads: [ScriptSpec]) -> ProcessSpec {
        var process = host.process
        process.processGroup = definition.name
        process.isMultithreaded = options.threads != 1
        process.isMultiprocess = options.isMultiprocess
        process.isRunOnce = options.threads == 1 && options.maximumRequests == 1 && options.maximumRequestsJitter == 0
        process.maximumProcesses = options.processes
        process.threadsPerProcess = options.threads
        global.interpreters(of: definition).apply(to: &process)
        if options.threads == 0 { process.allowSignals() }
        process.destroysInterpreters = global.destroyInterpreter
        process.home = options.home ?? ""
        process.preloads = preloads
        process.warmup = options.warmup ?? ""
        return process
    }

    private var deadlines: WorkerDeadlines.Limits {
        var limits = WorkerDeadlines.Limits()
        let isScaled = options.requestTimeoutRule == .scaled && options.threads > 1
        let factor = isScaled ? 1 + log(Double(options.threads)) : 1
        limits.request = Int64(Double(options.requestTimeout) * 1_000 * factor)
        limits.interrupt = Int64(options.interruptTimeout) * 1_000
        limits.startup = Int64(options.startupTimeout) * 1_000
        limits.inactivity = Int64(options.inactivityTimeout) * 1_000
        limits.deadlock = Int64(options.deadlockTimeout) * 1_000
        limits.memory = Int64(options.maximumMemory)
        return limits
    }

    private func worker(logLevel: Int) throws(ResolutionError) -> WorkerSpec {
        var worker = WorkerSpec()
        worker.threads = options.threads
        worker.stackSize = options.stackSize
        worker.maximumRequests = options.maximumRequests
        worker.maximumRequestsJitter = options.maximumRequestsJitter
        worker.evictionTimeout = options.evictionTimeout
        worker.limits = deadlines
        worker.gracefulTimeout = options.gracefulTimeout
        worker.shutdownTimeout = options.shutdownTimeout
        worker.socketTimeout = options.socketTimeout > 0 ? options.socketTimeout : host.timeout
        worker.sendBufferSize = options.sendBufferSize
        worker.receiveBufferSize = options.receiveBufferSize
        worker.cpuTimeLimit = options.cpuTimeLimit
        worker.logLevel = logLevel
        worker.peerUserID = try socketOwner()?.user ?? CurrentProcess.user
        worker.isDumpable = options.dumpable
        worker.displayName = definition.displayName
        worker.locale = options.locale ?? ""
        return worker
    }
}

extension EnvironmentFile {
    /// The variables of an `env-file=`; with `-` before its path the file may be missing.
    ///
    /// - Parameter user: The user that reads it if users other than root can replace it; for messages.
    /// - Throws: The problem with the file and the line, but nothing of the contents.
    fileprivate static func read(
        _ option: String, _ files: UserFiles, user: String
    ) throws(ConfigError) -> [EnvironmentVariable] {
        let isOptional = option.hasPrefix("-")
        let path = isOptional ? String(option.dropFirst()) : option
        let contents: [UInt8]
        do {
            contents = try files.secret(of: path, atMost: maximumSize)
        } catch {
            if isOptional, error.isMissingFile { return [] }
            throw ConfigError("the file cannot be read (\(reason(error, path, user))).")
        }
        return try variables(in: contents, path: path)
    }

    private static func reason(_ error: SystemError, _ path: String, _ user: String) -> String {
        switch error.code {
        case EACCES, EPERM:
            "\(error.reason): it must be readable for user '\(user)', or in a directory where only root can "
                + "replace it, such as /etc/site"
        case EINVAL: "it is not a regular file"
        case EAGAIN: "a process holds a lease on it"
        case ETIMEDOUT: "its file system does not answer"
        default: error.reason
        }
    }
}
