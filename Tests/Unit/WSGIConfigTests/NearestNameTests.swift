import Testing

@testable import WSGIConfig

struct NearestNameTests {
    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "abc", 3), ("abc", "abd", 1), ("abc", "ab", 1),
        ("abc", "abcd", 1), ("abc", "acb", 1), ("treads", "threads", 1), ("kitten", "sitting", 3), ("ab", "ba", 1),
    ])
    func distance(one: String, other: String, edits: Int) {
        #expect(NearestName.distance(Array(one.utf8), Array(other.utf8)) == edits)
    }

    @Test(arguments: [
        ("treads", "threads"), ("thread", "threads"), ("THREADS", "threads"), ("htreads", "threads"),
        ("proceses", "processes"), ("python_home", "python-home"),
    ])
    func closeNameIsFound(word: String, name: String) {
        #expect(NearestName.nearest(to: word, among: DaemonOptionTable.all.map(\.name.description)) == name)
    }

    @Test(arguments: ["", "x", "colour", "abcdefghijk", String(repeating: "threads", count: 100)])
    func farNameIsNot(word: String) {
        #expect(NearestName.nearest(to: word, among: DaemonOptionTable.all.map(\.name.description)) == nil)
    }

    @Test func theNearestOfSeveralWins() {
        #expect(NearestName.nearest(to: "site-b", among: ["site-ab", "site-b1", "sit-b", "site-B"]) == "site-B")
    }
}
