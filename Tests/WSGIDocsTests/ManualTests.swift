import Foundation
import Testing
import WSGICore
import WSGIManual

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

    @Test func everyLogIDHasARow() {
        #expect(LogIDManual.entries.map(\.id) == LogID.allCases)
    }

    @Test func everyRowIsComplete() {
        for entry in LogIDManual.entries {
            #expect(!entry.severities.isEmpty && !entry.texts.isEmpty, "\(entry.id.tag)")
            #expect(!entry.title.isEmpty && !entry.cause.isEmpty && !entry.remedy.isEmpty, "\(entry.id.tag)")
        }
    }

    @Test func committedMessagesAreThoseOfTheTable() throws {
        #expect(try committed("errors.md") == MessageManual.page, "run 'make docs' and commit the result")
    }

    @Test func committedDirectivesAreThoseOfTheTable() throws {
        #expect(try committed("directives.md") == Manual.directives, "run 'make docs' and commit the result")
    }

    @Test func committedOptionsAreThoseOfTheTable() throws {
        #expect(try committed("daemon-options.md") == Manual.daemonOptions, "run 'make docs' and commit the result")
    }
}
