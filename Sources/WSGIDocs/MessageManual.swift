import WSGICore
import WSGIManual

/// The page of log messages: the rows of `LogIDManual` as Markdown.
enum MessageManual {
    /// `docs/reference/errors.md`.
    static var page: String {
        var lines = [
            "# Messages", "", "<!-- Written by 'make docs' from Sources/WSGIManual. -->", "", introduction, "",
            "| message | title |", "|---|---|",
        ]
        lines += LogIDManual.entries.map { "| [\($0.id.tag)](#\(anchor($0))) | \(cell($0.title)) |" }
        for entry in LogIDManual.entries { lines += section(entry) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let introduction = """
        Every warning and error of this module in the error log, and every finding of `apachectl configtest`, begins with \
        an identifier, which never changes and is never used for anything else. Mistakes in a directive are errors of \
        httpd's syntax check, which reports them with the file and line. Numbers below 1000 are those of mod_wsgi for the \
        same condition. Numbers from 1000 on are this module's.

        Each message has a *severity*, which is its level in httpd's error log (`LogLevel`), and one or more *texts*, in \
        which words in angle brackets stand for names and numbers. Texts of `configtest`, and of process groups that cannot \
        run, follow the file and line of the directive. For a directive that is continued over several lines, this is the \
        last line.

        Messages about a request are in the error log of its virtual host. Messages about daemon processes are in the log \
        of the virtual host that defines the group, or in the main log. Messages about the supervisor are in the main log.

        `apachectl configtest` looks for mistakes that httpd's syntax allows, and reports each as a *finding*: one of these \
        identifiers, the file and line to change, and the remedy. This includes mistakes that would prevent a start. \
        Mistakes that change the effect of a directive are logged again whenever httpd starts.

        The status of `configtest` is 1 if one of the findings is an error, so that `apachectl graceful`, certbot or Ansible \
        stop: a process group cannot run at all and would answer 503 (an account that does not exist, a Python or a working \
        directory that cannot be used, sockets that cannot be created). After the findings, lines with the numbers of \
        warnings and errors follow. With warnings and notices only the status is 0. httpd itself accepts such a configuration: it starts, and \
        after a reload a group that runs continues with its former definition. The status of a dump (`-D DUMP_WSGI`) is \
        always 0.

        An error is only a warning if the reason is a path that users other than root can change. If an ordinary user \
        tests the configuration of root, only findings about accounts are errors, because this user cannot see all files.
        """

    private static func section(_ entry: LogIDEntry) -> [String] {
        var lines = [
            "", "<a id=\"\(anchor(entry))\"></a>", "", "## \(entry.id.tag) · \(entry.title)", "",
            "Severity: " + entry.levels.map { "`\($0.name)`" }.joined(separator: ", "), "",
        ]
        for (index, text) in entry.texts.enumerated() {
            if index > 0 { lines.append(">") }
            lines.append("> `\(text)`")
        }
        return lines + ["", "**Cause:** \(entry.cause)", "", "**Remedy:** \(entry.remedy)"]
    }

    /// The anchor that other pages link to: `wsgi0028`.
    private static func anchor(_ entry: LogIDEntry) -> String { entry.id.tag.lowercased() }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
