/// The contexts that a directive is allowed in.
public enum Scope: Sendable {
    /// In the main server only, outside of any container.
    case mainServer
    /// As `mainServer`, and in `<WSGIInterpreterOptions>`.
    case interpreter
    /// In the main server and in virtual hosts.
    case server
    /// As `server`, and in `<Directory>`, `<Location>`, `<Files>` and the like.
    case directory
    /// As `directory`, and in `.htaccess` with `AllowOverride FileInfo`.
    case fileInfo
    /// In directory-like containers, and in `.htaccess` with `AllowOverride AuthConfig`.
    case authConfig

    /// The value for `command_rec.req_override`.
    public var overrideClasses: OverrideClasses {
        switch self {
        case .mainServer, .interpreter, .server: .resourceConfig
        case .directory: [.resourceConfig, .accessConfig]
        case .fileInfo: .fileInfo
        case .authConfig: .authConfig
        }
    }
}

/// httpd's classes of contexts. `ConfigBridge` maps them to the constants of `http_config.h`.
public struct OverrideClasses: OptionSet, Sendable {
    /// The bits, which are not those of httpd.
    public let rawValue: UInt8

    /// A set of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `RSRC_CONF`: outside of directory-like containers.
    public static let resourceConfig = OverrideClasses(rawValue: 1 << 0)
    /// `ACCESS_CONF`: in directory-like containers of the server's configuration.
    public static let accessConfig = OverrideClasses(rawValue: 1 << 1)
    /// `OR_FILEINFO`: anywhere, in `.htaccess` with `AllowOverride FileInfo`.
    public static let fileInfo = OverrideClasses(rawValue: 1 << 2)
    /// `OR_AUTHCFG`: anywhere, in `.htaccess` with `AllowOverride AuthConfig`.
    public static let authConfig = OverrideClasses(rawValue: 1 << 3)
}

/// The context of a statement, as far as its meaning depends on it.
public struct StatementContext: Sendable {
    /// The kinds of contexts.
    public enum Section: Sendable {
        /// The main server, outside of any container that limits where a statement applies.
        case mainServer
        /// Directly in a `<VirtualHost>`.
        case virtualHost
        /// In `<Directory>`, `<Location>`, `<Files>`, `<If>` and the like, of the main server or of a virtual host.
        case directory
        /// In a `.htaccess` file.
        case htaccess
        /// In `<WSGIInterpreterOptions>`, of the main server.
        case interpreterOptions
    }

    /// The kind of context.
    public var section: Section
    /// The `ServerName` of the enclosing server, if given before the statement; for messages only.
    public var serverName: String?

    /// Describes a context.
    public init(_ section: Section, serverName: String? = nil) {
        self.section = section
        self.serverName = serverName
    }
}

extension Scope {
    /// Rejects a statement in a context where it is not allowed.
    func check(_ directive: String, in section: StatementContext.Section) throws(ConfigError) {
        let isInside = section == .directory || section == .htaccess
        if section == .interpreterOptions, self != .interpreter {
            throw ConfigError("\(directive) is not allowed in <WSGIInterpreterOptions>: move it out of the section.")
        }
        switch self {
        case .mainServer, .interpreter:
            if section == .virtualHost {
                throw ConfigError(
                    "\(directive) applies to the whole server and is not allowed in <VirtualHost>: move it out of it.")
            }
            if isInside {
                throw ConfigError(
                    "\(directive) applies to the whole server and is not allowed in \(Self.name(of: section)): move it "
                        + "to the main configuration, outside of any container.")
            }
        case .server:
            if isInside {
                throw ConfigError(
                    "\(directive) is not allowed in \(Self.name(of: section)): move it to the enclosing <VirtualHost> or "
                        + "to the main configuration.")
            }
        case .directory:
            if section == .htaccess {
                throw ConfigError(
                    "\(directive) is not allowed in .htaccess: move it to a <Directory> in the server's configuration.")
            }
        case .fileInfo: break
        case .authConfig:
            if !isInside {
                throw ConfigError(
                    "\(directive) is not allowed outside of containers: move it to <Directory>, <Location> or the "
                        + "like, or to .htaccess.")
            }
        }
    }

    private static func name(of section: StatementContext.Section) -> String {
        section == .htaccess ? ".htaccess" : "<Directory>, <Location> or the like"
    }
}
