internal import ProcessKit
internal import WSGICore

/// What the log says when the process of a worker could not be made: whose, what was tried, why, and what to do.
enum SpawnMessage {
    /// One line for a failed spawn of this group.
    static func text(_ failure: SpawnFailure, _ spec: GroupSpec) -> String {
        let what = sentence(failure, spec)
        return "Unable to start a process of \(WorkerLauncher.name(spec)): \(what)"
    }

    /// One line for a process of this group that was killed because it has not reached exec.
    static func delayed(_ spec: GroupSpec) -> String {
        let directory = spec.workingDirectory.isEmpty ? "" : "'\(spec.workingDirectory)' or of "
        return
            "Unable to start a process of \(WorkerLauncher.name(spec)): it did not begin to run '\(spec.python)' within "
            + "\(WorkerProcess.launchTime / 1_000) s and was killed. Perhaps the file system of \(directory)Python does not "
            + "answer, somebody holds a lease on the program, or somebody has stopped the process."
    }

    private static func sentence(_ failure: SpawnFailure, _ spec: GroupSpec) -> String {
        let user = spec.changesUser ? "user '\(spec.userName)' (uid \(spec.userID))" : "the user of httpd"
        switch failure.step {
        case .fork:
            return "there can be no further process (\(failure.reason)). Check the limits of processes and of memory."
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
                + refused(failure, spec.workingDirectory) + ". Correct home=, or the permissions."
        case .root:
            return "the directory '\(spec.root)' cannot become its root (\(failure.reason))"
                + refused(failure, spec.root) + ". Correct chroot=; it needs httpd to be started by root."
        case .execute:
            return "\(user) cannot run the Python executable '\(spec.python)' (\(failure.reason))"
                + refused(failure, spec.python) + advice(failure, spec)
        }
    }

    /// Which part of the path refuses, if it is not the whole.
    private static func refused(_ failure: SpawnFailure, _ path: String) -> String {
        guard let part = failure.refusedPart(of: path), part != path else { return "" }
        return failure.code == 2 ? ": there is no '\(part)'" : ": '\(part)' refuses"
    }

    private static func advice(_ failure: SpawnFailure, _ spec: GroupSpec) -> String {
        switch failure.code {
        case 2 where !spec.root.isEmpty:
            ". Within chroot=\(spec.root) there must be Python with everything that it needs."
        case 2 where failure.refusedLength == 0:
            ". The file exists: the interpreter that its first line names, or its loader, does not."
        case 2:
            ". Check python-home=, python= and WSGIPythonHome; a virtual environment must have bin/python."
        case 8:
            ". It is not a program for this machine."
        default:
            ". Check its permissions and those of its directories."
        }
    }
}
