import Foundation
import Testing

@testable import WSGIDocs

/// The committed manual is what the tables say.
struct ManualTests {
    private static let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/reference")

    private func committed(_ page: String) throws -> String {
        try String(contentsOf: Self.docs.appending(path: page), encoding: .utf8)
    }

    @Test func everyRowHasATextAndEveryTextARow() {
        #expect(Manual.gaps == [])
    }

    @Test func committedDirectivesAreThoseOfTheTable() throws {
        #expect(try committed("directives.md") == Manual.directives, "run 'make docs' and commit the result")
    }

    @Test func committedOptionsAreThoseOfTheTable() throws {
        #expect(try committed("daemon-options.md") == Manual.daemonOptions, "run 'make docs' and commit the result")
    }
}
