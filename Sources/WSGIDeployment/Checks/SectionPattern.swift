/// The argument of a section: a text, possibly with wildcards, or a regular expression.
enum SectionPattern {
    case text(String)
    case regex(any RegularExpression)

    /// Whether a text has wildcards.
    static func hasWildcard(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }

    /// The pattern of a section; `nil` if it has no arguments.
    init?(section name: String, _ words: [String], _ compile: RegularExpression.Compile) {
        var words = words
        var isRegex = name.hasSuffix("match")
        if words.first == "~" {
            isRegex = true
            words.removeFirst()
        }
        guard let first = words.first else { return nil }
        guard isRegex else {
            self = .text(first)
            return
        }
        guard let regex = compile(first) else { return nil }
        self = .regex(regex)
    }
}

/// A regular expression of the configuration, which httpd compiles and matches.
public protocol RegularExpression: AnyObject {
    /// Compiles a pattern; `nil` if httpd would reject it.
    typealias Compile = (String) -> (any RegularExpression)?

    /// Whether a part of a text matches.
    func matches(_ text: String) -> Bool
}
