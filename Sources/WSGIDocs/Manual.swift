import WSGIConfig

/// The reference manual: the tables of directives and options, with what `ManualEntry` adds, as Markdown.
public enum Manual {
    /// `docs/reference/directives.md`.
    public static var directives: String {
        let current = DirectiveTable.all.filter { !$0.isRemoved && !$0.isIgnored }
        let former = DirectiveTable.all.filter { $0.isRemoved || $0.isIgnored }
        var lines = [
            "# Directives", "",
            "<!-- Written by 'make docs' from Sources/WSGIConfig/DirectiveTable.swift and Sources/WSGIDocs. -->", "",
            directiveIntroduction, "", "| directive | what it does |", "|---|---|",
        ]
        lines += current.map { "| \(link(title($0))) | \(cell($0.help.description)) |" }
        for directive in current { lines += ["", "## \(heading(directive))", ""] + body(directive) }
        lines += ["", "## Former directives", "", formerIntroduction, "", "| directive | today |", "|---|---|"]
        lines += former.map { "| `\(title($0))` | \(cell($0.help.description)) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `docs/reference/daemon-options.md`.
    public static var daemonOptions: String {
        var lines = [
            "# Options of WSGIDaemonProcess", "",
            "<!-- Written by 'make docs' from Sources/WSGIConfig/DaemonOptionTable.swift and Sources/WSGIDocs. -->", "",
            optionIntroduction, "", "| option | default | what it does |", "|---|---|---|",
        ]
        lines += DaemonOptionTable.all.map {
            "| \(link($0.name.description)) | \(defaultCell($0)) | \(cell($0.help.description)) |"
        }
        for option in DaemonOptionTable.all { lines += ["", "## \(option.name)", ""] + body(option) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The names of rows without a text, and of texts without a row.
    public static var gaps: [String] {
        let rows = DirectiveTable.all.filter { !$0.isRemoved && !$0.isIgnored }.map(\.name.description)
        return differences(rows, DirectiveManual.entries)
            + differences(DaemonOptionTable.all.map(\.name.description), DaemonOptionManual.entries)
    }

    private static func differences(_ rows: [String], _ entries: [ManualEntry]) -> [String] {
        let names = entries.map(\.name)
        return rows.filter { !names.contains($0) } + names.filter { !rows.contains($0) }
    }

    // MARK: - Introductions

    private static let directiveIntroduction = """
        Values are written as httpd has them: words are separated by spaces, and a word with spaces stands in quotes. \
        Options are written `name=value`, without spaces around the `=`; the value may stand in quotes. `On` and `Off` may \
        be written in any case, and nothing else means the same. Times are seconds, and take units where it says so. A \
        value that is wrong, a directive in the wrong place and an option that does not exist are errors of the \
        configuration, with the reason and the remedy.

        What an inner scope writes replaces what an outer one has: virtual host over main server, `<Directory>` over both, \
        `.htaccess`, `<Files>`, `<Location>` and `<If>` over that, as with httpd's own directives. *Context* says where a directive may \
        stand; "server config" is the configuration outside of any container, "directory" is `<Directory>`, `<Location>`, \
        `<Files>`, `<If>` and the like.

        `apachectl configtest` looks for mistakes that the syntax allows ([errors.md](errors.md)), and \
        `apachectl -t -D DUMP_WSGI` shows what is in effect.
        """

    private static let formerIntroduction = """
        Those "without effect" are accepted, with a notice that says why nothing is needed. Those that are "gone" are \
        errors, as they are in mod_wsgi.
        """

    private static let optionIntroduction = """
        `WSGIDaemonProcess name [option=value ...]`, see [directives.md](directives.md#wsgidaemonprocess). \
        `apachectl -t -D DUMP_WSGI` shows every option of every group with its value and where it was written.

        Numbers are decimal digits and nothing else. *seconds* take the units `s`, `min` and `h` (`90s`, `5min`), *bytes* take \
        `K`, `M` and `G`, powers of 1024 (`512K`, `8M`), *milliseconds* take `ms` and `s`; without a unit they are what their \
        name says. mod_wsgi has no units, and ignores what follows the digits. Accounts are names, or `#` and a number.
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
            "| Value | \(cell(option.syntax))\(option.isIgnoredIfEmpty ? "; empty: not given" : "") |",
            "| Default | \(defaultCell(option)) |",
        ] + text(entry, otherwise: option.help.description, isPending: option.isPending)
    }

    /// Defaults that another directive or the system gives.
    private static let defaultNotes = [
        "user": "httpd's `User`", "group": "httpd's `Group`", "supplementary-groups": "those of the user",
        "umask": "inherited", "home": "see below", "socket-user": "httpd's `User`",
        "python-home": "`WSGIPythonHome`", "switch-interval": "`WSGISwitchInterval`", "lang": "inherited",
        "locale": "inherited", "display-name": "`%{GROUP}`",
    ]

    private static func defaultCell(_ option: DaemonOption) -> String {
        if let note = defaultNotes[option.name.description] { return note }
        let value = option.print(DaemonOptions()).first ?? ""
        return value.isEmpty ? "none" : "`\(value)`"
    }

    // MARK: - Text

    private static func text(_ entry: ManualEntry?, otherwise help: String, isPending: Bool) -> [String] {
        var lines = ["", entry?.meaning ?? help]
        if isPending { lines += ["", "*This version accepts it, and does not act on it yet.*"] }
        if let difference = entry?.difference, !difference.isEmpty {
            lines += ["", "**Unlike mod_wsgi:** \(difference)"]
        }
        if let example = entry?.example, !example.isEmpty {
            lines += [""] + example.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
        }
        return lines
    }

    private static func link(_ name: String) -> String {
        let anchor = name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" }
        return "[\(name.hasPrefix("<") ? "`\(name)`" : name)](#\(anchor))"
    }

    /// Text within a table, whose columns a bare `|` would end.
    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
