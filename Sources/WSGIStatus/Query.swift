/// The query of a request for the page of wsgi-status.
public struct Query: Equatable, Sendable {
    /// The format of the page.
    public enum Format: Sendable {
        /// For people.
        case html
        /// `?json`.
        case json
        /// `?auto`.
        case lines
    }

    /// The format.
    public var format = Format.html
    /// `?refresh=SECONDS`: when a browser requests the page again.
    public var refresh: Int?
    /// `?stack=ID`: the request whose stack is shown.
    public var stack: String?

    /// Parses the part of a URL after the question mark. Unknown words are ignored.
    public init(_ query: String) {
        for word in query.split(separator: "&") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts.first {
            case "json": format = .json
            case "auto": format = .lines
            case "refresh": refresh = min(max(parts.count > 1 ? Int(parts[1]) ?? 10 : 10, 1), 3_600)
            case "stack" where parts.count > 1: stack = Self.decoded(parts[1])
            default: break
            }
        }
    }

    /// Resolves percent-encoded bytes.
    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
