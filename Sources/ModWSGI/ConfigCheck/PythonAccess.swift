internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// Whether those who run a Python may use it and the packages that are installed for it.
enum PythonAccess {
    /// Most entries of a directory of packages that are looked at.
    private static let mostPackages = 1000

    /// The Python of each process group, for its user.
    static func groups(_ facts: ConfigFacts) -> [Finding] {
        facts.groups.all.indices.compactMap { index in
            let definition = facts.groups.all[index].definition
            guard definition.options.chroot == nil, case .success(let spec) = facts.resolved[index],
                let user = facts.identity(ofGroup: index)
            else { return nil }
            let place = PythonChecks.location(of: definition, facts)
            let subject = "WSGIDaemonProcess '\(definition.name)'"
            if let reason = refusal(toRun: spec.python, user, facts.access) {
                return Finding(
                    .pythonMissing, .error, at: place,
                    "\(subject): the Python '\(spec.python)' cannot be run: \(reason). The group will answer 503.")
            }
            return packages(of: spec.python, subject, user, place, facts)
        }
    }

    /// The Python of embedded applications, for httpd's user.
    static func embedded(_ facts: ConfigFacts) -> [Finding] {
        guard PythonChecks.runsEmbedded(facts),
            let python = try? PythonChoice.embedded(facts.global, facts.machine.defaultPython),
            let libraries = try? PythonLibrary.find(for: python)
        else { return [] }
        let place = facts.location(of: "WSGIPythonHome")
        let user = facts.httpd
        let file = libraries.first { $0.hasPrefix("/") }
        let reason =
            facts.access.closed(directory(of: python), .enter, for: user)
            ?? file.flatMap { facts.access.closed($0, .read, for: user) }
        if let reason {
            return [
                Finding(
                    .pythonMissing, at: place,
                    "Embedded mode: the Python '\(python)' cannot be used: \(reason). Embedded applications will answer "
                        + "500.")
            ]
        }
        return packages(of: python, "Embedded mode", user, place, facts).map { [$0] } ?? []
    }

    /// What keeps a user from running an executable; links are followed by hand, to tell what they lead to.
    private static func refusal(toRun python: String, _ user: Identity, _ access: AccessSurvey) -> String? {
        access.closed(directory(of: python), .enter, for: user)
            ?? realPath(python).flatMap { access.closed($0, .enter, for: user) }
            ?? access.closed(python, .enter, for: user)
    }

    /// What keeps a user from importing packages of a virtual environment or an installation.
    private static func packages(
        of python: String, _ subject: String, _ user: Identity, _ place: SourceLocation?, _ facts: ConfigFacts
    ) -> Finding? {
        let python = PythonFacts(executable: python)
        let configuration = python.prefix + "/pyvenv.cfg"
        guard let version = python.executableVersion else { return nil }
        let number = PythonFacts.minor(version).joined(separator: ".")
        let directory = "\(python.prefix)/lib/python\(number)/site-packages"
        guard isDirectory(directory) else { return nil }
        func finding(_ what: String, _ reason: String) -> Finding {
            Finding(.searchPathUnusable, .notice, at: place, "\(subject): \(what): \(reason).")
        }
        if exists(configuration), let reason = facts.access.closed(configuration, .read, for: user) {
            return finding("no package will be found in the virtual environment '\(python.prefix)'", reason)
        }
        let closed =
            facts.access.closed(directory, .enter, for: user) ?? facts.access.closed(directory, .read, for: user)
        if let closed { return finding("no package will be found in '\(directory)'", closed) }
        return closedPackage(in: directory, user, facts.access).map { name, reason in
            finding("'\(name)' in '\(directory)' cannot be imported", reason)
        }
    }

    /// The first package or module that a user may not read: they were installed by somebody with a strict umask.
    private static func closedPackage(
        in directory: String, _ user: Identity, _ access: AccessSurvey
    ) -> (name: String, reason: String)? {
        for name in names(in: directory, atMost: mostPackages) {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { continue }
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            guard isDirectory || name.hasSuffix(".py") || name.hasSuffix(".so") || name.hasSuffix(".pth") else {
                continue
            }
            let shift: UInt32 = status.st_uid == user.user ? 6 : user.groups.contains(status.st_gid) ? 3 : 0
            let wanted: UInt32 = isDirectory ? 0o5 : 0o4
            // The mode says no: the kernel has the last word.
            guard status.st_mode >> shift & wanted != wanted else { continue }
            let reason =
                (isDirectory ? access.closed(path, .enter, for: user) : nil)
                ?? access.closed(path, .read, for: user)
            if let reason { return (name, reason) }
        }
        return nil
    }

    /// The names of what is in a directory and can be imported, sorted.
    private static func names(in directory: String, atMost limit: Int) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while names.count < limit, let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), !name.hasPrefix("__"), !name.hasSuffix("-info") else { continue }
            names.append(name)
        }
        return names.sorted()
    }

}
