extension DirectorySettings {
    /// Whether the directive of this name was written in this scope.
    public func isWritten(_ directive: String) -> Bool {
        written & (DirectiveTable.directive(named: directive)?.bit ?? 0) != 0
    }

    /// These settings, overridden by those that `child`, an inner scope, has written.
    ///
    /// If only one of the two has written anything, it is returned unchanged.
    public func merged(under child: borrowing DirectorySettings) -> DirectorySettings {
        switch Self.source(server: self, directory: child) {
        case .server: return self
        case .directory: return copy child
        case .both:
            var result = self
            child.copyWritten(to: &result)
            return result
        }
    }

    /// The source of a request's settings.
    public enum Source: Sendable {
        /// The server's settings are the effective ones.
        case server
        /// The directory's settings are the effective ones.
        case directory
        /// Both have written settings, which must be merged.
        case both
    }

    /// Returns whether the settings of a request need merging.
    public static func source(server: borrowing DirectorySettings, directory: borrowing DirectorySettings) -> Source {
        source(server: server.written, directory: directory.written)
    }

    /// The same for the `written` bits of both.
    public static func source(server: UInt64, directory: UInt64) -> Source {
        if directory == 0 { return .server }
        if server == 0 { return .directory }
        if directory & server & DirectiveTable.accumulating != 0 { return .both }
        return server & ~directory == 0 ? .directory : .both
    }

    private borrowing func copyWritten(to other: inout DirectorySettings) {
        let rows = DirectiveTable.settings
        var rest = written
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest &- 1
            if bit < rows.count { rows[bit].copy(self, &other) }
        }
        other.written |= written
    }
}
