import Foundation
import Testing

/// Runs every file of the corpus through its target: what was found once is looked for in each test run.
struct CorpusTests {
    static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "corpus")

    static func files(_ target: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: corpus.appending(path: target), includingPropertiesForKeys: nil)
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func corpusHolds(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let files = try Self.files(name)
        #expect(!files.isEmpty)
        #expect(files.count <= 48)
        for seed in target.seeds() { try target.run(seed) }
        for file in files {
            let input = try Data(contentsOf: file)
            #expect(input.count <= 4096, "\(file.path()) is too long")
            do { try target.run(Array(input)) } catch { Issue.record("\(file.path()): \(error)") }
        }
        try target.run([])
    }

    @Test func everyFolderHasATarget() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path())
        #expect(folders.sorted() == FuzzTarget.all.map(\.name))
    }
}
