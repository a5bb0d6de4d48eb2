public import ProcessKit
internal import WSGICore

/// Files as a user sees them, each asked about once until `forget`: many sites name the same ones.
///
/// Only the httpd parent uses it, on its one thread: while the configuration is read, and by `configtest`.
public struct UserFiles {
    private enum Question: Hashable {
        case status(String)
        case link(String)
        case access(String, Int32)
    }

    /// What was asked about the files of one user.
    private final class Survey {
        let view: FileView
        var answers: [Question: FileStatus] = [:]
        var realPaths: [String: String?] = [:]
        var texts: [String: String?] = [:]
        /// The first file about which there was no answer in time.
        var overdue: String?

        init(_ view: FileView) { self.view = view }
    }

    @safe nonisolated(unsafe) private static var surveys: [FileView: Survey] = [:]

    /// Milliseconds for the files of one user, and for all together.
    static let patience: (user: Int64, total: Int64) = (1_500, 3_000)

    private let survey: Survey

    /// The files that a user with these groups sees; where this process may not become the user, those that it sees itself.
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

    /// Forgets all answers, and ends the helper process.
    public static func forget() {
        FileView.end()
        surveys = [:]
    }

    /// A file of each user whose files have not answered in time.
    static var overdue: [String] { surveys.values.compactMap(\.overdue).sorted() }

    // MARK: - Questions

    /// Asks about many paths at a time, before they are asked about one by one.
    public func prepare(_ paths: [String]) {
        prepare(paths, Question.status) { $0.status(of: $1) }
    }

    /// The same about rights.
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

    /// What is at a path, with symbolic links followed.
    public func status(of path: String) -> FileStatus { answer(.status(path), path) { $0.status(of: path) } }

    /// Whether certainly nothing is there: not whether it is out of reach.
    public func isMissing(_ path: String) -> Bool { status(of: path).kind == .missing }

    /// Whether something is certainly there.
    public func exists(_ path: String) -> Bool { status(of: path).code == 0 }

    /// Whether it is certainly a directory.
    public func isDirectory(_ path: String) -> Bool { status(of: path).kind == .directory }

    /// Whether something is certainly there that is not a directory.
    public func isFile(_ path: String) -> Bool { exists(path) && !isDirectory(path) }

    /// Whether it is a symbolic link, wherever that leads.
    public func isLink(_ path: String) -> Bool { answer(.link(path), path) { $0.linkStatus(of: path) }.kind == .link }

    /// Whether the user has rights on a path (bits as of access(2)), and otherwise what is known of the part that refuses.
    public func access(_ path: String, _ mode: Int32) -> FileStatus {
        answer(.access(path, mode), path) { $0.access(path, mode) }
    }

    /// A path without symbolic links; nil when it leads to nothing, or nobody knows.
    public func realPath(_ path: String) -> String? {
        if let known = survey.realPaths[path] { return known }
        let found = noted(path) { view throws(SystemError) in try view.realPath(path) }
        survey.realPaths[path] = .some(found)
        return found
    }

    /// The text of a small file; nil when it cannot be read.
    public func text(of path: String) -> String? {
        if let known = survey.texts[path] { return known }
        let found = noted(path) { view throws(SystemError) in
            String(decoding: try view.contents(of: path, atMost: 64 << 10), as: UTF8.self)
        }
        survey.texts[path] = .some(found)
        return found
    }

    /// The contents of a file that may be for root alone; see `FileView.secret`.
    func secret(of path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        do throws(SystemError) { return try survey.view.secret(of: path, atMost: limit) } catch {
            if error.isOverdue { note(.unknown, path) }
            throw error
        }
    }

    /// Names in a directory, but for hidden ones; none where it cannot be listed.
    public func names(in path: String, atMost limit: Int) -> [String] {
        noted(path) { view throws(SystemError) in try view.names(in: path, atMost: limit) } ?? []
    }

    /// What `ask` finds; nil when it fails, which is noted if there was no answer in time.
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
