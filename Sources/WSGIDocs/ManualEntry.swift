/// The text of a directive or an option in the manual, beyond its row in the table.
struct ManualEntry: Sendable {
    /// The name in the table.
    let name: String
    /// The version that introduced it, "mod_wsgi 2.0" or "7.0"; empty if it is not known.
    let since: String
    /// Its meaning, in whole sentences.
    let meaning: String
    /// The difference from mod_wsgi; empty if there is none that matters.
    let difference: String
    /// Lines of a configuration; may be empty.
    let example: String

    init(
        _ name: String, since: String = "", _ meaning: String, difference: String = "", example: String = ""
    ) {
        self.name = name
        self.since = since
        self.meaning = meaning
        self.difference = difference
        self.example = example
    }
}
