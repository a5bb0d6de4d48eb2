internal import Glibc
internal import ProcessKit
internal import WSGICore

/// Finds the shared library of a Python by examining files only. Nothing is executed with httpd's rights.
public enum PythonLibrary {
    /// The names to pass to `dlopen`, best first.
    ///
    /// The executable that a virtual environment's `bin/python` leads to shows the version in its name and the location
    /// of the library by its directory. The system finds a distribution's library by its plain name.
    public static func find(for python: String, _ files: UserFiles) throws(ResolutionError) -> [String] {
        let status = files.status(of: python)
        guard status.kind != .missing, let real = files.realPath(python) else {
            throw ResolutionError(
                .pythonMissing,
                status.kind == .missing
                    ? "'\(python)' does not exist, or leads to a file that does not exist." : unknown(python, status))
        }
        let prefix = directory(of: directory(of: real))
        guard let minor = minorVersion(of: real) ?? minorVersion(inLibraries: prefix, files) else {
            guard status.kind != .unknown else { throw ResolutionError(.pythonMissing, unknown(python, status)) }
            throw ResolutionError(
                .embeddedStartFailed,
                "'\(real)' does not show which Python it is, and \(prefix)/lib has no libpython3.*.so.1.0: use a Python "
                    + "built with --enable-shared, or run the application in daemon processes, which need no libpython."
            )
        }
        guard minor >= PythonFacts.oldest.minor else {
            throw ResolutionError(
                .pythonUnsupported,
                "'\(real)' is Python 3.\(minor); this module needs 3.\(PythonFacts.oldest.minor) or later: name another "
                    + "one with WSGIPythonHome.")
        }
        let name = "libpython3.\(minor).so.1.0"
        return ["\(prefix)/lib/\(name)", "\(prefix)/lib64/\(name)"].filter { !files.isMissing($0) } + [name]
    }

    /// The message about a Python that httpd cannot examine.
    private static func unknown(_ python: String, _ status: FileStatus) -> String {
        let reason =
            switch status.code {
            case EACCES: "httpd's user may not enter a directory on the way to it; configtest names it"
            case ETIMEDOUT: "the file system does not answer"
            default: SystemError.reason(status.code)
            }
        return "'\(python)' cannot be used: \(reason)."
    }

    /// The 11 of `python3.11`.
    private static func minorVersion(of path: String) -> Int? {
        let name = path.split(separator: "/").last ?? ""
        return name.hasPrefix("python3.") ? Int(name.dropFirst("python3.".count)) : nil
    }

    /// The newest version whose library is in a directory.
    private static func minorVersion(inLibraries prefix: String, _ files: UserFiles) -> Int? {
        (PythonFacts.oldest.minor...PythonFacts.newestThought).last {
            files.exists("\(prefix)/lib/libpython3.\($0).so.1.0")
        }
    }

}
