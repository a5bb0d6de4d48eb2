import TestFolder
import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension Ground {
    /// A healthy site, to which tests add mistakes. `$` is the folder.
    static let healthy = """
        WSGISocketPrefix $/run/wsgi
        WSGIDaemonProcess site home=$/site
        WSGIScriptAlias / $/site/app.wsgi process-group=site application-group=%{GLOBAL}
        <Directory />
            Require all denied
        </Directory>
        <Directory $/site>
            Require all granted
        </Directory>
        """

    /// The files of that site.
    func writeSite() {
        folder.makeDirectory("run")
        folder.write("site/app.wsgi")
    }

    /// A configuration on this ground.
    func facts(_ text: String, machine: HostFacts? = nil) throws -> ConfigFacts {
        let read = try HandMade(expand(text))
        return try #require(ConfigFacts(read.servers, read.places, read.tree, machine ?? self.machine()))
    }

    /// Makes the files and the configuration, and compares the findings of all checks.
    func expectFindings(_ mistake: Mistake) throws {
        make(mistake.files)
        let healthy = Ground.healthy
        var text = healthy + "\n" + mistake.text
        if !mistake.replaced.isEmpty {
            try #require(healthy.contains(mistake.replaced))
            text = healthy.replacing(mistake.replaced, with: mistake.text)
        }
        let facts = try facts(text)
        let found = ConfigCheck.findings(facts, atStart: false)
        #expect(found.map(\.id) == mistake.found.map(\.id), "\(found.map(\.line))")
        for (one, expected) in zip(found, mistake.found) {
            #expect(one.weight == expected.weight, "\(one.line)")
            #expect(one.line.contains(expand(expected.phrase)), "\(one.line)")
        }
        let later = ConfigCheck.findings(facts, atStart: true).map(\.id)
        #expect(later == (mistake.atStart ? mistake.found.map(\.id) : []))
    }

    /// Makes files, each `name`, `name -> target`, `name/` or `name=text`, and after it, behind a blank, its mode.
    func make(_ files: String) {
        for file in files.split(separator: ";") {
            let words = file.split(separator: " ").map { expand(String($0)) }
            if words.count == 3, words[1] == "->" {
                folder.link(words[0], to: words[2])
                continue
            }
            let mode = words.count > 1 ? UInt32(words[1], radix: 8) : nil
            let parts = words[0].split(separator: "=", maxSplits: 1).map(String.init)
            if words[0].hasSuffix("/") {
                folder.makeDirectory(words[0], mode: mode ?? 0o755)
            } else {
                folder.write(parts[0], parts.count > 1 ? parts[1] + "\n" : "", mode: mode ?? 0o644)
            }
        }
    }
}

/// What the cases of several checks have in common.
enum Lines {
    static let alias = "process-group=site application-group=%{GLOBAL}"
    static let embedded = "process-group=%{GLOBAL} application-group=%{GLOBAL}"
    static let other = "WSGIScriptAlias /other $/site/app.wsgi \(embedded)\n"
    static let venv = "venv/pyvenv.cfg=version=3.13.1;venv/bin/python -> $/usr/bin/python3.13;"
}

/// A configuration with a mistake, or one that only looks like it.
struct Mistake: Sendable, CustomTestStringConvertible {
    /// What is replaced in the healthy configuration, and by what; empty: something is added.
    var replaced = ""
    /// The lines instead of it.
    var text: String
    /// The files that are made, as `Ground.make` reads them.
    var files = ""
    /// The findings: id, weight, and a part of the text.
    var found: [(id: LogID, weight: Finding.Weight, phrase: String)] = []
    /// Whether it is found when httpd starts, too.
    var atStart = true

    var testDescription: String { "\(replaced) -> \(text) \(files)" }
}
