internal import ProcessKit
public import WSGIConfig
internal import WSGICore

/// Chooses the Python of an application by examining files only. Nothing is executed with httpd's rights.
public enum PythonChoice {
    /// The executable for a process group.
    ///
    /// A path that cannot be examined, because the user of `files` may not enter a directory or the file system does
    /// not answer, counts as valid. The process itself will report the problem.
    ///
    /// - Parameter root: The directory that will be the root of the process; empty: the system's root. Links are not
    ///   followed below it, because they would lead out of it.
    static func executable(
        _ options: DaemonOptions, _ global: GlobalSettings, _ fallback: String, _ files: UserFiles, for owner: String,
        root: String = ""
    ) throws(ResolutionError) -> String {
        guard root.isEmpty else { return try executable(options, global, fallback, files, owner, inside: root) }
        if let python = options.python { return try check(python, "python=", files, owner) }
        if let home = options.pythonHome { return try executable(home: home, "python-home=\(home)", files, owner) }
        if let home = global.pythonHome { return try executable(home: home, "WSGIPythonHome \(home)", files, owner) }
        return try check(fallback, "the default Python", files, owner)
    }

    private static func executable(
        _ options: DaemonOptions, _ global: GlobalSettings, _ fallback: String, _ files: UserFiles, _ owner: String,
        inside root: String
    ) throws(ResolutionError) -> String {
        let home = options.pythonHome ?? global.pythonHome
        let prefix = home.map { String($0.split(separator: ":", maxSplits: 1).first ?? "") }
        let candidates =
            options.python.map { [$0] } ?? prefix.map { [$0 + "/bin/python", $0 + "/bin/python3"] } ?? [fallback]
        if let found = candidates.first(where: { !files.isMissing(root + $0) || files.isLink(root + $0) }) {
            return found
        }
        throw ResolutionError(
            .pythonMissing,
            "\(owner): there is no Python '\(candidates.first ?? "")' within chroot=\(root): the directory must hold a "
                + "complete Python, at the path of python=, python-home= or WSGIPythonHome as seen from inside.")
    }

    /// The executable of embedded applications.
    public static func embedded(
        _ global: GlobalSettings, _ fallback: String, _ files: UserFiles
    ) throws(ResolutionError) -> String {
        guard let home = global.pythonHome else {
            return try check(fallback, "the default Python", files, "Embedded mode")
        }
        return try executable(home: home, "WSGIPythonHome \(home)", files, "Embedded mode")
    }

    private static func executable(
        home: String, _ setting: String, _ files: UserFiles, _ owner: String
    ) throws(ResolutionError) -> String {
        // `prefix:exec_prefix` is accepted for compatibility. The executable is below the prefix.
        let prefix = String(home.split(separator: ":", maxSplits: 1).first ?? "")
        let kind = files.status(of: prefix).kind
        guard kind == .directory || kind == .unknown else {
            throw ResolutionError(
                kind == .missing ? .pythonMissing : .pythonHomeInside,
                "\(owner): \(setting) \(kind == .missing ? "does not exist" : "is not a directory"). "
                    + suggestion(
                        prefix, files, "It must be the directory that holds pyvenv.cfg, made with 'python3 -m venv'.")
            )
        }
        if let configuration = files.text(of: prefix + "/pyvenv.cfg") {
            try check(version: configuration, prefix, setting, owner)
        }
        let candidates = [prefix + "/bin/python", prefix + "/bin/python3"]
        if let found = candidates.first(where: { mayRun($0, files) }) {
            return try check(versionOf: found, setting, files, owner)
        }
        let broken = candidates.contains { files.isLink($0) }
        throw ResolutionError(
            broken ? .pythonMissing : .pythonHomeInside,
            broken
                ? "\(owner): \(setting): its bin/python points to a Python that no longer exists; create the "
                    + "virtual environment again: python3 -m venv --clear \(prefix)."
                : "\(owner): \(setting) has no bin/python and so is not a Python installation. "
                    + suggestion(
                        prefix, files, "Name the directory that holds pyvenv.cfg, made with 'python3 -m venv'."))
    }

    /// Throws for a virtual environment of a Python that the engine does not support.
    private static func check(
        version configuration: String, _ prefix: String, _ setting: String, _ owner: String
    ) throws(ResolutionError) {
        for line in configuration.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map { trimmed($0) }
            guard parts.count == 2, parts[0] == "version" || parts[0] == "version_info" else { continue }
            guard isTooOld(parts[1]) else { continue }
            throw ResolutionError(
                .pythonUnsupported,
                "\(owner): \(setting) is a virtual environment of Python \(PythonFacts.shown(parts[1])) (\(prefix)/pyvenv.cfg); this module "
                    + "needs \(PythonFacts.oldest.major).\(PythonFacts.oldest.minor) or later. "
                    + "Create it again with a newer Python: python3 -m venv --clear \(prefix).")
        }
    }

    /// Whether the path is, or may be, a program.
    private static func mayRun(_ path: String, _ files: UserFiles) -> Bool {
        let status = files.status(of: path)
        return status.isProgram || status.kind == .unknown
    }

    private static func check(
        _ path: String, _ setting: String, _ files: UserFiles, _ owner: String
    ) throws(ResolutionError) -> String {
        if mayRun(path, files) { return try check(versionOf: path, setting, files, owner) }
        let state = files.exists(path) ? "is not an executable file" : "does not exist"
        throw ResolutionError(
            .pythonMissing,
            "\(owner): \(setting) '\(path)' \(state): name a Python executable, such as /usr/bin/python3.")
    }

    /// Throws for an executable whose name shows a version that the engine does not support.
    private static func check(
        versionOf executable: String, _ setting: String, _ files: UserFiles, _ owner: String
    ) throws(ResolutionError) -> String {
        guard let version = PythonFacts(executable: executable, files).executableVersion, isTooOld(version) else {
            return executable
        }
        throw ResolutionError(
            .pythonUnsupported,
            "\(owner): \(setting) is Python \(version) ('\(executable)'); this module needs "
                + "\(PythonFacts.oldest.major).\(PythonFacts.oldest.minor) or later. Name a newer one.")
    }

    /// Whether the engine does not support this version of Python.
    static func isTooOld(_ version: String) -> Bool {
        PythonVersion(text: version).map { $0 < PythonFacts.oldest } ?? false
    }

    /// A suggestion: the directory above that holds a virtual environment.
    private static func suggestion(_ path: String, _ files: UserFiles, _ otherwise: String) -> String {
        var parts = path.split(separator: "/").map(String.init)
        while !parts.isEmpty {
            parts.removeLast()
            let above = "/" + parts.joined(separator: "/")
            if files.exists(above + "/pyvenv.cfg") {
                return "Did you mean \(above), the directory that holds pyvenv.cfg?"
            }
        }
        return otherwise
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
