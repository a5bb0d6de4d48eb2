import ProcessKit
import TestFolder
import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    struct ConfigCheckTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        @Test func healthyConfigurationHasNoFindings() throws { try ground.expectFindings(Mistake(text: "")) }

        /// Lines of the first file, with another one and a folder of files that it may include.
        @Test(
            arguments: [
                ("LoadModule wsgi_module a.so", nil),
                ("LoadModule wsgi_module a.so|LoadModule wsgi_module $/a.so", nil),
                (
                    "LoadModule wsgi_module a.so|LoadModule wsgi_module b.so",
                    "apache.conf:2: LoadModule wsgi_module $/b.so"
                ),
                ("loadmodule wsgi_module a.so|Include other.conf", "other.conf:1: LoadModule wsgi_module $/b.so"),
                ("LoadModule wsgi_module a.so|IncludeOptional $/mods/*.load", "mods/x.load:2: "),
                ("LoadModule wsgi_module a.so|Include mods", "mods/x.load:2: "),
                (
                    "Include other.conf|Include mods/x.load",
                    "this line is skipped, because $/other.conf:1 has already loaded $/b.so"
                ),
                ("LoadModule wsgi_module a.so|<IfModule !x>|LoadModule wsgi_module b.so|</IfModule>", nil),
                (
                    "LoadModule wsgi_module a.so|<IfModule !x>|</IfModule>|LoadModule wsgi_module b.so",
                    "apache.conf:4: "
                ),
                ("LoadModule wsgi_module a.so|#LoadModule wsgi_module b.so|LoadModule x_module b.so", nil),
                ("Include apache.conf", nil), ("LoadModule wsgi_module a.so|Include absent.conf", nil),
            ] as [(String, String?)])
        func moduleIsLoadedOnce(lines: String, phrase: String?) throws {
            ground.folder.write("other.conf", "LoadModule wsgi_module b.so\n")
            ground.folder.write("mods/x.load", "# c\nLoadModule wsgi_module c.so\n")
            let file = ground.folder.write(
                "apache.conf", ground.expand(lines.split(separator: "|").joined(separator: "\n")))
            let found = try ConfigCheck.findings(
                ground.facts(Ground.healthy, machine: ground.machine(configuration: file)), atStart: false)
            #expect(found.map(\.id) == (phrase == nil ? [] : [.moduleLoadedTwice]))
            #expect(found.first?.line.contains(ground.expand(phrase ?? "")) != false, "\(found.map(\.line))")
        }

        @Test func fileThatDoesNotAnswerIsTheLastFinding() throws {
            _ = try ground.facts(Ground.healthy)
            FileView.limit(user: 0, total: nil, pause: nil)
            UserFiles.own.prepare(["/one"])
            FileView.limit(user: 2_000, total: nil, pause: nil)
            let found = try ConfigCheck.findings(ground.facts("WSGIDaemonProcess spare"), atStart: true)
            #expect(found.last?.id == .filesOverdue && found.last?.text.hasPrefix("'/one' has not answered") == true)
        }

        @Test func findingIsALine() {
            let finding = Finding(.groupUnused, .notice, at: SourceLocation(file: "/a.conf", line: 3), "Text.")
            #expect(finding.line == "\(LogID.groupUnused.tag): /a.conf:3: Text.")
            #expect(Finding(.groupUnused, at: nil, "Text.").line == "\(LogID.groupUnused.tag): Text.")
            let warning = finding.weighing(.warning)
            #expect(warning.weight == .warning && warning.line == finding.line)
        }

        @Test func directoriesOfAPath() {
            #expect(ExposedPaths.directories(above: "/srv/a/file") == ["/", "/srv", "/srv/a"])
            #expect(ExposedPaths.directories(above: "/file") == ["/"])
        }

        @Test func nothingIsSaidOfWhatHttpdRejects() throws {
            let read = try HandMade("WSGIDaemonProcess a\nWSGIDaemonProcess b")
            var servers = read.servers
            #expect(ConfigFacts([], [], read.tree, ground.machine()) == nil)
            let other = try HandMade("WSGIDaemonProcess a threads=2")
            servers += other.servers
            #expect(ConfigFacts(servers, read.places, read.tree, ground.machine()) == nil)
        }
    }
}
