@testable import WSGIConfig

/// A configuration that tests write statement by statement, as httpd would hand them over.
struct Configuration {
    var server = ServerSettings()
    var directory = DirectorySettings()
    private var line = 0

    /// Applies one statement, such as `WSGIScriptReloading Off`.
    mutating func apply(
        _ statement: String, in place: StatementContext.Section = .mainServer, serverName: String? = nil
    ) throws(ConfigError) {
        line += 1
        let parts = statement.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let directive = DirectiveTable.directive(named: String(parts[0])) else {
            throw ConfigError("no directive \(parts[0])")
        }
        try directive.apply(
            parts.count > 1 ? String(parts[1]) : "", at: SourceLocation(file: "site.conf", line: line),
            in: StatementContext(place, serverName: serverName), server: &server, directory: &directory)
    }

    /// The message of a statement that is rejected; `nil` when it is accepted.
    static func error(_ statement: String, in place: StatementContext.Section = .mainServer) -> String? {
        var configuration = Configuration()
        do throws(ConfigError) {
            try configuration.apply(statement, in: place)
            return nil
        } catch {
            return error.description
        }
    }
}

/// The bytes of a text, lent.
func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe Array(text.utf8).withUnsafeBytes { unsafe body($0) }
}
