/// One option of `WSGIDaemonProcess`: a row of `DaemonOptionTable`.
public struct DaemonOption: Sendable {
    typealias Path<Value> = WritableKeyPath<DaemonOptions, Value> & Sendable

    /// The option's name.
    public let name: StaticString
    /// The placeholder of its value in a syntax line.
    public let usage: String
    /// Its meaning in a sentence.
    public let help: StaticString
    /// The description of valid values, which follows "must be" in messages.
    public let syntax: String
    /// Whether its values must not be shown in messages.
    public let isSecret: Bool

    private let set: @Sendable (String, String, inout DaemonOptions) throws(ConfigError) -> Void
    private let clear: @Sendable (inout DaemonOptions) -> Void
    /// The values in the form of the configuration, without quotes: one, unless the option is repeatable.
    public let print: @Sendable (DaemonOptions) -> [String]
    /// The bit of `DaemonOptions.written`.
    private(set) var bit: UInt64 = 0
    /// Whether this version accepts the option but does not act on it yet.
    public private(set) var isPending = false

    /// Whether an empty value, as programs that generate configurations write it, counts as not written.
    public private(set) var isIgnoredIfEmpty = false

    /// The row of an option with one value.
    init<Value>(_ name: StaticString, _ path: any Path<Value>, _ kind: ValueKind<Value>, help: StaticString) {
        self.name = name
        self.help = help
        usage = kind.usage
        syntax = kind.syntax
        isSecret = false
        set = { (word: String, subject: String, options: inout DaemonOptions) throws(ConfigError) in
            options[keyPath: path] = try kind.value(of: word, for: subject)
        }
        clear = { $0[keyPath: path] = DaemonOptions()[keyPath: path] }
        print = { [kind.print($0[keyPath: path])] }
    }

    /// The row of an option that may be repeated.
    init<Value>(
        _ name: StaticString, each path: any Path<[Value]>, _ kind: ValueKind<Value>, isSecret: Bool = false,
        help: StaticString
    ) {
        self.name = name
        self.help = help
        usage = kind.usage
        syntax = kind.syntax
        self.isSecret = isSecret
        set = { (word: String, subject: String, options: inout DaemonOptions) throws(ConfigError) in
            guard !isSecret || kind.parse(word) != nil else {
                throw ConfigError("\(subject) must be \(kind.syntax).")
            }
            try options[keyPath: path].append(kind.value(of: word, for: subject))
        }
        clear = { $0[keyPath: path] = [] }
        print = { $0[keyPath: path].map { kind.print($0) } }
    }

    /// The row with its bit of `DaemonOptions.written`.
    func assigned(bit: UInt64) -> DaemonOption {
        var row = self
        row.bit = bit
        return row
    }

    /// The row of an option that this version does not act on yet.
    var pending: DaemonOption {
        var row = self
        row.isPending = true
        return row
    }

    /// Whether it was written in a definition with these options.
    public func isWritten(in options: DaemonOptions) -> Bool { options.written & bit != 0 }

    /// The row of an option that counts as not written if its value is empty.
    var ignoredIfEmpty: DaemonOption {
        var row = self
        row.isIgnoredIfEmpty = true
        return row
    }

    /// Sets the option from a word of the configuration.
    func apply(_ word: String, of owner: String, to options: inout DaemonOptions) throws(ConfigError) {
        guard !word.isEmpty else {
            guard isIgnoredIfEmpty else {
                throw ConfigError("option '\(name)' of \(owner) needs a value: \(syntax).")
            }
            clear(&options)
            options.written &= ~bit
            return
        }
        try set(word, "option '\(name)' of \(owner)", &options)
        options.written |= bit
    }
}
