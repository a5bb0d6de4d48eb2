internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// Checks whether the users that run a Python may use it and its installed packages.
enum PythonAccess {
    /// The maximum number of entries of a package directory that are checked.
    private static let mostPackages = 1000

    /// The Python of each process group, for its user.
    static func groups(_ facts: ConfigFacts) -> [Finding] {
        facts.groups.all.indices.compactMap { index in
            let definition = facts.groups.all[index].definition
            guard definition.options.chroot == nil, case .success(let spec) = facts.resolved[index],
                let user = facts.identity(ofGroup: index)
            else { return nil }
            let location = PythonChecks.location(of: definition, facts)
            let subject = "WSGIDaemonProcess '\(definition.name)'"
            if let reason = denial(toRun: spec.python, user) {
                return .unusable(
                    .pythonMissing, at: location,
                    "\(subject): the Python '\(spec.python)' cannot be run: \(reason).", about: [spec.python])
            }
            return packages(of: spec.python, subject, user, location, facts)
        }
    }

    /// The Python of embedded applications, for httpd's user.
    static func embedded(_ facts: ConfigFacts) -> [Finding] {
        guard PythonChecks.runsEmbedded(facts),
            let python = try? PythonChoice.embedded(facts.global, facts.machine.defaultPython, facts.httpd.files)
        else { return [] }
        let location = facts.location(of: "WSGIPythonHome")
        let user = facts.httpd
        let file = (try? PythonLibrary.find(for: python, user.files))?.first { $0.hasPrefix("/") }
        let reason =
            PathAccess.closed(directory(of: python), .enter, for: user)
            ?? file.flatMap { PathAccess.closed($0, .read, for: user) }
        if let reason {
            return [
                Finding(
                    .pythonMissing, at: location,
                    "Embedded mode: the Python '\(python)' cannot be used: \(reason). Embedded applications will answer "
                        + "500.")
            ]
        }
        return packages(of: python, "Embedded mode", user, location, facts).map { [$0] } ?? []
    }

    /// The reason why a user cannot run an executable. Links are followed one by one, to report where they lead.
    private static func denial(toRun python: String, _ user: Identity) -> String? {
        PathAccess.closed(directory(of: python), .enter, for: user)
            ?? user.files.realPath(python).flatMap { PathAccess.closed($0, .enter, for: user) }
            ?? PathAccess.closed(python, .enter, for: user)
    }

    /// The reason why a user cannot import packages of a virtual environment or an installation.
    private static func packages(
        of python: String, _ subject: String, _ user: Identity, _ location: SourceLocation?, _ facts: ConfigFacts
    ) -> Finding? {
        let python = PythonFacts(executable: python, user.files)
        let configuration = python.prefix + "/pyvenv.cfg"
        guard let version = python.executableVersion else { return nil }
        let number = PythonFacts.minor(version).joined(separator: ".")
        let directory = "\(python.prefix)/lib/python\(number)/site-packages"
        guard user.files.isDirectory(directory) else { return nil }
        func finding(_ what: String, _ reason: String) -> Finding {
            Finding(.searchPathUnusable, .notice, at: location, "\(subject): \(what): \(reason).")
        }
        if !user.files.isMissing(configuration), let reason = PathAccess.closed(configuration, .read, for: user) {
            return finding("no package will be found in the virtual environment '\(python.prefix)'", reason)
        }
        let closed =
            PathAccess.closed(directory, .enter, for: user) ?? PathAccess.closed(directory, .read, for: user)
        if let closed { return finding("no package will be found in '\(directory)'", closed) }
        return closedPackage(in: directory, user).map { name, reason in
            finding("'\(name)' in '\(directory)' cannot be imported", reason)
        }
    }

    /// The first package or module that a user may not read, usually because it was installed with a strict umask.
    private static func closedPackage(
        in directory: String, _ user: Identity
    ) -> (name: String, reason: String)? {
        let names = user.files.names(in: directory, atMost: mostPackages).filter(canBeImported).sorted()
        user.files.prepare(names.map { "\(directory)/\($0)" })
        for name in names {
            let path = "\(directory)/\(name)"
            let status = user.files.status(of: path)
            guard status.code == 0 else { continue }
            let isDirectory = status.kind == .directory
            guard isDirectory || name.hasSuffix(".py") || name.hasSuffix(".so") || name.hasSuffix(".pth") else {
                continue
            }
            let shift: UInt32 = status.user == user.user ? 6 : user.groups.contains(status.group) ? 3 : 0
            let wanted: UInt32 = isDirectory ? 0o5 : 0o4
            // The mode denies access, but the kernel decides.
            guard status.mode >> shift & wanted != wanted else { continue }
            let reason =
                (isDirectory ? PathAccess.closed(path, .enter, for: user) : nil)
                ?? PathAccess.closed(path, .read, for: user)
            if let reason { return (name, reason) }
        }
        return nil
    }

    /// Whether a name in a package directory can be that of a package.
    private static func canBeImported(_ name: String) -> Bool { !name.hasPrefix("__") && !name.hasSuffix("-info") }
}
