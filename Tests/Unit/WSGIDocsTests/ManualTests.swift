import Foundation
import Testing
import WSGICore
import WSGIManual

@testable import WSGIDocs

/// What `make docs` writes is what the tables say.
struct ManualTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func committed(_ file: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: file), encoding: .utf8)
    }

    @Test func everyRowHasATextAndEveryTextARow() {
        #expect(Manual.gaps == [])
    }

    @Test func everyLogIDHasARow() {
        #expect(LogIDManual.entries.map(\.id) == LogID.allCases)
    }

    @Test func everyRowIsComplete() {
        for entry in LogIDManual.entries {
            #expect(!entry.levels.isEmpty && !entry.texts.isEmpty, "\(entry.id.tag)")
            #expect(!entry.title.isEmpty && !entry.cause.isEmpty && !entry.remedy.isEmpty, "\(entry.id.tag)")
        }
    }

    @Test func committedMessagesAreThoseOfTheTable() throws {
        #expect(
            try committed("docs/reference/errors.md") == MessageManual.page, "run 'make docs' and commit the result")
    }

    @Test func committedDirectivesAreThoseOfTheTable() throws {
        #expect(
            try committed("docs/reference/directives.md") == Manual.directives, "run 'make docs' and commit the result")
    }

    @Test func committedOptionsAreThoseOfTheTable() throws {
        #expect(
            try committed("docs/reference/daemon-options.md") == Manual.daemonOptions,
            "run 'make docs' and commit the result")
    }

    /// The tests in Python encode specs by this file.
    @Test func committedLayoutIsThatOfTheSpecs() throws {
        #expect(
            try committed("Tests/Component/spec-layout.json") == SupervisorSpec.layout + "\n",
            "run 'make docs' and commit the result")
    }
}
