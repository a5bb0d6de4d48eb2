internal import ProcessKit
internal import WSGICore

/// The log message for a worker process that could not be created: its group, the failed step, the reason and a remedy.
struct SpawnMessage: Error {
    /// The group, as in `name`.
    private let subject: String
    /// The failed step and the reason, without a full stop.
    let reason: String
    private let remedy: String

    /// The whole message.
    var text: String { "Unable to start a process of \(subject): \(reason).\(remedy.isEmpty ? "" : " \(remedy)")" }

    /// A process of this group that could not be created for another reason.
    init(_ spec: GroupSpec, _ reason: String, _ remedy: String = "") {
        subject = Self.name(spec)
        self.reason = reason
        self.remedy = remedy
    }

    /// A failed spawn of this group.
    init(_ failure: SpawnError, _ spec: GroupSpec) {
        let user = spec.changesUser ? "user '\(spec.userName)' (uid \(spec.userID))" : "the user of httpd"
        switch failure.step {
        case .fork:
            self.init(
                spec, "unable to create a process (\(failure.reason))", "Check the limits on processes and memory.")
        case .descriptors, .limits:
            self.init(spec, "its descriptors cannot be set up (\(failure.reason))")
        case .group:
            self.init(spec, "unable to become group id \(spec.groupID) (\(failure.reason))")
        case .supplementaryGroups:
            self.init(spec, "unable to take on the supplementary groups of \(user) (\(failure.reason))")
        case .user:
            self.init(spec, "unable to become \(user) (\(failure.reason))")
        case .directory:
            self.init(
                spec,
                "\(user) cannot enter the directory '\(spec.workingDirectory)' (\(failure.reason))"
                    + Self.obstacle(failure, spec.workingDirectory), "Correct home=, or the permissions.")
        case .root:
            self.init(
                spec,
                "the directory '\(spec.root)' cannot become its root (\(failure.reason))"
                    + Self.obstacle(failure, spec.root),
                "Correct chroot=, which requires that httpd is started by root.")
        case .execute:
            self.init(
                spec,
                "\(user) cannot run the Python executable '\(spec.python)' (\(failure.reason))"
                    + Self.obstacle(failure, spec.python), Self.advice(failure, spec))
        }
    }

    /// A process of this group that was killed because it did not reach exec within this time.
    init(delayed spec: GroupSpec, by seconds: Int64) {
        let directory = spec.workingDirectory.isEmpty ? "" : "'\(spec.workingDirectory)' or of "
        self.init(
            spec, "it did not begin to run '\(spec.python)' within \(seconds) s and was killed",
            "Possible causes: the file system of \(directory)Python does not respond, another process holds a lease on "
                + "the program, or the process was stopped.")
    }

    /// The file or directory that caused the error, unless it is the whole path.
    private static func obstacle(_ failure: SpawnError, _ path: String) -> String {
        let part = failure.deniedPath
        guard !part.isEmpty, part != path else { return "" }
        return failure.code == 2 ? ": there is no '\(part)'" : ": the error is at '\(part)'"
    }

    private static func advice(_ failure: SpawnError, _ spec: GroupSpec) -> String {
        switch failure.code {
        case 2 where !spec.root.isEmpty:
            "chroot=\(spec.root) must contain Python and everything that it needs."
        case 2 where failure.deniedPath.isEmpty:
            "The file exists: the interpreter that its first line names, or its loader, does not."
        case 2:
            "Check python-home=, python= and WSGIPythonHome; a virtual environment must have bin/python."
        case 8:
            "It is not a program for this machine."
        default:
            "Check its permissions and those of its directories."
        }
    }

    /// The name of the group in messages.
    static func name(_ spec: GroupSpec) -> String {
        let origin = spec.origin.isEmpty ? "" : " (\(spec.origin))"
        return "WSGIDaemonProcess '\(spec.name)'\(origin)"
    }
}
