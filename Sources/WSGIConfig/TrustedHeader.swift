/// A header in which a proxy describes the client's request, for `WSGITrustedProxyHeaders`.
public enum TrustedHeader: UInt8, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    case forwardedFor
    case clientIP
    case realIP
    case forwardedHost
    case host
    case forwardedServer
    case forwardedPort
    case scriptName
    case forwardedScriptName
    case forwardedProto
    case forwardedScheme
    case scheme
    case forwardedHTTPS
    case forwardedSSL
    case https

    /// The subject of a header.
    public enum Category: UInt8, Sendable {
        /// The client's address: `REMOTE_ADDR`.
        case client
        /// The host of the request: `HTTP_HOST`.
        case host
        /// The server's name: `SERVER_NAME`.
        case server
        /// The server's port: `SERVER_PORT`.
        case port
        /// The mount point of the application: `SCRIPT_NAME`.
        case script
        /// http or https: `wsgi.url_scheme`.
        case scheme
    }

    /// The header of this name, ignoring case; `_` is accepted for `-`.
    ///
    /// - Throws: `ConfigError` if it is not one of the supported headers.
    public init(_ name: String) throws(ConfigError) {
        let wanted = String(name.lowercased().map { $0 == "_" ? "-" : $0 })
        for header in Self.allCases where header.description.lowercased() == wanted {
            self = header
            return
        }
        let names = Self.allCases.map(\.description)
        if let nearest = NearestName.nearest(to: wanted, among: names) {
            throw ConfigError("'\(name)' is not a header that a proxy can be trusted with: did you mean \(nearest)?")
        }
        throw ConfigError(
            "'\(name)' is not a header that a proxy can be trusted with; these are: \(names.joined(separator: ", ")).")
    }

    /// The header's name, in its usual spelling.
    public var name: StaticString {
        switch self {
        case .forwardedFor: "X-Forwarded-For"
        case .clientIP: "X-Client-IP"
        case .realIP: "X-Real-IP"
        case .forwardedHost: "X-Forwarded-Host"
        case .host: "X-Host"
        case .forwardedServer: "X-Forwarded-Server"
        case .forwardedPort: "X-Forwarded-Port"
        case .scriptName: "X-Script-Name"
        case .forwardedScriptName: "X-Forwarded-Script-Name"
        case .forwardedProto: "X-Forwarded-Proto"
        case .forwardedScheme: "X-Forwarded-Scheme"
        case .scheme: "X-Scheme"
        case .forwardedHTTPS: "X-Forwarded-HTTPS"
        case .forwardedSSL: "X-Forwarded-SSL"
        case .https: "X-HTTPS"
        }
    }

    /// Its subject.
    public var category: Category {
        switch self {
        case .forwardedFor, .clientIP, .realIP: .client
        case .forwardedHost, .host: .host
        case .forwardedServer: .server
        case .forwardedPort: .port
        case .scriptName, .forwardedScriptName: .script
        case .forwardedProto, .forwardedScheme, .scheme, .forwardedHTTPS, .forwardedSSL, .https: .scheme
        }
    }

    /// The header's name.
    public var description: String { name.description }

    /// The number of names.
    public static var count: Int { Int(TrustedHeader.https.rawValue) + 1 }
}

/// A set of the headers.
public struct TrustedHeaderSet: OptionSet, Sendable {
    /// One bit for each `TrustedHeader`.
    public let rawValue: UInt32

    /// A set of these bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A set of one header.
    public init(_ header: TrustedHeader) { rawValue = 1 << UInt32(header.rawValue) }

    /// All headers of one subject.
    public static func synonyms(of header: TrustedHeader) -> TrustedHeaderSet {
        switch header.category {
        case .client: [.init(.forwardedFor), .init(.clientIP), .init(.realIP)]
        case .host: [.init(.forwardedHost), .init(.host)]
        case .server: .init(.forwardedServer)
        case .port: .init(.forwardedPort)
        case .script: [.init(.scriptName), .init(.forwardedScriptName)]
        case .scheme:
            [
                .init(.forwardedProto), .init(.forwardedScheme), .init(.scheme), .init(.forwardedHTTPS),
                .init(.forwardedSSL), .init(.https),
            ]
        }
    }

    /// Whether the header is in the set.
    public func has(_ header: TrustedHeader) -> Bool { rawValue & 1 << UInt32(header.rawValue) != 0 }
}
