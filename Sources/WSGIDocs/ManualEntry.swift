/// What the manual says of a directive or an option beyond its row in the table.
struct ManualEntry: Sendable {
    /// What it is about: the name in the table.
    let name: String
    /// What it does, in whole sentences.
    let meaning: String
    /// What is otherwise than in mod_wsgi; empty: nothing that matters.
    let difference: String
    /// Lines of a configuration; empty: none.
    let example: String

    init(_ name: String, _ meaning: String, difference: String = "", example: String = "") {
        self.name = name
        self.meaning = meaning
        self.difference = difference
        self.example = example
    }
}
