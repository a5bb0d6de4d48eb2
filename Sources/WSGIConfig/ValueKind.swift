/// The syntax of values of a type in the configuration, and their printed form.
///
/// `parse(print(value)) == value` for every value that `parse` can return.
struct ValueKind<Value: Equatable & Sendable>: Sendable {
    /// The placeholder of the value in a syntax line: `On|Off`, `seconds`.
    let usage: String
    /// The description of valid values, which follows "must be" in messages.
    let syntax: String
    /// The value of a word; `nil` if the word is invalid.
    let parse: @Sendable (String) -> Value?
    /// The word for a value.
    let print: @Sendable (Value) -> String
    /// A suggestion for an invalid word, as a sentence, or `nil`.
    var advice: @Sendable (String) -> String? = { _ in nil }

    /// The value of `word`; `subject` begins the message if the word is invalid.
    func value(of word: String, for subject: @autoclosure () -> String) throws(ConfigError) -> Value {
        guard let value = parse(word) else { throw rejection(of: word, for: subject()) }
        return value
    }

    /// The error of a word that is not accepted; `subject` begins its message.
    func rejection(of word: String, for subject: String) -> ConfigError {
        ConfigError("\(subject) must be \(syntax), not '\(word)'.\(advice(word).map { " " + $0 } ?? "")")
    }
}

extension ValueKind {
    /// One of a few words, ignoring case; each value has one.
    static func words(_ words: [(word: String, value: Value)]) -> Self {
        let names = words.map(\.word)
        return Self(
            usage: names.joined(separator: "|"),
            syntax: names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1],
            parse: { word in words.first { $0.word.lowercased() == word.lowercased() }?.value },
            print: { value in words.first { $0.value == value }?.word ?? "" })
    }
}

extension ValueKind where Value == Bool {
    /// `On` or `Off`.
    static var flag: Self { words([("On", true), ("Off", false)]) }
}

extension ValueKind where Value == Int {
    /// A whole number within `range`.
    static func count(_ range: ClosedRange<Int>) -> Self {
        Self(
            usage: "number", syntax: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { word in Number.decimal(word).flatMap { range.contains($0) ? $0 : nil } },
            print: { String($0) })
    }

    /// A time in whole seconds, optionally with the unit `s`, `min` or `h`.
    static func seconds(_ range: ClosedRange<Int>) -> Self {
        Self(
            usage: "seconds",
            syntax: "a time in whole seconds from \(range.lowerBound) to \(range.upperBound) "
                + "(with a unit: 30s, 5min, 1h)",
            parse: { word in Number.with(units: ["s": 1, "min": 60, "h": 3600], word, in: range) },
            print: { String($0) },
            advice: { Number.advice(units: ["m": "min", "mn": "min", "sec": "s", "hr": "h"], $0) })
    }

    /// A size in bytes, optionally with the unit `K`, `M` or `G` (powers of 1024).
    ///
    /// - Parameter allowsZero: Whether 0 is accepted as well, with a special meaning.
    static func bytes(_ range: ClosedRange<Int>, allowsZero: Bool = false) -> Self {
        Self(
            usage: "bytes",
            syntax: "\(allowsZero ? "0, or " : "")a size in bytes, at least \(range.lowerBound)"
                + (range.upperBound == Int.max ? "" : " and at most \(range.upperBound)")
                + " (with a unit: 512K, 8M, 1G)",
            parse: { word in
                if allowsZero && word == "0" { return 0 }
                return Number.with(
                    units: ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30], word,
                    in: range)
            },
            print: { String($0) },
            advice: {
                Number.advice(units: ["kb": "K", "kib": "K", "mb": "M", "mib": "M", "gb": "G", "gib": "G"], $0)
            })
    }
}

extension ValueKind where Value == Int {
    /// A time in whole milliseconds, optionally with the unit `ms` or `s`.
    static func milliseconds(_ range: ClosedRange<Int>) -> Self {
        Self(
            usage: "milliseconds",
            syntax:
                "a time in whole milliseconds from \(range.lowerBound) to \(range.upperBound) (with a unit: 5ms, 1s)",
            parse: { word in Number.with(units: ["ms": 1, "s": 1000], word, in: range) },
            print: { String($0) })
    }

    /// A priority, as for `setpriority`.
    static var nice: Self {
        Self(
            usage: "number", syntax: "a whole number from -20 to 19",
            parse: { word in
                let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
                guard let number = Number.decimal(digits) else { return nil }
                let value = word.hasPrefix("-") ? -number : number
                return (-20...19).contains(value) ? value : nil
            },
            print: { String($0) })
    }
}

extension ValueKind where Value == String? {
    /// A text that is not empty; `syntax` describes it.
    static func text(_ syntax: String, usage: String = "text") -> Self {
        Self(usage: usage, syntax: syntax, parse: { $0.isEmpty ? nil : .some($0) }, print: { $0 ?? "" })
    }

    /// An absolute path.
    static var absolutePath: Self {
        Self(
            usage: "path", syntax: "an absolute path", parse: { $0.hasPrefix("/") ? .some($0) : nil },
            print: { $0 ?? "" })
    }

    /// The directory of a Python installation. Its executable, a frequent mistake, is rejected.
    static var pythonHome: Self {
        Self(
            usage: "directory", syntax: "the absolute path of the directory that has bin/python in it",
            parse: { word in word.hasPrefix("/") && directory(ofExecutable: word) == nil ? .some(word) : nil },
            print: { $0 ?? "" },
            advice: { word in
                directory(ofExecutable: word).map {
                    "Write \($0), the directory that bin/ is in; python= names executables."
                }
            })
    }

    /// The directory of the installation that this executable belongs to; `nil` if it does not look like one.
    private static func directory(ofExecutable path: String) -> String? {
        let parts = path.split(separator: "/")
        guard path.hasPrefix("/"), parts.count > 2, parts[parts.count - 2] == "bin",
            parts.last?.hasPrefix("python") == true
        else { return nil }
        return "/" + parts.dropLast(2).joined(separator: "/")
    }
}

extension ValueKind where Value == UInt32? {
    /// A file creation mask in octal digits.
    static var umask: Self {
        Self(
            usage: "mask", syntax: "a file creation mask in octal digits, from 0 to 0777",
            parse: { word in
                guard !word.isEmpty, word.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
                    let mask = UInt32(word, radix: 8), mask <= 0o777
                else { return nil }
                return .some(.some(mask))
            },
            print: { $0.map { "0" + String($0, radix: 8) } ?? "" })
    }
}

extension ValueKind where Value == [String] {
    /// Directories, separated by colons.
    static var searchPath: Self {
        Self(
            usage: "directory[:directory...]", syntax: "one or more directories, separated by ':'",
            parse: { word in
                let parts = word.split(separator: ":").map(String.init)
                return parts.isEmpty ? nil : parts
            },
            print: { $0.joined(separator: ":") })
    }
}

extension ValueKind where Value == Account? {
    /// A user or group by name or number; root only if `allowsZero`.
    static func account(_ what: String, allowsZero: Bool) -> Self {
        Self(
            usage: "name|#number",
            syntax: "the name of a \(what), or # and its number" + (allowsZero ? "" : " (root is not allowed)"),
            parse: { word in
                guard let account = Account(word) else { return nil }
                if !allowsZero && (account == .number(0) || account == .name("root")) { return nil }
                return .some(account)
            },
            print: { $0?.description ?? "" })
    }
}

extension ValueKind where Value == [Account]? {
    /// Groups by name or number, separated by commas.
    static var accounts: Self {
        Self(
            usage: "name|#number,...", syntax: "names of groups, or # and their numbers, separated by commas",
            parse: { word in
                let parts = word.split(separator: ",", omittingEmptySubsequences: false).map { Account(String($0)) }
                let accounts = parts.compactMap(\.self)
                return accounts.count == parts.count ? .some(accounts) : nil
            },
            print: { $0?.map(\.description).joined(separator: ",") ?? "" })
    }
}

extension ValueKind where Value == Double? {
    /// A time in seconds with decimals, optionally with the unit `ms` or `s`, above 0 and at least `minimum`.
    static func duration(atLeast minimum: Double = 0) -> Self {
        Self(
            usage: "seconds",
            syntax: "a time in seconds, such as 0.005, "
                + (minimum > 0 ? "at least \(minimum)" : "greater than 0") + " (with a unit: 5ms, 1.5s)",
            parse: { word in
                Number.fraction(units: ["s": 1, "ms": 0.001], word).flatMap { value in
                    value > 0 && value >= minimum ? .some(value) : nil
                }
            },
            print: { $0.map { String($0) } ?? "" })
    }

    /// A time in seconds with decimals, optionally with the unit `ms` or `s`; may be 0.
    static var durationOrZero: Self {
        Self(
            usage: "seconds", syntax: "a time in seconds, such as 0.5 (with a unit: 500ms, 2s)",
            parse: { word in Number.fraction(units: ["s": 1, "ms": 0.001], word).map { .some($0) } },
            print: { $0.map { String($0) } ?? "" })
    }
}
