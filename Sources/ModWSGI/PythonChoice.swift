internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// Which Python runs an application, found by looking at files only: nothing is executed with httpd's rights.
enum PythonChoice {
    /// The oldest Python the engine runs in.
    static let oldest = PythonVersion.oldest
    /// How far the numbers of versions are tried where only a file's name tells them.
    static let newestThought = 20

    /// The executable for a process group.
    ///
    /// - Parameter root: The directory below which it will be looked for, empty for the machine's root. Links are not
    ///   followed there, since they would lead out of it.
    static func executable(
        _ options: DaemonOptions, _ global: GlobalSettings, _ fallback: String, for owner: String, root: String = ""
    ) throws(StartError) -> String {
        guard root.isEmpty else { return try executable(options, global, fallback, owner, inside: root) }
        if let python = options.python { return try check(python, "python=", owner) }
        if let home = options.pythonHome { return try executable(home: home, "python-home=\(home)", owner) }
        if let home = global.pythonHome { return try executable(home: home, "WSGIPythonHome \(home)", owner) }
        return try check(fallback, "the default Python", owner)
    }

    private static func executable(
        _ options: DaemonOptions, _ global: GlobalSettings, _ fallback: String, _ owner: String, inside root: String
    ) throws(StartError) -> String {
        let home = options.pythonHome ?? global.pythonHome
        let prefix = home.map { String($0.split(separator: ":", maxSplits: 1).first ?? "") }
        let candidates =
            options.python.map { [$0] } ?? prefix.map { [$0 + "/bin/python", $0 + "/bin/python3"] } ?? [fallback]
        if let found = candidates.first(where: { exists(root + $0) || isLink(root + $0) }) { return found }
        throw StartError(
            .pythonMissing,
            "\(owner): there is no Python '\(candidates.first ?? "")' within chroot=\(root): the directory must hold a "
                + "whole Python, at the path that python=, python-home= or WSGIPythonHome names as seen from inside.")
    }

    /// The executable of embedded applications.
    static func embedded(_ global: GlobalSettings, _ fallback: String) throws(StartError) -> String {
        guard let home = global.pythonHome else { return try check(fallback, "the default Python", "Embedded mode") }
        return try executable(home: home, "WSGIPythonHome \(home)", "Embedded mode")
    }

    private static func executable(home: String, _ setting: String, _ owner: String) throws(StartError) -> String {
        // `prefix:exec_prefix` is accepted for compatibility; the executable is below the prefix.
        let prefix = String(home.split(separator: ":", maxSplits: 1).first ?? "")
        guard isDirectory(prefix) else {
            throw StartError(
                exists(prefix) ? .pythonHomeInside : .pythonMissing,
                "\(owner): \(setting) is not a directory\(exists(prefix) ? "" : " that exists"). "
                    + suggestion(prefix, "It must be the directory that holds pyvenv.cfg, made with 'python3 -m venv'.")
            )
        }
        if let configuration = readFile(prefix + "/pyvenv.cfg") {
            try check(version: configuration, prefix, setting, owner)
        }
        for name in ["python", "python3"] where isExecutable(prefix + "/bin/" + name) {
            return try check(versionOf: prefix + "/bin/" + name, setting, owner)
        }
        let broken = isLink(prefix + "/bin/python") || isLink(prefix + "/bin/python3")
        throw StartError(
            broken ? .pythonMissing : .pythonHomeInside,
            broken
                ? "\(owner): \(setting): its bin/python points to a Python that is no longer there; make the virtual "
                    + "environment again: python3 -m venv --clear \(prefix)."
                : "\(owner): \(setting) holds no bin/python and so is no Python installation. "
                    + suggestion(prefix, "Name the directory that holds pyvenv.cfg, made with 'python3 -m venv'."))
    }

    /// Refuses a virtual environment of a Python that the engine cannot run in.
    private static func check(
        version configuration: String, _ prefix: String, _ setting: String, _ owner: String
    ) throws(StartError) {
        for line in configuration.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map { trimmed($0) }
            guard parts.count == 2, parts[0] == "version" || parts[0] == "version_info" else { continue }
            guard isTooOld(parts[1]) else { continue }
            throw StartError(
                .pythonUnsupported,
                "\(owner): \(setting) is a virtual environment of Python \(parts[1]) (\(prefix)/pyvenv.cfg); this module "
                    + "needs \(oldest.major).\(oldest.minor) or later. Make it again with a newer Python: "
                    + "python3 -m venv --clear \(prefix).")
        }
    }

    private static func check(_ path: String, _ setting: String, _ owner: String) throws(StartError) -> String {
        if isExecutable(path) && !isDirectory(path) { return try check(versionOf: path, setting, owner) }
        let state = exists(path) ? "is not an executable file" : "does not exist"
        throw StartError(
            .pythonMissing,
            "\(owner): \(setting) '\(path)' \(state): name a Python executable, such as /usr/bin/python3.")
    }

    /// Refuses an executable whose name says that the engine cannot run in it.
    private static func check(
        versionOf executable: String, _ setting: String, _ owner: String
    ) throws(StartError) -> String {
        guard let version = PythonFacts(executable: executable).executableVersion, isTooOld(version) else {
            return executable
        }
        throw StartError(
            .pythonUnsupported,
            "\(owner): \(setting) is Python \(version) ('\(executable)'); this module needs "
                + "\(oldest.major).\(oldest.minor) or later. Name a newer one.")
    }

    /// Whether the engine cannot run in a Python of this version.
    static func isTooOld(_ version: String) -> Bool {
        PythonVersion(text: version).map { $0 < oldest } ?? false
    }

    /// What was probably meant: the directory above that holds a virtual environment.
    private static func suggestion(_ path: String, _ otherwise: String) -> String {
        var parts = path.split(separator: "/").map(String.init)
        while !parts.isEmpty {
            parts.removeLast()
            let above = "/" + parts.joined(separator: "/")
            if exists(above + "/pyvenv.cfg") { return "Did you mean \(above), the directory that holds pyvenv.cfg?" }
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
