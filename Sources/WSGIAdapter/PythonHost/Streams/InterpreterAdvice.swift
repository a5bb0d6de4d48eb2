internal import WSGICore

/// Advice after an exception of an extension module that works in only one interpreter of a process.
enum InterpreterAdvice {
    /// Phrases of such exceptions, in lower case, and the software that raises them.
    private static let phrases: [(phrase: String, source: String)] = [
        ("do not yet support subinterpreters", "PyO3 (Rust)"),
        ("may only be initialized once per interpreter process", "PyO3 (Rust)"),
        ("can only be loaded into one interpreter", "Cython"),
        ("re-initialisation is not supported", "Cython"),
        ("cannot load module more than once per process", "NumPy"),
        ("does not support loading in subinterpreters", "CPython"),
        ("only be loaded once", "the module"),
        ("not support subinterpreters", "the module"),
        ("not support sub-interpreters", "the module"),
        ("subinterpreters are not supported", "the module"),
        ("sub-interpreters are not supported", "the module"),
    ]

    /// The advice, if one of a traceback's `lines` is such an exception.
    static func text(for lines: [String], in group: String) -> String? {
        guard let found = lines.lazy.compactMap(match).first else { return nil }
        let place =
            group.isEmpty
            ? "and another interpreter of this process has loaded it before" : "and this is the interpreter '\(group)'"
        return "An extension module works in only one interpreter of a process (\(found.source) reports "
            + "'\(found.phrase)'), \(place). Add application-group=%{GLOBAL} to the WSGIScriptAlias of each application that "
            + "uses it, or 'WSGIApplicationGroup %{GLOBAL}' to its directory or location, and run it in a process group of its "
            + "own (WSGIDaemonProcess NAME, process-group=NAME)."
    }

    private static func match(_ line: String) -> (phrase: String, source: String)? {
        // Lines of source code begin with spaces.
        guard !line.hasPrefix(" ") else { return nil }
        let lower = line.lowercased()
        return phrases.first { lower.contains($0.phrase) }
    }
}
