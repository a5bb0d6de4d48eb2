/// One option of `WSGIDaemonProcess`: a row of `DaemonOptionTable`.
public struct DaemonOption: Sendable {
    typealias Path<Value> = WritableKeyPath<DaemonOptions, Value> & Sendable

    /// The option's name.
    public let name: StaticString
    /// Its meaning in a sentence.
    public let help: StaticString
    /// What its value must be, to stand after "must be".
    public let syntax: String

    private let set: @Sendable (String, String, inout DaemonOptions) throws(ConfigError) -> Void
    /// The value as it could stand in the configuration, without quotes.
    let print: @Sendable (DaemonOptions) -> String
    /// The bit of `DaemonOptions.written`.
    private(set) var bit: UInt64 = 0

    /// A row.
    init<Value>(_ name: StaticString, _ path: any Path<Value>, _ kind: ValueKind<Value>, help: StaticString) {
        self.name = name
        self.help = help
        syntax = kind.syntax
        set = { (word: String, subject: String, options: inout DaemonOptions) throws(ConfigError) in
            options[keyPath: path] = try kind.value(of: word, for: subject)
        }
        print = { kind.print($0[keyPath: path]) }
    }

    /// The row with its bit of `DaemonOptions.written`.
    func assigned(bit: UInt64) -> DaemonOption {
        var row = self
        row.bit = bit
        return row
    }

    /// Sets the option from a word of the configuration.
    func apply(_ word: String, of owner: String, to options: inout DaemonOptions) throws(ConfigError) {
        guard !word.isEmpty else { throw ConfigError("option '\(name)' of \(owner) needs a value: \(syntax).") }
        try set(word, "option '\(name)' of \(owner)", &options)
        options.written |= bit
    }
}
