import WSGIConfig

/// The reference manual: the tables of directives and options with the texts of `ManualEntry`, as Markdown.
public enum Manual {
    /// `docs/reference/directives.md`.
    public static var directives: String {
        let former = DirectiveTable.all.filter { $0.isRemoved || $0.isIgnored }
        var lines = [
            "# Directives", "",
            "<!-- Written by 'make docs' from Sources/WSGIConfig/DirectiveTable.swift and Sources/WSGIDocs. -->", "",
            directiveIntroduction,
        ]
        for group in DirectiveTable.groups {
            lines += ["", "**\(link(group.title))**", "", "| directive | description |", "|---|---|"]
            lines += group.directives.map { "| \(link(title($0))) | \(cell($0.help.description)) |" }
        }
        for group in DirectiveTable.groups {
            lines += ["", "## \(group.title)"]
            for directive in group.directives { lines += ["", "### \(heading(directive))", ""] + body(directive) }
        }
        lines += ["", "## Former directives", "", formerIntroduction, "", "| directive | state |", "|---|---|"]
        lines += former.map { "| `\(title($0))` | \(cell($0.help.description)) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `docs/reference/daemon-options.md`.
    public static var daemonOptions: String {
        var lines = [
            "# Options of WSGIDaemonProcess", "",
            "<!-- Written by 'make docs' from Sources/WSGIConfig/DaemonOptionTable.swift and Sources/WSGIDocs. -->", "",
            optionIntroduction, "", "| option | default | description |", "|---|---|---|",
        ]
        lines += DaemonOptionTable.all.map {
            "| \(link($0.name.description)) | \(defaultCell($0)) | \(cell($0.help.description)) |"
        }
        for option in DaemonOptionTable.all { lines += ["", "## \(option.name)", ""] + body(option) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The names of rows without a text, and of texts without a row.
    public static var gaps: [String] {
        let rows = DirectiveTable.groups.flatMap(\.directives).map(\.name.description)
        return differences(rows, DirectiveManual.entries)
            + differences(DaemonOptionTable.all.map(\.name.description), DaemonOptionManual.entries)
    }

    private static func differences(_ rows: [String], _ entries: [ManualEntry]) -> [String] {
        let names = entries.map(\.name)
        return rows.filter { !names.contains($0) } + names.filter { !rows.contains($0) }
    }

    // MARK: - Introductions

    private static let directiveIntroduction = """
        Values follow httpd's syntax: words are separated by spaces, and a word with spaces is quoted. Options are written \
        `name=value`, without spaces around the `=`; the value may be quoted. `On` and `Off` are accepted in any case, and \
        have no synonyms. Times are in seconds; some directives accept units. Invalid values, directives in the wrong \
        context and unknown options are configuration errors, with the reason and the remedy.

        An inner scope overrides an outer one, as with httpd's own directives: virtual host over main server, `<Directory>` \
        over both, and `.htaccess`, `<Files>`, `<Location>` and `<If>` over that. *Context* lists where a directive is \
        allowed: "server config" is the configuration outside of any container, "directory" is `<Directory>`, \
        `<Location>`, `<Files>`, `<If>` and similar containers. *Since* names the version that introduced a directive, if \
        it is known; 7.0 is the first version of this implementation.

        `apachectl configtest` looks for mistakes that the syntax allows ([errors.md](errors.md)), and \
        `apachectl -t -D DUMP_WSGI` shows the values in effect.
        """

    private static let formerIntroduction = """
        Directives "without effect" are accepted, with a notice that gives the reason. Removed directives are errors, \
        as in mod_wsgi.
        """

    private static let optionIntroduction = """
        `WSGIDaemonProcess name [option=value ...]`, see [directives.md](directives.md#wsgidaemonprocess). \
        `apachectl -t -D DUMP_WSGI` shows every option of every group with its value and its origin.

        Numbers consist of decimal digits only. *seconds* accept the units `s`, `min` and `h` (`90s`, `5min`), *bytes* the \
        units `K`, `M` and `G`, powers of 1024 (`512K`, `8M`), and *milliseconds* the units `ms` and `s`. The unit may be \
        omitted. mod_wsgi has no units, and ignores everything after the digits. Accounts are names, or `#` and a number. \
        *Since* names the version that introduced an option, if it is known; 7.0 is the first version of this \
        implementation.
        """

    // MARK: - One directive

    private static func body(_ directive: Directive) -> [String] {
        let name = directive.name.description
        var lines = [
            "| | |", "|---|---|", "| Syntax | `\(cell("\(name) \(directive.usage)"))` |",
        ]
        if !directive.defaultValue.isEmpty {
            lines.append("| Default | `\(cell("\(name) \(directive.defaultValue)"))` |")
        }
        lines.append("| Context | \(context(of: directive.scope)) |")
        let entry = DirectiveManual.entries.first { $0.name == name }
        lines += since(entry)
        return lines + text(entry, otherwise: directive.help.description, isPending: directive.isPending)
    }

    private static func context(of scope: Scope) -> String {
        switch scope {
        case .mainServer: "server config"
        case .interpreter: "server config, `<WSGIInterpreterOptions>`"
        case .server: "server config, virtual host"
        case .directory: "server config, virtual host, directory"
        case .fileInfo: "server config, virtual host, directory, .htaccess (`AllowOverride FileInfo`)"
        case .authConfig: "directory, .htaccess (`AllowOverride AuthConfig`)"
        }
    }

    private static func title(_ directive: Directive) -> String {
        directive.name.description + (directive.isSection ? ">" : "")
    }

    private static func heading(_ directive: Directive) -> String {
        directive.isSection ? "`\(title(directive))`" : title(directive)
    }

    // MARK: - One option

    private static func body(_ option: DaemonOption) -> [String] {
        let entry = DaemonOptionManual.entries.first { $0.name == option.name.description }
        return [
            "| | |", "|---|---|", "| Syntax | `\(cell("\(option.name)=\(option.usage)"))` |",
            "| Value | \(cell(option.syntax))\(option.isIgnoredIfEmpty ? "; an empty value counts as not given" : "") |",
            "| Default | \(defaultCell(option)) |",
        ] + since(entry) + text(entry, otherwise: option.help.description, isPending: option.isPending)
    }

    /// Defaults that another directive or the system gives.
    private static let defaultNotes = [
        "user": "httpd's `User`", "group": "httpd's `Group`", "supplementary-groups": "those of the user",
        "umask": "inherited", "home": "see below", "socket-user": "httpd's `User`",
        "python-home": "`WSGIPythonHome`", "switch-interval": "`WSGISwitchInterval`", "lang": "inherited",
        "locale": "inherited", "stack-size": "that of the system", "display-name": "`%{GROUP}`",
    ]

    private static func defaultCell(_ option: DaemonOption) -> String {
        if let note = defaultNotes[option.name.description] { return note }
        let value = option.print(DaemonOptions()).first ?? ""
        return value.isEmpty ? "none" : "`\(value)`"
    }

    // MARK: - Text

    private static func since(_ entry: ManualEntry?) -> [String] {
        guard let since = entry?.since, !since.isEmpty else { return [] }
        return ["| Since | \(since) |"]
    }

    private static func text(_ entry: ManualEntry?, otherwise help: String, isPending: Bool) -> [String] {
        var lines = ["", entry?.meaning ?? help]
        if isPending { lines += ["", "*This version accepts it, but does not act on it yet.*"] }
        if let difference = entry?.difference, !difference.isEmpty {
            lines += ["", "**Differs from mod_wsgi:** \(difference)"]
        }
        if let example = entry?.example, !example.isEmpty {
            lines += [""] + example.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
        }
        return lines
    }

    private static func link(_ name: String) -> String {
        let anchor = name.lowercased().map { $0 == " " ? "-" : $0 }
            .filter { $0.isLetter || $0.isNumber || $0 == "-" }
        return "[\(name.hasPrefix("<") ? "`\(name)`" : name)](#\(String(anchor)))"
    }

    /// Text within a table, where a bare `|` would end the column.
    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
