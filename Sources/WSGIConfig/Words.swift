/// The arguments of a statement, split as httpd splits words, with one addition: `key="a b"` is one word.
///
/// Words are separated by white space. A word, or its part after the first `=`, may be in single or double quotes;
/// there a backslash escapes the quote and itself. Elsewhere two backslashes mean one, and any other
/// backslash or quote stands for itself.
public struct Words: Equatable, Sendable {
    /// One word, without its quotes.
    public struct Word: Equatable, Sendable {
        /// The word.
        public let text: String
        /// Length of the part before the first `=`, in UTF-8 bytes; `nil` without `=`.
        public let keyLength: Int?

        /// The word as `key=value`, split at the first `=`.
        public var option: (key: String, value: String)? {
            guard let keyLength else { return nil }
            let bytes = text.utf8
            let end = bytes.index(bytes.startIndex, offsetBy: keyLength)
            return (String(text[..<end]), String(text[bytes.index(after: end)...]))
        }
    }

    /// The words, in order.
    public let all: [Word]

    /// Splits `arguments`.
    ///
    /// - Throws: `ConfigError` if a quote is not closed, or is followed by something other than white space.
    public init(_ arguments: String, of statement: String) throws(ConfigError) {
        var scanner = WordScanner(statement: statement, bytes: Array(arguments.utf8))
        var words: [Word] = []
        while let word = try scanner.next() { words.append(word) }
        all = words
    }

    /// The text of a single word, quoted so that `init` reads it back.
    public static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "\\")
                && !WordScanner.isSpace(byte)
        }
        if plain && !text.isEmpty { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}

/// Walks over the bytes of a statement's arguments.
private struct WordScanner {
    let statement: String
    let bytes: [UInt8]
    var position = 0

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The next word; `nil` at the end.
    mutating func next() throws(ConfigError) -> Words.Word? {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        guard position < bytes.count else { return nil }
        var word: [UInt8] = []
        var keyLength: Int?
        if isQuote(bytes[position]) {
            try quotedPart(&word)
            keyLength = word.firstIndex(of: UInt8(ascii: "="))
        } else {
            try barePart(&word, &keyLength)
        }
        return Words.Word(text: String(decoding: word, as: UTF8.self), keyLength: keyLength)
    }

    private mutating func barePart(_ word: inout [UInt8], _ keyLength: inout Int?) throws(ConfigError) {
        while position < bytes.count, !Self.isSpace(bytes[position]) {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\\"), position < bytes.count, bytes[position] == byte { position += 1 }
            word.append(byte)
            if byte == UInt8(ascii: "="), keyLength == nil {
                keyLength = word.count - 1
                if position < bytes.count, isQuote(bytes[position]) { return try quotedPart(&word) }
            }
        }
    }

    private mutating func quotedPart(_ word: inout [UInt8]) throws(ConfigError) {
        let quote = bytes[position]
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == quote || bytes[position + 1] == UInt8(ascii: "\\")
            {
                position += 1
            }
            word.append(bytes[position])
            position += 1
        }
        guard position < bytes.count else {
            throw ConfigError("\(statement): the quote that begins at \(excerpt(start)) is not closed.")
        }
        position += 1
        guard position == bytes.count || Self.isSpace(bytes[position]) else {
            throw ConfigError(
                "\(statement): there must be a space after the closing quote of \(excerpt(start)); to have a quote "
                    + "within quotes, write a backslash before it.")
        }
    }

    private func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    private func excerpt(_ start: Int) -> String {
        let part = bytes[start..<min(start + 24, bytes.count)]
        return String(decoding: part, as: UTF8.self) + (start + 24 < bytes.count ? "..." : "")
    }
}
