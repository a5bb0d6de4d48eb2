internal import CSystem
internal import Glibc

/// A program to start in its own process and session.
public struct SpawnRequest: Equatable, Sendable {
    /// The user and groups of the process.
    public struct Credentials: Equatable, Sendable {
        /// The user.
        public var user: UInt32
        /// The primary group.
        public var group: UInt32
        /// The supplementary groups.
        public var supplementaryGroups: [UInt32]

        /// Credentials with these ids.
        public init(user: UInt32, group: UInt32, supplementaryGroups: [UInt32]) {
            self.user = user
            self.group = group
            self.supplementaryGroups = supplementaryGroups
        }
    }

    /// Limits of the process; 0: inherited.
    public struct Limits: Equatable, Sendable {
        /// The nice value.
        public var priority: Int32 = 0
        /// Seconds of CPU time until SIGXCPU.
        public var cpuTime: UInt64 = 0
        /// Seconds of CPU time until SIGKILL.
        public var mostCPUTime: UInt64 = 0
        /// Bytes of RLIMIT_DATA.
        public var data: UInt64 = 0
        /// Bytes of RLIMIT_AS.
        public var addressSpace: UInt64 = 0

        /// Inherited limits.
        public init() {}
    }

    /// An optional setting that was denied.
    public struct Denial: Equatable, Sendable {
        /// A setting.
        public enum Wish: Int, CaseIterable, Sendable {
            /// The nice value.
            case priority
            /// RLIMIT_CPU.
            case cpuTime
            /// RLIMIT_DATA.
            case data
            /// RLIMIT_AS.
            case addressSpace
        }

        /// The setting.
        public let wish: Wish
        /// The `errno`.
        public let code: Int32

        /// The reason in words.
        public var reason: String { SystemError.reason(code) }
    }

    /// The program's file.
    public var executable: String
    /// Its arguments, beginning with `argv[0]`.
    public var arguments: [String]
    /// Its environment, `NAME=value`.
    public var environment: [String]
    /// The descriptors that become 0, 1, 2, .... It receives no others.
    public var descriptors: [Int32] = []
    /// The root directory; empty: unchanged. All other paths are relative to it.
    public var root = ""
    /// The working directory; empty: unchanged, or the new root.
    public var workingDirectory = ""
    /// The file creation mask; `nil`: unchanged.
    public var umask: UInt32?
    /// The soft limit of open descriptors; 0: unchanged.
    public var openFiles: UInt64 = 0
    /// The user and groups; `nil`: unchanged.
    public var credentials: Credentials?
    /// Whether it and its descendants cannot gain privileges by exec (PR_SET_NO_NEW_PRIVS).
    public var hasNoNewPrivileges = false
    /// Its limits.
    public var limits = Limits()
    /// Increment of its nice value, relative to `limits` or to this process.
    public var niceIncrement: Int32 = 0

    /// Describes a program.
    public init(executable: String, arguments: [String], environment: [String]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the program. Returns its pid once exec has succeeded. The caller reaps it.
    public func start() throws(SpawnError) -> Int32 {
        var failure = wsgi_spawn_failure()
        return unsafe try make(&failure) { request, failure in unsafe wsgi_spawn(request, failure) }
    }

    /// Begins to start the program. `Launch` reports the result. The caller reaps the process in any case.
    public func begin() throws(SpawnError) -> Launch {
        var failure = wsgi_spawn_failure()
        var reading: Int32 = -1
        let pid = unsafe try make(&failure) { request, failure in unsafe wsgi_spawn_begin(request, &reading, failure) }
        return Launch(id: pid, report: Descriptor(adopting: reading))
    }

    private func make(
        _ failure: inout wsgi_spawn_failure,
        _ spawn: (UnsafePointer<wsgi_spawn_request>, UnsafeMutablePointer<wsgi_spawn_failure>) -> Int32
    ) throws(SpawnError) -> Int32 {
        let pid = unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe executable.withCString { executable in
                    unsafe workingDirectory.withCString { directory in
                        unsafe root.withCString { root in
                            unsafe call(
                                executable, arguments, environment, root, directory, &failure, spawn)
                        }
                    }
                }
            }
        }
        guard pid < 0 else { return pid }
        throw SpawnError(failure)
    }

    private func call(
        _ executable: UnsafePointer<CChar>, _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafePointer<UnsafeMutablePointer<CChar>?>, _ root: UnsafePointer<CChar>,
        _ directory: UnsafePointer<CChar>,
        _ failure: inout wsgi_spawn_failure,
        _ spawn: (UnsafePointer<wsgi_spawn_request>, UnsafeMutablePointer<wsgi_spawn_failure>) -> Int32
    ) -> Int32 {
        let groups = credentials?.supplementaryGroups ?? []
        return unsafe descriptors.withUnsafeBufferPointer { descriptors in
            unsafe groups.withUnsafeBufferPointer { groups in
                guard let first = descriptors.baseAddress else { return -1 }
                var request = unsafe wsgi_spawn_request(
                    executable: executable, arguments: arguments, environment: environment, descriptors: first,
                    descriptor_count: descriptors.count, root: self.root.isEmpty ? nil : root,
                    directory: workingDirectory.isEmpty ? nil : directory,
                    mask: umask.map(Int64.init) ?? -1, open_files: openFiles, changes_user: credentials != nil,
                    user: credentials?.user ?? 0, group: credentials?.group ?? 0, groups: groups.baseAddress,
                    group_count: groups.count, no_new_privileges: hasNoNewPrivileges,
                    limits: wsgi_spawn_limits(
                        priority: limits.priority, cpu_time: limits.cpuTime, most_cpu_time: limits.mostCPUTime,
                        data: limits.data, address_space: limits.addressSpace), nice_increment: niceIncrement)
                return unsafe spawn(&request, &failure)
            }
        }
    }
}

/// A process that is about to run a program. This can take arbitrarily long: its user can stop it, and file systems on
/// the path can delay it.
public final class Launch {
    /// Its pid.
    public let id: Int32
    /// The descriptor; -1: closed.
    private var report: Int32
    private var reported = wsgi_spawn_failure()

    init(id: Int32, report: consuming Descriptor) {
        self.id = id
        self.report = report.release()
    }

    deinit { close() }

    /// The descriptor's number, for a poller: readable when `listen` should be called; -1: closed.
    public var raw: Int32 { report }

    /// Reads the reports of the process. Returns true if it runs the program, or never will.
    public func listen() -> Bool {
        guard report >= 0 else { return true }
        return unsafe !wsgi_spawn_listen(report, false, &reported)
    }

    /// Stops reading reports.
    public func close() {
        if report >= 0 { Descriptor.close(raw: report) }
        report = -1
    }

    /// Why it will not run the program; `nil`: no failure so far.
    public var failure: SpawnError? { reported.step == 0 ? nil : SpawnError(reported) }

    /// The settings that were denied so far.
    public var denials: [SpawnRequest.Denial] { reported.denials }
}

extension wsgi_spawn_failure {
    fileprivate var denials: [SpawnRequest.Denial] {
        unsafe withUnsafeBytes(of: denied) { raw in
            let codes = unsafe raw.bindMemory(to: Int32.self)
            return SpawnRequest.Denial.Wish.allCases.compactMap { wish in
                guard wish.rawValue < codes.count, unsafe codes[wish.rawValue] != 0 else { return nil }
                return unsafe SpawnRequest.Denial(wish: wish, code: codes[wish.rawValue])
            }
        }
    }
}

extension SpawnError {
    fileprivate init(_ reported: wsgi_spawn_failure) {
        let path = unsafe withUnsafeBytes(of: reported.denied_path) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        self.init(step: Step(rawValue: reported.step) ?? .fork, code: reported.code, deniedPath: path)
    }
}

/// Why a program could not be started.
public struct SpawnError: Error, Equatable, Sendable {
    /// A step of the new process.
    public enum Step: Int32, Sendable {
        /// Creating the process.
        case fork = 1
        /// Setting up descriptors.
        case descriptors = 2
        /// Setting limits.
        case limits = 3
        /// Becoming the group.
        case group = 4
        /// Setting the supplementary groups.
        case supplementaryGroups = 5
        /// Becoming the user.
        case user = 6
        /// Entering the working directory.
        case directory = 7
        /// Executing the program.
        case execute = 8
        /// Changing the root.
        case root = 9
    }

    /// The step that failed.
    public let step: Step
    /// The `errno`.
    public let code: Int32
    /// The file or directory that denied access or does not exist: the first component of the path, or of the target
    /// of a symbolic link that it is; empty: unknown.
    public let deniedPath: String

    /// Describes a failure.
    public init(step: Step, code: Int32, deniedPath: String = "") {
        self.step = step
        self.code = code
        self.deniedPath = deniedPath
    }

    /// The reason in words.
    public var reason: String { SystemError.reason(code) }
}

/// Calls `body` with a C array of the strings, which ends with a null pointer.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeBufferPointer { list in
        guard let start = list.baseAddress else { preconditionFailure("a list with a null has an address") }
        return unsafe body(start)
    }
}
