internal import ProcessKit
internal import WSGICore

/// The log message for a worker process that could not be created: its group, the failed step, the reason and a remedy.
enum SpawnMessage {
    /// One line for a failed spawn of this group.
    static func text(_ failure: SpawnError, _ spec: GroupSpec) -> String {
        let what = sentence(failure, spec)
        return "Unable to start a process of \(name(spec)): \(what)"
    }

    /// One line for a process of this group that was killed because it did not reach exec in time.
    static func delayed(_ spec: GroupSpec) -> String {
        let directory = spec.workingDirectory.isEmpty ? "" : "'\(spec.workingDirectory)' or of "
        return
            "Unable to start a process of \(name(spec)): it did not begin to run '\(spec.python)' within "
            + "\(WorkerProcess.launchTime / 1_000) s and was killed. Possible causes: the file system of "
            + "\(directory)Python does not respond, another process holds a lease on the program, or the process was stopped."
    }

    private static func sentence(_ failure: SpawnError, _ spec: GroupSpec) -> String {
        let user = spec.changesUser ? "user '\(spec.userName)' (uid \(spec.userID))" : "the user of httpd"
        switch failure.step {
        case .fork:
            return "unable to create a process (\(failure.reason)). Check the limits on processes and memory."
        case .descriptors, .limits:
            return "its descriptors cannot be set up (\(failure.reason))."
        case .group:
            return "unable to become group id \(spec.groupID) (\(failure.reason))."
        case .supplementaryGroups:
            return "unable to take on the supplementary groups of \(user) (\(failure.reason))."
        case .user:
            return "unable to become \(user) (\(failure.reason))."
        case .directory:
            return "\(user) cannot enter the directory '\(spec.workingDirectory)' (\(failure.reason))"
                + obstacle(failure, spec.workingDirectory) + ". Correct home=, or the permissions."
        case .root:
            return "the directory '\(spec.root)' cannot become its root (\(failure.reason))"
                + obstacle(failure, spec.root) + ". Correct chroot=, which requires that httpd is started by root."
        case .execute:
            return "\(user) cannot run the Python executable '\(spec.python)' (\(failure.reason))"
                + obstacle(failure, spec.python) + advice(failure, spec)
        }
    }

    /// The part of the path that caused the error, unless it is the whole path.
    private static func obstacle(_ failure: SpawnError, _ path: String) -> String {
        guard let part = failure.refusedPart(of: path), part != path else { return "" }
        return failure.code == 2 ? ": there is no '\(part)'" : ": the error is at '\(part)'"
    }

    private static func advice(_ failure: SpawnError, _ spec: GroupSpec) -> String {
        switch failure.code {
        case 2 where !spec.root.isEmpty:
            ". chroot=\(spec.root) must contain Python and everything that it needs."
        case 2 where failure.deniedLength == 0:
            ". The file exists: the interpreter that its first line names, or its loader, does not."
        case 2:
            ". Check python-home=, python= and WSGIPythonHome; a virtual environment must have bin/python."
        case 8:
            ". It is not a program for this machine."
        default:
            ". Check its permissions and those of its directories."
        }
    }

    /// The name of the group in messages.
    static func name(_ spec: GroupSpec) -> String {
        let origin = spec.origin.isEmpty ? "" : " (\(spec.origin))"
        return "WSGIDaemonProcess '\(spec.name)'\(origin)"
    }
}
