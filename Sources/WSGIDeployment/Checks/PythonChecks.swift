internal import WSGIConfig
internal import WSGICore

/// Checks whether the Pythons of the configuration exist and can be used.
enum PythonChecks {
    /// The Python of each process group.
    static func installations(_ facts: ConfigFacts) -> [Finding] {
        zip(facts.groups.all, facts.resolved).compactMap { group, resolved in
            guard let error = failure(of: group.definition, resolved, facts) else { return nil }
            return .unusable(
                error.id, at: location(of: group.definition, facts), error.text,
                about: pythons(of: group.definition, facts))
        }
    }

    /// Whether an error of a process group is about its Python.
    static func isAboutPython(_ id: LogID) -> Bool {
        switch id {
        case .pythonUnsupported, .pythonHomeInside, .pythonMissing: true
        default: false
        }
    }

    private static func failure(
        of definition: GroupDefinition, _ resolved: Result<GroupSpec, ResolutionError>, _ facts: ConfigFacts
    ) -> ResolutionError? {
        guard case .failure(let error) = resolved else { return nil }
        if isAboutPython(error.id) { return error }
        // Another error came first, and this one would follow when it is fixed. In a chroot, paths differ.
        guard definition.options.chroot == nil else { return nil }
        do throws(ResolutionError) {
            _ = try PythonChoice.executable(
                definition.options, facts.global, facts.machine.defaultPython,
                facts.httpd.files, for: "WSGIDaemonProcess '\(definition.name)'")
            return nil
        } catch { return error }
    }

    /// The place of a group's Python in the configuration.
    static func pythons(of definition: GroupDefinition, _ facts: ConfigFacts) -> [String] {
        let options = definition.options
        return [options.python ?? options.pythonHome ?? facts.global.pythonHome].compactMap { $0 }
    }

    /// Whether some application certainly runs in httpd's children.
    static func runsEmbedded(_ facts: ConfigFacts) -> Bool {
        !facts.global.restrictEmbedded && facts.mounts.contains { $0.processGroupName == "" }
    }

    /// The Python of applications that run in httpd's children, if there may be any.
    static func embedded(_ facts: ConfigFacts) -> [Finding] {
        guard runsEmbedded(facts) else { return [] }
        do throws(ResolutionError) {
            let files = facts.httpd.files
            let python = try PythonChoice.embedded(facts.global, facts.machine.defaultPython, files)
            // `PythonAccess` reports a closed directory.
            guard PathAccess.closed(directory(of: python), .enter, for: facts.httpd) == nil else { return [] }
            _ = try PythonLibrary.find(for: python, files)
            return []
        } catch {
            return [
                Finding(
                    error.id, at: facts.location(of: "WSGIPythonHome"),
                    "\(error.text) Embedded applications will answer 500.")
            ]
        }
    }

    /// Virtual environments whose Python was replaced by one of another version, which does not see their packages.
    static func outdatedEnvironments(_ facts: ConfigFacts) -> [Finding] {
        var homes: [(home: String, files: UserFiles, location: SourceLocation?, setting: String)] = []
        for (index, group) in facts.groups.all.enumerated() {
            guard let home = group.definition.options.pythonHome else { continue }
            let user = facts.identity(ofGroup: index) ?? facts.httpd
            homes.append((home, user.files, group.definition.location, "python-home="))
        }
        if let home = facts.global.pythonHome {
            homes.append((home, facts.httpd.files, facts.location(of: "WSGIPythonHome"), "WSGIPythonHome "))
        }
        return homes.compactMap { home, files, location, setting in
            let facts = PythonFacts(prefix: home, files)
            guard let made = facts.environmentVersion, let now = facts.executableVersion,
                PythonFacts.minor(made) != PythonFacts.minor(now), !PythonChoice.isTooOld(made)
            else { return nil }
            return Finding(
                .pythonChanged, at: location,
                "\(setting)\(home): this virtual environment was made with Python \(made) (\(home)/pyvenv.cfg), but its "
                    + "bin/python is now Python \(now), which does not see the packages installed in it. Create it "
                    + "again: python3 -m venv --clear \(home), and install the packages.")
        }
    }

    /// Pythons that are newer than those that this module was tested with, one finding for each version.
    static func untested(_ facts: ConfigFacts) -> [Finding] {
        var pythons: [(executable: String, files: UserFiles, location: SourceLocation?)] = []
        // In a chroot, paths differ.
        for (index, group) in facts.groups.all.enumerated() where group.definition.options.chroot == nil {
            guard case .success(let spec) = facts.resolved[index], let user = facts.identity(ofGroup: index) else {
                continue
            }
            pythons.append((spec.python, user.files, location(of: group.definition, facts)))
        }
        let httpd = facts.httpd.files
        if runsEmbedded(facts),
            let executable = try? PythonChoice.embedded(facts.global, facts.machine.defaultPython, httpd)
        {
            pythons.append((executable, httpd, facts.location(of: "WSGIPythonHome")))
        }
        var known: [PythonVersion] = []
        return pythons.compactMap { executable, files, location in
            guard let text = PythonFacts(executable: executable, files).version,
                let version = PythonVersion(text: text),
                version > .newestTested, !known.contains(version)
            else { return nil }
            known.append(version)
            return Finding(
                .pythonUntested, .notice, at: location,
                "Python \(version) ('\(executable)') is newer than those that this release of mod_wsgi was tested with "
                    + "(\(PythonVersion.oldest) to \(PythonVersion.newestTested)). Applications usually run in it "
                    + "nevertheless; WSGIPerInterpreterGIL has no effect there. Look for a newer release of mod_wsgi.")
        }
    }

    /// The place in the configuration that selects the Python of a process group.
    static func location(of definition: GroupDefinition, _ facts: ConfigFacts) -> SourceLocation? {
        let options = definition.options
        let hasOwn = options.python != nil || options.pythonHome != nil
        return hasOwn ? definition.location : facts.location(of: "WSGIPythonHome") ?? definition.location
    }
}
