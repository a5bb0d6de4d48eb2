public import ProcessKit
internal import WSGICore

/// Files as a user sees them. Results are cached until `forget`, because many sites name the same files.
///
/// Used only by httpd's parent, on its only thread: while the configuration is read, and by `configtest`.
public struct UserFiles {
    private enum Question: Hashable {
        case status(String)
        case link(String)
        case access(String, Int32)
    }

    /// Cached results for the files of one user.
    private final class Survey {
        let view: FileView
        var answers: [Question: FileStatus] = [:]
        var realPaths: [String: String?] = [:]
        var texts: [String: String?] = [:]
        /// The first file that timed out.
        var overdue: String?

        init(_ view: FileView) { self.view = view }
    }

    @safe nonisolated(unsafe) private static var surveys: [FileView: Survey] = [:]

    /// Timeouts in milliseconds, for the files of one user and for all users together.
    static let patience: (user: Int64, total: Int64) = (1_500, 3_000)

    private let survey: Survey

    /// The files that a user with these groups sees, or those that this process sees if it may not become the user.
    public init(user: UInt32, group: UInt32, groups: [UInt32]) {
        self.init(FileView(user: user, group: group, groups: groups))
    }

    /// The files that this process sees itself.
    public static var own: UserFiles { UserFiles(.own) }

    private init(_ view: FileView) {
        if let known = Self.surveys[view] {
            survey = known
            return
        }
        if Self.surveys.isEmpty { FileView.limit(user: Self.patience.user, total: Self.patience.total, pause: nil) }
        survey = Survey(view)
        Self.surveys[view] = survey
    }

    /// Drops all results and ends the helper process.
    public static func forget() {
        FileView.end()
        surveys = [:]
    }

    /// For each user with a timeout, the first file that timed out.
    static var overdue: [String] { surveys.values.compactMap(\.overdue).sorted() }

    // MARK: - Queries

    /// Queries many paths at once, before they are queried one by one.
    public func prepare(_ paths: [String]) {
        prepare(paths, Question.status) { $0.status(of: $1) }
    }

    /// The same for rights.
    func prepare(_ paths: [String], access mode: Int32) {
        prepare(paths, { Question.access($0, mode) }, { $0.access($1, mode) })
    }

    private func prepare(
        _ paths: [String], _ question: (String) -> Question, _ ask: (FileView, [String]) -> [FileStatus]
    ) {
        var seen: Set<String> = []
        let unknown = paths.filter { seen.insert($0).inserted && survey.answers[question($0)] == nil }
        guard !unknown.isEmpty else { return }
        for (path, status) in zip(unknown, ask(survey.view, unknown)) {
            survey.answers[question(path)] = note(status, path)
        }
    }

    /// The status of a path, with symbolic links followed.
    public func status(of path: String) -> FileStatus { answer(.status(path), path) { $0.status(of: path) } }

    /// Whether the path certainly does not exist. False if it cannot be reached.
    public func isMissing(_ path: String) -> Bool { status(of: path).kind == .missing }

    /// Whether the path certainly exists.
    public func exists(_ path: String) -> Bool { status(of: path).code == 0 }

    /// Whether the path is certainly a directory.
    public func isDirectory(_ path: String) -> Bool { status(of: path).kind == .directory }

    /// Whether the path certainly exists and is not a directory.
    public func isFile(_ path: String) -> Bool { exists(path) && !isDirectory(path) }

    /// Whether the path is a symbolic link, regardless of its target.
    public func isLink(_ path: String) -> Bool { answer(.link(path), path) { $0.linkStatus(of: path) }.kind == .link }

    /// Whether the user has rights on a path (bits of access(2)); if not, the status of the part that denies access.
    public func access(_ path: String, _ mode: Int32) -> FileStatus {
        answer(.access(path, mode), path) { $0.access(path, mode) }
    }

    /// A path with symbolic links resolved; `nil` if its target does not exist or is not known.
    public func realPath(_ path: String) -> String? {
        if let known = survey.realPaths[path] { return known }
        let found = noted(path) { view throws(SystemError) in try view.realPath(path) }
        survey.realPaths[path] = .some(found)
        return found
    }

    /// The text of a small file; `nil` if it cannot be read.
    public func text(of path: String) -> String? {
        if let known = survey.texts[path] { return known }
        let found = noted(path) { view throws(SystemError) in
            String(decoding: try view.contents(of: path, atMost: 64 << 10), as: UTF8.self)
        }
        survey.texts[path] = .some(found)
        return found
    }

    /// The contents of a file that only root may be able to read; see `FileView.secret`.
    func secret(of path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        do throws(SystemError) { return try survey.view.secret(of: path, atMost: limit) } catch {
            if error.isOverdue { note(.unknown, path) }
            throw error
        }
    }

    /// Names in a directory, except hidden ones; empty if it cannot be listed.
    public func names(in path: String, atMost limit: Int) -> [String] {
        noted(path) { view throws(SystemError) in try view.names(in: path, atMost: limit) } ?? []
    }

    /// The result of `ask`; `nil` if it fails. A timeout is recorded.
    private func noted<Found>(_ path: String, _ ask: (FileView) throws(SystemError) -> Found) -> Found? {
        do throws(SystemError) { return try ask(survey.view) } catch {
            if error.isOverdue { note(.unknown, path) }
            return nil
        }
    }

    private func answer(_ question: Question, _ path: String, _ ask: (FileView) -> FileStatus) -> FileStatus {
        if let known = survey.answers[question] { return known }
        let status = note(ask(survey.view), path)
        survey.answers[question] = status
        return status
    }

    @discardableResult
    private func note(_ status: FileStatus, _ path: String) -> FileStatus {
        if status.isOverdue, survey.overdue == nil { survey.overdue = path }
        return status
    }
}
