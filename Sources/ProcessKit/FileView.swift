internal import CSystem
internal import Glibc

/// Files as a user of this machine sees them. A helper process accesses them with the user's rights, for a limited
/// time.
///
/// This process neither follows paths that the user can change, nor waits for them. Not for use by two threads at a
/// time.
public struct FileView: Hashable, Sendable {
    /// The user; `nil`: that of this process.
    private let user: UInt32?
    private let group: UInt32
    private let groups: [UInt32]

    /// Files as this process sees them.
    public static let own = FileView(unchecked: nil, 0, [])

    private init(unchecked user: UInt32?, _ group: UInt32, _ groups: [UInt32]) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// Files as a user with these groups sees them. Without the right to change users, files as this process sees them.
    public init(user: UInt32, group: UInt32, groups: [UInt32]) {
        let mayChange = CurrentProcess.user == 0 && user != UInt32.max
        self.init(unchecked: mayChange ? user : nil, mayChange ? group : 0, mayChange ? groups : [])
    }

    /// Limits the time for answers, in milliseconds: for the files of one user, for those of all users (`nil`: no
    /// limit), and the period after which a user who has exceeded the limit has the same time again (`nil`: not before
    /// `end`).
    public static func limit(user: Int64, total: Int64?, pause: Int64?) {
        wsgi_files_limit(user, total ?? -1, pause ?? -1)
    }

    /// Starts the helper if there is none. A fork is cheaper while this process uses little memory.
    public static func begin() { wsgi_files_begin() }

    /// Ends the helper if it has been idle for this number of milliseconds. The next query starts another.
    public static func rest(after milliseconds: Int64) { wsgi_files_rest(milliseconds) }

    /// Ends the helper, and forgets which users have exceeded their time.
    public static func end() { wsgi_files_end() }

    /// The status of each path, with symbolic links followed.
    public func status(of paths: [String]) -> [FileStatus] { statuses(WSGI_FILES_STATUS, 0, paths) }

    /// The status of a path, with symbolic links followed.
    public func status(of path: String) -> FileStatus { status(of: [path]).first ?? .unknown }

    /// The status of a path. Symbolic links are not followed.
    public func linkStatus(of path: String) -> FileStatus { statuses(WSGI_FILES_LINK, 0, [path]).first ?? .unknown }

    /// Whether the user has rights on a path.
    ///
    /// - Parameter mode: Bits as of access(2); 0: whether the path exists.
    /// - Returns: `code` is 0 if so. Otherwise the status is that of the first path component that denies access.
    public func access(_ path: String, _ mode: Int32) -> FileStatus { access([path], mode).first ?? .unknown }

    /// The same for each of the paths.
    public func access(_ paths: [String], _ mode: Int32) -> [FileStatus] {
        statuses(WSGI_FILES_ACCESS, Int64(mode), paths)
    }

    /// The path with symbolic links resolved, as far as possible if a directory is closed to the user.
    public func realPath(_ path: String) throws(SystemError) -> String {
        String(decoding: try bytes(WSGI_FILES_REAL_PATH, 0, path, room: Int(PATH_MAX)), as: UTF8.self)
    }

    /// The contents of a regular file of at most `limit` bytes.
    public func contents(of path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        try bytes(WSGI_FILES_CONTENTS, Int64(limit), path, room: limit)
    }

    /// The same, read with root's rights if this process has them and only root can replace the file or a component of
    /// its path. Otherwise it is read with the user's rights.
    public func secret(of path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        try bytes(WSGI_FILES_SECRET, Int64(limit), path, room: limit, isNeeded: true)
    }

    /// At most `limit` names in a directory, without those that begin with a dot, in no particular order.
    public func names(in path: String, atMost limit: Int) throws(SystemError) -> [String] {
        try bytes(WSGI_FILES_NAMES, Int64(limit), path, room: limit * (Int(NAME_MAX) + 1)).split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - Asking

    /// Number of paths per query, which must have room for their bytes.
    private static let batch = 64
    private static let room = 32_768

    /// The path as it is sent. A path with a NUL byte is sent as an empty one, which does not exist either.
    private static func sent(_ path: String) -> String.UTF8View { path.utf8.contains(0) ? "".utf8 : path.utf8 }

    private func statuses(_ question: wsgi_files_question, _ argument: Int64, _ paths: [String]) -> [FileStatus] {
        var found: [FileStatus] = []
        var first = 0
        while first < paths.count {
            var text: [UInt8] = []
            var next = first
            while next < paths.count, next - first < Self.batch {
                let more = Self.sent(paths[next])
                guard next == first || text.count + more.count + 1 <= Self.room else { break }
                text += more
                text.append(0)
                next += 1
            }
            found += statuses(question, argument, text, count: next - first)
            first = next
        }
        return found
    }

    private func statuses(
        _ question: wsgi_files_question, _ argument: Int64, _ text: [UInt8], count: Int
    ) -> [FileStatus] {
        var answers = [wsgi_file_status](repeating: wsgi_file_status(), count: count)
        let size = unsafe answers.withUnsafeMutableBytes { room in unsafe ask(question, argument, text, false, room) }
        guard size == count * MemoryLayout<wsgi_file_status>.stride else {
            return [FileStatus](
                repeating: size < 0 ? FileStatus(code: Int32(clamping: 0 - size)) : .unknown, count: count)
        }
        return answers.map(FileStatus.init)
    }

    private func bytes(
        _ question: wsgi_files_question, _ argument: Int64, _ path: String, room: Int, isNeeded: Bool = false
    ) throws(SystemError) -> [UInt8] {
        var answer = [UInt8](repeating: 0, count: room)
        let text = Array(Self.sent(path)) + [0]
        let size = unsafe answer.withUnsafeMutableBytes { room in
            unsafe ask(question, argument, text, isNeeded, room)
        }
        guard size >= 0 else { throw SystemError("open", Int32(clamping: 0 - size)) }
        return Array(answer.prefix(size))
    }

    private func ask(
        _ question: wsgi_files_question, _ argument: Int64, _ text: [UInt8], _ isNeeded: Bool,
        _ answer: UnsafeMutableRawBufferPointer
    ) -> Int {
        unsafe groups.withUnsafeBufferPointer { groups in
            var whose = unsafe wsgi_files_user(
                is_self: user == nil, user: user ?? 0, group: group, groups: groups.baseAddress,
                group_count: groups.count)
            return unsafe text.withUnsafeBytes { paths in
                guard let first = paths.baseAddress, let room = answer.baseAddress else { return 0 }
                return unsafe Int(
                    wsgi_files_ask(
                        Int32(question.rawValue), argument, &whose, isNeeded,
                        first.assumingMemoryBound(to: CChar.self), paths.count, room, answer.count))
            }
        }
    }
}

/// The status of a path.
public struct FileStatus: Sendable {
    /// The kind of a file.
    public enum Kind: Sendable {
        /// No file, or a dangling symbolic link.
        case missing
        /// A directory.
        case directory
        /// A regular file.
        case file
        /// A symbolic link, if links are not followed.
        case link
        /// A socket, a device, a FIFO.
        case other
        /// Unknown, or not visible to the user.
        case unknown
    }

    /// The `errno`; 0: the rest is valid.
    public let code: Int32
    /// Length of the path up to the component that denies access, in bytes, if queried; 0: unknown.
    public let deniedLength: Int
    /// Mode, as of stat(2).
    public let mode: UInt32
    /// Owner.
    public let user: UInt32
    /// Group.
    public let group: UInt32
    /// Modification time of the contents, in microseconds since 1970.
    public let modified: Int64

    /// Unknown, because the file system does not respond.
    public static let unknown = FileStatus(code: ETIMEDOUT)

    /// No file.
    public static let missing = FileStatus(code: ENOENT)

    init(code: Int32) {
        self.code = code
        deniedLength = 0
        mode = 0
        user = 0
        group = 0
        modified = 0
    }

    init(_ status: wsgi_file_status) {
        code = status.code
        deniedLength = Int(status.denied_length)
        mode = status.mode
        user = status.user
        group = status.group
        modified = status.modified
    }

    /// The kind of file.
    public var kind: Kind {
        switch code {
        case 0: type
        case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG: .missing
        default: .unknown
        }
    }

    /// Whether it is a regular file with an execute bit.
    public var isProgram: Bool { kind == .file && mode & 0o111 != 0 }

    /// Whether the file system did not respond in time.
    public var isOverdue: Bool { code == ETIMEDOUT }

    private var type: Kind {
        switch mode & S_IFMT {
        case S_IFDIR: .directory
        case S_IFREG: .file
        case S_IFLNK: .link
        default: .other
        }
    }
}
