/// The syntax of systemd's `EnvironmentFile=` (systemd.exec(5)), for `env-file=`.
///
/// `NAME=value` on each line. Empty lines and those that begin with `#` or `;` are ignored. A backslash takes the next
/// character literally; at the end of a line it joins the next line. Single or double quotes keep blanks and line
/// breaks. A line that systemd would ignore as invalid is an error here. No message shows the contents of the file.
public enum EnvironmentFile {
    /// The maximum size of a file in bytes.
    public static let maximumSize = 1 << 20

    /// The variables of a file, in order.
    ///
    /// - Parameters:
    ///   - contents: The file's bytes.
    ///   - path: Its path, for messages.
    public static func variables(
        in contents: [UInt8], path: String
    ) throws(ConfigError) -> [EnvironmentVariable] {
        var reader = EnvironmentFileReader(contents, path)
        var variables: [EnvironmentVariable] = []
        while let variable = try reader.next() { variables.append(variable) }
        return variables
    }
}

/// Reads the variables one by one.
private struct EnvironmentFileReader {
    private enum Byte {
        static let newline = UInt8(ascii: "\n")
        static let backslash = UInt8(ascii: "\\")
        static let quote = UInt8(ascii: "'")
        static let doubleQuote = UInt8(ascii: "\"")
    }

    private let bytes: [UInt8]
    private let path: String
    private var index = 0
    private var line = 1

    init(_ contents: [UInt8], _ path: String) {
        self.path = path
        var bytes: [UInt8] = []
        bytes.reserveCapacity(contents.count)
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        // A lone carriage return also ends a line.
        for (index, byte) in contents.enumerated().dropFirst(contents.starts(with: mark) ? mark.count : 0) {
            guard byte == UInt8(ascii: "\r") else {
                bytes.append(byte)
                continue
            }
            if index + 1 == contents.count || contents[index + 1] != Byte.newline { bytes.append(Byte.newline) }
        }
        self.bytes = bytes
    }

    /// The next variable; `nil` at the end.
    mutating func next() throws(ConfigError) -> EnvironmentVariable? {
        while let byte = peek() {
            if byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") {
                while let skipped = take(), skipped != Byte.newline {}
            } else if Self.isBlank(byte) || byte == Byte.newline {
                _ = take()
            } else {
                return try variable()
            }
        }
        return nil
    }

    private mutating func variable() throws(ConfigError) -> EnvironmentVariable {
        let start = line
        let name = try name()
        let value = try value()
        guard !value.contains(0), let text = String(validating: value, as: UTF8.self) else {
            throw error(start, "the value is not text in UTF-8")
        }
        return EnvironmentVariable(name: name, value: text)
    }

    private mutating func name() throws(ConfigError) -> String {
        let start = line
        var bytes: [UInt8] = []
        while let byte = take(), byte != UInt8(ascii: "=") {
            guard byte != Byte.newline else { throw error(start, "there is no '=' in it") }
            bytes.append(byte)
        }
        guard index > 0, self.bytes[index - 1] == UInt8(ascii: "=") else { throw error(start, "there is no '=' in it") }
        while let last = bytes.last, Self.isBlank(last) { bytes.removeLast() }
        let name = String(decoding: bytes, as: UTF8.self)
        guard !name.hasPrefix("export ") else {
            throw error(start, "this is not a shell script: remove 'export'")
        }
        guard EnvironmentVariable.isName(name) else {
            throw error(
                start, "the text before '=' is not a name: use letters, digits and '_', and no digit first")
        }
        return name
    }

    private mutating func value() throws(ConfigError) -> [UInt8] {
        var value: [UInt8] = []
        while let byte = peek() {
            if byte == Byte.newline {
                _ = take()
                return value
            }
            if byte == Byte.quote {
                try quoted(&value)
            } else if byte == Byte.doubleQuote {
                try doubleQuoted(&value)
            } else if Self.isBlank(byte) {
                _ = take()
            } else {
                plain(&value)
                return value
            }
        }
        return value
    }

    private mutating func quoted(_ value: inout [UInt8]) throws(ConfigError) {
        let start = line
        _ = take()
        while let byte = take() {
            if byte == Byte.quote { return }
            value.append(byte)
        }
        throw error(start, "the quote that begins in it is not closed")
    }

    private mutating func doubleQuoted(_ value: inout [UInt8]) throws(ConfigError) {
        let start = line
        _ = take()
        while let byte = take() {
            if byte == Byte.doubleQuote { return }
            guard byte == Byte.backslash else {
                value.append(byte)
                continue
            }
            guard let escaped = take() else { break }
            // As in a shell: other characters keep their backslash.
            if !"\"\\`$\n".utf8.contains(escaped) { value.append(Byte.backslash) }
            if escaped != Byte.newline { value.append(escaped) }
        }
        throw error(start, "the quote that begins in it is not closed")
    }

    /// An unquoted value, to the end of the line, without trailing blanks.
    private mutating func plain(_ value: inout [UInt8]) {
        var length = value.count
        while let byte = take(), byte != Byte.newline {
            if byte == Byte.backslash {
                if let escaped = take(), escaped != Byte.newline { value.append(escaped) }
                length = value.count
            } else {
                value.append(byte)
                if !Self.isBlank(byte) { length = value.count }
            }
        }
        value.removeLast(value.count - length)
    }

    // MARK: - Bytes

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take() -> UInt8? {
        guard let byte = peek() else { return nil }
        index += 1
        if byte == Byte.newline { line += 1 }
        return byte
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private func error(_ line: Int, _ reason: String) -> ConfigError {
        ConfigError("\(path):\(line): \(reason). Each line must be NAME=value, as in systemd's EnvironmentFile.")
    }
}
