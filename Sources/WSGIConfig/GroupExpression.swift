/// The value of a directive that names a group or a callable: a literal or one variable.
///
/// A value is a variable only if it begins with `%` and contains nothing else. All other values are
/// literal. The expression is parsed once, at configuration time, and evaluated for each request.
public struct GroupExpression: Equatable, Sendable {
    /// What the value is.
    public enum Kind: UInt8, Sendable {
        /// The text itself; `%{GLOBAL}` is the empty text.
        case literal
        /// `%{RESOURCE}`: server, port and script name.
        case resource
        /// `%{SERVER}`: server and port.
        case server
        /// `%{HOST}`: the host of the request, and port.
        case host
        /// `%{ENV:name}`: a variable of the request.
        case environment
        /// `%{AUTO}`, of an application group: the main interpreter where a process group serves a single application,
        /// otherwise as `%{RESOURCE}`.
        case auto
    }

    /// The purpose of an expression, which decides which variables are known.
    public enum Role: UInt8, Sendable {
        /// A process group or an application group: all variables. Unknown ones are literals.
        case group
        /// A callable object: `%{ENV:name}` only. Unknown ones mean `application`.
        case callableObject
    }

    /// What the value is.
    public let kind: Kind
    /// The purpose of the expression.
    public let role: Role
    /// The literal, or the text of a variable as written.
    public let text: ConfigText

    /// Parses `text`.
    public init(_ text: String, role: Role = .group) {
        self.init(text, Self.kind(of: text, in: role), role)
    }

    private init(_ text: String, _ kind: Kind, _ role: Role) {
        (self.kind, self.role) = (kind, role)
        switch (role, kind) {
        case (.group, .literal) where text == "%{GLOBAL}": self.text = ""
        case (.callableObject, .literal) where text.hasPrefix("%"): self.text = "application"
        default: self.text = ConfigText(text)
        }
    }

    /// Parses the value of an application group, which may also be `%{AUTO}`.
    public init(applicationGroup text: String) {
        self.init(text, text == "%{AUTO}" ? .auto : Self.kind(of: text, in: .group), .group)
    }

    /// The text of an expression that is the same for every request; `nil` if it depends on the request.
    ///
    /// This is the rule of preloading: a literal that contains `%{` counts as dependent, as in mod_wsgi.
    public var staticText: String? {
        guard kind == .literal else { return nil }
        let string = text.string
        return string.utf8.indices.contains(where: { string.utf8[$0...].starts(with: "%{".utf8) }) ? nil : string
    }

    /// Whether the value is `text` for all requests, so that no lookup is needed.
    public var isLiteral: Bool { kind == .literal }

    /// The variable's name in `%{ENV:name}`, as a part of `text`.
    var variableName: Range<Int> { 6..<max(6, text.count - 1) }

    private static func kind(of text: String, in role: Role) -> Kind {
        guard text.hasPrefix("%") else { return .literal }
        if text.hasPrefix("%{ENV:"), text.hasSuffix("}"), text.utf8.count > 7 { return .environment }
        guard role == .group else { return .literal }
        return switch text {
        case "%{RESOURCE}": .resource
        case "%{SERVER}": .server
        case "%{HOST}": .host
        default: .literal
        }
    }
}
