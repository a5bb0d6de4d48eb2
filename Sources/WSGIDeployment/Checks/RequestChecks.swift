internal import WSGIConfig
internal import WSGICore

/// Checks whether requests reach the applications.
enum RequestChecks {
    /// Directives and sections for access control.
    private static let access: Set<String> = [
        "require", "requireall", "requireany", "requirenone", "authmerging", "order", "allow", "deny", "satisfy",
    ]

    /// Scripts below a directory, most often `/`, that denies all access, without a rule for their own directory.
    static func deniedDirectories(_ facts: ConfigFacts) -> [Finding] {
        everywhere(facts) { mount in
            guard mount.hasFixedTarget, let denial = denial(of: mount, facts.httpd.files) else { return nil }
            let directory = mount.sample.directories.last ?? "/"
            return Finding(
                .requireMissing, at: mount.alias.location,
                "\(mount.title): requests will fail with 403 (AH01630), because 'Require all denied' at "
                    + "\(denial.location) applies to '\(denial.directory)', and nothing allows access to "
                    + "'\(directory)'. Add a section <Directory \(Words.quoted(directory))> with the line 'Require "
                    + "all granted'.")
        }
    }

    /// The findings about aliases that apply to all servers where they can be reached, each once: an alias of the main
    /// server may be intended for virtual hosts, where other directives are in effect.
    static func everywhere(
        _ facts: ConfigFacts, _ find: (ConfigFacts.Mount) -> Finding?
    ) -> [Finding] {
        var order: [SourceLocation] = []
        var mounts: [SourceLocation: [ConfigFacts.Mount]] = [:]
        for mount in facts.mounts {
            if mounts[mount.alias.location] == nil { order.append(mount.alias.location) }
            mounts[mount.alias.location, default: []].append(mount)
        }
        return order.compactMap { location in
            let findings = mounts[location, default: []].map(find)
            return findings.allSatisfy { $0 != nil } ? findings.first ?? nil : nil
        }
    }

    private static func denial(
        of mount: ConfigFacts.Mount, _ files: UserFiles
    ) -> (directory: String, location: SourceLocation)? {
        let found = mount.sample.applying(access)
        guard let last = found.last, let section = last.sections.last, last.sections.count == 1,
            section.name == "directory", let directory = section.words.first, directory.hasPrefix("/"),
            found.allSatisfy({ $0.certainty == .yes && $0.node.name == "require" }),
            last.node.words.map({ $0.lowercased() }) == ["all", "denied"],
            found.filter({ $0.sections.last === section }).count == 1
        else { return nil }
        let own = mount.sample.directories
        // The directory itself is closed, which is intended.
        guard let index = own.firstIndex(of: directory), index < own.count - 1 else { return nil }
        guard !mayBeOpenedByFile(mount, files) else { return nil }
        return (directory, last.node.location)
    }

    /// Whether a file in one of the script's directories, `.htaccess` by default, may control access.
    private static func mayBeOpenedByFile(_ mount: ConfigFacts.Mount, _ files: UserFiles) -> Bool {
        let overrides = mount.sample.applying(["allowoverride", "allowoverridelist"])
        // By default, httpd does not look for such files.
        guard overrides.contains(where: { $0.node.words.map { $0.lowercased() } != ["none"] }) else { return false }
        let names: [String]
        switch mount.sample.effect(of: "accessfilename") {
        case .absent: names = [".htaccess"]
        case .node(let node): names = node.words
        case .unknown: return true
        }
        return mount.sample.directories.contains { directory in
            names.contains { !files.isMissing((directory == "/" ? "" : directory) + "/" + $0) }
        }
    }

    /// Scripts that `AddHandler` assigns to another handler, because it takes precedence.
    static func takenHandlers(_ facts: ConfigFacts) -> [Finding] {
        everywhere(facts) { mount in
            guard mount.hasFixedTarget, !mount.sample.isDirectory else { return nil }
            let found = mount.sample.applying(["addhandler", "removehandler", "sethandler"])
            guard found.allSatisfy({ $0.certainty == .yes && $0.node.name == "addhandler" }) else { return nil }
            let name = mount.alias.target.string.split(separator: "/").last ?? ""
            let extensions = Set(name.split(separator: ".").dropFirst().map { $0.lowercased() })
            var taken: (node: ConfigTree.Node, word: String)?
            for one in found {
                let words = one.node.words
                guard let handler = words.first else { continue }
                for word in words.dropFirst() where extensions.contains(word.drop { $0 == "." }.lowercased()) {
                    taken = handler.hasPrefix("wsgi-script") ? nil : (one.node, word)
                }
            }
            guard let taken, let handler = taken.node.words.first else { return nil }
            return Finding(
                .handlerTaken, at: mount.alias.location,
                "\(mount.title): '\(mount.alias.target.string)' will be run by the handler \(handler), because "
                    + "AddHandler at \(taken.node.location) assigns \(taken.word) files to it. Remove that line, limit "
                    + "it to other directories, or give the script the extension .wsgi.")
        }
    }

    /// Applications with an interpreter for each of an unlimited number of URLs.
    static func interpreterPerURL(_ facts: ConfigFacts) -> [Finding] {
        everywhere(facts) { mount in
            guard mount.alias.isPattern, mount.hasFixedTarget, !mount.sample.isDirectory,
                mount.applicationGroup == "%{RESOURCE}" || mount.applicationGroup == "%{AUTO}",
                isEndless(mount.alias.urlPath.string)
            else { return nil }
            return Finding(
                .interpreterPerURL, at: mount.alias.location,
                "\(mount.title): each URL path that the expression matches gets an interpreter of its own, which imports "
                    + "'\(mount.alias.target.string)' again and is never removed, so that clients can exhaust the "
                    + "memory: the whole match is the script name, which is part of the application group "
                    + "(%{RESOURCE}). Add application-group=%{GLOBAL}, or another name, to the line, or use "
                    + "WSGIScriptAlias.")
        }
    }

    /// Whether a regular expression matches texts of any length: it has a quantifier without an upper bound.
    private static func isEndless(_ pattern: String) -> Bool {
        var (isEscaped, isInSet) = (false, false)
        for character in pattern {
            switch character {
            case _ where isEscaped: isEscaped = false
            case "\\": isEscaped = true
            case "[": isInSet = true
            case "]": isInSet = false
            case "*" where !isInSet, "+" where !isInSet: return true
            default: break
            }
        }
        return pattern.contains(",}")
    }
}
