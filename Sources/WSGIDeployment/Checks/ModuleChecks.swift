internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// Checks that this module is the only one of its name.
enum ModuleChecks {
    /// `LoadModule wsgi_module` in two places: httpd loads the first and skips the other.
    ///
    /// httpd's tree of directives has no `LoadModule`, so the files are read again. The contents of `<IfModule>` and
    /// similar sections are ignored, because only httpd knows whether they are in effect.
    static func loadedTwice(_ facts: ConfigFacts) -> [Finding] {
        guard let file = facts.machine.configurationFile else { return [] }
        var search = ModuleSearch(serverRoot: facts.machine.serverRoot)
        search.read(file, depth: 0)
        guard let first = search.found.first,
            let second = search.found.dropFirst().first(where: { $0.path != first.path })
        else { return [] }
        return [
            Finding(
                .moduleLoadedTwice, at: second.location,
                "LoadModule wsgi_module \(second.path): this line is skipped, because \(first.location) has already "
                    + "loaded \(first.path). Remove one of the lines (a2dismod wsgi removes that of a Debian package)."
            )
        ]
    }
}

/// Reads configuration files for `LoadModule wsgi_module`, and follows `Include`.
private struct ModuleSearch {
    /// A line that loads the module.
    struct Found {
        let location: SourceLocation
        let path: String
    }

    private static let deepestInclude = 16
    private static let largestFile = 4 << 20

    let serverRoot: String
    private(set) var found: [Found] = []

    init(serverRoot: String) { self.serverRoot = serverRoot }

    mutating func read(_ file: String, depth: Int) {
        guard depth < Self.deepestInclude, let contents = try? contentsOfFile(file, atMost: Self.largestFile) else {
            return
        }
        let text = String(decoding: contents, as: UTF8.self)
        var conditions = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = ((try? Words(String(line), of: "")) ?? nil)?.all.map(\.text) ?? []
            guard let name = words.first?.lowercased(), !name.hasPrefix("#") else { continue }
            if name.hasPrefix("<if") || name.hasPrefix("<macro") { conditions += 1 }
            if name.hasPrefix("</if") || name.hasPrefix("</macro") { conditions -= 1 }
            guard conditions == 0 else { continue }
            switch name {
            case "loadmodule" where words.count == 3 && words[1] == "wsgi_module":
                found.append(
                    Found(location: SourceLocation(file: file, line: index + 1), path: absolute(words[2])))
            case "include" where words.count == 2, "includeoptional" where words.count == 2:
                for file in files(absolute(words[1])) { read(file, depth: depth + 1) }
            default: break
            }
        }
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : serverRoot + "/" + path }

    /// The files that match a pattern, in httpd's order; for a directory, the files in it.
    private func files(_ pattern: String) -> [String] {
        var result = unsafe glob_t()
        defer { unsafe globfree(&result) }
        guard !pattern.contains("${"), unsafe glob(pattern, 0, nil, &result) == 0 else { return [] }
        var files: [String] = []
        for index in 0..<Int(clamping: unsafe result.gl_pathc) {
            guard let path = unsafe result.gl_pathv[index].map({ unsafe String(cString: $0) }) else { continue }
            files += UserFiles.own.isDirectory(path) ? self.files(path + "/*") : [path]
        }
        return files
    }
}
