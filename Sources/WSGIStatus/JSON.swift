/// Writes JSON (RFC 8259).
struct JSON {
    private(set) var text = ""
    private var needsComma = false

    /// Writes an object.
    mutating func object(_ key: StaticString? = nil, _ members: (inout JSON) -> Void) {
        enclose(key, "{", "}", members)
    }

    /// Writes an array of objects.
    mutating func list<Items: Sequence>(
        _ key: StaticString, _ items: Items, _ members: (inout JSON, Items.Element) -> Void
    ) {
        enclose(key, "[", "]") { json in
            for item in items { json.object { members(&$0, item) } }
        }
    }

    /// Writes an array of numbers.
    mutating func numbers(_ key: StaticString, _ values: some Sequence<some BinaryInteger>) {
        enclose(key, "[", "]") { json in
            for value in values { json.value("\(value)") }
        }
    }

    /// Writes an object of numbers.
    mutating func counts(_ key: StaticString, _ counts: some Sequence<(name: String, count: Int64)>) {
        enclose(key, "{", "}") { json in
            for (name, count) in counts { json.value("\(Self.quoted(name)): \(count)") }
        }
    }

    /// Writes a string.
    mutating func string(_ key: StaticString, _ value: String) { member(key, Self.quoted(value)) }

    /// Writes a number.
    mutating func number(_ key: StaticString, _ value: some BinaryInteger) { member(key, "\(value)") }

    /// Writes a time in microseconds as seconds.
    mutating func seconds(_ key: StaticString, _ microseconds: Int64) {
        member(key, MetricsText.seconds(microseconds))
    }

    /// Writes a Boolean value.
    mutating func flag(_ key: StaticString, _ value: Bool) { member(key, value ? "true" : "false") }

    /// Writes null.
    mutating func null(_ key: StaticString) { member(key, "null") }

    private mutating func member(_ key: StaticString, _ written: String) { value("\"\(key)\": \(written)") }

    private mutating func value(_ written: String) {
        if needsComma { text += ", " }
        text += written
        needsComma = true
    }

    private mutating func enclose(
        _ key: StaticString?, _ begin: String, _ end: String, _ body: (inout JSON) -> Void
    ) {
        value(key.map { "\"\($0)\": \(begin)" } ?? begin)
        needsComma = false
        body(&self)
        text += end
        needsComma = true
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
