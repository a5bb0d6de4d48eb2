/// A directive in the configuration, with its arguments.
struct Statement: Sendable {
    /// The directive's name.
    let directive: String
    /// Its arguments.
    let words: [Words.Word]
    /// Its place in the configuration.
    let location: SourceLocation
    /// Its context.
    let context: StatementContext

    /// The value of a directive that takes exactly one.
    func onlyValue<Value>(_ kind: ValueKind<Value>) throws(ConfigError) -> Value {
        guard let word = words.first else { throw ConfigError("\(directive) needs a value: \(kind.syntax).") }
        if words.count > 1 {
            throw ConfigError(
                "\(directive) takes one value, but '\(words[1].text)' follows '\(word.text)': put a value with spaces "
                    + "in quotes.")
        }
        return try kind.value(of: word.text, for: directive)
    }

    /// Splits a word that must be `name=value`, with both parts present.
    func option(_ word: Words.Word, of owner: String) throws(ConfigError) -> (name: String, value: String) {
        guard let (name, value) = word.option, !name.isEmpty else {
            throw ConfigError(
                "'\(word.text)' is not an option of \(owner): options are written name=value, without spaces around "
                    + "the '='.")
        }
        return (name, value)
    }
}

/// The message about an option that does not exist.
func unknownOption(_ name: String, of owner: String, known: some Sequence<String>) -> ConfigError {
    if let nearest = NearestName.nearest(to: name, among: known) {
        return ConfigError("unknown option '\(name)=' of \(owner): did you mean \(nearest)=?")
    }
    return ConfigError("unknown option '\(name)=' of \(owner): known options are \(known.joined(separator: ", ")).")
}
