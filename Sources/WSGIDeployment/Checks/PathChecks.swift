internal import WSGIConfig
internal import WSGICore

/// Checks whether files and directories of the configuration are accessible to the users that need them.
enum PathChecks {
    /// The working directories of process groups.
    static func workingDirectories(_ facts: ConfigFacts) -> [Finding] {
        facts.groups.all.indices.compactMap { index in
            let definition = facts.groups.all[index].definition
            guard definition.options.chroot == nil, case .success(let spec) = facts.resolved[index],
                !spec.workingDirectory.isEmpty, let identity = facts.identity(ofGroup: index)
            else { return nil }
            let directory = spec.workingDirectory
            let subject =
                "WSGIDaemonProcess '\(definition.name)': "
                + (definition.options.home == nil
                    ? "the home directory '\(directory)' of user '\(spec.userName)', its working directory,"
                    : "home=\(directory)")
            let reason: String
            // A file would fail the check for lack of a right that it should not have.
            let isFile = identity.files.isFile(directory)
            switch isFile ? nil : PathAccess.denial(directory, .enter, for: identity) {
            case .missing(let part):
                reason =
                    "\(subject) cannot be entered: '\(part)' does not exist. "
                    + (definition.options.home == nil
                        ? "Give home= a directory that does." : "Create it, or correct home=.")
            case .closed(let text): reason = "\(subject) cannot be entered: \(text)."
            case nil:
                guard isFile else { return nil }
                reason = "\(subject) is not a directory. Correct home=."
            }
            return .unusable(.homeUnusable, at: definition.location, reason, about: [directory])
        }
    }

    /// A directory in which a Python searches for modules.
    private struct SearchPath {
        let directory: String
        /// The option or directive, before the directory.
        let setting: String
        let location: SourceLocation
        /// The user of the Python.
        let user: Identity
        /// The process group; `nil`: embedded.
        let group: Int?
    }

    /// Directories in which Python searches for modules.
    static func searchPaths(_ facts: ConfigFacts) -> [Finding] { paths(facts).compactMap(closed) }

    /// Directories of installed packages whose path contains the version of a Python other than the one that uses them.
    static func searchPathsOfOtherPythons(_ facts: ConfigFacts) -> [Finding] {
        paths(facts).compactMap { path in
            guard let other = version(inPath: path.directory), let python = python(of: path, facts),
                let version = PythonFacts(executable: python, path.user.files).version,
                PythonFacts.minor(version).joined(separator: ".") != other
            else { return nil }
            return Finding(
                .searchPathUnusable, .notice, at: path.location,
                "\(path.setting)\(path.directory): these are packages for Python \(other), but the processes run Python "
                    + "\(version) ('\(python)'): compiled modules will not be found, and others may fail. Remove the "
                    + "path; to use that virtual environment, set \(path.group == nil ? "WSGIPythonHome" : "python-home=") "
                    + "instead.")
        }
    }

    /// The version in a component such as `python3.11`.
    private static func version(inPath path: String) -> String? {
        path.split(separator: "/").lazy.compactMap { name -> String? in
            guard name.hasPrefix("python") else { return nil }
            let numbers = name.dropFirst(6).split(separator: ".", omittingEmptySubsequences: false)
            return numbers.count == 2 && numbers.allSatisfy { UInt($0) != nil } ? numbers.joined(separator: ".") : nil
        }.first
    }

    private static func python(of path: SearchPath, _ facts: ConfigFacts) -> String? {
        guard let group = path.group else {
            return try? PythonChoice.embedded(facts.global, facts.machine.defaultPython, facts.httpd.files)
        }
        return (try? facts.resolved[group].get())?.python
    }

    private static func paths(_ facts: ConfigFacts) -> [SearchPath] {
        var paths: [SearchPath] = []
        for (index, group) in facts.groups.all.enumerated() where group.definition.options.chroot == nil {
            let definition = group.definition
            guard let user = facts.identity(ofGroup: index) else { continue }
            paths += definition.options.pythonPath.map {
                SearchPath(
                    directory: $0, setting: "WSGIDaemonProcess '\(definition.name)': python-path=",
                    location: definition.location, user: user, group: index)
            }
        }
        facts.tree.forEach { node, within in
            guard node.name == "wsgipythonpath", within.isEmpty else { return }
            paths += node.words.joined(separator: ":").split(separator: ":").map {
                SearchPath(
                    directory: String($0), setting: "WSGIPythonPath ", location: node.location, user: facts.httpd,
                    group: nil)
            }
        }
        // A relative path depends on the working directory.
        return paths.filter { $0.directory.hasPrefix("/") }
    }

    private static func closed(_ path: SearchPath) -> Finding? {
        let (directory, identity) = (path.directory, path.user)
        let reason: String
        // The path may also be an archive of modules.
        let isFile = identity.files.isFile(directory)
        // Python lists the directory, and treats one that it may not list as empty.
        let denial =
            (isFile ? nil : PathAccess.denial(directory, .enter, for: identity))
            ?? PathAccess.denial(directory, .read, for: identity)
        switch denial {
        case nil: return nil
        case .missing(let part): reason = "'\(part)' does not exist. Create it, or correct the path."
        case .closed(let text): reason = "\(text)."
        }
        return Finding(
            .searchPathUnusable, at: path.location,
            "\(path.setting)\(directory): no module will be found in this directory: \(reason)")
    }

    /// Script files, for httpd's user, which looks them up, and for the user that runs them.
    static func scripts(_ facts: ConfigFacts) -> [Finding] {
        var findings: [Finding] = []
        let httpd = facts.httpd
        var seen: Set<SourceLocation> = []
        prepare(facts)
        for mount in facts.mounts where mount.hasFixedTarget && !seen.contains(mount.alias.location) {
            let isFile = !mount.sample.isDirectory
            // httpd looks up the script. It reads it only if it runs it.
            let own = isFile && mount.processGroupName == "" ? PathAccess.Purpose.read : .enter
            let users = [(httpd, own)] + (readers(of: mount, facts).map { [($0, isFile ? .read : .enter)] } ?? [])
            for (user, purpose) in users {
                guard
                    let finding = script(
                        mount.alias.target.string, purpose, user, mount.title, mount.alias.location, isFile: isFile)
                else { continue }
                findings.append(finding)
                seen.insert(mount.alias.location)
                break
            }
        }
        return findings + hooks(facts, httpd)
    }

    /// Queries all scripts at once that `scripts` checks for httpd's user.
    private static func prepare(_ facts: ConfigFacts) {
        let targets = facts.mounts.filter(\.hasFixedTarget).map { ($0, $0.alias.target.string) }
        let files = facts.httpd.files
        let embedded = targets.filter { mount, _ in !mount.sample.isDirectory && mount.processGroupName == "" }
        files.prepare(embedded.map(\.1), access: PathAccess.Purpose.read.rawValue)
        let others = targets.filter { mount, _ in mount.sample.isDirectory || mount.processGroupName != "" }
        files.prepare(
            others.map { mount, path in mount.sample.isDirectory ? path : directory(of: path) },
            access: PathAccess.Purpose.enter.rawValue)
    }

    private static func script(
        _ path: String, _ purpose: PathAccess.Purpose, _ user: Identity, _ title: String, _ location: SourceLocation,
        isFile: Bool
    ) -> Finding? {
        guard path.hasPrefix("/") else {
            return Finding(
                .scriptMissing, at: location,
                "\(title): the script '\(path)' will not be found, because its path is relative. Write the absolute path."
            )
        }
        // Access to the directory decides whether a file is found. The right to execute the file is not needed.
        let subject = purpose == .enter && isFile ? directory(of: path) : path
        switch PathAccess.denial(subject, purpose, for: user) {
        case .closed(let text):
            return Finding(.scriptUnreadable, at: location, "\(title): the script '\(path)' cannot be used: \(text).")
        case .missing(let part):
            return Finding(
                .scriptMissing, at: location,
                "\(title): the script '\(path)' does not exist\(part == path ? "" : ": there is no '\(part)'"). Create it, "
                    + "or correct the path.")
        case nil:
            guard isFile, purpose == .enter, user.files.isMissing(path) else { return nil }
            return Finding(
                .scriptMissing, at: location,
                "\(title): the script '\(path)' does not exist. Create it, or correct the path.")
        }
    }

    /// The users, besides httpd's, that read the script of an alias.
    private static func readers(of mount: ConfigFacts.Mount, _ facts: ConfigFacts) -> Identity? {
        guard let name = mount.processGroupName, !name.isEmpty,
            case .found(let index) = facts.lookup(name, from: mount.host.index),
            facts.groups.all[index].definition.options.chroot == nil
        else { return nil }
        return facts.identity(ofGroup: index)
    }

    /// Scripts of other directives, which httpd's children load, except those of a process group.
    private static func hooks(_ facts: ConfigFacts, _ httpd: Identity) -> [Finding] {
        let position = [
            "wsgidispatchscript": 0, "wsgiaccessscript": 0, "wsgiauthuserscript": 0, "wsgiauthgroupscript": 0,
            "wsgihandlerscript": 1, "wsgiimportscript": 0,
        ]
        var findings: [Finding] = []
        facts.tree.forEach { node, _ in
            guard let index = position[node.name], node.words.indices.contains(index),
                let directive = DirectiveTable.directive(named: node.name)
            else { return }
            let path = node.words[index]
            let isOfGroup = node.option("process-group").map { $0 != "%{GLOBAL}" } ?? (index == 1)
            let title = directive.name.description
            if isOfGroup {
                guard httpd.files.isMissing(path) else { return }
                findings.append(
                    Finding(
                        .scriptMissing, at: node.location,
                        "\(title): the script '\(path)' does not exist. Create it, or correct the path."))
            } else if let finding = script(path, .read, httpd, title, node.location, isFile: true) {
                findings.append(finding)
            }
        }
        return findings
    }
}
