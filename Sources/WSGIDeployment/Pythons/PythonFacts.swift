internal import WSGICore

/// The properties of a Python that its files show, without running it.
struct PythonFacts {
    /// The oldest Python that the engine supports.
    static let oldest = PythonVersion.oldest
    /// The highest minor version that is tried if only the name of a file shows the version.
    static let newestThought = 20

    /// The installation or virtual environment.
    let prefix: String
    /// The version in `pyvenv.cfg`; `nil` if this is not a virtual environment.
    let environmentVersion: String?
    /// The version in the name of the executable, after all symbolic links.
    let executableVersion: String?

    /// Examines an installation or virtual environment; of `prefix:exec_prefix`, the prefix.
    init(prefix home: String, _ files: UserFiles) {
        prefix = String(home.split(separator: ":", maxSplits: 1).first ?? "")
        environmentVersion = Self.environmentVersion(prefix, files)
        let prefix = prefix
        executableVersion =
            ["python", "python3"].lazy.compactMap { Self.version(of: "\(prefix)/bin/\($0)", files) }.first
    }

    /// Examines an executable.
    init(executable: String, _ files: UserFiles) {
        let parts = executable.split(separator: "/").dropLast(2)
        prefix = "/" + parts.joined(separator: "/")
        environmentVersion = Self.environmentVersion(prefix, files)
        executableVersion = Self.version(of: executable, files)
    }

    /// The most precise version that is known.
    var version: String? {
        guard let made = environmentVersion else { return executableVersion }
        // The executable decides which Python runs. pyvenv.cfg may have more digits of the same version.
        guard let now = executableVersion, Self.minor(now) != Self.minor(made) else { return made }
        return now
    }

    /// The first two numbers of a version.
    static func minor(_ version: String) -> [Substring] { Array(version.split(separator: ".").prefix(2)) }

    /// A version for messages, cut at the first character that is not valid in one: an untrusted user may own the file.
    static func shown(_ version: some StringProtocol) -> String {
        String(version.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || ".+-".contains($0)) })
    }

    private static func environmentVersion(_ prefix: String, _ files: UserFiles) -> String? {
        for line in (files.text(of: prefix + "/pyvenv.cfg") ?? "").split(separator: "\n") {
            let words = line.split { $0 == "=" || $0 == " " || $0 == "\t" || $0 == "\r" }
            guard words.count == 2, words[0] == "version" || words[0] == "version_info" else { continue }
            return shown(words[1])
        }
        return nil
    }

    private static func version(of executable: String, _ files: UserFiles) -> String? {
        guard let path = files.realPath(executable) else { return nil }
        let name = path.split(separator: "/").last ?? ""
        // Trailing letters denote a build, such as the free-threaded python3.13t.
        let number = name.drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }
        if name.hasPrefix("python"), number.contains(".") { return String(number) }
        // Some installations have a plain `python3`; the directory of their library shows the version.
        let prefix = path.split(separator: "/").dropLast(2).joined(separator: "/")
        let libraries = (0...newestThought).map { "/\(prefix)/lib/python3.\($0)/os.py" }
        files.prepare(libraries)
        let found = libraries.indices.filter { files.exists(libraries[$0]) }
        return found.count == 1 ? "3.\(found[0])" : nil
    }
}
